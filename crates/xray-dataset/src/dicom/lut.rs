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
