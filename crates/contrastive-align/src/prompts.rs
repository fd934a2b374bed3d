use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// What stands for a prompt in a template.
const HOLE: &str = "{}";

/// Zero-shot tasks in words, as a TOML file holds them.
///
/// ```
/// let set = contrastive_align::PromptSet::parse(
///     r#"
///     language = "fr"
///
///     [[task]]
///     name = "fracture"
///     templates = ["{}", "Radiographie du poignet. {}"]
///
///     [[task.class]]
///     name = "absent"
///     prompts = ["Pas de fracture."]
///
///     [[task.class]]
///     name = "present"
///     prompts = ["Fracture du radius distal.", "Trait de fracture visible."]
///     "#,
/// )?;
/// let task = set.task("fracture")?;
/// assert_eq!(task.texts(&task.classes[1]).len(), 4);
/// # Ok::<(), contrastive_align::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptSet {
    /// The language of the prompts, as "fr"; for readers alone.
    pub language: String,
    /// The tasks.
    #[serde(rename = "task")]
    pub tasks: Vec<PromptTask>,
}

/// Classes that exclude each other, each described in words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptTask {
    /// Names the task.
    pub name: String,
    /// Sentences with `{}` where a prompt goes; the prompt alone by default.
    #[serde(default = "bare")]
    pub templates: Vec<String>,
    /// At least two.
    #[serde(rename = "class")]
    pub classes: Vec<PromptClass>,
}

/// A class and the ways to say it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptClass {
    /// Names the class.
    pub name: String,
    /// Each one is put into every template.
    pub prompts: Vec<String>,
}

fn bare() -> Vec<String> {
    vec![HOLE.to_owned()]
}

impl PromptSet {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// [`Error::Read`] if it cannot be read, [`Error::Prompts`] if it is no prompt set.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let text =
            fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        Self::parse(&text).map_err(|error| match error {
            Error::Prompts { reason, .. } => Error::Prompts { path: Some(path.to_owned()), reason },
            other => other,
        })
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    ///
    /// [`Error::Prompts`] with the line and the cause.
    pub fn parse(text: &str) -> Result<Self> {
        let refuse = |reason| Error::Prompts { path: None, reason };
        let set: Self = toml::from_str(text).map_err(|error| refuse(in_one_line(text, &error)))?;
        set.check().map_err(refuse)?;
        Ok(set)
    }

    /// The task of a name.
    ///
    /// # Errors
    ///
    /// [`Error::Prompts`] if there is none.
    pub fn task(&self, name: &str) -> Result<&PromptTask> {
        let missing = || Error::Prompts { path: None, reason: format!("no task is called {name:?}") };
        self.tasks.iter().find(|task| task.name == name).ok_or_else(missing)
    }

    fn check(&self) -> Result<(), String> {
        for task in &self.tasks {
            let name = &task.name;
            if task.classes.len() < 2 {
                return Err(format!("the task {name:?} has fewer than two classes"));
            }
            if task.templates.is_empty() || task.templates.iter().any(|template| !template.contains(HOLE)) {
                return Err(format!("the task {name:?} has a template without {HOLE}, or none"));
            }
            for class in &task.classes {
                if class.prompts.is_empty() || class.prompts.iter().any(|prompt| prompt.trim().is_empty()) {
                    return Err(format!(
                        "the class {:?} of {name:?} has an empty prompt, or none",
                        class.name
                    ));
                }
            }
        }
        Ok(())
    }
}

impl PromptTask {
    /// Every prompt of a class in every template.
    pub fn texts(&self, class: &PromptClass) -> Vec<String> {
        let filled =
            |template: &String| class.prompts.iter().map(|prompt| template.replace(HOLE, prompt)).collect();
        self.templates.iter().flat_map(|template| -> Vec<String> { filled(template) }).collect()
    }
}

/// The line and the cause, without the snippet that a terminal would show.
pub(crate) fn in_one_line(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
    let cause = error.message().replace('\n', ", ");
    line.map_or(cause.clone(), |line| format!("line {line}: {cause}"))
}
