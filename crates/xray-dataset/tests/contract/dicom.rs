//! DICOM files become grey values in `[0, 1]`, bone bright.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use crate::archive::File;
use dicom_core::{DataElement, PrimitiveValue, VR};
use dicom_dictionary_std::{tags, uids};
use dicom_object::{FileMetaTableBuilder, InMemDicomObject};
use dicom_transfer_syntax_registry::entries::{
    EXPLICIT_VR_BIG_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN,
};
use tempfile::TempDir;
use xray_core::{ImageDecoder, ImageTensor};
use xray_dataset::{DicomDecoder, Error, ImageFault, ImageFileDecoder, Windowing};

fn saved(folder: &TempDir, object: InMemDicomObject) -> PathBuf {
    let path = folder.path().join("file.dcm");
    let meta = FileMetaTableBuilder::new().transfer_syntax(uids::EXPLICIT_VR_LITTLE_ENDIAN);
    object.with_meta(meta).unwrap().write_to_file(&path).unwrap();
    path
}

fn decoded(object: InMemDicomObject) -> ImageTensor {
    let folder = tempfile::tempdir().unwrap();
    DicomDecoder::default().decode(&saved(&folder, object)).unwrap()
}

fn fault(object: InMemDicomObject) -> ImageFault {
    let folder = tempfile::tempdir().unwrap();
    match DicomDecoder::default().decode(&saved(&folder, object)).unwrap_err() {
        Error::Image { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

#[test]
fn the_window_of_the_header_makes_black_and_white() {
    let image = decoded(File::default().object());
    assert_eq!((image.channels(), image.height(), image.width()), (1, 24, 24));
    assert_eq!(image.spacing_mm(), Some([0.5, 0.25]));
    assert_eq!((image.data()[0], image.data()[23]), (0.0, 1.0));
    let mut narrow = File::default().object();
    narrow.put(DataElement::new(tags::WINDOW_CENTER, VR::DS, PrimitiveValue::from("1000.5")));
    narrow.put(DataElement::new(tags::WINDOW_WIDTH, VR::DS, PrimitiveValue::from("1001")));
    let image = decoded(narrow);
    // PS3.3 C.11.2.1.2.1 with c - 0.5 = 1000 and w - 1 = 1000: from 500 to 1500.
    for (column, value) in image.data()[..24].iter().enumerate() {
        let stored = (column as u32 * 4095 / 23) as f32;
        assert!((value - ((stored - 500.0) / 1000.0).clamp(0.0, 1.0)).abs() < 1e-6);
    }
}

#[test]
fn monochrome1_is_inverted() {
    let dark = decoded(File { photometric: "MONOCHROME1", ..File::default() }.object());
    let bright = decoded(File::default().object());
    for (a, b) in dark.data().iter().zip(bright.data()) {
        assert!((a + b - 1.0).abs() < 1e-6);
    }
}

#[test]
fn without_a_usable_window_percentiles_serve() {
    let mut object = File::default().object();
    object.remove_element(tags::WINDOW_CENTER);
    let image = decoded(object);
    assert_eq!((image.data()[0], image.data()[23]), (0.0, 1.0));
    let mut beside = File::default().object();
    beside.put(DataElement::new(tags::WINDOW_CENTER, VR::DS, PrimitiveValue::from("-30000")));
    beside.put(DataElement::new(tags::WINDOW_WIDTH, VR::DS, PrimitiveValue::from("10")));
    assert_eq!(decoded(beside), image);
    let folder = tempfile::tempdir().unwrap();
    let path = saved(&folder, File::default().object());
    let windowing = Windowing::Percentiles { low: 25.0, high: 75.0 };
    let image = DicomDecoder::default().with_windowing(windowing).decode(&path).unwrap();
    let black = image.data()[..24].iter().filter(|value| **value == 0.0).count();
    assert!((6..=7).contains(&black), "{black}");
}

#[test]
fn rescale_and_sign_and_unused_bits_are_respected() {
    let mut object = File::default().object();
    object.put(DataElement::new(tags::RESCALE_SLOPE, VR::DS, PrimitiveValue::from("-1")));
    object.put(DataElement::new(tags::RESCALE_INTERCEPT, VR::DS, PrimitiveValue::from("4095")));
    let image = decoded(object);
    assert_eq!((image.data()[0], image.data()[23]), (1.0, 0.0));
    // Twelve bits with a sign, above them bits that do not belong to the value.
    let mut object = File { side: 2, ..File::default() }.object();
    object.put(DataElement::new(tags::PIXEL_REPRESENTATION, VR::US, PrimitiveValue::from(1_u16)));
    let pixels = [0xF800_u16, 0x1FFF, 0xA000, 0x77FF];
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(pixels.into_iter().collect())));
    object.put(DataElement::new(tags::WINDOW_CENTER, VR::DS, PrimitiveValue::from("0")));
    // From -2048 to 2047: the values are -2048, -1, 0 and 2047.
    let image = decoded(object);
    let expected = [0.0, 2047.0 / 4095.0, 2048.0 / 4095.0, 1.0];
    for (value, expected) in image.data().iter().zip(expected) {
        assert!((value - expected).abs() < 1e-6, "{:?}", image.data());
    }
}

#[test]
fn look_up_tables_come_before_windows() {
    let table = |values: [u16; 4], first: u16| {
        InMemDicomObject::from_element_iter([
            DataElement::new(
                tags::LUT_DESCRIPTOR,
                VR::US,
                PrimitiveValue::U16([4, first, 8].into_iter().collect()),
            ),
            DataElement::new(tags::LUT_DATA, VR::US, PrimitiveValue::U16(values.into_iter().collect())),
        ])
    };
    let mut object = File { side: 2, ..File::default() }.object();
    let pixels = [0_u16, 1, 2, 9];
    object.put(DataElement::new(tags::PIXEL_DATA, VR::OW, PrimitiveValue::U16(pixels.into_iter().collect())));
    let sequence = |item| dicom_core::value::DataSetSequence::from(vec![item]);
    object.put(DataElement::new(tags::VOILUT_SEQUENCE, VR::SQ, sequence(table([10, 20, 30, 255], 0))));
    let voi = decoded(object.clone());
    assert_eq!(voi.data(), [10.0 / 255.0, 20.0 / 255.0, 30.0 / 255.0, 1.0]);
    object.put(DataElement::new(tags::MODALITY_LUT_SEQUENCE, VR::SQ, sequence(table([3, 2, 1, 0], 0))));
    assert_eq!(decoded(object).data(), [1.0, 30.0 / 255.0, 20.0 / 255.0, 10.0 / 255.0]);
}

#[test]
fn a_spacing_of_zero_is_none_and_the_detector_has_one_too() {
    let mut object = File::default().object();
    object.put(DataElement::new(tags::PIXEL_SPACING, VR::DS, PrimitiveValue::from("0\\0")));
    assert_eq!(decoded(object.clone()).spacing_mm(), None);
    object.put(DataElement::new(tags::IMAGER_PIXEL_SPACING, VR::DS, PrimitiveValue::from("0.1\\0.1")));
    assert_eq!(decoded(object).spacing_mm(), Some([0.1, 0.1]));
}

#[test]
fn files_without_meta_header_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bare");
    let object = File::default().object();
    let expected = decoded(object.clone());
    let syntaxes = [
        EXPLICIT_VR_LITTLE_ENDIAN.erased(),
        IMPLICIT_VR_LITTLE_ENDIAN.erased(),
        EXPLICIT_VR_BIG_ENDIAN.erased(),
    ];
    for syntax in &syntaxes {
        let mut bytes = Vec::new();
        object.write_dataset_with_ts(&mut bytes, syntax).unwrap();
        fs::write(&path, bytes).unwrap();
        assert_eq!(DicomDecoder::default().decode(&path).unwrap(), expected, "{}", syntax.name());
    }
    // A meta group, but neither preamble nor magic code before it.
    let whole = fs::read(saved(&folder, object)).unwrap();
    for start in [128, 132] {
        fs::write(&path, &whole[start..]).unwrap();
        assert_eq!(DicomDecoder::default().decode(&path).unwrap(), expected);
    }
}

#[test]
fn a_preamble_that_says_tiff_does_not_make_a_tiff_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = saved(&folder, File::default().object());
    let expected = DicomDecoder::default().decode(&path).unwrap();
    let mut bytes = fs::read(&path).unwrap();
    bytes[..4].copy_from_slice(b"II*\0");
    fs::write(&path, bytes).unwrap();
    assert_eq!(ImageFileDecoder::default().decode(&path).unwrap(), expected);
}

#[test]
fn every_broken_file_has_its_cause() {
    let mut without = File::default().object();
    without.remove_element(tags::PIXEL_DATA);
    assert_eq!(fault(without), ImageFault::NoPixelData);
    let mut short = File::default().object();
    short.put(DataElement::new(tags::ROWS, VR::US, PrimitiveValue::from(25_u16)));
    assert_eq!(fault(short), ImageFault::DamagedPixels);
    let mut palette = File::default().object();
    palette.put(DataElement::new(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, PrimitiveValue::from("CIELAB")));
    assert_eq!(fault(palette), ImageFault::UnsupportedPixels);

    let folder = tempfile::tempdir().unwrap();
    let path = saved(&folder, File::default().object());
    let bytes = fs::read(&path).unwrap();
    let cut = |length: usize| {
        fs::write(&path, &bytes[..length]).unwrap();
        match DicomDecoder::default().decode(&path).unwrap_err() {
            Error::Image { reason, .. } => reason,
            other => panic!("{other}"),
        }
    };
    assert_eq!(cut(0), ImageFault::UnknownFormat);
    assert_eq!(cut(bytes.len() - 100), ImageFault::DamagedDataSet);
    // Wherever a file ends, there is a cause and no panic.
    (0..bytes.len()).step_by(97).for_each(|length| {
        cut(length);
    });
    fs::write(&path, &bytes).unwrap();
    let small = DicomDecoder::default().with_max_pixels(24 * 23).decode(&path).unwrap_err();
    assert!(matches!(small, Error::Image { reason: ImageFault::TooLarge, .. }));
    assert!(small.to_string().contains("file.dcm"));
}

#[test]
fn a_length_beyond_the_end_is_refused_wherever_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.dcm");
    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let reason = |error| match error {
            Error::Image { reason, .. } => reason,
            other => panic!("{other}"),
        };
        let whole = reason(DicomDecoder::default().decode(&path).unwrap_err());
        (whole, DicomDecoder::default().frames(&path).map_err(reason))
    };
    let bytes = fs::read(saved(&folder, File::default().object())).unwrap();
    let long = 0x5000_0000_u32.to_le_bytes();
    let place = |tag: [u8; 4]| bytes.windows(4).position(|four| four == tag).unwrap();
    // The pixels; a header alone is read before them.
    let mut changed = bytes.clone();
    let pixels = place([0xE0, 0x7F, 0x10, 0x00]);
    changed[pixels + 8..pixels + 12].copy_from_slice(&long);
    assert_eq!(refused(&changed), (ImageFault::DamagedDataSet, Ok(1)));
    // In the meta group, and in an item of a sequence before the pixels.
    let private = [&[0x02, 0, 0x02, 0x01, b'O', b'B', 0, 0][..], &long].concat();
    let mut changed = bytes.clone();
    changed.splice(144..144, private.iter().copied());
    let group_length = u32::from_le_bytes([140, 141, 142, 143].map(|at| bytes[at])) + private.len() as u32;
    changed[140..144].copy_from_slice(&group_length.to_le_bytes());
    assert_eq!(refused(&changed).0, ImageFault::DamagedDataSet);
    let item = [&[0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF][..], &[0x08, 0, 0x15, 0x11]].concat();
    let nested = [&[0x08, 0, 0x15, 0x11, b'S', b'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF][..], &item].concat();
    let inner = [&nested[..], b"UN\0\0", &long].concat();
    let mut changed = bytes.clone();
    changed.splice(pixels..pixels, inner);
    assert_eq!(refused(&changed).1, Err(ImageFault::DamagedDataSet));
    // Items within items, more than a stack can hold.
    let step = [&nested[..nested.len() - 4]; 20_000].concat();
    let mut changed = bytes.clone();
    changed.splice(pixels..pixels, step);
    assert_eq!(refused(&changed).1, Err(ImageFault::DamagedDataSet));
}

#[test]
fn a_length_beyond_the_end_is_refused_in_a_deflated_file_and_behind_an_end_of_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.dcm");
    let mut plain = Vec::new();
    let explicit = EXPLICIT_VR_LITTLE_ENDIAN.erased();
    File::default().object().write_dataset_with_ts(&mut plain, &explicit).unwrap();
    let long = [&[0x20, 0, 0, 0x40][..], b"UN\0\0", &0x5000_0000_u32.to_le_bytes()].concat();
    let item_end = [0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0];
    let pixels = plain.windows(4).position(|four| four == [0xE0, 0x7F, 0x10, 0x00]).unwrap();
    for syntax in [uids::EXPLICIT_VR_LITTLE_ENDIAN, uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN] {
        for (inserted, expected) in
            [(&[][..], None), (&long, Some(())), (&[&item_end[..], &long].concat(), Some(()))]
        {
            let mut data_set = plain.clone();
            data_set.splice(pixels..pixels, inserted.iter().copied());
            let meta = FileMetaTableBuilder::new()
                .media_storage_sop_class_uid("1.2")
                .media_storage_sop_instance_uid("1.2.3")
                .transfer_syntax(syntax)
                .build()
                .unwrap();
            let mut bytes = [&[0; 128][..], b"DICM"].concat();
            meta.write(&mut bytes).unwrap();
            if syntax == uids::DEFLATED_EXPLICIT_VR_LITTLE_ENDIAN {
                let mut deflated = flate2::write::DeflateEncoder::new(bytes, flate2::Compression::fast());
                deflated.write_all(&data_set).unwrap();
                bytes = deflated.finish().unwrap();
            } else {
                bytes.extend(data_set);
            }
            fs::write(&path, bytes).unwrap();
            let reason = |error| match error {
                Error::Image { reason, .. } => reason,
                other => panic!("{other}"),
            };
            let expected = expected.map(|()| ImageFault::DamagedDataSet);
            assert_eq!(DicomDecoder::default().decode(&path).map_err(reason).err(), expected);
            assert_eq!(DicomDecoder::default().frames(&path).map_err(reason).err(), expected);
        }
    }
}

#[test]
fn elements_without_their_kinds_are_read_where_the_file_promises_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = saved(&folder, File::default().object());
    let explicit = fs::read(&path).unwrap();
    let data_set = explicit.windows(4).position(|four| four[..2] == [8, 0] && four[3] == 0).unwrap();
    let mut bytes = explicit[..data_set].to_vec();
    let implicit = IMPLICIT_VR_LITTLE_ENDIAN.erased();
    File::default().object().write_dataset_with_ts(&mut bytes, &implicit).unwrap();
    let expected = DicomDecoder::default().decode(&path).unwrap();
    fs::write(&path, bytes).unwrap();
    assert_eq!(DicomDecoder::default().decode(&path).unwrap(), expected);
}

#[test]
fn a_stream_that_says_it_is_larger_than_the_image_is_refused() {
    let object = File { side: 8, ..File::default() }.object();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.dcm");
    for (syntax, stream) in [
        (uids::JPEG_BASELINE8_BIT, &b"\xFF\xD8\xFF\xC0\0\x0B\x08\xFF\xFF\xFF\xFF\x01\x01\x11\0"[..]),
        (uids::JPEG2000_LOSSLESS, b"\xFF\x4F\xFF\x51\0\x29\0\0\0\0\xFF\xFF\0\0\xFF\xFF\0\0\0\0\0\0\0\0"),
    ] {
        let mut object = object.clone();
        let pixels = dicom_core::value::PixelFragmentSequence::new_fragments(vec![stream.to_vec()]);
        object.put(DataElement::new(tags::PIXEL_DATA, VR::OB, dicom_core::value::Value::from(pixels)));
        let meta = FileMetaTableBuilder::new().transfer_syntax(syntax);
        object.with_meta(meta).unwrap().write_to_file(&path).unwrap();
        let error = DicomDecoder::default().decode(&path).unwrap_err();
        assert!(matches!(error, Error::Image { reason: ImageFault::DamagedPixels, .. }), "{error}");
    }
}
