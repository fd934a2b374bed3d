//! Words as 64-bit numbers: what lists, roles and rules compare.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

/// The hash of a folded word (64-bit FNV-1a), the same as in `scripts/lexicons.py`.
pub(crate) const fn hash_word(word: &str) -> u64 {
    let bytes = word.as_bytes();
    let (mut hash, mut i) = (EMPTY, 0);
    while i < bytes.len() {
        hash = hash_byte(hash, bytes[i]);
        i += 1;
    }
    hash
}

/// The hash of no letters.
pub(crate) const EMPTY: u64 = 0xCBF2_9CE4_8422_2325;

/// The hash of a folded word from the hash of all but its last byte.
pub(crate) const fn hash_byte(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(0x100_0000_01B3)
}

/// The hash of a folded word, made when the crate is compiled.
macro_rules! word {
    ($word:literal) => {
        const { crate::hash::hash_word($word) }
    };
}

/// The hashes of folded words, made when the crate is compiled.
macro_rules! words {
    ($($word:literal),* $(,)?) => {
        const { &[$(crate::hash::hash_word($word)),*] }
    };
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

/// A map from words by their hash.
pub(crate) type WordMap<V> = HashMap<u64, V, BuildHasherDefault<Spread>>;

/// A set of words by their hash.
pub(crate) type WordSet = HashSet<u64, BuildHasherDefault<Spread>>;

/// Keys are hashes already; a table wants their bits spread, no more.
#[derive(Debug, Default)]
pub(crate) struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 << 8 | u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}
