use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::ImageFault;

/// Fails if the JPEG or JPEG 2000 stream of a frame says that it has more pixels than the data set says: decoders
/// make room for as many.
pub(super) fn hold(object: &InMemDicomObject, frame: u32) -> Result<(), ImageFault> {
    let side = |tag| object.get(tag).and_then(|element| element.to_int::<usize>().ok());
    let Some((rows, columns)) = side(tags::ROWS).zip(side(tags::COLUMNS)) else { return Ok(()) };
    let claimed = claimed_pixels(object, frame);
    if claimed.is_some_and(|pixels| pixels > rows.saturating_mul(columns)) {
        return Err(ImageFault::DamagedPixels);
    }
    Ok(())
}

fn claimed_pixels(object: &InMemDicomObject, frame: u32) -> Option<usize> {
    let fragments = object.get(tags::PIXEL_DATA)?.value().fragments()?;
    // A frame in several fragments begins in one of them.
    let fragment = fragments.get(frame as usize).or(fragments.first())?;
    jpeg(fragment).or_else(|| jpeg_2000(fragment))
}

fn jpeg(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes.strip_prefix(&[0xFF, 0xD8])?;
    loop {
        let (&[0xFF, marker], after) = rest.split_first_chunk()? else { return None };
        match (marker, after) {
            (0xFF, _) => rest = &rest[1..],
            // Frame headers are the markers from C0 on, but for tables (C4), JPG (C8) and arithmetic conditioning (CC).
            (0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF, &[_, _, _, a, b, c, d, ..]) => {
                let side = |bytes| usize::from(u16::from_be_bytes(bytes));
                return Some(side([a, b]) * side([c, d]));
            }
            (_, &[high, low, ..]) => rest = after.get(u16::from_be_bytes([high, low]).into()..)?,
            _ => return None,
        }
    }
}

fn jpeg_2000(bytes: &[u8]) -> Option<usize> {
    // The stream begins by itself or in a box of the file format, of which there are few before it.
    let start = bytes.get(..4096.min(bytes.len()))?;
    let at = start.windows(4).position(|four| four == [0xFF, 0x4F, 0xFF, 0x51])?;
    let number = |place: usize| {
        let four = bytes.get(at + place..at + place + 4)?;
        Some(u32::from_be_bytes(four.try_into().ok()?) as usize)
    };
    // Right and lower edge, left and upper edge.
    let (right, bottom, left, top) = (number(8)?, number(12)?, number(16)?, number(20)?);
    right.checked_sub(left)?.checked_mul(bottom.checked_sub(top)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_read_from_either_stream() {
        assert_eq!(jpeg(b"\xFF\xD8\xFF\xE0\0\x04ab\xFF\xFF\xC3\0\x0B\x10\x01\x02\x00\x03"), Some(258 * 3));
        assert_eq!(jpeg(b"\xFF\xD8\xFF\xC4\0\x02\xFF\xDA\0\x02"), None);
        let mut stream = b"box:\xFF\x4F\xFF\x51\0\x29\0\0".to_vec();
        for number in [1010_u32, 520, 10, 20] {
            stream.extend(number.to_be_bytes());
        }
        assert_eq!(jpeg_2000(&stream), Some(1000 * 500));
        assert_eq!(jpeg_2000(&stream[..20]), None);
    }
}
