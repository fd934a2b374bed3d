use std::fmt::Debug;

use model_core::{Collective, Encoded, Error, Result, Shard};
use tch::{Kind, Tensor};

/// Scores how well a batch of images and reports is aligned.
///
/// An implementation that compares rows of the whole batch takes them from [`EncodedPairs::gather`], so
/// that its gradient does not depend on the number of processes.
pub trait AlignmentLoss: Debug + Send {
    /// The loss of one batch, a scalar. Its mean over all ranks is the loss of the whole batch, and so is
    /// the mean of its gradients.
    ///
    /// # Errors
    ///
    /// If the batch lacks what the loss compares, or the other ranks cannot be reached.
    fn loss(&self, pairs: &EncodedPairs, collective: &dyn Collective) -> Result<Tensor>;

    /// Whether the loss looks at patches and words. By default it does not, and none are kept.
    fn uses_tokens(&self) -> bool {
        false
    }
}

impl<L: AlignmentLoss + ?Sized> AlignmentLoss for Box<L> {
    fn loss(&self, pairs: &EncodedPairs, collective: &dyn Collective) -> Result<Tensor> {
        (**self).loss(pairs, collective)
    }

    fn uses_tokens(&self) -> bool {
        (**self).uses_tokens()
    }
}

/// The embeddings of one batch on one rank, and which of them belong together.
#[derive(Debug)]
pub struct EncodedPairs {
    /// Images; `pooled` has rows of length one.
    pub image: Encoded,
    /// Reports, one a study; `pooled` has rows of length one.
    pub text: Encoded,
    /// For each image the row of its report in `text`.
    ///
    /// # Shapes
    ///
    /// - `[images]`, 64-bit integers
    pub study: Tensor,
    /// A number for each report that reports of the same text share.
    ///
    /// # Shapes
    ///
    /// - `[texts]`, 64-bit integers
    pub groups: Tensor,
    /// What similarities are multiplied by: the exponential of the learnable parameter, a scalar.
    pub scale: Tensor,
    /// What is added to scaled similarities, a scalar.
    pub bias: Option<Tensor>,
}

/// The rows of all ranks in the order of ranks; made by [`EncodedPairs::gather`].
#[derive(Debug)]
pub struct PairRows {
    /// `[images, embed_dim]`
    pub image: Tensor,
    /// `[texts, embed_dim]`
    pub text: Tensor,
    /// For each image the row of its report in `text`: `[images]`.
    pub study: Tensor,
    /// `[texts]`
    pub groups: Tensor,
}

impl EncodedPairs {
    /// The pooled rows of every rank, in single precision at least.
    ///
    /// The rows of this rank are live, the others' have no gradient. The gradient of the live rows is
    /// multiplied by the number of ranks, because the training loop takes the mean over ranks: every rank
    /// computes the loss of the whole batch, and the mean of their gradients is exactly the gradient of one
    /// process that holds all rows. Parameters of the loss itself, as the scale, see the whole batch on
    /// every rank and need no such factor.
    ///
    /// # Errors
    ///
    /// [`Error::Shape`] if the numbers of rows do not fit together; [`Error::Collective`] if another rank
    /// cannot be reached.
    pub fn gather(&self, collective: &dyn Collective) -> Result<PairRows> {
        let [image, text] = [&self.image, &self.text].map(|encoded| at_least_single(&encoded.pooled));
        let (images, texts) = (image.size()[0], text.size()[0]);
        if self.study.size() != [images] {
            return Err(Error::shape("study of each image", format!("[{images}]"), self.study.size()));
        }
        if self.groups.size() != [texts] {
            return Err(Error::shape("group of each report", format!("[{texts}]"), self.groups.size()));
        }
        let Shard { rank, world_size } = collective.shard();
        if world_size == 1 {
            let (study, groups) = (self.study.shallow_clone(), self.groups.shallow_clone());
            return Ok(PairRows { image, text, study, groups });
        }
        let counts = self.counts(collective)?;
        let image_counts: Vec<i64> = counts.iter().map(|count| count[0]).collect();
        let text_counts: Vec<i64> = counts.iter().map(|count| count[1]).collect();
        let first_text: i64 = text_counts[..rank].iter().sum();
        Ok(PairRows {
            image: gather_rows(&image, &image_counts, collective)?,
            text: gather_rows(&text, &text_counts, collective)?,
            study: gather_rows(&(&self.study + first_text), &image_counts, collective)?,
            groups: gather_rows(&self.groups, &text_counts, collective)?,
        })
    }

    /// How many images each rank holds.
    ///
    /// # Errors
    ///
    /// [`Error::Collective`] if another rank cannot be reached.
    pub fn images_by_rank(&self, collective: &dyn Collective) -> Result<Vec<i64>> {
        if collective.shard().world_size == 1 {
            return Ok(vec![self.image.pooled.size()[0]]);
        }
        Ok(self.counts(collective)?.iter().map(|count| count[0]).collect())
    }

    fn counts(&self, collective: &dyn Collective) -> Result<Vec<[i64; 2]>> {
        let own = [self.image.pooled.size()[0], self.text.pooled.size()[0]];
        let own = Tensor::from_slice(&own).to_device(self.image.pooled.device());
        let all = collective.all_gather(&own)?;
        Ok(all.iter().map(|count| [count.int64_value(&[0]), count.int64_value(&[1])]).collect())
    }
}

impl PairRows {
    /// The scaled similarities `image · textᵀ * scale + bias`: `[images, texts]`.
    pub fn logits(&self, scale: &Tensor, bias: Option<&Tensor>) -> Tensor {
        let scaled = self.image.matmul(&self.text.tr()) * scale;
        match bias {
            Some(bias) => scaled + bias,
            None => scaled,
        }
    }

    /// Which report is an image's own: `[images, texts]`, booleans.
    pub fn positives(&self) -> Tensor {
        let texts = Tensor::arange(self.text.size()[0], (Kind::Int64, self.study.device()));
        self.study.unsqueeze(1).eq_tensor(&texts.unsqueeze(0))
    }

    /// Which report of another study has the same text as an image's own: `[images, texts]`, booleans.
    pub fn duplicates(&self) -> Tensor {
        let own = self.groups.index_select(0, &self.study);
        let same = own.unsqueeze(1).eq_tensor(&self.groups.unsqueeze(0));
        same.logical_and(&self.positives().logical_not())
    }
}

/// Half-precision rows lose the fourth digit of a similarity, which the scale then multiplies by 14 or more.
pub(crate) fn at_least_single(rows: &Tensor) -> Tensor {
    match rows.kind() {
        Kind::Half | Kind::BFloat16 => rows.to_kind(Kind::Float),
        _ => rows.shallow_clone(),
    }
}

/// The rows of all ranks, those of this one live. Ranks may hold different numbers of rows; what is
/// exchanged must have one shape and is padded.
fn gather_rows(rows: &Tensor, counts: &[i64], collective: &dyn Collective) -> Result<Tensor> {
    let Shard { rank, world_size } = collective.shard();
    let longest = counts.iter().copied().max().unwrap_or(0);
    let own = rows.size()[0];
    let mut shape = rows.size();
    shape[0] = longest;
    let padded = Tensor::zeros(&shape, (rows.kind(), rows.device()));
    padded.narrow(0, 0, own).copy_(&rows.detach());
    let gathered = collective.all_gather(&padded)?;
    let mut all: Vec<Tensor> =
        gathered.iter().zip(counts).map(|(rows, count)| rows.narrow(0, 0, *count)).collect();
    all[rank] = if rows.requires_grad() {
        // The value stays as it is, to the last bit; the gradient is multiplied.
        rows + (rows - rows.detach()) * (world_size as f64 - 1.0)
    } else {
        rows.shallow_clone()
    };
    Ok(Tensor::cat(&all, 0))
}
