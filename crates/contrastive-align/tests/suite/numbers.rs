//! Numbers that are the same on every machine.

use tch::{Kind, Tensor};

/// Rows that are the same on every machine, not of length one.
pub(crate) fn rows(seed: u64, batch: i64, embed_dim: i64) -> Tensor {
    let values: Vec<f64> = (0..batch * embed_dim)
        .map(|place| xray_core::derive_seed(seed, &[place as u64]) as f64 / u64::MAX as f64 - 0.5)
        .collect();
    Tensor::from_slice(&values).reshape([batch, embed_dim])
}

/// The same, of length one.
pub(crate) fn unit_rows(seed: u64, batch: i64, embed_dim: i64) -> Tensor {
    let rows = rows(seed, batch, embed_dim);
    &rows / rows.norm_scalaropt_dim(2, [-1], true)
}

pub(crate) fn largest_difference(a: &Tensor, b: &Tensor) -> f64 {
    assert_eq!(a.size(), b.size());
    (a.to_kind(Kind::Double) - b.to_kind(Kind::Double)).abs().max().double_value(&[])
}
