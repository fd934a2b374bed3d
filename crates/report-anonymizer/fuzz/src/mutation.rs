//! Changes of bytes, drawn from a seed, without libFuzzer.

/// A xorshift generator: quick, and the same everywhere.
#[derive(Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

/// Inserts a piece or a part of `donor`, cuts, repeats or overwrites bytes, up to eight times, and keeps `most` of them.
pub fn mutate(bytes: &mut Vec<u8>, pieces: &[&[u8]], donor: &[u8], most: usize, random: &mut Random) {
    for _ in 0..1 + random.below(8) {
        let (at, other) = (random.below(bytes.len() + 1), random.below(bytes.len() + 1));
        let (low, high) = (at.min(other), at.max(other));
        match random.below(6) {
            0 => drop(bytes.splice(at..at, pieces[random.below(pieces.len())].iter().copied())),
            1 => drop(bytes.drain(low..high.min(low + 4096))),
            2 if high > low => bytes[low] = random.below(256) as u8,
            3 => {
                let part = bytes[low..high.min(low + 64)].to_vec();
                bytes.splice(at..at, part);
            }
            4 => {
                let from = random.below(donor.len() + 1);
                bytes.splice(at..at, donor[from..(from + 80).min(donor.len())].iter().copied());
            }
            _ => bytes.truncate(most),
        }
    }
    bytes.truncate(most);
}
