/// A report as the model reads it: its sentences, joined by the tokenizer's separator.
///
/// Gaps that the anonymizer marked `[...]` are taken out and what stands alone between two of them is
/// dropped. A sentence ends at ".", "!" or "?", not within a number or a date; a question keeps its mark. A
/// conclusion that says nothing is dropped. Nothing is stripped and nothing is put into lower case. This is
/// the preparation of the released code (<https://github.com/aenglebert/multimodal_bone>).
///
/// ```
/// let report = "Genou droit. Mesure de 3.5 mm. Fracture ? Non. Conclusion : ";
/// let prepared = text_encoder::prepare_report(report, "</s>");
/// assert_eq!(prepared, "Genou droit</s> Mesure de 3.5 mm</s> Fracture ?</s> Non");
/// ```
pub fn prepare_report(text: &str, separator: &str) -> String {
    let pieces: Vec<&str> = text.split("[...]").filter(|piece| piece.contains(' ')).collect();
    let text = pieces.join(" ").replace('?', "?.");
    let kept: Vec<&str> = sentences(&text).into_iter().filter(|sentence| says_something(sentence)).collect();
    kept.join(separator)
}

/// Cut at every "." and "!" that no digit and no "/" follows.
fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut begin = 0;
    for (index, _) in text.match_indices(['.', '!']) {
        let end = index + 1;
        if !text[end..].starts_with(|next: char| next.is_numeric() || next == '/') {
            sentences.push(&text[begin..index]);
            begin = end;
        }
    }
    sentences.push(&text[begin..]);
    sentences
}

/// More than three characters beside the word that opens a conclusion.
fn says_something(sentence: &str) -> bool {
    sentence.split("Conclusion :").map(|part| part.chars().count()).sum::<usize>() > 3
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by running the released code.
    #[test]
    fn reports_are_prepared_as_in_the_released_code() {
        let cases = [
            ("Genou droit. Pas de fracture. Conclusion : ", "Genou droit</s> Pas de fracture"),
            (
                "Mesure de 3.5 mm. Examen du 12.03.2019. Conclusion : RAS. Voir 1./2 ok",
                "Mesure de 3.5 mm</s> Examen du 12.03.2019</s> Conclusion : RAS</s> Voir 1./2 ok",
            ),
            (
                "[...] Genou [...] Gonarthrose tricompartimentale. Fracture ? Non!",
                " Genou   Gonarthrose tricompartimentale</s> Fracture ?</s> Non",
            ),
            ("Ok", ""),
        ];
        for (report, expected) in cases {
            assert_eq!(prepare_report(report, "</s>"), expected);
        }
    }

    #[test]
    fn nothing_makes_nothing() {
        for report in ["", "...", "[...]", " ? ! ", "\n"] {
            assert_eq!(prepare_report(report, "</s>"), "", "{report:?}");
        }
    }
}
