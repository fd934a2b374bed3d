use dicom_core::Tag;
use dicom_core::value::{PrimitiveValue, Value};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

/// A look-up table of a Modality LUT or VOI LUT sequence (PS3.3 C.11.1 and C.11.2).
#[derive(Debug, Clone)]
pub(super) struct LookupTable {
    first: i64,
    bits: u32,
    entries: Vec<u16>,
}

impl LookupTable {
    /// The first table of `sequence`, if there is a usable one.
    pub(super) fn from_sequence(object: &InMemDicomObject, sequence: Tag, signed: bool) -> Option<Self> {
        let item = object.get(sequence)?.items()?.first()?;
        Self::from_elements(item, tags::LUT_DESCRIPTOR, tags::LUT_DATA, signed)
    }

    /// The table of a palette, whose entries stand in `data` or, in segments, in `segmented`.
    pub(super) fn of_palette(
        object: &InMemDicomObject,
        [descriptor, data, segmented]: [Tag; 3],
        signed: bool,
    ) -> Option<Self> {
        if object.get(data).is_some() {
            return Self::from_elements(object, descriptor, data, signed);
        }
        // The descriptor counts entries; there may be fewer segments or more.
        let table = Self::from_elements(object, descriptor, segmented, signed)?;
        let [.., bits] = object.get(descriptor)?.to_multi_int::<u32>().ok()?[..] else { return None };
        let words: Vec<u16> = object.get(segmented)?.to_multi_int().ok()?;
        let items = match bits {
            0..=8 => words.iter().flat_map(|word| word.to_le_bytes()).map(u16::from).collect(),
            _ => words,
        };
        let mut entries = Vec::new();
        expand(&items, usize::MAX, Some(bits > 8), &mut entries)?;
        (!entries.is_empty()).then_some(Self { entries, ..table })
    }

    /// The table that a descriptor and a data element make. `signed` tells how the descriptor's second
    /// value is meant when its value representation does not.
    pub(super) fn from_elements(
        object: &InMemDicomObject,
        descriptor: Tag,
        data: Tag,
        signed: bool,
    ) -> Option<Self> {
        let descriptor: Vec<i64> = object.get(descriptor)?.to_multi_int().ok()?;
        let [count, first, bits] = descriptor[..] else { return None };
        // 65,536 does not fit in the field and is written as 0.
        let count = usize::try_from(if count == 0 { 1 << 16 } else { count & 0xFFFF }).ok()?;
        let bits = u32::try_from(bits).ok().filter(|bits| (1..=16).contains(bits))?;
        let first = if signed && first > 0x7FFF { first - 0x1_0000 } else { first };
        let entries: Vec<u16> = match object.get(data)?.value() {
            Value::Primitive(PrimitiveValue::U8(bytes)) if bytes.len() >= 2 * count => {
                bytes.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect()
            }
            Value::Primitive(PrimitiveValue::U8(bytes)) => bytes.iter().map(|b| u16::from(*b)).collect(),
            Value::Primitive(words) => {
                let words: Vec<u16> = words.to_multi_int().ok()?;
                if bits <= 8 && words.len() == count.div_ceil(2) && count > 1 {
                    words.iter().flat_map(|word| word.to_le_bytes()).map(u16::from).collect()
                } else {
                    words
                }
            }
            _ => return None,
        };
        (!entries.is_empty()).then(|| Self {
            first,
            bits,
            entries: entries.into_iter().take(count).collect(),
        })
    }

    /// The entry for `value`; values outside the table get its first or last entry.
    pub(super) fn get(&self, value: f64) -> f64 {
        let index = (value.round() as i64).saturating_sub(self.first);
        let index = usize::try_from(index).unwrap_or(0).min(self.entries.len() - 1);
        f64::from(self.entries[index])
    }

    /// The largest value that an entry may have.
    pub(super) fn maximum(&self) -> f64 {
        f64::from((1_u32 << self.bits) - 1)
    }
}

/// Adds the entries that `items`, up to a number of segments, stand for (PS3.3 C.7.9.2). Segments that repeat others are
/// taken where it is said whether items have 16 bits.
fn expand(items: &[u16], segments: usize, wide: Option<bool>, entries: &mut Vec<u16>) -> Option<()> {
    let mut rest = items;
    for _ in 0..segments {
        // One item is padding.
        let [kind, count, after @ ..] = rest else { return Some(()) };
        let count = usize::from(*count);
        rest = match (kind, wide) {
            (0, _) => {
                let (values, after) = after.split_at_checked(count)?;
                entries.extend_from_slice(values);
                after
            }
            (1, _) => {
                let (end, after) = after.split_first()?;
                let (start, end) = (f64::from(*entries.last()?), f64::from(*end));
                let step = (end - start) / count as f64;
                entries.extend((1..=count).map(|number| (start + number as f64 * step).round() as u16));
                after
            }
            // The place is in bytes.
            (2, Some(true)) => {
                let ([low, high], after) = after.split_first_chunk()?;
                let place = (usize::from(*high) << 16 | usize::from(*low)) / 2;
                expand(items.get(place..)?, count, None, entries)?;
                after
            }
            (2, Some(false)) => {
                let (bytes, after) = after.split_first_chunk::<4>()?;
                let place = bytes.iter().rev().fold(0, |place, byte| place << 8 | usize::from(*byte));
                expand(items.get(place..)?, count, None, entries)?;
                after
            }
            _ => return None,
        };
        if entries.len() > 1 << 16 {
            return None;
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_values_lines_and_repetitions() {
        let expanded = |items: &[u16], wide| {
            let mut entries = Vec::new();
            expand(items, usize::MAX, Some(wide), &mut entries).map(|()| entries)
        };
        let items = [0, 2, 10, 20, 1, 4, 0, 2, 2, 0, 0, 0];
        assert_eq!(expanded(&items, true), Some(vec![10, 20, 15, 10, 5, 0, 10, 20, 15, 10, 5, 0]));
        let items = [0, 1, 7, 0, 1, 9, 2, 1, 3, 0, 0, 0];
        assert_eq!(expanded(&items, false), Some(vec![7, 9, 9]));
        // A line from nowhere, values that are missing, a repetition of itself, more entries than a table has.
        for items in
            [&[1, 2, 5][..], &[0, 3, 1, 1], &[0, 1, 1, 2, 9, 0, 0], &[0, 1, 1, 1, 65_535, 3, 1, 9, 0]]
        {
            assert_eq!(expanded(items, true), None, "{items:?}");
        }
    }
}
