//! The same numbers as OpenCV and albumentations give (`scripts/fixtures/transforms.py`): at most 2 grey
//! levels of 255 apart on 99.9 % of the pixels.

use serde_json::Value;
use xray_core::ImageTensor;
use xray_dataset::{Affine, Crop, Warp, brightness_contrast, gaussian_blur};

fn picture(value: &Value) -> ImageTensor {
    let side = |name: &str| value[name].as_u64().unwrap() as usize;
    let hex = value["pixels"].as_str().unwrap();
    let pixel = |i: usize| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap();
    let data = (0..hex.len() / 2).map(|i| f32::from(pixel(i)) / 255.0).collect();
    ImageTensor::new(data, 1, side("height"), side("width")).unwrap()
}

fn numbers<const N: usize>(value: &Value) -> [f64; N] {
    std::array::from_fn(|i| value[i].as_f64().unwrap())
}

fn transformed(image: &ImageTensor, case: &Value, size: [usize; 2]) -> ImageTensor {
    let plain = Warp { antialias: false, ..Warp::resize(image, size) };
    let mut image = image.clone();
    match case["kind"].as_str().unwrap() {
        "resize" => plain.apply(&image),
        "crop_resize" => {
            let [top, left, height, width] = numbers(&case["crop"]).map(|value| value as usize);
            Warp { crop: Crop { top, left, height, width }, ..plain }.apply(&image)
        }
        "affine" => {
            let to_frame = Affine(numbers(&case["matrix"])).inverse().unwrap();
            let fill = case["fill"].as_f64().unwrap() as f32 / 255.0;
            Warp { to_frame, fill, ..plain }.apply(&image)
        }
        "blur" => {
            gaussian_blur(
                &mut image,
                case["kernel"].as_u64().unwrap() as usize,
                case["sigma"].as_f64().unwrap(),
            );
            image
        }
        "brightness_contrast" => {
            let value = |name: &str| case[name].as_f64().unwrap() as f32;
            brightness_contrast(&mut image, value("alpha"), value("beta"));
            image
        }
        other => panic!("{other}"),
    }
}

#[test]
fn resize_affine_blur_and_brightness_agree_with_opencv_and_albumentations() {
    let fixture: Value = serde_json::from_str(include_str!("../fixtures/transforms.json")).unwrap();
    let image = picture(&fixture);
    let cases = fixture["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 13);
    for case in cases {
        let expected = picture(case);
        let ours = transformed(&image, case, [expected.height(), expected.width()]);
        let pairs = ours.data().iter().zip(expected.data());
        let apart = pairs.filter(|(a, b)| (**a - **b).abs() * 255.0 > 2.0).count();
        let share = apart as f64 / expected.data().len() as f64;
        assert!(share <= 0.001, "{}: {apart} pixels of {}", case["kind"], expected.data().len());
    }
}
