/// Mixes `seed` with the numbers that name an item (epoch, index, view …) into a seed of its own, so that
/// what is drawn for an item depends on nothing else: not on threads, not on the order of work.
///
/// The mixing is SplitMix64's finaliser (Steele, Lea and Flood, OOPSLA 2014), once a part.
pub fn derive_seed(seed: u64, parts: &[u64]) -> u64 {
    parts.iter().fold(mix(seed), |state, part| mix(state ^ mix(*part)))
}

fn mix(value: u64) -> u64 {
    let z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_and_its_place_counts() {
        let seeds = [
            derive_seed(7, &[]),
            derive_seed(8, &[]),
            derive_seed(7, &[0]),
            derive_seed(7, &[0, 1]),
            derive_seed(7, &[1, 0]),
            derive_seed(7, &[1, 0, 0]),
        ];
        for (i, a) in seeds.iter().enumerate() {
            assert!(seeds[i + 1..].iter().all(|b| a != b));
        }
        assert_eq!(derive_seed(7, &[3, 5]), derive_seed(7, &[3, 5]));
    }
}
