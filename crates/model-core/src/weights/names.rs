use std::collections::{BTreeMap, HashMap, HashSet};

/// How the names in a file become the names of a model.
#[derive(Debug, PartialEq, Eq)]
enum Prefix<'a> {
    /// The file has it and the model has not: a base model read from a model with a head.
    Strip(&'a str),
    /// The model has it and the file has not: a model with a head read from a base model.
    Add(&'a str),
}

/// For every tensor of a file the name that the model has for it, as far as names tell: `gamma` and
/// `beta` of old layer norms are renamed, the prefix that fits most names is found, then `rename` is asked.
///
/// Returns pairs of model name and file name, and the prefix that was found in the file.
pub(crate) fn match_names(
    file: &[&str],
    model: &HashSet<&str>,
    rename: &dyn Fn(&str) -> Option<String>,
) -> (BTreeMap<String, String>, String) {
    let modern: Vec<String> = file.iter().map(|name| modern_name(name)).collect();
    let prefix = best_prefix(&modern, model, rename);
    let mut pairs = BTreeMap::new();
    let mut without_prefix = Vec::new();
    for (original, name) in file.iter().zip(&modern) {
        let bare = match prefix {
            Prefix::Strip(prefix) => match name.strip_prefix(prefix) {
                Some(bare) => bare.to_owned(),
                None => {
                    without_prefix.push((original, name.clone()));
                    continue;
                }
            },
            Prefix::Add(prefix) => {
                let full = format!("{prefix}{name}");
                if model.contains(full.as_str()) { full } else { name.clone() }
            }
        };
        pairs.insert(renamed(bare, rename), (*original).to_owned());
    }
    // The head of a model lies beside its prefix; a name below the prefix goes first.
    for (original, name) in without_prefix {
        pairs.entry(renamed(name, rename)).or_insert_with(|| (*original).to_owned());
    }
    let found = match prefix {
        Prefix::Strip(prefix) => prefix.to_owned(),
        Prefix::Add(_) => String::new(),
    };
    (pairs, found)
}

fn renamed(name: String, rename: &dyn Fn(&str) -> Option<String>) -> String {
    rename(&name).unwrap_or(name)
}

/// TensorFlow's names of a layer norm's parameters, which early BERT checkpoints kept.
fn modern_name(name: &str) -> String {
    for (old, new) in [("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")] {
        if let Some(stem) = name.strip_suffix(old) {
            return format!("{stem}{new}");
        }
    }
    name.to_owned()
}

/// Every cut of every name at a dot votes for the prefix that it would mean; on a tie the shorter wins.
fn best_prefix<'a>(
    file: &'a [String],
    model: &HashSet<&'a str>,
    rename: &dyn Fn(&str) -> Option<String>,
) -> Prefix<'a> {
    let mut strip: HashMap<&str, usize> = HashMap::new();
    for name in file {
        for start in cuts(name) {
            let bare = &name[start..];
            if model.contains(bare) || rename(bare).is_some_and(|new| model.contains(new.as_str())) {
                *strip.entry(&name[..start]).or_default() += 1;
            }
        }
    }
    let names: HashSet<&str> = file.iter().map(String::as_str).collect();
    let mut add: HashMap<&str, usize> = HashMap::new();
    for name in model {
        for start in cuts(name).skip(1) {
            if names.contains(&name[start..]) {
                *add.entry(&name[..start]).or_default() += 1;
            }
        }
    }
    let winner = |votes: HashMap<&'a str, usize>| {
        votes.into_iter().max_by_key(|(prefix, count)| (*count, std::cmp::Reverse(*prefix)))
    };
    match (winner(strip), winner(add)) {
        (Some((_, stripped)), Some((prefix, added))) if added > stripped => Prefix::Add(prefix),
        (None, Some((prefix, _))) => Prefix::Add(prefix),
        (Some((prefix, _)), _) => Prefix::Strip(prefix),
        (None, None) => Prefix::Strip(""),
    }
}

/// 0, and the place after every dot.
fn cuts(name: &str) -> impl Iterator<Item = usize> {
    std::iter::once(0).chain(name.match_indices('.').map(|(at, _)| at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(file: &[&str], model: &[&str]) -> (Vec<(String, String)>, String) {
        let (pairs, prefix) = match_names(file, &model.iter().copied().collect(), &|_| None);
        (pairs.into_iter().collect(), prefix)
    }

    #[test]
    fn the_prefix_that_fits_most_names_is_found() {
        let (pairs, prefix) = pairs(
            &["roberta.embeddings.weight", "roberta.layer.0.LayerNorm.gamma", "lm_head.bias"],
            &["embeddings.weight", "layer.0.LayerNorm.weight"],
        );
        assert_eq!(prefix, "roberta.");
        let expected = [
            ("embeddings.weight", "roberta.embeddings.weight"),
            ("layer.0.LayerNorm.weight", "roberta.layer.0.LayerNorm.gamma"),
            ("lm_head.bias", "lm_head.bias"),
        ];
        assert!(pairs.iter().map(|(a, b)| (a.as_str(), b.as_str())).eq(expected));
    }

    #[test]
    fn a_model_with_a_head_reads_a_base_model() {
        let (pairs, prefix) = pairs(
            &["embeddings.weight", "layer.bias"],
            &["bert.embeddings.weight", "bert.layer.bias", "cls.bias"],
        );
        assert_eq!(prefix, "");
        assert_eq!(pairs[0], ("bert.embeddings.weight".into(), "embeddings.weight".into()));
        assert_eq!(pairs[1], ("bert.layer.bias".into(), "layer.bias".into()));
    }

    #[test]
    fn equal_names_need_no_prefix() {
        let names = ["encoder.layer.0.norm1.bias", "norm1.bias"];
        let (pairs, prefix) = pairs(&names, &names);
        assert_eq!(prefix, "");
        assert!(pairs.iter().all(|(model, file)| model == file));
    }
}
