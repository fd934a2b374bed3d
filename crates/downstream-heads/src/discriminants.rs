use model_core::Error as ModelError;
use tch::{Kind, Tensor};

use crate::extract::rows;
use crate::{Cases, Error, Features, Result};

/// The plane in which classes lie furthest apart against their spread: linear discriminants (Fisher 1936, Rao 1948).
///
/// Two classes have one discriminant; across it is then the direction in which features spread most.
#[derive(Debug)]
pub struct Discriminants {
    mean: Tensor,
    /// `[embed_dim, 2]`
    plane: Tensor,
}

/// How much of the mean variance is added to every direction, so that few cases do not make one look exact.
const SHRINKAGE: f64 = 1e-2;

impl Discriminants {
    /// The plane of `train`.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if there are not two classes; [`Error::UnknownClass`]; [`Error::Model`] if libtorch fails.
    ///
    /// # Examples
    ///
    /// ```
    /// use downstream_heads::{Cases, Discriminants, Features};
    /// use xray_core::PatientId;
    ///
    /// // Simulated: the second number says the class, the first is larger and says nothing.
    /// let values = (0..40).flat_map(|i| [(i * 7 % 11) as f32, (i % 2) as f32 + (i % 3) as f32 * 0.1]);
    /// let features = Features::new(values.collect(), 2)?;
    /// let patients = (0..40).map(|i| PatientId::new(i.to_string())).collect();
    /// let cases = Cases::new(features, (0..40).map(|i| i % 2).collect(), patients)?;
    /// let plane = Discriminants::fit(&cases, 2)?.project(cases.features())?;
    /// assert!((plane[0][0] < 0.0) == (plane[2][0] < 0.0) && (plane[0][0] < 0.0) != (plane[1][0] < 0.0));
    /// # Ok::<(), downstream_heads::Error>(())
    /// ```
    pub fn fit(train: &Cases, classes: usize) -> Result<Self> {
        train.check_classes(classes)?;
        let present: Vec<usize> = (0..classes).filter(|class| train.labels().contains(class)).collect();
        if present.len() < 2 {
            return Err(Error::config("train", "there are no two classes"));
        }
        let all = matrix(train.features());
        let mean = all.mean_dim(0, true, Kind::Double);
        let (embed_dim, cases) = (all.size()[1], all.size()[0] as f64);
        let mut within = Tensor::zeros([embed_dim, embed_dim], (Kind::Double, all.device()));
        let mut between = within.zeros_like();
        for class in present {
            let members: Vec<usize> =
                (0..train.labels().len()).filter(|case| train.labels()[*case] == class).collect();
            let own = matrix(&train.features().select(&members));
            let centre = own.mean_dim(0, true, Kind::Double);
            let (apart, spread) = (&centre - &mean, own - &centre);
            within += spread.transpose(0, 1).matmul(&spread) / cases;
            between += apart.transpose(0, 1).matmul(&apart) * (members.len() as f64 / cases);
        }
        let shrinkage = within.trace().double_value(&[]) / embed_dim as f64 * SHRINKAGE + f64::MIN_POSITIVE;
        within += Tensor::eye(embed_dim, (Kind::Double, mean.device())) * shrinkage;
        let (values, vectors) = eigen(&within)?;
        let whiten = &vectors / values.clamp_min(f64::MIN_POSITIVE).sqrt();
        let (spread, directions) = eigen(&whiten.transpose(0, 1).matmul(&between).matmul(&whiten))?;
        let first = whiten.matmul(&directions.narrow(1, embed_dim - 1, 1));
        let has_second = embed_dim > 1
            && spread.double_value(&[embed_dim - 2]) > 1e-9 * spread.double_value(&[embed_dim - 1]);
        let second = match has_second {
            true => whiten.matmul(&directions.narrow(1, embed_dim - 2, 1)),
            false => vectors.narrow(1, embed_dim - 1, 1),
        };
        Ok(Self { mean, plane: Tensor::cat(&[first, second], 1) })
    }

    /// Where features lie in the plane.
    ///
    /// # Errors
    ///
    /// [`Error::Length`] if they have another length than those fitted.
    pub fn project(&self, features: &Features) -> Result<Vec<[f64; 2]>> {
        Error::length("features of a case", features.embed_dim(), self.mean.numel())?;
        let points = rows(&(matrix(features) - &self.mean).matmul(&self.plane))?;
        Ok(points.chunks_exact(2).map(|point| [f64::from(point[0]), f64::from(point[1])]).collect())
    }
}

fn matrix(features: &Features) -> Tensor {
    Tensor::from_slice(features.values()).view([-1, features.embed_dim() as i64]).to_kind(Kind::Double)
}

fn eigen(symmetric: &Tensor) -> Result<(Tensor, Tensor)> {
    symmetric.f_linalg_eigh("L").map_err(|source| Error::Model {
        action: "finding discriminants",
        source: ModelError::Torch { action: "decomposing a matrix", source },
    })
}
