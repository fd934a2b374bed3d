use serde::{Deserialize, Serialize};
use xray_core::{ImageTensor, ImageTransform, derive_seed};

use super::convirt::Convirt;

/// Several random views of one image: large ones of most of it, and small ones of little of it, as
/// self-distillation (DINO, DINOv2) compares them.
///
/// Each view is drawn from a seed of its own, made from the image's: adding views changes none of the others. In
/// a [`Loader`](crate::Loader), the views of an image follow each other, the large ones first.
///
/// ```
/// use xray_core::{ImageTensor, ImageTransform};
/// use xray_dataset::MultiCrop;
///
/// let image = ImageTensor::new(vec![0.5; 300 * 200], 1, 300, 200)?;
/// let views = MultiCrop::default().views(image, 7);
/// assert_eq!(views.len(), 2 + 8);
/// assert_eq!((views[1].height(), views[2].height()), (224, 98));
/// # Ok::<(), xray_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MultiCrop {
    /// How many views of most of the image (default: 2).
    pub globals: usize,
    /// What makes them (default: [`Convirt`] at 224 pixels with 0.32 to 1 of the area, as DINOv2 crops).
    pub global: Convirt,
    /// How many views of little of the image (default: 8).
    pub locals: usize,
    /// What makes them (default: [`Convirt`] at 98 pixels with 0.05 to 0.32 of the area, as DINOv2 crops; the frame
    /// is 224 pixels, so that a blur is as many pixels wide as in a large view).
    pub local: Convirt,
}

impl Default for MultiCrop {
    fn default() -> Self {
        let global = Convirt { crop_area: [0.32, 1.0], ..Convirt::default() };
        let local = Convirt { size: 98, frame: 224, crop_area: [0.05, 0.32], ..Convirt::default() };
        Self { globals: 2, global, locals: 8, local }
    }
}

impl ImageTransform for MultiCrop {
    /// The first view.
    fn apply(&self, image: ImageTensor, seed: u64) -> ImageTensor {
        let recipe = if self.globals > 0 { &self.global } else { &self.local };
        recipe.view(&image, derive_seed(seed, &[0, 0]))
    }

    fn views(&self, image: ImageTensor, seed: u64) -> Vec<ImageTensor> {
        let kinds = [(0, self.globals, &self.global), (1, self.locals, &self.local)];
        let of_kind = |(kind, count, recipe): (u64, usize, &Convirt)| -> Vec<ImageTensor> {
            (0..count as u64).map(|number| recipe.view(&image, derive_seed(seed, &[kind, number]))).collect()
        };
        kinds.into_iter().flat_map(of_kind).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_view_has_its_own_seed_and_its_share_of_the_image() {
        // Each pixel says where it is, so that a view tells what it shows.
        let data = (0..200 * 200).map(|i| (i % 200) as f32 / 199.0).collect();
        let image = ImageTensor::new(data, 1, 200, 200).unwrap();
        let still = |recipe: Convirt| Convirt {
            affine: 0.0,
            brightness_contrast: 0.0,
            blur: 0.0,
            mean: 0.0,
            std: 1.0,
            ..recipe
        };
        let MultiCrop { global, local, .. } = MultiCrop::default();
        let few = MultiCrop { globals: 2, global: still(global), locals: 3, local: still(local) };
        let views = few.views(image.clone(), 4);
        let sizes: Vec<usize> = views.iter().map(ImageTensor::width).collect();
        assert_eq!(sizes, [224, 224, 98, 98, 98]);
        let seen = |view: &ImageTensor| view.data()[view.width() - 1] - view.data()[0];
        // The sides of a crop of a ratio up to 4/3.
        let sides = |area: [f32; 2]| (area[0] * 0.75).sqrt() - 0.02..(area[1] / 0.75).sqrt().min(1.0) + 0.02;
        assert!(views[..2].iter().all(|view| sides([0.32, 1.0]).contains(&seen(view))));
        assert!(views[2..].iter().all(|view| sides([0.05, 0.32]).contains(&seen(view))));
        assert!(views.iter().enumerate().all(|(i, view)| !views[..i].contains(view)));
        let more = MultiCrop { locals: 5, ..few.clone() };
        assert_eq!(more.views(image.clone(), 4)[..5], views);
        assert_eq!(few.apply(image, 4), views[0]);
    }
}
