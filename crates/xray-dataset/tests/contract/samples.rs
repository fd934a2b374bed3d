//! Real radiographs of `scripts/samples.sh`, where they have been fetched.

use std::path::Path;

use xray_core::{ImageDecoder, ImageTensor};
use xray_dataset::{DicomDecoder, ImageFileDecoder};

#[test]
fn real_radiographs_are_the_same_in_every_encoding() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples");
    if !samples.exists() {
        eprintln!("skipped: samples/ is missing; scripts/samples.sh fetches it");
        return;
    }
    let decode = |name: &str| -> ImageTensor { DicomDecoder::default().decode(&samples.join(name)).unwrap() };
    let raw = decode("RG3_UNCR.dcm");
    assert_eq!((raw.height(), raw.width()), (1760, 1760));
    // MONOCHROME1: the tibia in the middle is brighter than the air beside it.
    let mean = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| {
        let count = rows.len() * columns.len();
        let at = |y: usize| columns.clone().map(move |x| (y, x));
        rows.flat_map(at).map(|(y, x)| raw.data()[1760 * y + x]).sum::<f32>() / count as f32
    };
    assert!(mean(800..960, 800..960) > mean(800..960, 480..560) + 0.1);
    assert_eq!(decode("RG3_J2KR.dcm"), raw);
    // The raw file's preamble is that of a TIFF file.
    assert_eq!(ImageFileDecoder::default().decode(&samples.join("RG3_UNCR.dcm")).unwrap(), raw);
    // Its PixelSpacing is [0, 0], which is no spacing.
    let chest = decode("RG1_UNCR.dcm");
    assert_eq!((chest.height(), chest.width(), chest.spacing_mm()), (1955, 1841, None));
}
