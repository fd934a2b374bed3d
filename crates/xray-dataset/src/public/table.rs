use std::path::{Path, PathBuf};

use crate::{Error, Result, files};

/// A file of comma-separated values.
pub(super) struct Table {
    path: PathBuf,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// One line of a table.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    table: &'a Table,
    /// From 0; the lines of a file are counted from 1.
    index: usize,
    first_line: usize,
}

impl Table {
    /// A table whose first line names the columns.
    pub(super) fn with_names(path: &Path) -> Result<Self> {
        let mut rows = lines(path)?;
        let columns = if rows.is_empty() { Vec::new() } else { rows.remove(0) };
        Ok(Self { path: path.to_owned(), columns, rows })
    }

    /// A table without names of columns; these are given here.
    pub(super) fn without_names(path: &Path, columns: &[&str]) -> Result<Self> {
        let columns = columns.iter().map(|name| (*name).to_owned()).collect();
        Ok(Self { path: path.to_owned(), columns, rows: lines(path)? })
    }

    pub(super) fn rows(&self, first_line: usize) -> impl Iterator<Item = Row<'_>> {
        (0..self.rows.len()).map(move |index| Row { table: self, index, first_line })
    }
}

impl<'a> Row<'a> {
    /// The value of a column; nothing if it is blank or there is none.
    pub(super) fn get(&self, column: &str) -> Option<&'a str> {
        let place = self.table.columns.iter().position(|name| name.eq_ignore_ascii_case(column))?;
        let value = self.table.rows[self.index].get(place)?.trim();
        (!value.is_empty()).then_some(value)
    }

    /// The value of a column that every row must have.
    pub(super) fn need(&self, column: &str, problem: &'static str) -> Result<&'a str> {
        self.get(column).ok_or_else(|| self.fault(problem))
    }

    /// The number in a column; nothing if it is blank.
    pub(super) fn number(&self, column: &str) -> Result<Option<f64>> {
        let parse = |value: &str| {
            let number = value.parse().ok().filter(|number: &f64| number.is_finite());
            number.ok_or_else(|| self.fault("a value is not a number"))
        };
        self.get(column).map(parse).transpose()
    }

    fn fault(&self, problem: &'static str) -> Error {
        Error::Row { path: self.table.path.clone(), line: self.index + self.first_line, problem }
    }
}

/// The lines of a file by their fields. A field in double quotes may hold commas.
fn lines(path: &Path) -> Result<Vec<Vec<String>>> {
    let text = files::read_to_string(path).map_err(|source| Error::file("reading", path, source))?;
    let lines = text.trim_start_matches('\u{feff}').lines().filter(|line| !line.trim().is_empty());
    Ok(lines.map(fields).collect())
}

fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut quoted) = (vec![String::new()], false);
    for letter in line.chars() {
        match (letter, fields.last_mut()) {
            ('"', _) => quoted = !quoted,
            (',', _) if !quoted => fields.push(String::new()),
            (_, Some(field)) => field.push(letter),
            (_, None) => {}
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_commas_together() {
        assert_eq!(fields("a,\"b, c\",,d"), ["a", "b, c", "", "d"]);
        assert_eq!(fields(""), [""]);
    }
}
