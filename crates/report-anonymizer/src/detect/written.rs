use std::ops::Range;

use crate::document::Document;

/// How a part of a date is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// In digits, filled with zeros to this many (1 = not filled).
    Digits(u8),
    /// The name of a month or weekday, whole.
    Name,
    /// Its abbreviation.
    Short,
    /// A number in words.
    Words,
}

/// What a part of a date says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Day,
    Month,
    Year,
    Weekday,
    /// "er" of "1er", which other days lack.
    Ordinal,
    /// A day written before the month by its range: the first day of "3 au 7 mars".
    Compact,
}

/// A date as it is written: its value, and which bytes say what.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written {
    /// First token and one past the last.
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) day: Option<u8>,
    pub(crate) month: Option<u8>,
    pub(crate) year: Option<i16>,
    pub(crate) parts: Parts,
}

/// One part of a date: what it says, its bytes, how it is written.
pub(crate) type Part = (Field, Range<usize>, Style);

/// The parts of a date, in the order in which they were read.
#[derive(Debug, Clone, Default)]
pub(crate) struct Parts {
    items: [Option<(Field, u32, u32, Style)>; 6],
    len: usize,
}

impl Parts {
    pub(crate) fn push(&mut self, (field, range, style): Part) {
        if let Some(slot) = self.items.get_mut(self.len) {
            *slot = Some((field, range.start as u32, range.end as u32, style));
            self.len += 1;
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Part> + '_ {
        let items = self.items.iter().flatten();
        items.map(|(field, start, end, style)| (*field, *start as usize..*end as usize, *style))
    }
}

impl Written {
    pub(crate) fn part(&mut self, document: &Document<'_>, i: usize, field: Field, style: Style) {
        self.parts.push((field, document.bytes(i, i + 1), style));
        self.end = self.end.max(i + 1);
    }

    /// Whether the year stands there with its four digits.
    pub(crate) fn year_is_whole(&self) -> bool {
        self.parts.iter().any(|(field, _, style)| field == Field::Year && style == Style::Digits(4))
    }

    /// Whether day, month and year are all there.
    pub(crate) fn is_full(&self) -> bool {
        self.day.is_some() && self.month.is_some() && self.year.is_some()
    }
}
