//! The checks that every metric begins with.

use crate::{Error, Result};

pub(crate) fn same_length(what: &'static str, got: usize, expected: usize) -> Result<()> {
    if got == expected { Ok(()) } else { Err(Error::Length { what, expected, got }) }
}

pub(crate) fn not_empty<T>(what: &'static str, values: &[T]) -> Result<()> {
    if values.is_empty() { Err(Error::Empty { what }) } else { Ok(()) }
}

pub(crate) fn finite(what: &'static str, values: &[f64]) -> Result<()> {
    match values.iter().position(|value| !value.is_finite()) {
        Some(index) => Err(Error::NotFinite { what, index }),
        None => Ok(()),
    }
}

pub(crate) fn probabilities(what: &'static str, values: &[f64]) -> Result<()> {
    finite(what, values)?;
    match values.iter().position(|value| !(0.0..=1.0).contains(value)) {
        Some(index) => Err(Error::OutOfRange { what, index, range: "[0, 1]".to_owned() }),
        None => Ok(()),
    }
}

pub(crate) fn classes(what: &'static str, values: &[usize], classes: usize) -> Result<()> {
    match values.iter().position(|value| *value >= classes) {
        Some(index) => Err(Error::OutOfRange { what, index, range: format!("0..{classes}") }),
        None => Ok(()),
    }
}

pub(crate) fn open_unit(name: &'static str, value: f64) -> Result<()> {
    if value > 0.0 && value < 1.0 {
        Ok(())
    } else {
        Err(Error::Argument { name, why: "not between 0 and 1" })
    }
}
