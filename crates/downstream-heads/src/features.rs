use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;

use crate::{Error, Result};

/// What a frozen encoder made of some images, kept so that many probes can be fitted on it.
///
/// # Shapes
///
/// - values: `[cases, embed_dim]`, row-major
#[derive(Clone, PartialEq)]
pub struct Features {
    values: Vec<f32>,
    embed_dim: usize,
}

impl Features {
    /// Features over `values`.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if the values do not fill whole rows, or there is none; [`Error::NotFinite`].
    pub fn new(values: Vec<f32>, embed_dim: usize) -> Result<Self> {
        if embed_dim == 0 || values.is_empty() || !values.len().is_multiple_of(embed_dim) {
            return Err(Error::Length { what: "features", expected: embed_dim, got: values.len() });
        }
        if let Some(index) = values.iter().position(|value| !value.is_finite()) {
            return Err(Error::NotFinite { what: "features", index });
        }
        Ok(Self { values, embed_dim })
    }

    /// The number of cases.
    pub fn cases(&self) -> usize {
        self.values.len() / self.embed_dim
    }

    /// The length of a row.
    pub fn embed_dim(&self) -> usize {
        self.embed_dim
    }

    /// The values, row-major.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The features of each case.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> + Clone {
        self.values.chunks_exact(self.embed_dim)
    }

    /// The features of some cases, in the order given.
    ///
    /// # Panics
    ///
    /// If one of them is not below [`Features::cases`].
    #[must_use]
    pub fn select(&self, cases: &[usize]) -> Self {
        let row = |case: &usize| &self.values[case * self.embed_dim..(case + 1) * self.embed_dim];
        Self { values: cases.iter().flat_map(row).copied().collect(), embed_dim: self.embed_dim }
    }

    /// The mean of the first `most` cases of each group, as of the images of a study, with the index of
    /// each group's first case. Groups are in the order of their first case.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if there is not one group a case; [`Error::Config`] if `most` is 0.
    pub fn mean_by<T: Eq + Hash>(&self, groups: &[T], most: usize) -> Result<(Self, Vec<usize>)> {
        Error::length("groups", groups.len(), self.cases())?;
        if most == 0 {
            return Err(Error::config("most", "at least one case is needed"));
        }
        let mut place = HashMap::new();
        let mut members: Vec<Vec<usize>> = Vec::new();
        for (case, group) in groups.iter().enumerate() {
            let next = members.len();
            let place = *place.entry(group).or_insert(next);
            if place == next {
                members.push(Vec::new());
            }
            if members[place].len() < most {
                members[place].push(case);
            }
        }
        let mut values = Vec::with_capacity(members.len() * self.embed_dim);
        for cases in &members {
            let part = self.select(cases);
            let column = |column| part.rows().map(|row| f64::from(row[column])).sum::<f64>();
            values.extend((0..self.embed_dim).map(|index| (column(index) / cases.len() as f64) as f32));
        }
        let first = members.iter().filter_map(|cases| cases.first().copied()).collect();
        Ok((Self { values, embed_dim: self.embed_dim }, first))
    }

    /// The same features with every row at length 1; a row of zeros stays as it is.
    #[must_use]
    pub fn unit_rows(&self) -> Self {
        let mut values = self.values.clone();
        for row in values.chunks_exact_mut(self.embed_dim) {
            let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt();
            if norm > 0.0 {
                row.iter_mut().for_each(|value| *value /= norm);
            }
        }
        Self { values, embed_dim: self.embed_dim }
    }

    /// The same features with one more number a case, as the sex for bone age.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if there is not one number a case; [`Error::NotFinite`].
    pub fn with_column(&self, column: &[f32]) -> Result<Self> {
        Error::length("column", column.len(), self.cases())?;
        let values = self.rows().zip(column).flat_map(|(row, value)| row.iter().chain([value])).copied();
        Self::new(values.collect(), self.embed_dim + 1)
    }
}

impl fmt::Debug for Features {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Features[{}, {}]", self.cases(), self.embed_dim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_table_of_numbers_is_refused() {
        assert!(matches!(Features::new(vec![0.0; 5], 2), Err(Error::Length { .. })));
        assert!(matches!(Features::new(vec![], 2), Err(Error::Length { .. })));
        assert!(matches!(Features::new(vec![0.0, f32::NAN], 2), Err(Error::NotFinite { index: 1, .. })));
    }

    #[test]
    fn a_study_is_the_mean_of_its_first_images() {
        let features = Features::new(vec![1.0, 5.0, 3.0, 100.0, 7.0], 1).unwrap();
        let (means, first) = features.mean_by(&["a", "b", "a", "a", "b"], 2).unwrap();
        assert_eq!((means.values(), &first[..]), (&[2.0, 6.0][..], &[0, 1][..]));
    }

    #[test]
    fn a_column_goes_beside_each_row() {
        let features = Features::new(vec![1.0, 2.0, 3.0, 4.0], 2).unwrap();
        assert_eq!(features.with_column(&[8.0, 9.0]).unwrap().values(), [1.0, 2.0, 8.0, 3.0, 4.0, 9.0]);
        assert!(features.with_column(&[8.0]).is_err());
        assert_eq!(features.select(&[1, 1]).values(), [3.0, 4.0, 3.0, 4.0]);
    }
}
