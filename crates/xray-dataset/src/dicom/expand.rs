use dicom_core::value::{DataSetSequence, Value};
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::DefaultDicomObject;

use super::file::text;
use super::{jpeg_ls, rle};
use crate::ImageFault;
use crate::grey_jpeg;

/// A file whose pixels are encoded in a way of which the libraries here know nothing (JPEG-LS, JPEG of 12 bits, RLE of
/// 32 bits) as one with plain pixels that holds only `frame`; any other file as it is. Gives the frame to look at as
/// well.
pub(super) fn expanded(
    mut object: DefaultDicomObject,
    frame: u32,
    max_pixels: usize,
) -> Result<(DefaultDicomObject, u32), ImageFault> {
    let number = |tag| object.get(tag).and_then(|element| element.to_int::<usize>().ok());
    let (allocated, components) =
        (number(tags::BITS_ALLOCATED), number(tags::SAMPLES_PER_PIXEL).unwrap_or(1));
    let syntax = object.meta().transfer_syntax().trim_end_matches('\0');
    let is_jpeg_ls = syntax == uids::JPEGLS_LOSSLESS || syntax == uids::JPEGLS_NEAR_LOSSLESS;
    let is_rle = syntax == uids::RLE_LOSSLESS && allocated == Some(32);
    let is_jpeg = syntax == uids::JPEG_EXTENDED12_BIT && allocated == Some(16) && components == 1;
    if syntax == uids::JPEG_BASELINE8_BIT {
        return Ok((without_colour_transform(object), frame));
    }
    if !is_jpeg_ls && !is_rle && !is_jpeg {
        return Ok((object, frame));
    }
    let (rows, columns) =
        number(tags::ROWS).zip(number(tags::COLUMNS)).ok_or(ImageFault::UnsupportedPixels)?;
    let frames = number(tags::NUMBER_OF_FRAMES).unwrap_or(1).max(1);
    let pixels = object.take(tags::PIXEL_DATA).ok_or(ImageFault::NoPixelData)?;
    let fragments = pixels.value().fragments().ok_or(ImageFault::DamagedPixels)?;
    let joined;
    let bytes = match (frames, fragments.get(frame as usize)) {
        (1, _) if frame == 0 => {
            joined = fragments.concat();
            &joined
        }
        (_, Some(fragment)) if fragments.len() == frames => fragment,
        _ => return Err(ImageFault::DamagedPixels),
    };
    if rows * columns > max_pixels {
        return Err(ImageFault::TooLarge);
    }
    let (value, vr) = if is_rle {
        (PrimitiveValue::U32(rle::decode(bytes, rows * columns, components)?.into()), VR::OL)
    } else {
        let (size, samples) = if is_jpeg {
            let image = grey_jpeg::decode_12_bits(bytes, max_pixels).ok_or(ImageFault::DamagedPixels)?;
            // Levels are whole numbers over the greatest.
            let samples = image.pixels.into_iter().map(|grey| (grey * 4095.0).round() as u16).collect();
            ((image.height, image.width, 1), samples)
        } else {
            let image = jpeg_ls::decode(bytes, max_pixels)?;
            ((image.height, image.width, image.components), image.samples)
        };
        if size != (rows, columns, components) {
            return Err(ImageFault::DamagedPixels);
        }
        if allocated == Some(16) {
            (PrimitiveValue::U16(samples.into()), VR::OW)
        } else {
            (PrimitiveValue::U8(samples.into_iter().map(|sample| sample as u8).collect()), VR::OB)
        }
    };
    object.put(DataElement::new(tags::PIXEL_DATA, vr, value));
    if components > 1 {
        object.put(DataElement::new(tags::PLANAR_CONFIGURATION, VR::US, PrimitiveValue::from(0_u16)));
    }
    object.put(DataElement::new(tags::NUMBER_OF_FRAMES, VR::IS, PrimitiveValue::from("1")));
    let groups = tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE;
    if let Some(Value::Sequence(items)) = object.take(groups).map(DataElement::into_value) {
        let of_frame = items.into_items().into_iter().nth(frame as usize);
        let only = DataSetSequence::from(of_frame.into_iter().collect::<Vec<_>>());
        object.put(DataElement::new(groups, VR::SQ, Value::Sequence(only)));
    }
    object.meta_mut().transfer_syntax = uids::EXPLICIT_VR_LITTLE_ENDIAN.to_owned();
    Ok((object, 0))
}

/// Adobe's segment, the last byte of which means no transform.
const ADOBE: &[u8] = b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0\0";

/// The file with JPEG streams that say what its header says: that their three components are red, green and blue. Decoders
/// take a stream that says nothing for luminance and chrominance.
fn without_colour_transform(mut object: DefaultDicomObject) -> DefaultDicomObject {
    if text(&object, tags::PHOTOMETRIC_INTERPRETATION).as_deref() != Some("RGB") {
        return object;
    }
    let Some(mut element) = object.take(tags::PIXEL_DATA) else { return object };
    if let Some(fragments) = element.fragments_mut() {
        for fragment in fragments {
            if is_silent(fragment) {
                fragment.splice(2..2, ADOBE.iter().copied());
            }
        }
    }
    object.put(element);
    object
}

/// Whether no segment of a JPEG stream's says what its components are: JFIF is luminance and chrominance, and Adobe's
/// names it, if it is whole.
fn is_silent(stream: &[u8]) -> bool {
    let Some(mut rest) = stream.strip_prefix(&[0xFF, 0xD8]) else { return false };
    while let [0xFF, marker @ (0xE0..=0xEF | 0xFE), high, low, ..] = *rest {
        let length = 2 + usize::from(u16::from_be_bytes([high, low]));
        if marker == 0xE0 || marker == 0xEE && length >= ADOBE.len() {
            return false;
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    true
}
