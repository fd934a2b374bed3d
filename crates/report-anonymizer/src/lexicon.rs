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

/// The table of `scripts/lexicons.py`, read where it lies: there is nothing to load.
static TABLE: &Table<[u8]> = &Table(*include_bytes!("../assets/lexicon.bin"));

/// Begins where a cache line does, as each bucket then does.
#[repr(C, align(64))]
struct Table<T: ?Sized>(T);

/// Bytes of a bucket: ten fingerprints of four bytes, ten sets of lists of two, and four of bits that say which
/// fingerprints may stand in a later bucket, for want of room in this one.
const BUCKET: usize = 64;
const WORDS: usize = 10;

/// The lists of the word or words with this hash. A word of no list gets those of another once in some 10⁸ look-ups:
/// nine fingerprints of 32 bits are compared.
pub(crate) fn look_up(hash: u64) -> Lists {
    let (buckets, _) = TABLE.0.as_chunks::<BUCKET>();
    let value = finish(hash);
    let print = value as u32;
    let mut at = (((value >> 32) * buckets.len() as u64) >> 32) as usize;
    let found = find(&buckets[at], print);
    if found != Lists(0) || passed(&buckets[at]) >> (print >> 27) & 1 == 0 {
        return found;
    }
    loop {
        at = if at + 1 == buckets.len() { 0 } else { at + 1 };
        let found = find(&buckets[at], print);
        if found != Lists(0) || lists(&buckets[at], WORDS - 1) == Lists(0) {
            return found;
        }
    }
}

/// What `bucket` holds for a fingerprint.
fn find(bucket: &[u8; BUCKET], print: u32) -> Lists {
    let (prints, _) = bucket.as_chunks::<4>();
    // All are compared: to stop at the right one is slower, for nothing tells beforehand which it is.
    let equal = (0..WORDS)
        .fold(0u32, |equal, place| equal | u32::from(u32::from_le_bytes(prints[place]) == print) << place);
    if equal == 0 { Lists(0) } else { lists(bucket, equal.trailing_zeros() as usize) }
}

fn lists(bucket: &[u8; BUCKET], place: usize) -> Lists {
    let (lists, _) = bucket[4 * WORDS..].as_chunks::<2>();
    Lists(u16::from_le_bytes(lists[place]))
}

fn passed(bucket: &[u8; BUCKET]) -> u32 {
    let (words, _) = bucket.as_chunks::<4>();
    u32::from_le_bytes(words[BUCKET / 4 - 1])
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
