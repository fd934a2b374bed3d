use crate::hash::finish;

/// What lists a word stands in, as the bits of `scripts/lexicons.py`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Lists(pub(crate) u16);

impl Lists {
    pub(crate) const MALE: u16 = 1;
    pub(crate) const FEMALE: u16 = 1 << 1;
    pub(crate) const FIRST: u16 = Self::MALE | Self::FEMALE;
    pub(crate) const FIRST_COMMON: u16 = 1 << 2;
    pub(crate) const SURNAME_FREQUENT: u16 = 1 << 4;
    pub(crate) const SURNAME: u16 = 1 << 3 | Self::SURNAME_FREQUENT;
    pub(crate) const PLACE: u16 = 1 << 5;
    pub(crate) const PLACE_BELGIAN: u16 = 1 << 6;
    pub(crate) const PLACE_START: u16 = 1 << 7;
    pub(crate) const WORD: u16 = 1 << 8;
    pub(crate) const MEDICAL: u16 = 1 << 9;
    pub(crate) const STOP: u16 = 1 << 10;
    pub(crate) const PLACE_BIG: u16 = 1 << 11;

    /// Whether the word stands in any of `lists`.
    pub(crate) fn any(self, lists: u16) -> bool {
        self.0 & lists != 0
    }
}

static TABLE: &[u8] = include_bytes!("../assets/lexicon.bin");

/// The lists of the word or words with this hash. The table is read where it lies: there is nothing to
/// load. Two words share an entry once in some 10¹⁵ look-ups.
pub(crate) fn look_up(hash: u64) -> Lists {
    let Some((head, rest)) = TABLE.split_first_chunk::<4>() else { return Lists(0) };
    let slots = u32::from_le_bytes(*head) as usize;
    let value = finish(hash);
    let mut slot = ((u128::from(value >> 32) * slots as u128) >> 32) as usize;
    let print = (value as u32).to_le_bytes();
    loop {
        let entry = &rest[6 * slot..6 * slot + 6];
        let bits = u16::from_le_bytes([entry[4], entry[5]]);
        if bits == 0 || entry[..4] == print {
            return Lists(bits);
        }
        slot = if slot + 1 == slots { 0 } else { slot + 1 };
    }
}

#[cfg(test)]
mod tests {
    use super::{Lists, look_up};
    use crate::hash::{hash_word, join};

    #[test]
    fn words_are_found_with_their_lists() {
        assert!(look_up(hash_word("brigitte")).any(Lists::FEMALE));
        assert!(look_up(hash_word("fracture")).any(Lists::MEDICAL));
        assert!(look_up(hash_word("namur")).any(Lists::PLACE_BELGIAN));
        assert!(look_up(hash_word("peeters")).any(Lists::SURNAME_FREQUENT));
        assert!(!look_up(hash_word("xqzzk")).any(u16::MAX));
        let ottignies = join(hash_word("court"), hash_word("saint"));
        assert!(look_up(join(ottignies, hash_word("etienne"))).any(Lists::PLACE));
    }
}
