use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use model_core::{Error, Result};
use xray_core::derive_seed;

/// Two names of one concept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SynonymPair {
    /// The concept, as UMLS names it by a CUI.
    pub concept: String,
    /// One name.
    pub first: String,
    /// Another name.
    pub second: String,
}

impl SynonymPair {
    /// The pairs of a file with lines `concept||name||name`, which is what SapBERT trains on.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or a line is none; the line is named by its number.
    pub fn read(path: impl AsRef<Path>) -> Result<Vec<Self>> {
        let path = path.as_ref();
        let file = File::open(path).map_err(|source| Error::file("reading", path, source))?;
        let pair = |(number, line): (usize, std::io::Result<String>)| {
            let line = line.map_err(|source| Error::file("reading", path, source))?;
            let fields: Vec<&str> = line.split("||").collect();
            match fields[..] {
                [concept, first, second] if !fields.contains(&"") => {
                    Ok(Self { concept: concept.into(), first: first.into(), second: second.into() })
                }
                _ => Err(Error::format(path, format!("line {} is not concept||name||name", number + 1))),
            }
        };
        BufReader::new(file).lines().enumerate().map(pair).collect()
    }

    /// All pairs of the names of each concept, at most `limit` a concept: those that a draw from `seed` puts
    /// first. The released tables have at most 50.
    pub fn of_concepts<'a>(
        names: impl IntoIterator<Item = (&'a str, &'a str)>,
        limit: usize,
        seed: u64,
    ) -> Vec<Self> {
        let mut concepts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (concept, name) in names {
            let known = concepts.entry(concept).or_default();
            if !known.contains(&name) {
                known.push(name);
            }
        }
        let mut pairs = Vec::new();
        for (number, (concept, names)) in concepts.into_iter().enumerate() {
            let pair = |(first, second): (&str, &str)| Self {
                concept: concept.into(),
                first: first.into(),
                second: second.into(),
            };
            let rest = |(index, first): (usize, &&'a str)| {
                let first = *first;
                names[index + 1..].iter().map(move |&second| (first, second))
            };
            let own: Vec<(&str, &str)> = names.iter().enumerate().flat_map(rest).collect();
            let mut order: Vec<usize> = (0..own.len()).collect();
            if own.len() > limit {
                order.sort_by_key(|&index| derive_seed(seed, &[number as u64, index as u64]));
                order.truncate(limit);
                order.sort_unstable();
            }
            pairs.extend(order.into_iter().map(|index| pair(own[index])));
        }
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_all_of_a_concept_or_as_many_as_the_limit() {
        let names = [("C2", "ulna"), ("C1", "a"), ("C1", "b"), ("C1", "c"), ("C1", "b"), ("C2", "cubitus")];
        let pairs = SynonymPair::of_concepts(names, 50, 1);
        let named: Vec<_> = pairs.iter().map(|p| (&*p.concept, &*p.first, &*p.second)).collect();
        let expected = [("C1", "a", "b"), ("C1", "a", "c"), ("C1", "b", "c"), ("C2", "ulna", "cubitus")];
        assert_eq!(named, expected);
        assert_eq!(SynonymPair::of_concepts(names, 2, 1).len(), 3);
        assert_eq!(SynonymPair::of_concepts(names, 2, 1), SynonymPair::of_concepts(names, 2, 1));
    }

    #[test]
    fn a_broken_line_is_named_by_its_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pairs.txt");
        std::fs::write(&path, "C1||os||bone\nC1||os\n").unwrap();
        let error = SynonymPair::read(&path).unwrap_err().to_string();
        assert!(error.contains("pairs.txt") && error.contains("line 2"), "{error}");
        std::fs::write(&path, "C1||os||bone\n").unwrap();
        assert_eq!(SynonymPair::read(&path).unwrap().len(), 1);
    }
}
