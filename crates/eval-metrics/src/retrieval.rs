use serde::Serialize;

use crate::{Error, Mean, Metric, Result, check};

/// Where the right item stands in the list that a query gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Rank {
    /// Items that are more similar to the query than the right one.
    pub above: usize,
    /// Other items that are just as similar.
    pub tied: usize,
}

impl Rank {
    /// The chance that the right item is among the first `k` when equal items are in random order.
    pub fn hit(self, k: usize) -> f64 {
        let places = k.saturating_sub(self.above).min(self.tied + 1);
        places as f64 / (self.tied + 1) as f64
    }

    /// The mean place over the orders of equal items, from 1.
    pub fn expected(self) -> f64 {
        1.0 + self.above as f64 + self.tied as f64 / 2.0
    }
}

/// The ranks of `targets` among the items of a gallery.
///
/// Ties count by expectation: an encoder that gives every item the same embedding reaches exactly what
/// chance reaches, never more.
///
/// # Shapes
///
/// - `similarity`: `[queries, items]`, row-major
/// - `targets`: `[queries]`, each the index of the right item
///
/// # Errors
///
/// [`Error::Length`], [`Error::Empty`], [`Error::OutOfRange`], [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// use eval_metrics::{median_rank, ranks, recall_at};
///
/// let ranks = ranks(&[0.9, 0.1, 0.8, 0.7], &[0, 1])?;
/// assert_eq!(recall_at(&ranks, 1)?, 0.5);
/// assert_eq!(median_rank(&ranks)?, 1.5);
/// # Ok::<(), eval_metrics::Error>(())
/// ```
pub fn ranks(similarity: &[f32], targets: &[usize]) -> Result<Vec<Rank>> {
    check::not_empty("targets", targets)?;
    check::not_empty("similarity", similarity)?;
    if !similarity.len().is_multiple_of(targets.len()) {
        return Err(Error::Length { what: "similarity", expected: targets.len(), got: similarity.len() });
    }
    let items = similarity.len() / targets.len();
    check::classes("targets", targets, items)?;
    if let Some(index) = similarity.iter().position(|value| !value.is_finite()) {
        return Err(Error::NotFinite { what: "similarity", index });
    }
    let rank = |(row, target): (&[f32], &usize)| Rank {
        above: row.iter().filter(|value| **value > row[*target]).count(),
        tied: row.iter().filter(|value| **value == row[*target]).count() - 1,
    };
    Ok(similarity.chunks(items).zip(targets).map(rank).collect())
}

/// Share of queries whose right item is among the first `k`; ties by expectation, see [`ranks`].
///
/// # Errors
///
/// [`Error::Empty`]; [`Error::Argument`] if `k` is 0.
pub fn recall_at(ranks: &[Rank], k: usize) -> Result<f64> {
    recall_metric(ranks, k)?.value()
}

/// [`recall_at`] as a [`Metric`], for intervals.
///
/// # Errors
///
/// As [`recall_at`].
pub fn recall_metric(ranks: &[Rank], k: usize) -> Result<Mean> {
    if k == 0 {
        return Err(Error::Argument { name: "k", why: "at least one item must be looked at" });
    }
    Mean::new(format!("recall@{k}"), ranks.iter().map(|rank| rank.hit(k)).collect())
}

/// What random order reaches: `k` of `items`.
pub fn chance_recall(items: usize, k: usize) -> f64 {
    if items == 0 { 0.0 } else { k.min(items) as f64 / items as f64 }
}

/// The median of the expected ranks, from 1.
///
/// # Errors
///
/// [`Error::Empty`].
pub fn median_rank(ranks: &[Rank]) -> Result<f64> {
    check::not_empty("ranks", ranks)?;
    let mut places: Vec<f64> = ranks.iter().map(|rank| rank.expected()).collect();
    places.sort_by(f64::total_cmp);
    Ok(crate::bootstrap::quantile(&places, 0.5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_constant_encoder_reaches_chance() {
        let ranks = ranks(&[0.3; 5 * 5], &[0, 1, 2, 3, 4]).unwrap();
        for k in 1..=6 {
            assert!((recall_at(&ranks, k).unwrap() - chance_recall(5, k)).abs() < 1e-12);
        }
        assert_eq!(median_rank(&ranks).unwrap(), 3.0);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(matches!(ranks(&[0.0; 5], &[0, 1]), Err(Error::Length { .. })));
        assert!(matches!(ranks(&[0.0; 4], &[0, 2]), Err(Error::OutOfRange { index: 1, .. })));
        assert!(matches!(ranks(&[0.0, f32::NAN], &[0]), Err(Error::NotFinite { index: 1, .. })));
    }
}
