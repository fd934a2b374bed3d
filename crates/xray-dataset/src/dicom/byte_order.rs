use std::borrow::Cow;

use dicom_core::VR;
use dicom_dictionary_std::tags;
use dicom_object::DefaultDicomObject;

use super::file::EXPLICIT_VR_BIG_ENDIAN;

/// How the bytes of pixels came out of the file.
///
/// Pixels are read as words of 16 bits where the file says so (OW), each put in the order of this machine. Samples
/// of 8 and 16 bits are then right; of those of 32 bits, a big-endian file has the high half first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteOrder {
    /// As this machine has samples.
    Own,
    /// Words as this machine has them, in the order of a big-endian file.
    BigEndianWords,
}

impl ByteOrder {
    pub(super) fn of(object: &DefaultDicomObject) -> Self {
        let syntax = object.meta().transfer_syntax().trim_end_matches('\0');
        let are_words = object.get(tags::PIXEL_DATA).is_some_and(|element| element.vr() == VR::OW);
        if syntax == EXPLICIT_VR_BIG_ENDIAN && are_words { Self::BigEndianWords } else { Self::Own }
    }

    /// Samples of 1, 2 or 4 bytes as this machine has them.
    pub(super) fn put_right(self, data: &[u8], bytes: usize) -> Cow<'_, [u8]> {
        if self == Self::Own || bytes != 4 {
            return Cow::Borrowed(data);
        }
        let halves = data.chunks_exact(4).flat_map(|sample| [sample[2], sample[3], sample[0], sample[1]]);
        Cow::Owned(halves.collect())
    }
}
