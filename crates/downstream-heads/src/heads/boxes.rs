use model_core::layers::linear;
use model_core::{Encoded, Error, Mode, Result};
use tch::{Device, Kind, Reduction, Tensor, nn};

use super::Head;
use crate::assign;

/// What a [`BoxHead`] is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoxConfig {
    /// The encoder's `embed_dim`.
    pub features: i64,
    /// Rows and columns of patches of an image.
    pub grid: [i64; 2],
    /// Classes of a box.
    pub classes: i64,
    /// Units of the two hidden layers before a box; the method's abandoned code has 512.
    pub hidden_size: i64,
}

/// Boxes with classes: every patch proposes one, near its own place (as OWL-ViT, Minderer et al. 2022), and in training
/// proposals are matched to true boxes at the least cost (DETR, Carion et al. 2020: class 1, L1 5, GIoU 2; no object
/// counts 0.1).
///
/// Classes are learnt, or, with [`BoxHead::with_prompts`], are embeddings of phrases.
///
/// # Shapes
///
/// - features: tokens `[batch, rows * columns, embed_dim]`, row by row
/// - logits: `[batch, tokens, 4 + classes + 1]`: middle, width and height before the sigmoid, then the classes, no
///   object last
/// - predictions: `[batch, tokens, 4 + classes]`: left, top, right and bottom as shares of the image, then the
///   probability of each class
/// - targets: `[batch, boxes, 5]`: class, middle, width and height as shares of the image; rows of class -1 fill up
#[derive(Debug)]
pub struct BoxHead {
    config: BoxConfig,
    first: nn::Linear,
    second: nn::Linear,
    place: nn::Linear,
    classes: Classes,
    bias: Tensor,
}

#[derive(Debug)]
enum Classes {
    Learnt(nn::Linear),
    /// Similarity to phrases, with a learnt scale and shift, and a learnt logit of no object.
    Prompts {
        project: nn::Linear,
        prompts: Tensor,
        scale: Tensor,
        shift: Tensor,
        nothing: nn::Linear,
    },
}

/// What the parts of cost and loss weigh.
const CLASS: f64 = 1.0;
const L1: f64 = 5.0;
const GIOU: f64 = 2.0;
const NO_OBJECT: f64 = 0.1;

impl BoxHead {
    /// A head whose classes are learnt.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if a size is not positive.
    pub fn new(vs: &nn::Path<'_>, config: BoxConfig) -> Result<Self> {
        let outputs = config.classes + 1;
        Self::of(vs, config, |vs, features| {
            Classes::Learnt(linear(&(vs / "classifier"), features, outputs, true))
        })
    }

    /// A head whose classes are phrases, by the text encoder that the image encoder was aligned with.
    ///
    /// # Shapes
    ///
    /// - prompts: `[classes, projection_size]`
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if a size is not positive; [`Error::Shape`] if there is not one phrase a class.
    pub fn with_prompts(vs: &nn::Path<'_>, config: BoxConfig, prompts: &Tensor) -> Result<Self> {
        if prompts.dim() != 2 || prompts.size()[0] != config.classes {
            let expected = format!("[{}, projection_size]", config.classes);
            return Err(Error::shape("prompts", expected, prompts.size()));
        }
        let prompts = unit(&prompts.detach());
        Self::of(vs, config, move |vs, features| Classes::Prompts {
            project: linear(&(vs / "project"), features, prompts.size()[1], true),
            prompts,
            scale: vs.var("scale", &[1], nn::Init::Const(10.0)),
            shift: vs.var("shift", &[1], nn::Init::Const(0.0)),
            nothing: linear(&(vs / "nothing"), features, 1, true),
        })
    }

    fn of(
        vs: &nn::Path<'_>,
        config: BoxConfig,
        classes: impl FnOnce(&nn::Path<'_>, i64) -> Classes,
    ) -> Result<Self> {
        let BoxConfig { features, grid: [rows, columns], classes: count, hidden_size } = config;
        if [features, rows, columns, count, hidden_size].iter().any(|size| *size < 1) {
            return Err(Error::config("boxes", format!("{config:?} has a size that is not positive")));
        }
        Ok(Self {
            config,
            first: linear(&(vs / "first"), features, hidden_size, true),
            second: linear(&(vs / "second"), hidden_size, hidden_size, true),
            place: linear(&(vs / "place"), hidden_size, 4, true),
            classes: classes(vs, features),
            bias: own_places(rows, columns).to_device(vs.device()),
        })
    }
}

impl Head for BoxHead {
    fn logits(&self, features: &Encoded, _: Mode) -> Result<Tensor> {
        let BoxConfig { features: embed_dim, grid: [rows, columns], .. } = self.config;
        let tokens = features.tokens.as_ref().filter(|t| t.size()[1..] == [rows * columns, embed_dim]);
        let Some(tokens) = tokens else {
            let got = features.tokens.as_ref().map(Tensor::size).unwrap_or_default();
            return Err(Error::shape("tokens", format!("[batch, {}, {embed_dim}]", rows * columns), got));
        };
        let hidden = tokens.apply(&self.first).gelu("none").apply(&self.second).gelu("none");
        let boxes = hidden.apply(&self.place) + &self.bias;
        let classes = match &self.classes {
            Classes::Learnt(classifier) => tokens.apply(classifier),
            Classes::Prompts { project, prompts, scale, shift, nothing } => {
                let similarity = unit(&tokens.apply(project)).matmul(&prompts.transpose(0, 1));
                Tensor::cat(&[similarity * scale + shift, tokens.apply(nothing)], -1)
            }
        };
        Ok(Tensor::cat(&[boxes, classes], -1))
    }

    fn loss(&self, logits: &Tensor, targets: &Tensor) -> Result<Tensor> {
        let size = targets.size();
        if size.len() != 3 || size[0] != logits.size()[0] || size[2] != 5 {
            return Err(Error::shape("targets", "[batch, boxes, 5]", size));
        }
        let (boxes, classes) =
            (logits.narrow(-1, 0, 4).sigmoid(), logits.narrow(-1, 4, self.config.classes + 1));
        let class_of =
            Tensor::full([size[0], logits.size()[1]], self.config.classes, (Kind::Int64, logits.device()));
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for image in 0..size[0] {
            let true_ones = self.true_boxes(&targets.get(image))?;
            let Some((wanted, wanted_boxes)) = true_ones else { continue };
            let found = boxes.get(image);
            let chosen = tch::no_grad(|| matched(&found, &classes.get(image), &wanted, &wanted_boxes))?;
            let chosen = Tensor::from_slice(&chosen).to_device(logits.device());
            let _ = class_of.get(image).index_put_(&[Some(&chosen)], &wanted, false);
            ours.push(found.index_select(0, &chosen));
            theirs.push(wanted_boxes);
        }
        let weight = Tensor::ones([self.config.classes + 1], (Kind::Float, logits.device()));
        let _ = weight.get(self.config.classes).fill_(NO_OBJECT);
        let class_loss = classes.flatten(0, 1).cross_entropy_loss(
            &class_of.flatten(0, 1),
            Some(&weight),
            Reduction::Mean,
            -100,
            0.0,
        );
        if ours.is_empty() {
            return Ok(class_loss * CLASS);
        }
        let (ours, theirs) = (Tensor::cat(&ours, 0), Tensor::cat(&theirs, 0));
        let count = ours.size()[0] as f64;
        let apart = (&ours - &theirs).abs().sum(Kind::Float) / count;
        let giou = giou(&corners(&ours), &corners(&theirs)).sum(Kind::Float) / count;
        Ok(class_loss * CLASS + apart * L1 + (1.0 - giou) * GIOU)
    }

    fn predictions(&self, logits: &Tensor) -> Tensor {
        let classes = logits.narrow(-1, 4, self.config.classes + 1).softmax(-1, Kind::Float);
        let boxes = corners(&logits.narrow(-1, 0, 4).sigmoid()).clamp(0.0, 1.0);
        Tensor::cat(&[boxes, classes.narrow(-1, 0, self.config.classes)], -1)
    }
}

impl BoxHead {
    /// The classes and boxes of an image without the rows that fill up.
    fn true_boxes(&self, targets: &Tensor) -> Result<Option<(Tensor, Tensor)>> {
        let rows = targets.select(1, 0).ge(0.0).nonzero().squeeze_dim(1);
        if rows.numel() == 0 {
            return Ok(None);
        }
        let real = targets.index_select(0, &rows).to_kind(Kind::Float);
        let (classes, boxes) = (real.select(1, 0).to_kind(Kind::Int64), real.narrow(1, 1, 4));
        let fits = classes.max().int64_value(&[]) < self.config.classes
            && boxes.min().double_value(&[]) >= 0.0
            && boxes.max().double_value(&[]) <= 1.0
            && rows.numel() as i64 <= self.config.grid[0] * self.config.grid[1];
        if !fits {
            let reason = "a class or a box that no image has, or more boxes than patches";
            return Err(Error::config("targets", reason));
        }
        Ok(Some((classes, boxes)))
    }
}

/// The proposal for each true box of an image.
fn matched(found: &Tensor, logits: &Tensor, wanted: &Tensor, boxes: &Tensor) -> Result<Vec<i64>> {
    let class = -logits.softmax(-1, Kind::Float).index_select(1, wanted).transpose(0, 1);
    let apart = (boxes.unsqueeze(1) - found.unsqueeze(0)).abs().sum_dim_intlist(-1, false, Kind::Float);
    let giou = giou(&corners(boxes).unsqueeze(1), &corners(found).unsqueeze(0));
    let costs = class * CLASS + apart * L1 - giou * GIOU;
    let proposals = found.size()[0] as usize;
    let flat = costs.to_device(Device::Cpu).to_kind(Kind::Double).contiguous().flatten(0, -1);
    let flat = Vec::<f64>::try_from(flat)
        .map_err(|source| Error::Torch { action: "copying the costs of a matching", source })?;
    let columns = assign(&flat, proposals).map_err(Error::external("matching boxes"))?;
    Ok(columns.into_iter().map(|column| column as i64).collect())
}

/// Middle and size to left, top, right and bottom.
fn corners(boxes: &Tensor) -> Tensor {
    let (middle, half) = (boxes.narrow(-1, 0, 2), boxes.narrow(-1, 2, 2) / 2.0);
    Tensor::cat(&[&middle - &half, middle + half], -1)
}

/// The common part over the covered one, less the empty part of the box around both (Rezatofighi et al., CVPR 2019).
fn giou(a: &Tensor, b: &Tensor) -> Tensor {
    let area = |boxes: &Tensor| {
        (boxes.narrow(-1, 2, 2) - boxes.narrow(-1, 0, 2)).clamp_min(0.0).prod_dim_int(-1, false, Kind::Float)
    };
    let span = |low: Tensor, high: Tensor| area(&Tensor::cat(&[low, high], -1));
    let (a0, a1) = (a.narrow(-1, 0, 2), a.narrow(-1, 2, 2));
    let (b0, b1) = (b.narrow(-1, 0, 2), b.narrow(-1, 2, 2));
    let common = span(a0.maximum(&b0), a1.minimum(&b1));
    let covered = area(a) + area(b) - &common;
    let around = span(a0.minimum(&b0), a1.maximum(&b1));
    &common / covered.clamp_min(1e-9) - (&around - &covered) / around.clamp_min(1e-9)
}

/// `[1, patches, 4]`: what the sigmoid makes the patch's own middle, and a box of its size.
fn own_places(rows: i64, columns: i64) -> Tensor {
    let logit = |share: f32| (share / (1.0 - share)).ln();
    let middle = |place: i64, count: i64| logit((place as f32 + 0.5) / count as f32);
    // One patch alone has half of the image on each side.
    let size = |count: i64| logit((1.0 / count as f32).min(0.9));
    let of = |place: i64| {
        let (row, column) = (place / columns, place % columns);
        [middle(column, columns), middle(row, rows), size(columns), size(rows)]
    };
    let places: Vec<f32> = (0..rows * columns).flat_map(of).collect();
    Tensor::from_slice(&places).view([1, -1, 4])
}

fn unit(vectors: &Tensor) -> Tensor {
    vectors / vectors.norm_scalaropt_dim(2, [-1], true).clamp_min(1e-9)
}
