/// Whether "de" and "le" lose their vowel before `word`: a surrogate keeps this of the original, so that
/// "d'Anvers" and "de Namur" read well afterwards. `h_is_mute` says so of an h, which spelling does not tell.
pub(crate) fn elides(word: &str, h_is_mute: bool) -> bool {
    let folded = crate::fold::fold(word);
    let mut letters = folded.chars();
    match (letters.next(), letters.next()) {
        (Some('a' | 'e' | 'i' | 'o' | 'u'), _) => true,
        (Some('h'), _) => h_is_mute,
        (Some('y'), Some(next)) => !"aeiou".contains(next),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::elides;

    #[test]
    fn vowels_elide_and_consonants_do_not() {
        assert!(elides("Évelyne", true) && elides("Yves", true) && elides("Hélène", true));
        assert!(!elides("Namur", false) && !elides("Yasmina", true) && !elides("Huy", false));
    }
}
