/// The hash of a folded word (64-bit FNV-1a), the same as in `scripts/lexicons.py`.
pub(crate) fn hash_word(word: &str) -> u64 {
    word.bytes()
        .fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3))
}

/// The hash of several words from the hash of all but the last, and that of the last.
pub(crate) fn join(left: u64, right: u64) -> u64 {
    (left.rotate_left(5) ^ right).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

/// Spreads the bits of a hash.
pub(crate) fn finish(hash: u64) -> u64 {
    let hash = (hash ^ hash >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    hash ^ hash >> 32
}
