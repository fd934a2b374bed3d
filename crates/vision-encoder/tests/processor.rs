//! The same pixels as Pillow and transformers (`scripts/fixtures/encoders.py`).

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use model_core::Collate;
use tch::{Device, Kind, Tensor};
use vision_encoder::{Filter, ImageProcessor, PixelCollate, RgbDecoder, Size};
use xray_core::{ImageDecoder, ImageTensor, ImageTransform};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/processor").join(name)
}

fn expected() -> HashMap<String, Tensor> {
    Tensor::read_safetensors(fixture("expected.safetensors")).unwrap().into_iter().collect()
}

fn tensor(image: &ImageTensor) -> Tensor {
    PixelCollate::new(image.channels()).collate(&[image], Device::Cpu).unwrap().get(0)
}

#[test]
fn every_filter_gives_the_bytes_of_pillow() {
    let grey = RgbDecoder.decode(&fixture("grey.png")).unwrap();
    let mut compared = 0;
    for (name, expected) in expected() {
        let Some((filter, size)) = name.split_once('.') else { continue };
        let (Ok(filter), Some((height, width))) = (filter.parse::<u8>(), size.split_once('x')) else {
            continue;
        };
        let processor = ImageProcessor {
            size: Size::Exact { height: height.parse().unwrap(), width: width.parse().unwrap() },
            resample: Filter::try_from(filter).unwrap(),
            do_normalize: false,
            do_rescale: false,
            ..ImageProcessor::default()
        };
        let got = tensor(&processor.apply(grey.clone(), 0)).get(0).to_kind(Kind::Uint8);
        assert_eq!(got, expected, "{name}");
        compared += 1;
    }
    assert_eq!(compared, 36);
}

#[test]
fn saved_processors_give_the_pixels_of_transformers() {
    let expected = expected();
    for name in ["vit", "cubic", "bit", "padded", "convnext"] {
        let processor = ImageProcessor::from_dir(fixture(name)).unwrap();
        for picture in ["colour", "grey"] {
            let image = RgbDecoder.decode(&fixture(&format!("{picture}.png"))).unwrap();
            let got = tensor(&processor.apply(image, 0));
            let expected = &expected[&format!("{name}.{picture}")];
            assert_eq!(got.size(), expected.size(), "{name} {picture}");
            let difference = (got - expected).abs().max().double_value(&[]);
            assert!(difference < 1e-6, "{name} {picture}: {difference}");
        }
    }
}

#[test]
fn a_broken_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let png = folder.path().join("cut.png");
    let whole = std::fs::read(fixture("colour.png")).unwrap();
    std::fs::write(&png, &whole[..whole.len() / 2]).unwrap();
    for path in [png, folder.path().join("absent.png")] {
        let error = RgbDecoder.decode(&path).unwrap_err().to_string();
        assert!(error.contains(path.file_name().unwrap().to_str().unwrap()), "{error}");
    }
    std::fs::write(folder.path().join("preprocessor_config.json"), "{ \"size\": ").unwrap();
    let error = ImageProcessor::from_dir(folder.path()).unwrap_err().to_string();
    assert!(error.contains("preprocessor_config.json"), "{error}");
}
