use std::collections::BTreeMap;
use std::path::Path;

use model_core::{Error, Result, Weights, read_config, save_tensors, write_config};
use tch::{Kind, Tensor};

use crate::config::{VitConfig, at_least_one};

/// The kernel of a patch projection for another size of patch: what the old kernel gives for a patch, the new one
/// gives for the same patch resized (the pseudo-inverse of the bicubic resize, FlexiViT,
/// <https://arxiv.org/abs/2212.08013>).
///
/// # Shapes
///
/// - kernel: `[hidden_size, channels, patch_size, patch_size]`
/// - result: the same with the new size
///
/// # Errors
///
/// If the kernel has another shape or the size is 0.
pub fn resize_patch_kernel(kernel: &Tensor, patch_size: i64) -> Result<Tensor> {
    at_least_one("patch_size", patch_size)?;
    let Ok((_, _, height, width)) = kernel.size4() else {
        let expected = "[hidden_size, channels, patch_size, patch_size]";
        return Err(Error::shape("kernel", expected, kernel.size()));
    };
    if [height, width] == [patch_size, patch_size] {
        return Ok(kernel.shallow_clone());
    }
    let refused = || Error::torch("resizing a patch kernel");
    // Each pixel of the old patch by itself, resized: the columns of the matrix that resizes a patch.
    let pixels = Tensor::eye(height * width, (Kind::Float, kernel.device())).view([-1, 1, height, width]);
    let resized = pixels.f_internal_upsample_bicubic2d_aa([patch_size, patch_size], false, None, None);
    let resize = resized.map_err(refused())?.flatten(1, -1).to_kind(Kind::Double);
    let inverse = resize.f_linalg_pinv(1e-15, false).map_err(refused())?;
    let flat = kernel.flatten(2, 3).to_kind(Kind::Double).matmul(&inverse.tr());
    let size = kernel.size();
    Ok(flat.view([size[0], size[1], patch_size, patch_size]).to_kind(kernel.kind()))
}

/// Writes the ViT of the folder `from` into `to` with patches of another size. The grid of patches, and so the
/// positions, stay as they are: `image_size` grows with the patches, as a model for patches of 16 at 224 becomes one for
/// patches of 32 at 448.
///
/// # Errors
///
/// If `from` holds no ViT with a patch projection, or `to` cannot be written.
pub fn resize_patches(from: impl AsRef<Path>, to: impl AsRef<Path>, patch_size: i64) -> Result<()> {
    const KERNEL: &str = "embeddings.patch_embeddings.projection.weight";
    let (from, to) = (from.as_ref(), to.as_ref());
    let config: VitConfig = read_config(from)?;
    at_least_one("patch_size", patch_size)?;
    if !config.conv_stem.is_empty() {
        return Err(Error::config("conv_stem", "has no patch kernel to resize"));
    }
    let weights = Weights::open(from)?;
    let mut tensors = BTreeMap::new();
    let mut found = false;
    for name in weights.names() {
        let mut tensor = weights.read(name)?;
        if name.ends_with(KERNEL) {
            tensor = resize_patch_kernel(&tensor, patch_size)?;
            found = true;
        }
        tensors.insert(name.to_owned(), tensor);
    }
    if !found {
        return Err(Error::format(weights.path(), format!("it has no {KERNEL}")));
    }
    let metadata = BTreeMap::from([("format".to_owned(), "pt".to_owned())]);
    let named = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor));
    save_tensors(to.join("model.safetensors"), named, &metadata)?;
    let image_size = config.image_size / config.patch_size * patch_size;
    write_config(to, &VitConfig { patch_size, image_size, ..config })
}
