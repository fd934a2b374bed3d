//! Text burned into pixels is found and painted over; the rest of a picture stays.

use std::fs;
use std::path::Path;

use xray_core::{ImageDecoder, ImageTensor, TextGate, TextRegion};
use xray_dataset::{DicomDecoder, GlyphRows};
use xray_phantom::{Clutter, PhantomHospital};

/// The rows of some letters, five dots each.
fn letter(letter: char) -> [u8; 7] {
    match letter {
        'D' => [30, 17, 17, 17, 17, 17, 30],
        'U' => [17, 17, 17, 17, 17, 17, 14],
        'P' => [30, 17, 17, 30, 16, 16, 16],
        'O' => [14, 17, 17, 17, 17, 17, 14],
        'N' => [17, 25, 21, 19, 17, 17, 17],
        'T' => [31, 4, 4, 4, 4, 4, 4],
        '1' => [4, 12, 4, 4, 4, 4, 14],
        '9' => [14, 17, 17, 15, 1, 2, 12],
        '5' => [31, 16, 30, 1, 1, 17, 14],
        '7' => [31, 1, 2, 4, 8, 8, 8],
        _ => [0; 7],
    }
}

/// Draws `text` and gives the pixels that it changed.
fn draw(
    image: &mut ImageTensor,
    text: &str,
    at: (usize, usize),
    dot: usize,
    grey: f32,
) -> Vec<(usize, usize)> {
    let width = image.width();
    let mut drawn = Vec::new();
    for (place, letter) in text.chars().map(letter).enumerate() {
        for (row, bits) in letter.into_iter().enumerate() {
            for column in (0..5).filter(|column| bits >> (4 - column) & 1 == 1) {
                for (dy, dx) in (0..dot).flat_map(|dy| (0..dot).map(move |dx| (dy, dx))) {
                    let (y, x) = (at.0 + row * dot + dy, at.1 + (6 * place + column) * dot + dx);
                    image.data_mut()[y * width + x] = grey;
                    drawn.push((y, x));
                }
            }
        }
    }
    drawn
}

fn holds(region: &TextRegion, (y, x): (usize, usize)) -> bool {
    (region.top..region.top + region.height).contains(&y)
        && (region.left..region.left + region.width).contains(&x)
}

/// Simulated radiographs and dose reports.
fn archive(folder: &Path) -> (Vec<ImageTensor>, Vec<ImageTensor>) {
    let clutter = Clutter { dose_report_share: 1.0, ..Clutter::default() };
    let hospital = PhantomHospital { studies: 2, seed: 5, size: 400, clutter, ..PhantomHospital::default() };
    hospital.write(folder, &|_| ()).unwrap();
    let truth = fs::read_to_string(folder.join("truth/studies.jsonl")).unwrap();
    let (mut radiographs, mut reports) = (Vec::new(), Vec::new());
    let decode = |path: &serde_json::Value| {
        DicomDecoder::default().decode(&folder.join(path.as_str().unwrap())).unwrap()
    };
    for line in truth.lines() {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        radiographs.extend(row["images"].as_array().unwrap().iter().map(decode));
        reports.push(decode(&row["dose_report"]));
    }
    (radiographs, reports)
}

#[test]
fn lines_of_text_are_found_wherever_they_stand_and_bone_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let (radiographs, reports) = archive(folder.path());
    let gate = GlyphRows::default();
    for image in radiographs {
        let Ok(before) = gate.regions(&image);
        // A side marker is one letter or two; nothing else is like text.
        assert!(before.is_empty(), "{image:?} {before:?}");
        for (at, dot, grey) in [((8, 10), 1, 1.0), ((350, 40), 2, 1.0), ((200, 20), 3, 1.0)] {
            let mut marked = image.clone();
            let drawn = draw(&mut marked, "DUPONT 1957", at, dot, grey);
            let Ok(found) = gate.regions(&marked);
            let missed = drawn.iter().filter(|place| !found.iter().any(|region| holds(region, **place)));
            assert_eq!(missed.count(), 0, "{at:?} {found:?}");
            let characters: usize = found.iter().map(|region| region.characters).sum();
            assert!((8..=14).contains(&characters), "{characters}");
        }
    }
    for report in reports {
        let Ok(found) = gate.regions(&report);
        assert!(found.iter().map(|region| region.characters).sum::<usize>() > 60, "{found:?}");
        let inside = |place| found.iter().any(|region| holds(region, place));
        let bright = (0..report.data().len()).filter(|i| report.data()[*i] > 0.5);
        // A lone letter may be missed, never a line.
        let missed = bright.filter(|i| !inside((i / report.width(), i % report.width()))).count();
        let all = report.data().iter().filter(|value| **value > 0.5).count();
        assert!(20 * missed < all, "{missed} of {all}");
    }
}

#[test]
fn dark_text_on_a_bright_ground_is_found() {
    let mut image = ImageTensor::new(vec![0.8; 400 * 600], 1, 400, 600).unwrap();
    let drawn = draw(&mut image, "DUPONT", (300, 200), 2, 0.1);
    let Ok(found) = GlyphRows::default().regions(&image);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].characters, 6);
    assert!(drawn.iter().all(|place| holds(&found[0], *place)));
}

/// Runs once `scripts/ocr_model.sh` has fetched the model.
#[cfg(feature = "ocr")]
#[test]
fn the_network_finds_lines_and_leaves_side_markers_alone() {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(std::path::PathBuf::from);
    let cache = cache.or_else(|| std::env::home_dir().map(|home| home.join(".cache"))).unwrap();
    let model = cache.join("osteon/models/PP-OCRv6_det_small.onnx");
    if !model.exists() {
        eprintln!("skipped: scripts/ocr_model.sh fetches the model");
        return;
    }
    let detector = xray_dataset::TextDetector::from_file(model).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (radiographs, reports) = archive(folder.path());
    for image in radiographs {
        let before = detector.regions(&image).unwrap();
        assert!(before.iter().all(|region| region.characters <= 2), "{before:?}");
        let mut marked = image.clone();
        let drawn = draw(&mut marked, "DUPONT 1957", (350, 40), 2, 1.0);
        let found = detector.regions(&marked).unwrap();
        let missed = drawn.iter().filter(|place| !found.iter().any(|region| holds(region, **place)));
        assert!(20 * missed.count() < drawn.len(), "{found:?}");
        let characters = found.iter().map(|region| region.characters).max();
        assert!(characters.is_some_and(|characters| (8..=16).contains(&characters)), "{found:?}");
    }
    for report in reports {
        let found = detector.regions(&report).unwrap();
        assert!(found.iter().map(|region| region.characters).sum::<usize>() > 60, "{found:?}");
    }
}
