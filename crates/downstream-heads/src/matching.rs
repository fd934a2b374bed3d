use crate::{Error, Result};

/// The cheapest way to give every row a column of its own (Kuhn 1955, Munkres 1957; by shortest augmenting paths,
/// Jonker and Volgenant 1987): which box found stands for which true one.
///
/// # Shapes
///
/// - costs: `[rows, columns]`, row-major, no more rows than columns
/// - result: the column of each row
///
/// # Errors
///
/// [`Error::Length`] if the costs do not fill whole rows, or there are more rows than columns; [`Error::NotFinite`].
///
/// # Examples
///
/// ```
/// let costs = [4.0, 1.0, 2.0, 2.0, 0.0, 5.0];
/// assert_eq!(downstream_heads::assign(&costs, 3)?, [2, 1]);
/// # Ok::<(), downstream_heads::Error>(())
/// ```
pub fn assign(costs: &[f64], columns: usize) -> Result<Vec<usize>> {
    if let Some(index) = costs.iter().position(|cost| !cost.is_finite()) {
        return Err(Error::NotFinite { what: "costs", index });
    }
    if costs.is_empty() {
        return Ok(Vec::new());
    }
    if columns == 0 || !costs.len().is_multiple_of(columns) || costs.len() > columns * columns {
        return Err(Error::Length { what: "costs", expected: columns * columns, got: costs.len() });
    }
    let rows = costs.len() / columns;
    // Place 0 is outside of the matrix: where a path begins.
    let (mut of_row, mut of_column) = (vec![0.0; rows + 1], vec![0.0; columns + 1]);
    let mut row_of = vec![0; columns + 1];
    for row in 1..=rows {
        row_of[0] = row;
        let mut column = 0;
        let (mut least, mut seen) = (vec![f64::INFINITY; columns + 1], vec![false; columns + 1]);
        let mut before = vec![0; columns + 1];
        while row_of[column] != 0 {
            seen[column] = true;
            let (from, mut step, mut next) = (row_of[column], f64::INFINITY, 0);
            for other in (1..=columns).filter(|other| !seen[*other]) {
                let reduced = costs[(from - 1) * columns + other - 1] - of_row[from] - of_column[other];
                if reduced < least[other] {
                    (least[other], before[other]) = (reduced, column);
                }
                if least[other] < step {
                    (step, next) = (least[other], other);
                }
            }
            for other in 0..=columns {
                if seen[other] {
                    of_row[row_of[other]] += step;
                    of_column[other] -= step;
                } else {
                    least[other] -= step;
                }
            }
            column = next;
        }
        while column != 0 {
            row_of[column] = row_of[before[column]];
            column = before[column];
        }
    }
    let mut column_of = vec![0; rows];
    for column in 1..=columns {
        if row_of[column] != 0 {
            column_of[row_of[column] - 1] = column - 1;
        }
    }
    Ok(column_of)
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// The least cost of giving the rows from `row` on columns that are not `taken`.
    fn least(costs: &[f64], columns: usize, row: usize, taken: &mut Vec<usize>) -> f64 {
        if row * columns == costs.len() {
            return 0.0;
        }
        let mut best = f64::INFINITY;
        for column in 0..columns {
            if !taken.contains(&column) {
                taken.push(column);
                best = best.min(costs[row * columns + column] + least(costs, columns, row + 1, taken));
                taken.pop();
            }
        }
        best
    }

    #[test]
    fn nothing_is_cheaper() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        for (rows, columns) in [(1, 1), (2, 5), (4, 4), (5, 6)] {
            for _ in 0..20 {
                // Small whole numbers, so that there are ties.
                let costs: Vec<f64> =
                    (0..rows * columns).map(|_| f64::from(rng.random_range(-4..9))).collect();
                let found = assign(&costs, columns).unwrap();
                let total: f64 =
                    found.iter().enumerate().map(|(row, column)| costs[row * columns + column]).sum();
                assert_eq!(total, least(&costs, columns, 0, &mut Vec::new()));
                let mut once = found.clone();
                once.sort_unstable();
                once.dedup();
                assert_eq!(once.len(), rows);
            }
        }
    }

    #[test]
    fn what_is_no_matrix_is_refused() {
        assert!(matches!(assign(&[1.0, f64::NAN], 2), Err(Error::NotFinite { .. })));
        assert!(matches!(assign(&[1.0; 3], 2), Err(Error::Length { .. })));
        assert!(matches!(assign(&[1.0; 2], 1), Err(Error::Length { .. })));
        assert!(assign(&[], 3).unwrap().is_empty());
    }
}
