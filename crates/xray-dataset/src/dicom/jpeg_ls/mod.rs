//! JPEG-LS (ITU-T T.87), lossless and near-lossless, of grey and of three components. Names are those of the standard.

mod bits;
mod coding;
mod scan;

use coding::Coding;
use scan::Scan;

use crate::ImageFault;

/// A decoded image: samples of up to 16 bits, pixel after pixel.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Image {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) components: usize,
    pub(super) samples: Vec<u16>,
}

/// What the frame header says.
struct Frame<'a> {
    bits: u32,
    height: usize,
    width: usize,
    /// Name, sampling and table of each component.
    components: &'a [[u8; 3]],
}

/// Decodes one image of one component or three, and of at most `max_pixels` pixels.
pub(super) fn decode(bytes: &[u8], max_pixels: usize) -> Result<Image, ImageFault> {
    let mut frame: Option<Frame<'_>> = None;
    let mut preset = [0_i32; 5];
    // The components of scans that hold one each.
    let mut planes: Vec<Vec<u16>> = Vec::new();
    let mut rest = bytes.strip_prefix(&[0xFF, SOI]).ok_or(ImageFault::DamagedPixels)?;
    loop {
        let [0xFF, marker, high, low, ..] = *rest else { return Err(ImageFault::DamagedPixels) };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let segment = rest.get(4..2 + length).ok_or(ImageFault::DamagedPixels)?;
        rest = &rest[2 + length..];
        match (marker, segment) {
            (SOF55, [bits @ 2..=16, y1, y0, x1, x0, count @ (1 | 3), components @ ..])
                if components.len() == 3 * usize::from(*count) && frame.is_none() =>
            {
                let side = |high: &u8, low: &u8| usize::from(u16::from_be_bytes([*high, *low]));
                let (height, width) = (side(y1, y0), side(x1, x0));
                let (components, _) = components.as_chunks();
                // Fewer samples of a component than there are pixels.
                let sampled =
                    components.len() > 1 && components.iter().any(|[_, sampling, _]| *sampling != 0x11);
                if height == 0 || width == 0 || sampled {
                    return Err(ImageFault::UnsupportedPixels);
                }
                if height * width > max_pixels {
                    return Err(ImageFault::TooLarge);
                }
                frame = Some(Frame { bits: u32::from(*bits), height, width, components });
            }
            (SOF55, _) => return Err(ImageFault::UnsupportedPixels),
            (LSE, [1, values @ ..]) if values.len() >= 10 => {
                for (value, pair) in preset.iter_mut().zip(values.chunks_exact(2)) {
                    *value = i32::from(u16::from_be_bytes([pair[0], pair[1]]));
                }
            }
            // Tables from samples to other values, and larger images; a transform of colours of one encoder's own.
            (LSE, _) => return Err(ImageFault::UnsupportedPixels),
            (APP8, [b'm', b'r', b'f', b'x', 1..=255, ..]) => return Err(ImageFault::UnsupportedPixels),
            (SOS, [count, rows @ .., near, interleave, 0]) => {
                let Frame { bits, height, width, components } =
                    frame.as_ref().ok_or(ImageFault::DamagedPixels)?;
                let (rows, odd) = rows.as_chunks::<2>();
                if rows.len() != usize::from(*count)
                    || !odd.is_empty()
                    || rows.iter().any(|[_, table]| *table != 0)
                {
                    return Err(ImageFault::UnsupportedPixels);
                }
                // A component alone is not interleaved, whatever the scan says.
                let by_pixel = match (rows.len(), interleave) {
                    (1, _) => false,
                    (count, 1 | 2) if count == components.len() => *interleave == 2,
                    _ => return Err(ImageFault::UnsupportedPixels),
                };
                let named = &components[planes.len()..][..rows.len().min(components.len() - planes.len())];
                if !named.iter().map(|[name, ..]| name).eq(rows.iter().map(|[name, _]| name)) {
                    return Err(ImageFault::DamagedPixels);
                }
                let coding = Coding::new(*bits, i32::from(*near), preset)?;
                planes.push(Scan::new(coding, rest, *width, rows.len()).samples(*height, by_pixel)?);
                if rows.len() == components.len() || planes.len() == components.len() {
                    let (height, width, components) = (*height, *width, components.len());
                    return Ok(Image { height, width, components, samples: interleaved(planes) });
                }
                // No marker stands within a scan.
                let end = rest.windows(2).position(|pair| pair[0] == 0xFF && pair[1] >= 0x80);
                rest = &rest[end.ok_or(ImageFault::DamagedPixels)?..];
            }
            (SOS, _) => return Err(ImageFault::UnsupportedPixels),
            _ => {}
        }
    }
}

/// The samples of several planes, pixel after pixel.
fn interleaved(mut planes: Vec<Vec<u16>>) -> Vec<u16> {
    if planes.len() == 1 {
        return planes.swap_remove(0);
    }
    (0..planes[0].len()).flat_map(|pixel| planes.iter().map(move |plane| plane[pixel])).collect()
}

const SOI: u8 = 0xD8;
const SOF55: u8 = 0xF7;
const LSE: u8 = 0xF8;
const SOS: u8 = 0xDA;
const APP8: u8 = 0xE8;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The streams of `scripts/fixtures/jpeg_ls.py`.
    fn stream(name: &str) -> Vec<u8> {
        let streams: BTreeMap<String, String> =
            serde_json::from_str(include_str!("../../../tests/fixtures/jpeg_ls.json")).unwrap();
        let digits: Vec<u32> = streams[name].chars().map(|c| c.to_digit(16).unwrap()).collect();
        digits.chunks(2).map(|pair| (16 * pair[0] + pair[1]) as u8).collect()
    }

    #[test]
    fn what_charls_encoded_is_decoded() {
        let places = || (0..9_u32).flat_map(|y| (0..13_u32).map(move |x| (x, y)));
        let runs = |(x, y)| if (x / 4 + y / 3) % 2 == 0 { 40 } else { (x * x * 7 + y * 31) % 256 };
        let wide = |(x, y)| if x < 5 { 1000 } else { (x * 517 + y * y * 97) % 4096 };
        let colour = |(x, y)| {
            let red = runs((x, y));
            [red, red / 2, if x < 9 { red } else { (red + 3) % 256 }]
        };
        let colours: Vec<u32> = places().flat_map(colour).collect();
        for (name, near, components, expected) in [
            ("lossless", 0, 1, places().map(runs).collect::<Vec<_>>()),
            ("near 3", 3, 1, places().map(runs).collect()),
            ("16 bits", 0, 1, places().map(wide).collect()),
            ("none", 0, 3, colours.clone()),
            ("line", 0, 3, colours.clone()),
            ("sample", 0, 3, colours.clone()),
            ("none, near 2", 2, 3, colours.clone()),
            ("line, near 2", 2, 3, colours.clone()),
            ("sample, near 2", 2, 3, colours),
        ] {
            let image = decode(&stream(name), 1000).unwrap();
            assert_eq!((image.height, image.width, image.components), (9, 13, components));
            assert_eq!(image.samples.len(), expected.len());
            let far = image.samples.iter().zip(&expected).map(|(a, b)| u32::from(*a).abs_diff(*b)).max();
            assert!(far <= Some(near), "{name}: {far:?}");
        }
        assert_eq!(decode(&stream("lossless"), 100), Err(ImageFault::TooLarge));
    }

    /// The example of T.87, Annex H.3.
    #[test]
    fn the_example_of_the_standard_is_decoded() {
        let stream = [
            0xFF, 0xD8, 0xFF, 0xF7, 0, 0x0B, 8, 0, 4, 0, 4, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 0,
            0, 0xC0, 0, 0, 0x6C, 0x80, 0x20, 0x8E, 1, 0xC0, 0, 0, 0x57, 0x40, 0, 0, 0x6E, 0xE6, 0, 0, 1,
            0xBC, 0x18, 0, 0, 5, 0xD8, 0, 0, 0x91, 0x60, 0xFF, 0xD9,
        ];
        let samples = [0, 0, 90, 74, 68, 50, 43, 205, 64, 145, 145, 145, 100, 145, 145, 145];
        assert_eq!(decode(&stream, 16).map(|image| image.samples), Ok(samples.to_vec()));
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        for name in ["near 3", "none", "sample"] {
            let whole = stream(name);
            // The end-of-image marker and padding bits are not needed.
            for length in 0..whole.len() - 4 {
                assert!(decode(&whole[..length], 1000).is_err(), "{name}, {length}");
            }
        }
    }
}
