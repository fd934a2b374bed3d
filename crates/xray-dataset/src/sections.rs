use std::convert::Infallible;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use xray_core::{Report, ReportTransform};

/// The parts of a French radiology report, in their usual order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Section {
    /// Letterhead, patient and addressee.
    Head,
    /// The line that names the examination.
    Title,
    /// Why it was asked for.
    Indication,
    /// How it was made.
    Technique,
    /// What it is compared with.
    Comparison,
    /// What is seen.
    Description,
    /// What it means.
    Conclusion,
    /// Greetings and signature.
    Foot,
}

/// Headings without accents, in lower case; a heading is followed by a colon or stands alone on its line.
const HEADINGS: &[(&str, Section)] = &[
    ("indication", Section::Indication),
    ("indications", Section::Indication),
    ("renseignements cliniques", Section::Indication),
    ("motif", Section::Indication),
    ("anamnese", Section::Indication),
    ("technique", Section::Technique),
    ("protocole", Section::Technique),
    ("comparaison", Section::Comparison),
    ("examen anterieur", Section::Comparison),
    ("description", Section::Description),
    ("resultat", Section::Description),
    ("resultats", Section::Description),
    ("compte rendu", Section::Description),
    ("compte-rendu", Section::Description),
    ("constatations", Section::Description),
    ("conclusion", Section::Conclusion),
    ("conclusions", Section::Conclusion),
    ("en conclusion", Section::Conclusion),
    ("au total", Section::Conclusion),
    ("synthese", Section::Conclusion),
];

/// What a line that names the examination begins with.
const EXAMINATIONS: &[&str] =
    &["rx ", "radiographie", "radio ", "scanner", "irm ", "tdm ", "echographie", "arthro"];

/// What a line of greetings or of a signature begins with.
const CLOSINGS: &[&str] = &[
    "dr ",
    "dr. ",
    "docteur ",
    "pr ",
    "pr. ",
    "prof ",
    "prof. ",
    "professeur ",
    "radiologue",
    "inami",
    "rpps",
    "signe ",
    "dicte ",
    "valide ",
    "bien a vous",
    "bien cordialement",
    "cordialement",
    "confraternellement",
    "avec mes ",
    "bien confraternellement",
    "veuillez ",
];

/// The lines of a report by section, as ranges of bytes that together are the whole text.
///
/// ```
/// use xray_dataset::{Section, sections};
///
/// let text = "CHU Imaginaire\nRx du poignet gauche\nIndication : chute.\nRésultat : pas de fracture.\nDr Exemple\n";
/// let found: Vec<Section> = sections(text).into_iter().map(|(section, _)| section).collect();
/// assert_eq!(
///     found,
///     [Section::Head, Section::Title, Section::Indication, Section::Description, Section::Foot]
/// );
/// ```
pub fn sections(text: &str) -> Vec<(Section, Range<usize>)> {
    let mut found: Vec<(Section, Range<usize>)> = Vec::new();
    let (mut now, mut at) = (Section::Head, 0);
    for line in text.split_inclusive('\n') {
        now = next(now, &fold(line));
        let range = at..at + line.len();
        at = range.end;
        match found.last_mut() {
            Some((section, last)) if *section == now => last.end = at,
            _ => found.push((now, range)),
        }
    }
    found
}

/// The section of a line after one of `now`.
fn next(now: Section, line: &str) -> Section {
    let begins = |words: &[&str]| words.iter().any(|word| line.starts_with(word));
    if let Some(section) = heading(line) {
        return section;
    }
    match now {
        Section::Head if begins(EXAMINATIONS) => Section::Title,
        Section::Title if line.is_empty() => Section::Title,
        Section::Title => Section::Description,
        Section::Description | Section::Conclusion if begins(CLOSINGS) => Section::Foot,
        _ => now,
    }
}

fn heading(line: &str) -> Option<Section> {
    let heads = |word: &str| {
        let rest = line.strip_prefix(word)?.trim_start();
        (rest.is_empty() || rest.starts_with(':')).then_some(())
    };
    HEADINGS.iter().find(|(word, _)| heads(word).is_some()).map(|(_, section)| *section)
}

/// The line in lower case, without accents, bullets and surrounding space.
pub(crate) fn fold(line: &str) -> String {
    let plain = line.nfd().filter(|letter| !is_combining_mark(*letter)).flat_map(char::to_lowercase);
    let plain: String = plain.map(|letter| if letter.is_whitespace() { ' ' } else { letter }).collect();
    plain.trim().trim_start_matches(['-', '*', '•', '#']).trim_start().to_owned()
}

/// Keeps some sections of a report, so that a text encoder does not learn letterheads. A report in which
/// none of them is recognised stays whole.
///
/// De-identification comes first: it needs the letterhead to know whom the report names.
///
/// ```
/// use xray_core::{Report, ReportId, ReportTransform};
/// use xray_dataset::KeepSections;
///
/// let text = "M. Exemple\nRx du genou droit\nMotif : chute.\nDescription : pas de fracture.\nDr Exemple";
/// let kept = KeepSections::default().apply(Report::new(ReportId::new("r"), text))?;
/// assert_eq!(kept.text, "Rx du genou droit\nDescription : pas de fracture.\n");
/// # Ok::<(), std::convert::Infallible>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KeepSections {
    /// Which (default: title, description and conclusion).
    pub keep: Vec<Section>,
}

impl Default for KeepSections {
    fn default() -> Self {
        Self { keep: vec![Section::Title, Section::Description, Section::Conclusion] }
    }
}

impl ReportTransform for KeepSections {
    type Error = Infallible;

    fn apply(&self, mut report: Report) -> Result<Report, Infallible> {
        let kept = sections(&report.text).into_iter().filter(|(section, _)| self.keep.contains(section));
        let text: String = kept.map(|(_, range)| &report.text[range]).collect();
        if !text.trim().is_empty() {
            report.text = text;
        }
        Ok(report)
    }
}

#[cfg(test)]
mod tests {
    use xray_core::ReportId;

    use super::*;

    fn kept(text: &str) -> String {
        let Ok(report) = KeepSections::default().apply(Report::new(ReportId::new("r"), text));
        report.text
    }

    #[test]
    fn headings_are_known_in_capitals_without_accents_and_alone_on_a_line() {
        let text = "Nom : X\n\nRX DU POIGNET G\n\nRENSEIGNEMENTS CLINIQUES: chute.\nPas d'examen anterieur.\n\
                    RESULTATS\n- Trait de fracture.\n\nEn CONCLUSION: Fracture.\nBien à vous,\nDocteur X\n";
        assert_eq!(
            kept(text),
            "RX DU POIGNET G\n\nRESULTATS\n- Trait de fracture.\n\nEn CONCLUSION: Fracture.\n"
        );
    }

    #[test]
    fn sections_are_the_whole_text_in_order() {
        for text in
            ["", "\n", "a", "Rx du genou\r\nConclusion :\r\nRAS", "Conclusion : RAS\nDr X\nConclusion :"]
        {
            let parts = sections(text);
            assert_eq!(parts.iter().map(|(_, range)| &text[range.clone()]).collect::<String>(), text);
        }
    }

    #[test]
    fn a_report_without_any_known_section_stays_whole() {
        assert_eq!(kept("Texte libre sans titre."), "Texte libre sans titre.");
    }

    #[test]
    fn a_sentence_that_begins_like_a_heading_is_none() {
        let text = "Rx du genou\nDescription : normale.\nConclusion du confrère relue.\n";
        assert_eq!(sections(text).len(), 2);
    }
}
