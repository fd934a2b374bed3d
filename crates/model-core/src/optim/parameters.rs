use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tch::{Tensor, nn};

use crate::optim::state::gradient;
use crate::{Error, Parameter, Result};

/// Which parameters weight decay acts on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DecayRule {
    /// All of them, scales, biases and norms included: what the released recipe of the method does.
    All,
    /// Those of two dimensions and more, unless their name ends in one of these: single learned vectors
    /// that are stored with more dimensions than they have.
    Matrices {
        /// Ends of names that are left out.
        except: Vec<String>,
    },
}

impl Default for DecayRule {
    /// [`DecayRule::Matrices`] without `cls_token`, `mask_token` and `register_tokens`.
    fn default() -> Self {
        let except = ["cls_token", "mask_token", "register_tokens"];
        Self::Matrices { except: except.map(str::to_owned).into() }
    }
}

/// Decides what an optimizer does to each tensor, from its name and its rank. Layers know nothing of it.
///
/// ```
/// use model_core::{AdamW, AdamWConfig, Optimizer, ParameterPolicy, layers::linear};
/// use tch::{Device, nn};
///
/// let vs = nn::VarStore::new(Device::Cpu);
/// let _layer = linear(&vs.root(), 3, 2, true);
/// let policy = ParameterPolicy { weight_decay: 0.1, ..Default::default() };
/// let optimizer = AdamW::new(policy.parameters("", &vs), AdamWConfig::default())?;
/// assert_eq!(optimizer.parameters()[0].name, "bias");
/// assert_eq!(optimizer.parameters()[0].weight_decay, 0.0);
/// assert_eq!(optimizer.parameters()[1].weight_decay, 0.1);
/// # Ok::<(), model_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ParameterPolicy {
    /// Weight decay where it acts. Default 0.01, as PyTorch's AdamW.
    pub weight_decay: f64,
    /// Where it acts.
    pub decay: DecayRule,
    /// What the learning rate is multiplied by. Default 1.
    pub rate: f64,
    /// What each layer's rate is multiplied by once more than that of the layer above it; the
    /// embeddings count as the layer below the first. Default 1: no difference.
    pub layer_decay: f64,
}

impl Default for ParameterPolicy {
    fn default() -> Self {
        Self { weight_decay: 0.01, decay: DecayRule::default(), rate: 1.0, layer_decay: 1.0 }
    }
}

impl ParameterPolicy {
    /// The trainable parameters of a store, each named with `prefix` before its own name. Frozen tensors
    /// and buffers are left out.
    pub fn parameters(&self, prefix: &str, vs: &nn::VarStore) -> Vec<Parameter> {
        let variables: BTreeMap<String, Tensor> = vs.variables().into_iter().collect();
        let layers = variables.keys().filter_map(|name| layer_of(name)).max().map_or(0, |last| last + 1);
        variables
            .into_iter()
            .filter(|(_, tensor)| tensor.requires_grad())
            .map(|(name, tensor)| Parameter {
                rate: self.rate * self.layer_decay.powi(layers_above(&name, layers)),
                weight_decay: if self.decays(&name, &tensor) { self.weight_decay } else { 0.0 },
                name: format!("{prefix}{name}"),
                tensor,
            })
            .collect()
    }

    fn decays(&self, name: &str, tensor: &Tensor) -> bool {
        match &self.decay {
            DecayRule::All => true,
            DecayRule::Matrices { except } => {
                tensor.dim() >= 2 && !except.iter().any(|end| name.ends_with(end.as_str()))
            }
        }
    }
}

/// Every tensor of a store, buffers included, sorted by name, each named with `prefix` before its own
/// name: what a checkpoint holds.
pub fn named_tensors(prefix: &str, vs: &nn::VarStore) -> Vec<(String, Tensor)> {
    let sorted: BTreeMap<String, Tensor> = vs.variables().into_iter().collect();
    sorted.into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor)).collect()
}

/// Keeps the tensors below `prefix` as they are, for example `embeddings.`; the empty prefix freezes all.
/// Returns how many there are.
///
/// Call it before the optimizer is built: frozen tensors are no parameters.
pub fn freeze(vs: &nn::VarStore, prefix: &str) -> usize {
    set_frozen(vs, |name| name.starts_with(prefix))
}

/// Keeps the embeddings and the first `layers` layers as they are; of a convolutional model, the stem and the
/// first stages. Returns how many tensors that is. Running statistics of batch norms still follow the batches.
pub fn freeze_layers(vs: &nn::VarStore, layers: u64) -> usize {
    set_frozen(vs, |name| match layer_of(name) {
        Some(layer) => layer < layers,
        None => is_embedding(name),
    })
}

fn set_frozen(vs: &nn::VarStore, which: impl Fn(&str) -> bool) -> usize {
    let frozen: Vec<Tensor> = vs
        .variables()
        .into_iter()
        .filter(|(name, tensor)| which(name) && tensor.is_floating_point())
        .map(|(_, tensor)| tensor)
        .collect();
    for tensor in &frozen {
        let _ = tensor.set_requires_grad(false);
    }
    frozen.len()
}

/// The parameters of an optimizer: sorted by name, each once.
pub(crate) fn sorted(mut parameters: Vec<Parameter>) -> Result<Vec<Parameter>> {
    parameters.sort_by(|a, b| a.name.cmp(&b.name));
    match parameters.windows(2).find(|pair| pair[0].name == pair[1].name) {
        None => Ok(parameters),
        Some(pair) => Err(Error::config("parameters", format!("two are named {}", pair[0].name))),
    }
}

/// Parameters with a gradient that share their settings.
pub(crate) struct Group<'a> {
    pub(crate) rate: f64,
    pub(crate) weight_decay: f64,
    members: Vec<(usize, &'a Tensor, Tensor)>,
}

/// Cuts the parameters that have a gradient into groups of one rate and one decay.
pub(crate) fn groups(parameters: &[Parameter]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (index, parameter) in parameters.iter().enumerate() {
        let Some(gradient) = gradient(&parameter.tensor) else { continue };
        let Parameter { rate, weight_decay, tensor, .. } = parameter;
        let member = (index, tensor, gradient);
        match groups.iter_mut().find(|group| group.rate == *rate && group.weight_decay == *weight_decay) {
            Some(group) => group.members.push(member),
            None => {
                groups.push(Group { rate: *rate, weight_decay: *weight_decay, members: vec![member] });
            }
        }
    }
    groups
}

impl Group<'_> {
    pub(crate) fn parameters(&self) -> Vec<&Tensor> {
        self.members.iter().map(|(_, tensor, _)| *tensor).collect()
    }

    pub(crate) fn gradients(&self) -> Vec<&Tensor> {
        self.members.iter().map(|(_, _, gradient)| gradient).collect()
    }

    /// The tensors that belong to the group's parameters.
    pub(crate) fn select<'t>(&self, tensors: &'t [Tensor]) -> Vec<&'t Tensor> {
        self.members.iter().map(|(index, ..)| &tensors[*index]).collect()
    }
}

/// The number in `encoder.layer.3.`, `layers.3.` or, of a convolutional model, `stages.3.`.
fn layer_of(name: &str) -> Option<u64> {
    let mut parts = name.split('.');
    parts.by_ref().find(|part| ["layer", "layers", "blocks", "stages"].contains(part))?;
    parts.next()?.parse().ok()
}

fn is_embedding(name: &str) -> bool {
    name.split('.').any(|part| part == "embeddings" || part == "embedder")
}

/// How many layers lie between a tensor and the top.
fn layers_above(name: &str, layers: u64) -> i32 {
    let above = match layer_of(name) {
        Some(layer) => layers - layer,
        None if is_embedding(name) => layers + 1,
        None => 0,
    };
    i32::try_from(above).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use tch::{Device, Kind};

    use super::*;

    fn store() -> nn::VarStore {
        let vs = nn::VarStore::new(Device::Cpu);
        let root = vs.root();
        for layer in 0..3 {
            let _ = (&root / "encoder" / "layer" / layer).zeros("weight", &[2, 2]);
        }
        let _ = (&root / "embeddings").zeros("cls_token", &[1, 1, 2]);
        let _ = (&root / "layernorm").zeros("bias", &[2]);
        let _ = root.zeros_no_train("running_mean", &[2]);
        vs
    }

    #[test]
    fn rates_fall_layer_by_layer_from_the_top() {
        let policy = ParameterPolicy { layer_decay: 0.5, ..Default::default() };
        let rates: Vec<(String, f64)> =
            policy.parameters("v.", &store()).into_iter().map(|p| (p.name, p.rate)).collect();
        let expected = [
            ("v.embeddings.cls_token", 0.0625),
            ("v.encoder.layer.0.weight", 0.125),
            ("v.encoder.layer.1.weight", 0.25),
            ("v.encoder.layer.2.weight", 0.5),
            ("v.layernorm.bias", 1.0),
        ];
        assert!(rates.iter().map(|(name, rate)| (name.as_str(), *rate)).eq(expected));
    }

    #[test]
    fn decay_acts_on_matrices_alone_unless_told() {
        let decayed = |policy: ParameterPolicy| -> Vec<String> {
            let all = policy.parameters("", &store());
            all.into_iter().filter(|p| p.weight_decay > 0.0).map(|p| p.name).collect()
        };
        assert_eq!(decayed(ParameterPolicy::default()).len(), 3);
        assert_eq!(decayed(ParameterPolicy { decay: DecayRule::All, ..Default::default() }).len(), 5);
    }

    #[test]
    fn frozen_tensors_are_no_parameters() {
        let vs = store();
        assert_eq!(freeze_layers(&vs, 2), 3);
        let names: Vec<String> =
            ParameterPolicy::default().parameters("", &vs).into_iter().map(|p| p.name).collect();
        assert_eq!(names, ["encoder.layer.2.weight", "layernorm.bias"]);
        assert_eq!(freeze(&vs, "layernorm."), 1);
        assert_eq!(named_tensors("", &vs).len(), 6);
        assert_eq!(vs.variables()["running_mean"].kind(), Kind::Float);
    }
}
