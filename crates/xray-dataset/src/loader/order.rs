use std::collections::BTreeMap;

use xray_core::derive_seed;

use super::config::Shuffle;

/// The order of one epoch over groups of samples that lie together.
pub(super) fn epoch_order(groups: &[usize], shuffle: Shuffle, seed: u64) -> Vec<usize> {
    let len = groups.iter().sum();
    match shuffle {
        Shuffle::Off => (0..len).collect(),
        Shuffle::Full => shuffled(len, derive_seed(seed, &[0])),
        Shuffle::Buffer(size) => through_buffer(groups, size.max(1), seed),
    }
}

/// The same order, with samples of one kind moved together into blocks of `together`, the blocks in random order; what
/// fills no block of its own kind comes in blocks of several.
pub(super) fn gather(order: Vec<usize>, kinds: &[usize], together: usize, seed: u64) -> Vec<usize> {
    let mut waiting: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    let mut blocks = Vec::new();
    for sample in order {
        let block = waiting.entry(kinds[sample]).or_default();
        block.push(sample);
        if block.len() == together {
            blocks.push(std::mem::take(block));
        }
    }
    let rest: Vec<usize> = waiting.into_values().flatten().collect();
    let (mixed, last) = rest.split_at(rest.len() - rest.len() % together);
    blocks.extend(mixed.chunks(together).map(<[usize]>::to_vec));
    let places = shuffled(blocks.len(), derive_seed(seed, &[3]));
    places
        .into_iter()
        .flat_map(|place| std::mem::take(&mut blocks[place]))
        .chain(last.iter().copied())
        .collect()
}

fn shuffled(len: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    for last in (1..len).rev() {
        order.swap(last, below(last + 1, seed, last));
    }
    order
}

fn through_buffer(groups: &[usize], size: usize, seed: u64) -> Vec<usize> {
    let starts: Vec<usize> = groups
        .iter()
        .scan(0, |next, group| {
            let start = *next;
            *next += group;
            Some(start)
        })
        .collect();
    let files = shuffled(groups.len(), derive_seed(seed, &[1]));
    let incoming = files.into_iter().flat_map(|file| starts[file]..starts[file] + groups[file]);
    let draws = derive_seed(seed, &[2]);
    let mut buffer = Vec::with_capacity(size);
    let mut order = Vec::new();
    for sample in incoming {
        if buffer.len() < size {
            buffer.push(sample);
        } else {
            let drawn = below(size, draws, order.len());
            order.push(std::mem::replace(&mut buffer[drawn], sample));
        }
    }
    while !buffer.is_empty() {
        let drawn = below(buffer.len(), draws, order.len());
        order.push(buffer.swap_remove(drawn));
    }
    order
}

fn below(count: usize, seed: u64, number: usize) -> usize {
    (derive_seed(seed, &[number as u64]) % count as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_visits_every_sample_once() {
        for shuffle in
            [Shuffle::Off, Shuffle::Full, Shuffle::Buffer(1), Shuffle::Buffer(7), Shuffle::Buffer(99)]
        {
            let mut order = epoch_order(&[5, 0, 12, 3], shuffle, 4);
            assert_ne!(order, epoch_order(&[5, 0, 12, 3], Shuffle::Full, 5));
            order.sort_unstable();
            assert_eq!(order, (0..20).collect::<Vec<_>>());
        }
    }

    #[test]
    fn gathered_samples_come_in_blocks_of_one_kind() {
        // Kind 0 has 12 samples, kind 1 has 6, kind 2 has 2: 3 blocks, 1 block, and 4 left, which are one more.
        let kinds: Vec<usize> =
            (0..20).map(|sample| usize::from(sample >= 12) + usize::from(sample >= 18)).collect();
        let of = |seed| gather(epoch_order(&[20], Shuffle::Full, seed), &kinds, 4, seed);
        let pure = |order: &[usize]| {
            order.chunks(4).filter(|block| block.iter().all(|s| kinds[*s] == kinds[block[0]])).count()
        };
        for seed in 0..50 {
            let mut order = of(seed);
            assert_eq!(pure(&order), 4, "{order:?}");
            order.sort_unstable();
            assert_eq!(order, (0..20).collect::<Vec<_>>());
        }
        assert_ne!(of(1), of(2));
        assert!((0..50).any(|seed| kinds[of(seed)[0]] == 1), "no kind comes always first");
        // A sample more than blocks hold: it comes last.
        let order = gather((0..5).collect(), &[0, 0, 0, 0, 0], 2, 9);
        assert_eq!(order[4], 4);
    }

    #[test]
    fn a_buffer_keeps_reading_near_to_sequential() {
        let order = epoch_order(&[100; 10], Shuffle::Buffer(20), 1);
        let late = order.iter().enumerate().filter(|(at, sample)| {
            let file_starts_at = order.iter().position(|other| other / 100 == *sample / 100);
            file_starts_at.is_some_and(|start| at - start > 400)
        });
        assert_eq!(late.count(), 0);
        assert_ne!(order[..20], (0..20).collect::<Vec<_>>()[..]);
    }

    #[test]
    fn a_full_shuffle_moves_the_first_sample_everywhere() {
        let mut seen = [0; 8];
        (0..8000).for_each(|seed| seen[epoch_order(&[8], Shuffle::Full, seed)[0]] += 1);
        assert!(seen.iter().all(|count| (850..1150).contains(count)), "{seen:?}");
    }
}
