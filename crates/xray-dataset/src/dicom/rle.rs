//! RLE Lossless (PS3.5 Annex G) of samples of 32 bits, which the library has of 8 and 16 alone.

use crate::ImageFault;

/// The bytes of a sample.
const BYTES: usize = 4;

/// Decodes a frame; gives its samples pixel after pixel.
pub(super) fn decode(bytes: &[u8], pixels: usize, components: usize) -> Result<Vec<u32>, ImageFault> {
    let word = |number: usize| {
        let four = bytes.get(4 * number..4 * number + 4)?;
        Some(u32::from_le_bytes(four.try_into().ok()?) as usize)
    };
    // One segment for each byte of a pixel; the header has room for the places of 15.
    let count = components * BYTES;
    if count > 15 || word(0) != Some(count) {
        return Err(ImageFault::DamagedPixels);
    }
    let segment = |number: usize| {
        let end = if number < count { word(number + 1)? } else { bytes.len() };
        unpacked(bytes.get(word(number)?..end)?, pixels)
    };
    let planes: Option<Vec<Vec<u8>>> = (1..=count).map(segment).collect();
    let planes = planes.ok_or(ImageFault::DamagedPixels)?;
    // The highest byte comes first.
    let sample = |pixel: usize, of_sample: &[Vec<u8>]| {
        of_sample.iter().fold(0, |sample, plane| sample << 8 | u32::from(plane[pixel]))
    };
    let pixel = |pixel: usize| planes.chunks_exact(BYTES).map(move |of_sample| sample(pixel, of_sample));
    Ok((0..pixels).flat_map(pixel).collect())
}

/// The `length` bytes that a segment stands for; nothing if they are fewer.
fn unpacked(mut packed: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    while bytes.len() < length {
        let (&kind, rest) = packed.split_first()?;
        packed = match kind {
            0..=127 => {
                let (literal, rest) = rest.split_at_checked(usize::from(kind) + 1)?;
                bytes.extend_from_slice(literal);
                rest
            }
            128 => rest,
            129.. => {
                let (&byte, rest) = rest.split_first()?;
                bytes.resize(bytes.len() + 257 - usize::from(kind), byte);
                rest
            }
        };
    }
    bytes.truncate(length);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_the_bytes_of_samples_from_the_highest_on() {
        let mut frame = vec![0; 64];
        frame[0] = 4;
        for (number, segment) in
            [&[254, 1][..], &[2, 5, 6, 7], &[128, 0, 9, 255, 8], &[254, 0]].iter().enumerate()
        {
            let place = frame.len() as u8;
            frame[4 * (number + 1)] = place;
            frame.extend_from_slice(segment);
        }
        assert_eq!(decode(&frame, 3, 1), Ok(vec![0x0105_0900, 0x0106_0800, 0x0107_0800]));
        assert_eq!(decode(&frame, 4, 1), Err(ImageFault::DamagedPixels));
        assert_eq!(decode(&frame, 1, 3), Err(ImageFault::DamagedPixels));
        (0..frame.len()).for_each(|length| assert!(decode(&frame[..length], 3, 1).is_err()));
    }
}
