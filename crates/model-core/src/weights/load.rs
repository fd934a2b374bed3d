use std::collections::{BTreeMap, HashSet};

use tch::{Tensor, nn};

use crate::weights::names::match_names;
use crate::weights::{LoadReport, Mismatch, Weights};
use crate::{Error, Result};

impl Weights {
    /// Loads every tensor that the store has a place for. The store keeps its number type and its
    /// device. The prefix of the base model is found from the names; `rename` gives the model's name for
    /// a tensor that the file, after its prefix, names otherwise.
    ///
    /// # Errors
    ///
    /// If bytes cannot be read. A tensor that is missing or of another shape is no error here: the
    /// report names it, and [`load_pretrained`](crate::load_pretrained) refuses it.
    pub fn load_into(
        &self,
        vs: &nn::VarStore,
        rename: impl Fn(&str) -> Option<String>,
    ) -> Result<LoadReport> {
        self.plan(vs, &rename).apply()
    }

    /// Decides what is loaded from where, without touching the model.
    pub(crate) fn plan(&self, vs: &nn::VarStore, rename: &dyn Fn(&str) -> Option<String>) -> Plan<'_> {
        let variables: BTreeMap<String, Tensor> = vs.variables().into_iter().collect();
        let model: HashSet<&str> = variables.keys().map(String::as_str).collect();
        let file: Vec<&str> = self.names().collect();
        let (pairs, prefix) = match_names(&file, &model, rename);
        let mut report = LoadReport { prefix, ..LoadReport::default() };
        for (name, file_name) in &pairs {
            if !model.contains(name.as_str()) {
                report.unexpected.push(file_name.clone());
            }
        }
        let used: HashSet<&String> = pairs.values().collect();
        report
            .unexpected
            .extend(file.iter().filter(|name| !used.contains(&(**name).to_owned())).map(|n| (*n).to_owned()));
        report.unexpected.sort();
        let mut copies = Vec::new();
        for (name, variable) in variables {
            let Some(file_name) = pairs.get(&name) else {
                report.missing.push(name);
                continue;
            };
            let (file, model) = (self.shape(file_name).unwrap_or_default().to_vec(), variable.size());
            if file == model {
                copies.push((file_name.clone(), variable));
                report.loaded.push(name);
            } else {
                report.mismatched.push(Mismatch { tensor: file_name.clone(), file, model });
            }
        }
        Plan { weights: self, copies, report }
    }
}

/// What will be loaded: file names with the tensors that take them.
pub(crate) struct Plan<'a> {
    weights: &'a Weights,
    copies: Vec<(String, Tensor)>,
    report: LoadReport,
}

impl Plan<'_> {
    /// Refuses a plan that would leave a tensor of the model fresh, unless it may be.
    pub(crate) fn require_complete(
        &self,
        vs: &nn::VarStore,
        is_optional: impl Fn(&str) -> bool,
    ) -> Result<()> {
        if let Some(mismatch) = self.report.mismatched.first() {
            return Err(Error::TensorShape {
                path: self.weights.path().to_owned(),
                tensor: mismatch.tensor.clone(),
                file: mismatch.file.clone(),
                model: mismatch.model.clone(),
            });
        }
        let missing: Vec<&String> = self.report.missing.iter().filter(|name| !is_optional(name)).collect();
        match missing.first() {
            None => Ok(()),
            Some(first) => Err(Error::MissingTensors {
                path: self.weights.path().to_owned(),
                count: missing.len(),
                tensor: (*first).clone(),
                model: vs.variables().get(*first).map(Tensor::size).unwrap_or_default(),
            }),
        }
    }

    pub(crate) fn apply(self) -> Result<LoadReport> {
        for (name, mut variable) in self.copies {
            let value = self.weights.read(&name)?;
            tch::no_grad(|| variable.f_copy_(&value)).map_err(Error::torch("copying weights"))?;
        }
        Ok(self.report)
    }
}
