//! Measures steps of alignment at full size, ViT-B/16 and XLM-R base, on made-up studies: what a machine trains
//! a second, the memory that it takes, and the share of its matrix rate.
//!
//! ```text
//! cargo run --release --example train_step
//! cargo run --release --example train_step -- --device cuda --precision bf16 --batch 1024 --chunk 128
//! # Two processes that exchange gradients, with small encoders
//! cargo run --release --example launch -- --processes 2 -- \
//!     target/release/examples/train_step --small --exchange after
//! ```

#![expect(clippy::print_stdout, reason = "the figures are what this is run for")]

use std::io::BufRead;
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::time::Instant;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use osteon::contrastive_align::{Aligner, ClipLoss, LogitConfig, PairBatch, PairChunk, Towers};
use osteon::model_core::{
    self, AdamW, AdamWConfig, Collective, Error, Hook, ParameterPolicy, Precision, Shard, SingleProcess,
    StepReport, Trainer, TrainerConfig, batches_from_fn,
};
use osteon::text_encoder::{TextConfig, TextFamily, TextModel, TokenBatch};
use osteon::vision_encoder::{Vit, VitConfig};
use serde_json::json;
use tch::{Cuda, Device, Kind, Tensor};
use torch_ext::{ProcessGroup, Rendezvous};

#[path = "cli/device.rs"]
mod device;

use device::On;

/// Of XLM-R.
const VOCABULARY: i64 = 250_002;
const SMALL_VOCABULARY: i64 = 32_000;
/// Of the method.
const PROJECTION: i64 = 512;

#[derive(Debug, Parser)]
struct Args {
    /// Where to train.
    #[arg(long, value_enum, default_value = "cpu")]
    device: On,
    /// The number type of matrix products.
    #[arg(long, value_enum, default_value = "f32")]
    precision: In,
    /// Studies a step, an image and a report each.
    #[arg(long, default_value = "8")]
    batch: NonZeroUsize,
    /// Studies that the encoders see at once, with cached gradients; all of them if left out.
    #[arg(long)]
    chunk: Option<NonZeroUsize>,
    /// ViT-S/16 and a text encoder of that width with 6 layers and 32,000 words, in place of the base sizes.
    #[arg(long)]
    small: bool,
    /// When gradients are exchanged, where this is one of several processes.
    #[arg(long, value_enum, default_value = "during")]
    exchange: Exchange,
    /// Whether layers are run again in the backward pass, to hold fewer activations.
    #[arg(long)]
    gradient_checkpointing: bool,
    /// The side of an image in pixels, a multiple of 16.
    #[arg(long, default_value_t = 224)]
    image_size: i64,
    /// Tokens a report.
    #[arg(long, default_value_t = 128)]
    tokens: usize,
    /// Steps that are measured, after two that are not.
    #[arg(long, default_value = "3")]
    steps: NonZeroUsize,
    /// Answers a line that says how many steps to take with a line of JSON that says how long they took, until
    /// there is no further line.
    #[arg(long)]
    serve: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum In {
    F32,
    Bf16,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Exchange {
    /// While the backward pass goes on.
    During,
    /// When it is done.
    After,
    /// Never: each process trains alone.
    Never,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let device = args.device.device()?;
    let collective: Box<dyn Collective> = match (Rendezvous::from_env()?, args.exchange) {
        (None, _) | (_, Exchange::Never) => Box::new(SingleProcess),
        (Some(rendezvous), Exchange::During) => Box::new(ProcessGroup::join(&rendezvous, device)?),
        (Some(rendezvous), Exchange::After) => Box::new(Afterwards(ProcessGroup::join(&rendezvous, device)?)),
    };
    let start = Instant::now();
    tch::manual_seed(1);

    let mut vision = VitConfig {
        image_size: args.image_size,
        projection_size: Some(PROJECTION),
        gradient_checkpointing: args.gradient_checkpointing,
        ..VitConfig::default()
    };
    let mut text = TextConfig {
        vocab_size: VOCABULARY,
        max_position_embeddings: 514,
        projection_size: Some(PROJECTION),
        gradient_checkpointing: args.gradient_checkpointing,
        ..TextConfig::of(TextFamily::XlmRoberta)
    };
    if args.small {
        (vision.hidden_size, vision.num_attention_heads, vision.intermediate_size) = (384, 6, 1536);
        (text.hidden_size, text.num_attention_heads, text.intermediate_size) = (384, 6, 1536);
        (text.num_hidden_layers, text.vocab_size) = (6, SMALL_VOCABULARY);
    }
    let patches = (args.image_size / vision.patch_size).pow(2) + 1;
    let flops = flops(vision.hidden_size, vision.num_hidden_layers, patches)
        + flops(text.hidden_size, text.num_hidden_layers, args.tokens as i64);
    let towers: Towers<Vit, TextModel> = Towers::new(vision, text, &LogitConfig::default(), device)?;
    let parameters = towers.weights.parameters(&ParameterPolicy::default());
    let optimizer = AdamW::new(parameters, AdamWConfig::default())?;
    let precision = match args.precision {
        In::F32 => Precision::F32,
        In::Bf16 => Precision::Bf16,
    };

    let work = Work { studies: args.batch.get() as f64, flops, precision, device };
    let mut turns =
        Turns { left: 0, taken: 0, begun: Clock::now(), serves: args.serve, planned: vec![], work };
    if args.serve {
        println!("{}", json!({ "loaded": start.elapsed().as_secs_f64() }));
    } else {
        turns.planned = vec![args.steps.get(), 2];
    }
    if turns.next()?.is_break() {
        return Ok(());
    }
    let config = TrainerConfig { precision, ..TrainerConfig::default() };
    let mut trainer =
        Trainer::new(config, Vec::new(), Box::new(optimizer))?.with_collective(collective).with_hook(turns);
    let mut batches = batches_from_fn(|_, _| Ok(std::iter::repeat_with(|| batch(&args, device))));
    trainer.run(&Aligner::new(towers.model, ClipLoss::default()), &mut batches, None)?;
    Ok(())
}

/// Processes whose gradients wait for the end of the backward pass.
#[derive(Debug)]
struct Afterwards(ProcessGroup);

impl Collective for Afterwards {
    fn shard(&self) -> Shard {
        self.0.shard()
    }

    fn all_reduce_mean(&self, tensors: &mut [Tensor]) -> model_core::Result<()> {
        Collective::all_reduce_mean(&self.0, tensors)
    }

    fn all_gather(&self, tensor: &Tensor) -> model_core::Result<Vec<Tensor>> {
        Collective::all_gather(&self.0, tensor)
    }

    fn broadcast(&self, tensors: &mut [Tensor]) -> model_core::Result<()> {
        Collective::broadcast(&self.0, tensors)
    }
}

/// Steps are taken in turns, and each turn is measured.
struct Turns {
    /// Steps that the turn still has.
    left: usize,
    /// Steps that it has in all.
    taken: usize,
    begun: Clock,
    /// Whether turns are asked for on standard input; else they are planned, the last one first.
    serves: bool,
    planned: Vec<usize>,
    work: Work,
}

impl Hook for Turns {
    fn on_step(&mut self, _: &StepReport) -> model_core::Result<ControlFlow<()>> {
        self.left -= 1;
        if self.left > 0 {
            return Ok(ControlFlow::Continue(()));
        }
        self.work.wait();
        let [wall, processor] = self.begun.elapsed();
        let studies = self.work.studies * self.taken as f64;
        if self.serves {
            println!("{}", json!({ "units": studies, "seconds": processor, "wall": wall }));
        } else if self.planned.is_empty() {
            self.work.tell(wall / self.taken as f64);
        }
        self.next().map_err(Error::external("reading the next turn"))
    }
}

impl Turns {
    fn next(&mut self) -> std::io::Result<ControlFlow<()>> {
        let steps = match self.serves {
            true => {
                std::io::stdin().lock().lines().next().transpose()?.and_then(|line| line.trim().parse().ok())
            }
            false => self.planned.pop(),
        };
        let Some(steps) = steps.filter(|&steps| steps > 0) else { return Ok(ControlFlow::Break(())) };
        (self.left, self.taken, self.begun) = (steps, steps, Clock::now());
        Ok(ControlFlow::Continue(()))
    }
}

/// What a step is.
struct Work {
    studies: f64,
    /// Of a study, forward and back.
    flops: f64,
    precision: Precision,
    device: Device,
}

impl Work {
    fn wait(&self) {
        if let Device::Cuda(index) = self.device {
            Cuda::synchronize(index as i64);
        }
    }

    fn tell(&self, seconds: f64) {
        let rate = self.studies * self.flops / seconds / 1e12;
        let matrix = self.matrix_rate();
        println!("{:.3} s a step, {:.1} studies a second", seconds, self.studies / seconds);
        println!(
            "{rate:.2} TFLOP/s of the model, {:.0} % of the {matrix:.2} that a matrix product reaches here",
            100.0 * rate / matrix
        );
        if let Some(kib) = status("VmHWM:") {
            println!("{:.2} GiB of memory at the most, what a GPU holds not counted", kib / 1048576.0);
        }
    }

    /// TFLOP/s of a large product in the precision of the step.
    fn matrix_rate(&self) -> f64 {
        let side = if self.device.is_cuda() { 8192 } else { 2048 };
        let kind = if self.precision == Precision::Bf16 { Kind::BFloat16 } else { Kind::Float };
        let matrix = Tensor::ones([side, side], (kind, self.device));
        let product = || {
            let _product = matrix.matmul(&matrix);
        };
        product();
        self.wait();
        let (start, turns) = (Instant::now(), 5);
        (0..turns).for_each(|_| product());
        self.wait();
        2.0 * (side as f64).powi(3) * f64::from(turns) / start.elapsed().as_secs_f64() / 1e12
    }
}

/// Time on the wall and of the processor.
struct Clock {
    wall: Instant,
    processor: f64,
}

impl Clock {
    fn now() -> Self {
        Self { wall: Instant::now(), processor: processor_seconds() }
    }

    fn elapsed(&self) -> [f64; 2] {
        [self.wall.elapsed().as_secs_f64(), processor_seconds() - self.processor]
    }
}

/// Of this process, from Linux's table of processes in hundredths of a second; 0 elsewhere.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name, which may hold spaces, ends with the last bracket; user and system time are the 12th and 13th after it.
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    fields.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// A number of Linux's description of this process.
fn status(name: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse().ok())
}

/// Floating-point operations of a transformer's matrix products for one sequence, forward and back.
fn flops(hidden_size: i64, layers: i64, tokens: i64) -> f64 {
    let [hidden_size, layers, tokens] = [hidden_size, layers, tokens].map(|size| size as f64);
    // Four projections and an MLP of fourfold width, 12 weights for each pair of channels; then the scores and what
    // they weigh. Two operations a product; back costs twice forward.
    3.0 * layers * (24.0 * tokens * hidden_size.powi(2) + 4.0 * tokens.powi(2) * hidden_size)
}

/// Noise for images and reports.
fn batch(args: &Args, device: Device) -> model_core::Result<PairBatch<Tensor, TokenBatch>> {
    let studies = args.batch.get();
    let chunk = args.chunk.map_or(studies, NonZeroUsize::get).min(studies);
    let side = args.image_size;
    let vocabulary = if args.small { SMALL_VOCABULARY } else { VOCABULARY };
    let mut chunks = Vec::new();
    for first in (0..studies).step_by(chunk) {
        let studies = chunk.min(studies - first);
        let ids =
            Tensor::randint_low(5, vocabulary, [(studies * args.tokens) as i64], (Kind::Int64, Device::Cpu));
        let ids = Vec::<i64>::try_from(ids).map_err(Error::torch("drawing reports"))?;
        let reports: Vec<Vec<i64>> = ids.chunks(args.tokens).map(<[i64]>::to_vec).collect();
        chunks.push(PairChunk {
            images: Tensor::randn([studies as i64, 3, side, side], (Kind::Float, device)),
            texts: TokenBatch::pad(&reports, 1, 1, device)?,
        });
    }
    let study = Tensor::arange(studies as i64, (Kind::Int64, device));
    Ok(PairBatch { chunks, groups: study.copy(), study, keys: (0..studies).map(|n| n.to_string()).collect() })
}
