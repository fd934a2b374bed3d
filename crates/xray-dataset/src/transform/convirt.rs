use serde::{Deserialize, Serialize};
use xray_core::{ImageTensor, ImageTransform};

use super::blur::{effective_sigma, gaussian_blur};
use super::draw::Draw;
use super::warp::{Affine, Crop, Warp};

/// The augmentation of the method, which follows ConVIRT: random crop, flip, affine map, brightness and
/// contrast, blur, resize, normalisation.
///
/// Crop, flip, affine map and both resizes are one resample ([`Warp`]); the blur comes after it, as wide as
/// it would look there. Brightness and contrast come before normalisation, in grey levels from 0 to 1;
/// the released recipe has them after it and clips to `[0, 1]` there, which [`Convirt::clip_after_normalising`]
/// does as well. Everything is drawn from the seed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Convirt {
    /// The side of the output (default: 224).
    pub size: usize,
    /// The side of the square that the crop is resized to before the affine map and the blur, whose
    /// parameters are in its pixels (default: 512).
    pub frame: usize,
    /// The area of the crop as a fraction of the image (default: 0.6 to 1).
    pub crop_area: [f64; 2],
    /// The width of the crop over its height (default: 3/4 to 4/3).
    pub crop_ratio: [f64; 2],
    /// The probability of a mirror image (default: 0; the released recipe has 0.5). A mirrored right hand is
    /// a left hand, while its report still says "droite".
    pub flip: f64,
    /// The probability of an affine map (default: 0.5).
    pub affine: f64,
    /// The largest rotation to either side, in degrees (default: 20).
    pub degrees: f64,
    /// The largest shift to either side, as a fraction of the frame (default: 0.1).
    pub shift: f64,
    /// The scale, drawn for each axis (default: 0.95 to 1.05).
    pub scale: [f64; 2],
    /// The value that comes in from outside (default: 0.5, which normalisation makes 0).
    pub fill: f32,
    /// The probability of a change of brightness and contrast (default: 0.5).
    pub brightness_contrast: f64,
    /// The largest change of brightness, in grey levels from 0 to 1 (default: 0.2).
    pub brightness: f64,
    /// The largest change of contrast, as a fraction (default: 0.2).
    pub contrast: f64,
    /// The probability of a blur (default: 0.5).
    pub blur: f64,
    /// The standard deviation of the blur in pixels of the frame (default: 0.1 to 3).
    pub blur_sigma: [f64; 2],
    /// The least and greatest side of the blur's kernel, both odd (default: 3 to 7).
    pub blur_kernel: [usize; 2],
    /// What is subtracted (default: 0.5).
    pub mean: f32,
    /// What the difference is divided by (default: 0.25).
    pub std: f32,
    /// Whether brightness and contrast are changed after normalisation and the result is clipped to `[0, 1]`, as
    /// in the released recipe (default: no). It flattens everything darker than mid-grey.
    pub clip_after_normalising: bool,
}

impl Default for Convirt {
    fn default() -> Self {
        Self {
            size: 224,
            frame: 512,
            crop_area: [0.6, 1.0],
            crop_ratio: [3.0 / 4.0, 4.0 / 3.0],
            flip: 0.0,
            affine: 0.5,
            degrees: 20.0,
            shift: 0.1,
            scale: [0.95, 1.05],
            fill: 0.5,
            brightness_contrast: 0.5,
            brightness: 0.2,
            contrast: 0.2,
            blur: 0.5,
            blur_sigma: [0.1, 3.0],
            blur_kernel: [3, 7],
            mean: 0.5,
            std: 0.25,
            clip_after_normalising: false,
        }
    }
}

impl ImageTransform for Convirt {
    fn apply(&self, image: ImageTensor, seed: u64) -> ImageTensor {
        let mut draw = Draw::new(seed);
        let warped = self.warp(&image, &mut draw).apply(&image);
        // What follows then finds room where the image was.
        drop(image);
        self.shade(warped, &mut draw)
    }
}

impl Convirt {
    /// The least side of an image of which every crop has a pixel for each pixel that is put out, whatever is drawn
    /// (default settings: 351). What an image has beyond that may be left undecoded:
    /// [`ImageFileDecoder::reduced_to`](crate::ImageFileDecoder::reduced_to).
    pub fn least_side(&self) -> usize {
        let narrowest = self.crop_ratio[0].min(1.0 / self.crop_ratio[1]).min(1.0);
        let part = (self.crop_area[0] * narrowest).sqrt();
        let enlarged = if self.affine > 0.0 { self.scale[1].max(1.0) } else { 1.0 };
        (self.size as f64 * enlarged / part).ceil() as usize
    }

    pub(super) fn view(&self, image: &ImageTensor, seed: u64) -> ImageTensor {
        let mut draw = Draw::new(seed);
        let warped = self.warp(image, &mut draw).apply(image);
        self.shade(warped, &mut draw)
    }

    /// Brightness and contrast, blur, normalisation.
    fn shade(&self, mut image: ImageTensor, draw: &mut Draw) -> ImageTensor {
        let change = draw.happens(self.brightness_contrast).then(|| {
            let alpha = 1.0 + draw.within([-self.contrast, self.contrast]);
            let beta = draw.within([-self.brightness, self.brightness]);
            (alpha as f32, beta as f32)
        });
        if self.clip_after_normalising {
            normalise(&mut image, self.mean, self.std);
        }
        if let Some((alpha, beta)) = change {
            brightness_contrast(&mut image, alpha, beta);
        }
        if draw.happens(self.blur) {
            let steps = (self.blur_kernel[1].saturating_sub(self.blur_kernel[0])) / 2 + 1;
            let kernel = self.blur_kernel[0] + 2 * draw.below(steps);
            let sigma = effective_sigma(kernel, draw.within(self.blur_sigma));
            let sigma = sigma * self.size as f64 / self.frame as f64;
            // Three standard deviations to either side hold all of a bell that counts.
            gaussian_blur(&mut image, 2 * (3.0 * sigma).ceil() as usize + 1, sigma);
        }
        if !self.clip_after_normalising {
            normalise(&mut image, self.mean, self.std);
        }
        image
    }

    fn warp(&self, image: &ImageTensor, draw: &mut Draw) -> Warp {
        let crop = self.crop(image.height(), image.width(), draw);
        let mirror = draw.happens(self.flip);
        let mut to_frame = Affine::between_sizes([self.size; 2], [self.frame; 2]);
        if draw.happens(self.affine) {
            let side = self.frame as f64;
            let angle = draw.within([-self.degrees, self.degrees]).to_radians();
            let (scale_x, scale_y) = (draw.within(self.scale), draw.within(self.scale));
            let reach = [-self.shift * side, self.shift * side];
            let (shift_x, shift_y) = (draw.within(reach), draw.within(reach));
            let middle = 0.5 * side - 0.5;
            let (sin, cos) = angle.sin_cos();
            let from_middle = Affine([1.0, 0.0, -middle, 0.0, 1.0, -middle]);
            let scale_and_turn =
                Affine([cos * scale_x, -sin * scale_y, 0.0, sin * scale_x, cos * scale_y, 0.0]);
            let back = Affine([1.0, 0.0, middle + shift_x, 0.0, 1.0, middle + shift_y]);
            let forward = from_middle.then(&scale_and_turn).then(&back);
            to_frame = forward.inverse().map_or(to_frame, |inverse| to_frame.then(&inverse));
        }
        if mirror {
            to_frame = to_frame.then(&Affine([-1.0, 0.0, self.frame as f64 - 1.0, 0.0, 1.0, 0.0]));
        }
        Warp {
            crop,
            frame: [self.frame; 2],
            to_frame,
            size: [self.size; 2],
            fill: self.fill,
            antialias: true,
        }
    }

    /// Ten attempts at an area and a ratio that fit; then the largest crop in the middle of an allowed ratio.
    fn crop(&self, height: usize, width: usize, draw: &mut Draw) -> Crop {
        let area = (height * width) as f64;
        let ratios = self.crop_ratio.map(f64::ln);
        for _ in 0..10 {
            let (target, ratio) = (area * draw.within(self.crop_area), draw.within(ratios).exp());
            let (w, h) = ((target * ratio).sqrt().round(), (target / ratio).sqrt().round());
            if (1.0..=width as f64).contains(&w) && (1.0..=height as f64).contains(&h) {
                let (h, w) = (h as usize, w as usize);
                let (top, left) = (draw.below(height - h + 1), draw.below(width - w + 1));
                return Crop { top, left, height: h, width: w };
            }
        }
        let ratio = width as f64 / height as f64;
        let ratio = ratio.clamp(self.crop_ratio[0], self.crop_ratio[1]);
        let w = ((height as f64 * ratio).round() as usize).clamp(1, width);
        let h = ((w as f64 / ratio).round() as usize).clamp(1, height);
        Crop { top: (height - h) / 2, left: (width - w) / 2, height: h, width: w }
    }
}

/// Contrast and brightness: `alpha * value + beta`, kept within `[0, 1]`.
pub fn brightness_contrast(image: &mut ImageTensor, alpha: f32, beta: f32) {
    image.data_mut().iter_mut().for_each(|value| *value = (*value * alpha + beta).clamp(0.0, 1.0));
}

pub(super) fn normalise(image: &mut ImageTensor, mean: f32, std: f32) {
    image.data_mut().iter_mut().for_each(|value| *value = (*value - mean) / std);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image() -> ImageTensor {
        let data = (0..90 * 70).map(|i| ((i * 31) % 256) as f32 / 255.0).collect();
        ImageTensor::new(data, 1, 90, 70).unwrap()
    }

    #[test]
    fn the_seed_decides_everything() {
        let recipe = Convirt { size: 32, ..Convirt::default() };
        assert_eq!(recipe.apply(image(), 5), recipe.apply(image(), 5));
        assert_ne!(recipe.apply(image(), 5), recipe.apply(image(), 6));
        for seed in 0..200 {
            let out = recipe.apply(image(), seed);
            assert_eq!((out.height(), out.width()), (32, 32));
            assert!(out.data().iter().all(|value| (-2.0..=2.0).contains(value)));
        }
    }

    #[test]
    fn crops_keep_to_area_and_ratio() {
        let recipe = Convirt::default();
        for seed in 0..500 {
            let Crop { top, left, height, width } = recipe.crop(300, 400, &mut Draw::new(seed));
            assert!(top + height <= 300 && left + width <= 400);
            let (area, ratio) = ((height * width) as f64 / 120_000.0, width as f64 / height as f64);
            assert!((0.59..=1.01).contains(&area) && (0.74..=1.35).contains(&ratio));
        }
        // A strip has no crop of an allowed ratio that is large enough.
        let strip = recipe.crop(30, 400, &mut Draw::new(1));
        assert_eq!((strip.height, strip.width, strip.left), (30, 40, 180));
    }

    #[test]
    fn a_flip_is_a_mirror() {
        let still = Convirt {
            size: 16,
            frame: 16,
            crop_area: [1.0, 1.0],
            crop_ratio: [1.0, 1.0],
            affine: 0.0,
            brightness_contrast: 0.0,
            blur: 0.0,
            ..Convirt::default()
        };
        let data: Vec<f32> = (0..256).map(|i| i as f32 / 255.0).collect();
        let image = ImageTensor::new(data, 1, 16, 16).unwrap();
        let plain = still.apply(image.clone(), 3);
        let mirrored = Convirt { flip: 1.0, ..still }.apply(image, 3);
        for (row, other) in plain.data().chunks(16).zip(mirrored.data().chunks(16)) {
            assert!(row.iter().eq(other.iter().rev()));
        }
    }

    #[test]
    fn the_released_recipe_clips_what_is_darker_than_middle_grey() {
        let recipe = Convirt {
            brightness_contrast: 1.0,
            clip_after_normalising: true,
            blur: 0.0,
            ..Convirt::default()
        };
        let out = recipe.apply(image(), 1);
        assert!(out.data().iter().all(|value| (0.0..=1.0).contains(value)));
    }
}
