use anyhow::Context;
use image::{ExtendedColorType, GrayImage, RgbImage, imageops};
use osteon::xray_core::ImageTensor;

/// The image as a small JPEG in a data URI, its longer side so many pixels.
pub(crate) fn thumbnail(tensor: &ImageTensor, side: usize) -> anyhow::Result<String> {
    let small = scaled(tensor, side)?;
    jpeg(small.as_raw(), small.width(), small.height(), ExtendedColorType::L8)
}

/// The same with a map over it, `[rows, columns]` over the whole image, and boxes, their corners as shares of it.
pub(crate) fn with_map(
    tensor: &ImageTensor,
    side: usize,
    map: &[f32],
    [rows, columns]: [usize; 2],
    boxes: &[[f32; 4]],
) -> anyhow::Result<String> {
    let small = scaled(tensor, side)?;
    let most = map.iter().copied().fold(f32::MIN_POSITIVE, f32::max);
    let (width, height) = small.dimensions();
    let share = |value: u32, count: u32| (value as f32 + 0.5) / count as f32;
    let mut picture = RgbImage::from_fn(width, height, |x, y| {
        let grey = f32::from(small.get_pixel(x, y).0[0]);
        let heat = bilinear(map, [rows, columns], share(y, height), share(x, width)) / most;
        let towards = |to: f32| (grey + (to - grey) * 0.6 * heat).clamp(0.0, 255.0) as u8;
        image::Rgb([towards(255.0), towards(90.0), towards(0.0)])
    });
    for corners in boxes {
        outline(&mut picture, corners);
    }
    jpeg(picture.as_raw(), width, height, ExtendedColorType::Rgb8)
}

fn scaled(tensor: &ImageTensor, side: usize) -> anyhow::Result<GrayImage> {
    let (width, height) = (tensor.width(), tensor.height());
    let grey =
        tensor.data()[..width * height].iter().map(|value| (value.clamp(0.0, 1.0) * 255.0) as u8).collect();
    let whole =
        GrayImage::from_raw(width as u32, height as u32, grey).context("an image without its pixels")?;
    let of = |length: usize| (length * side / width.max(height)).max(1) as u32;
    Ok(imageops::resize(&whole, of(width), of(height), imageops::FilterType::Triangle))
}

fn bilinear(map: &[f32], [rows, columns]: [usize; 2], down: f32, right: f32) -> f32 {
    let place = |share: f32, count: usize| {
        let at = (share * count as f32 - 0.5).clamp(0.0, (count - 1) as f32);
        let low = at.floor() as usize;
        (low, (low + 1).min(count - 1), at - at.floor())
    };
    let ((top, bottom, y), (left, other, x)) = (place(down, rows), place(right, columns));
    let value = |row: usize, column: usize| map[row * columns + column];
    let line = |row: usize| value(row, left) * (1.0 - x) + value(row, other) * x;
    line(top) * (1.0 - y) + line(bottom) * y
}

fn outline(picture: &mut RgbImage, [left, top, right, bottom]: &[f32; 4]) {
    let (width, height) = picture.dimensions();
    let at = |share: f32, count: u32| ((share * count as f32) as u32).min(count - 1);
    let (x0, x1, y0, y1) = (at(*left, width), at(*right, width), at(*top, height), at(*bottom, height));
    let blue = image::Rgb([60, 200, 255]);
    for x in x0..=x1 {
        picture.put_pixel(x, y0, blue);
        picture.put_pixel(x, y1, blue);
    }
    for y in y0..=y1 {
        picture.put_pixel(x0, y, blue);
        picture.put_pixel(x1, y, blue);
    }
}

fn jpeg(pixels: &[u8], width: u32, height: u32, color: ExtendedColorType) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 80)
        .encode(pixels, width, height, color)?;
    Ok(format!("data:image/jpeg;base64,{}", base64(&bytes)))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let number =
            group.iter().fold(0u32, |number, byte| number << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for place in 0..4 {
            let letter = LETTERS[(number >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= group.len() { char::from(letter) } else { '=' });
        }
    }
    text
}
