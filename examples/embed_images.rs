//! Embeds a folder of PNG, JPEG or TIFF images with a Hugging Face folder's vision encoder.
//!
//! The output holds `embeddings`, `[images, embed_dim]` f32, rows in the order of file names, which stand
//! in the metadata under `ids` as a JSON list.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use model_core::{Collate, Encoder, Mode};
use tch::{Kind, Tensor};
use vision_encoder::{ImageProcessor, PixelCollate, RgbDecoder, VisionModel};
use xray_core::{ImageDecoder, ImageTransform};

#[path = "cli/device.rs"]
mod device;
#[path = "cli/embeddings.rs"]
mod embeddings;

use device::On;

#[derive(Parser)]
struct Args {
    /// A folder with config.json and model.safetensors, and preprocessor_config.json where the model has one.
    #[arg(long)]
    model: PathBuf,
    /// The images; folders inside are not entered.
    #[arg(long)]
    images: PathBuf,
    /// The safetensors file to write.
    #[arg(long)]
    output: PathBuf,
    /// The side that images are brought to in place of the model's own.
    #[arg(long)]
    size: Option<usize>,
    /// What of the last layer is kept.
    #[arg(long, value_enum, default_value = "cls")]
    pool: Pool,
    /// Whether rows get length 1.
    #[arg(long)]
    normalize: bool,
    /// Where the model runs.
    #[arg(long, value_enum, default_value = "cpu")]
    device: On,
    /// Images a batch.
    #[arg(long, default_value_t = 16)]
    batch: usize,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Pool {
    /// The model's own pooled vector: the CLS token, or a ResNet's mean.
    Cls,
    /// The mean of the patches, or of the places of a ResNet's last map.
    Mean,
    /// The pooled vector through the projection.
    Projected,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let device = args.device.device()?;
    let (_vs, model, _) = VisionModel::from_dir(&args.model, device)?;
    let model = match (args.pool, model.config().projection_size()) {
        (Pool::Projected, None) => bail!("{:?} has no projection", args.model),
        (Pool::Projected, Some(_)) => model,
        (Pool::Cls | Pool::Mean, _) => model.without_projection(),
    };
    let processor = processor(&args, &model)?;
    let collate = PixelCollate::new(usize::try_from(model.config().num_channels())?);

    let files = images(&args.images)?;
    let mut rows = Vec::with_capacity(files.len());
    for files in files.chunks(args.batch.max(1)) {
        let images = files
            .iter()
            .map(|file| Ok(processor.apply(RgbDecoder.decode(file)?, 0)))
            .collect::<Result<Vec<_>>>()?;
        let pixels = collate.collate(&images.iter().collect::<Vec<_>>(), device)?;
        let encoded = tch::no_grad(|| model.encode(&pixels, Mode::Eval))?;
        rows.push(match (args.pool, encoded.tokens) {
            (Pool::Mean, Some(patches)) => patches.mean_dim(1, false, Kind::Float),
            _ => encoded.pooled,
        });
    }
    let ids: Vec<_> =
        files.iter().filter_map(|file| file.file_name()).map(|name| name.to_string_lossy()).collect();
    embeddings::save(&args.output, Tensor::cat(&rows, 0), args.normalize, &ids)
}

/// What the folder says, or what ViT's processor does at the model's own size and number of channels.
fn processor(args: &Args, model: &VisionModel) -> Result<ImageProcessor> {
    let processor = if args.model.join("preprocessor_config.json").exists() {
        ImageProcessor::from_dir(&args.model)?
    } else {
        let channels = usize::try_from(model.config().num_channels())?;
        let usual = ImageProcessor {
            image_mean: vec![0.5; channels],
            image_std: vec![0.5; channels],
            ..ImageProcessor::default()
        };
        match model.config().image_size() {
            Some(side) => usual.with_side(usize::try_from(side)?),
            None => usual,
        }
    };
    Ok(match args.size {
        Some(0) => bail!("images cannot have a side of 0"),
        Some(side) => processor.with_side(side),
        None => processor,
    })
}

/// The images in `folder`, sorted by name.
fn images(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("reading {folder:?}"))?;
    let mut files = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    files.retain(|file| {
        let ending = file.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        ending.is_some_and(|ending| ["png", "jpg", "jpeg", "tif", "tiff"].contains(&ending.as_str()))
    });
    files.sort();
    if files.is_empty() {
        bail!("{folder:?} holds no PNG, JPEG or TIFF image");
    }
    Ok(files)
}
