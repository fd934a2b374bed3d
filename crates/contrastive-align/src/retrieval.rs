use std::collections::HashMap;

use eval_metrics::{Mean, Rank, median_rank, recall_at, recall_metric};
use serde::Serialize;
use tch::{Kind, Tensor};

use crate::index::{ROWS, integers};
use crate::{EmbeddingIndex, Error, PairIndex, Result};

/// Cosines of rows of length one that differ by less are equal: single precision knows no better.
const EQUAL: f64 = 1e-6;

/// How well one side finds the other, both ways.
///
/// Reports of the same text ([`report_group`](crate::report_group)) are one report: as a gallery they are
/// one item, as queries they are asked once, and every image that has such a report is a right answer to it.
/// A frequent normal sentence can so neither fill the list of the nearest nor be counted wrong.
#[derive(Debug)]
pub struct Retrieval {
    /// For each image, its report among the distinct reports.
    pub image_to_text: Ranking,
    /// For each distinct report, its images among all images.
    pub text_to_image: Ranking,
}

/// Where the right items stand in the lists that queries gave.
#[derive(Debug)]
pub struct Ranking {
    ranks: Vec<Rank>,
    right: Vec<usize>,
    items: usize,
}

/// The usual figures of a [`Ranking`].
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RankingSummary {
    /// How many queries there were.
    pub queries: usize,
    /// How many items each could find.
    pub items: usize,
    /// Share of queries whose right item is the first.
    pub recall_at_1: f64,
    /// … among the first five.
    pub recall_at_5: f64,
    /// … among the first ten.
    pub recall_at_10: f64,
    /// What a random order would reach for the first.
    pub chance_at_1: f64,
    /// … for the first five.
    pub chance_at_5: f64,
    /// … for the first ten.
    pub chance_at_10: f64,
    /// The median place of the right item, from 1.
    pub median_rank: f64,
}

impl Retrieval {
    /// Compares every image with every report: exact, in pieces of some thousand rows.
    ///
    /// # Errors
    ///
    /// [`Error::Index`] if the two sides have vectors of different lengths, or an item of one has no
    /// counterpart in the other.
    pub fn new(index: &PairIndex) -> Result<Self> {
        let reports = index.texts.distinct();
        Ok(Self {
            image_to_text: Ranking::new(&index.images, &reports)?,
            text_to_image: Ranking::new(&reports, &index.images)?,
        })
    }
}

impl Ranking {
    /// Ranks the items of `gallery` for each query; those of the query's group are right, and the best of
    /// them counts.
    ///
    /// # Errors
    ///
    /// [`Error::Index`] if vectors differ in length, or a query has no right item.
    pub fn new(queries: &EmbeddingIndex, gallery: &EmbeddingIndex) -> Result<Self> {
        gallery.check_width(queries.embeddings())?;
        let right = right_items(queries, gallery)?;
        let mut ranks = Vec::with_capacity(queries.len());
        for first in (0..queries.len()).step_by(ROWS as usize) {
            let count = (queries.len() - first).min(ROWS as usize);
            let rows = queries.embeddings().narrow(0, first as i64, count as i64);
            let best = Best::new(&rows, &right[first..first + count], gallery);
            rank_chunk(&rows, &best, gallery, &mut ranks);
        }
        let right = right.iter().map(Vec::len).collect();
        Ok(Self { ranks, right, items: gallery.len() })
    }

    /// The rank of each query's best right item.
    pub fn ranks(&self) -> &[Rank] {
        &self.ranks
    }

    /// Share of queries with a right item among the first `k`; as a metric, for intervals.
    ///
    /// # Errors
    ///
    /// [`Error::Metric`] if `k` is 0.
    pub fn recall(&self, k: usize) -> Result<Mean> {
        recall_metric(&self.ranks, k).map_err(Error::metric("measuring recall"))
    }

    /// What a random order would reach, which is more where a query has several right items.
    pub fn chance(&self, k: usize) -> f64 {
        let chance = |right: &usize| {
            let misses = (0..k.min(self.items)).map(|taken| {
                let left = self.items - taken;
                left.saturating_sub(*right) as f64 / left as f64
            });
            1.0 - misses.product::<f64>()
        };
        self.right.iter().map(chance).sum::<f64>() / self.right.len() as f64
    }

    /// The usual figures.
    ///
    /// # Errors
    ///
    /// [`Error::Metric`] if there is no query.
    pub fn summary(&self) -> Result<RankingSummary> {
        let recall = |k| recall_at(&self.ranks, k).map_err(Error::metric("measuring recall"));
        Ok(RankingSummary {
            queries: self.ranks.len(),
            items: self.items,
            recall_at_1: recall(1)?,
            recall_at_5: recall(5)?,
            recall_at_10: recall(10)?,
            chance_at_1: self.chance(1),
            chance_at_5: self.chance(5),
            chance_at_10: self.chance(10),
            median_rank: median_rank(&self.ranks).map_err(Error::metric("measuring the median rank"))?,
        })
    }
}

/// The rows of the gallery that are right for each query.
fn right_items(queries: &EmbeddingIndex, gallery: &EmbeddingIndex) -> Result<Vec<Vec<i64>>> {
    let mut by_group: HashMap<i64, Vec<i64>> = HashMap::new();
    for (row, group) in (0..).zip(integers(gallery.groups())) {
        by_group.entry(group).or_default().push(row);
    }
    let mut right = Vec::with_capacity(queries.len());
    for (key, group) in queries.keys().iter().zip(integers(queries.groups())) {
        let Some(rows) = by_group.get(&group) else {
            return Err(Error::Index { reason: format!("has no counterpart of the study {key}") });
        };
        right.push(rows.clone());
    }
    Ok(right)
}

/// The best of the right items of some queries.
struct Best {
    /// Its similarity to each query: `[queries, 1]`.
    similarity: Tensor,
    /// How many right items are just as similar, itself included.
    equals: Vec<i64>,
}

impl Best {
    fn new(queries: &Tensor, right: &[Vec<i64>], gallery: &EmbeddingIndex) -> Self {
        let mut best = Vec::with_capacity(right.len());
        let mut equals = Vec::with_capacity(right.len());
        for (query, rows) in (0..).zip(right) {
            let items = gallery.embeddings().index_select(0, &Tensor::from_slice(rows));
            let similarity = items.matmul(&queries.select(0, query));
            let highest = similarity.max().double_value(&[]);
            best.push(highest);
            equals.push(similarity.ge(highest - EQUAL).sum(Kind::Int64).int64_value(&[]));
        }
        Self { similarity: Tensor::from_slice(&best).to_kind(Kind::Float).unsqueeze(1), equals }
    }
}

/// Counts over all items, then takes the right ones off: the fewest passes over the similarities.
fn rank_chunk(queries: &Tensor, best: &Best, gallery: &EmbeddingIndex, ranks: &mut Vec<Rank>) {
    let (higher, lower) = (&best.similarity + EQUAL, &best.similarity - EQUAL);
    let count = |mask: Tensor| mask.sum_dim_intlist(1, false, Kind::Int64);
    let mut above = Tensor::zeros([queries.size()[0]], (Kind::Int64, queries.device()));
    let mut not_below = above.zeros_like();
    for items in gallery.embeddings().split(ROWS, 0) {
        let similarity = queries.matmul(&items.tr());
        above += count(similarity.gt_tensor(&higher));
        not_below += count(similarity.ge_tensor(&lower));
    }
    for ((above, not_below), equals) in
        integers(&above).into_iter().zip(integers(&not_below)).zip(&best.equals)
    {
        // The two products that give one cosine may differ in the last digit, and so the two counts.
        let tied = (not_below - above - equals).max(0);
        ranks.push(Rank { above: above as usize, tied: tied as usize });
    }
}
