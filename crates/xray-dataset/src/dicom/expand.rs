use dicom_core::value::{DataSetSequence, Value};
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::DefaultDicomObject;

use super::jpeg_ls;
use crate::ImageFault;

/// A file whose pixels are in JPEG-LS, of which the libraries here know nothing, as one with plain pixels that holds
/// only `frame`; any other file as it is. Gives the frame to look at as well.
pub(super) fn expanded(
    mut object: DefaultDicomObject,
    frame: u32,
    max_pixels: usize,
) -> Result<(DefaultDicomObject, u32), ImageFault> {
    let syntax = object.meta().transfer_syntax().trim_end_matches('\0');
    if syntax != uids::JPEGLS_LOSSLESS && syntax != uids::JPEGLS_NEAR_LOSSLESS {
        return Ok((object, frame));
    }
    let number = |tag| object.get(tag).and_then(|element| element.to_int::<usize>().ok());
    let (rows, columns) =
        number(tags::ROWS).zip(number(tags::COLUMNS)).ok_or(ImageFault::UnsupportedPixels)?;
    let frames = number(tags::NUMBER_OF_FRAMES).unwrap_or(1).max(1);
    let wide = number(tags::BITS_ALLOCATED) == Some(16);
    let pixels = object.take(tags::PIXEL_DATA).ok_or(ImageFault::NoPixelData)?;
    let fragments = pixels.value().fragments().ok_or(ImageFault::DamagedPixels)?;
    let decoded = match (frames, fragments.get(frame as usize)) {
        (1, _) if frame == 0 => jpeg_ls::decode(&fragments.concat(), max_pixels),
        (_, Some(fragment)) if fragments.len() == frames => jpeg_ls::decode(fragment, max_pixels),
        _ => Err(ImageFault::DamagedPixels),
    }?;
    if (decoded.height, decoded.width) != (rows, columns) {
        return Err(ImageFault::DamagedPixels);
    }
    let samples = decoded.samples;
    let value = if wide {
        PrimitiveValue::U16(samples.into())
    } else {
        PrimitiveValue::U8(samples.into_iter().map(|sample| sample as u8).collect())
    };
    object.put(DataElement::new(tags::PIXEL_DATA, if wide { VR::OW } else { VR::OB }, value));
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
