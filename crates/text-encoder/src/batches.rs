/// Which texts to put into one batch so that little is padding: texts of like length together, as many as
/// make up `tokens` with their padding. A text of less than three quarters of its batch's longest begins a new one,
/// unless the batch is small. Texts are named by their place in `lengths`; the longest come first, so that a batch
/// that does not fit into memory shows at once.
///
/// ```
/// let batches = text_encoder::batches_by_length(&[5, 100, 8, 7], 128);
/// assert_eq!(batches, [vec![1], vec![2, 3, 0]]);
/// ```
pub fn batches_by_length(lengths: &[usize], tokens: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&text| std::cmp::Reverse(lengths[text]));
    let mut batches: Vec<Vec<usize>> = Vec::new();
    let (mut room, mut longest) = (0, 0);
    for text in order {
        let length = lengths[text];
        match batches.last_mut() {
            Some(batch) if room > 0 && (4 * length >= 3 * longest || batch.len() * longest < SMALL) => {
                batch.push(text);
            }
            _ => {
                longest = length.max(1);
                room = (tokens / longest).max(1);
                batches.push(vec![text]);
            }
        }
        room -= 1;
    }
    batches
}

/// Tokens below which a batch is not worth its own pass.
const SMALL: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_in_one_batch_and_no_batch_is_too_large() {
        let lengths: Vec<usize> = (0..200).map(|i| (i * 37) % 130).collect();
        let batches = batches_by_length(&lengths, 256);
        let mut seen: Vec<usize> = batches.concat();
        seen.sort_unstable();
        assert!(seen.into_iter().eq(0..200));
        for batch in &batches {
            let longest = batch.iter().map(|&text| lengths[text]).max().unwrap_or(0);
            assert!(longest * batch.len() <= 256);
        }
    }

    #[test]
    fn a_long_text_makes_no_padding_of_many_short_ones() {
        let lengths: Vec<usize> = std::iter::once(375).chain(std::iter::repeat_n(40, 100)).collect();
        let batches = batches_by_length(&lengths, 8192);
        assert_eq!(batches.iter().map(Vec::len).collect::<Vec<_>>(), [2, 99]);
    }

    #[test]
    fn a_text_longer_than_a_batch_stands_alone() {
        assert_eq!(batches_by_length(&[900, 1, 800], 100), [vec![0], vec![2], vec![1]]);
        assert!(batches_by_length(&[], 100).is_empty());
    }
}
