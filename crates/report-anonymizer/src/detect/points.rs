/// What is true of words that no rule has settled: a set of the constants below.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Traits(u64);

impl Traits {
    pub(super) fn set(&mut self, bit: u32, holds: bool) {
        self.0 |= u64::from(holds) << bit;
    }

    pub(super) fn has(self, bit: u32) -> bool {
        self.0 >> bit & 1 == 1
    }

    pub(super) fn any(self, bits: &[u32]) -> bool {
        bits.iter().any(|bit| self.has(*bit))
    }

    /// Whether the words name a place rather than a person.
    pub(crate) fn place(self) -> bool {
        self.has(Self::PLACE)
            && (self.has(Self::AFTER_PLACE_WORD)
                || self.has(Self::TO)
                || self.has(Self::OF)
                || self.has(Self::LISTED))
            && !self.has(Self::DONE_BY)
            && !self.has(Self::AFTER_ROLE)
    }
}

macro_rules! evidence {
    (@bits $bit:expr; $(#[$doc:meta])* $name:ident $($rest:tt)*) => {
        impl Traits {
            $(#[$doc])*
            pub(super) const $name: u32 = $bit;
        }
        evidence!(@bits $bit + 1; $($rest)*);
    };
    (@bits $bit:expr;) => {};
    ($($(#[$doc:meta])* $name:ident $cased:literal $flat:literal)*) => {
        evidence!(@bits 0u32; $($(#[$doc])* $name)*);
        /// The points of each trait, in text with case and without.
        const POINTS: &[(i32, i32)] = &[$(($cased, $flat)),*];
    };
}

// Points for and against a name: on a line with case, and in words without it. They are tenths of log-odds, rounded, that a
// logistic regression found over simulated reports and over public case texts without names. `ALWAYS` has 15 more
// than that, since a name left is worse than a word lost; `HEADS` and `HEADING_PLACE` were set by hand.
evidence! {
    /// Words that could be a name at all.
    ALWAYS 14 8
    /// Their line has no case.
    FLAT 0 9
    /// They are written small on a line with case.
    SMALL 0 -16
    /// A common first name that is no word.
    FIRST_NAME 24 38
    /// Another listed name that is no word.
    LISTED 21 23
    /// A word that many bear as a name: "Legrand", "Boulanger".
    COMMON_WORD 15 8
    /// A word that few do.
    RARE_WORD -12 -25
    /// A word that no list knows.
    UNLISTED -11 -26
    /// A letter that French never writes.
    FOREIGN 15 20
    /// A name of a sign, a score or a disease.
    EPONYM -25 -45
    /// Unlisted, and ends as words of medicine do.
    MEDICAL_END -44 -45
    /// A word of medicine.
    MEDICAL -24 -9
    /// Two words or more.
    SEVERAL 16 13
    /// An initial among them.
    INITIAL 6 7
    /// A particle among them.
    PARTICLE 13 -9
    /// One word of at most three letters.
    SHORT -31 -49
    /// Capitals inside: "eHnv".
    INNER -17 0
    /// In capitals on a line with case.
    UPPER -15 0
    /// A listed place.
    PLACE 12 26
    /// Behind a word for a person, or its label.
    AFTER_ROLE 32 20
    /// Behind another label and a colon.
    AFTER_LABEL 6 15
    /// Behind a participle and "par".
    DONE_BY 17 24
    /// Behind "par" alone.
    BY 7 13
    /// Behind a word that leads to a person: "rappelé", "voir".
    AFTER_CUE 9 20
    /// Behind a participle: "confirmée".
    AFTER_PARTICIPLE 9 15
    /// Behind "avec", "chez", "selon".
    WITH 7 19
    /// Behind "à", "pour".
    TO 10 11
    /// Behind "avis de", "visite de".
    OF_PERSON 7 3
    /// Behind another "de".
    OF -25 -24
    /// Behind "et".
    AND -18 -16
    /// Behind an article.
    ARTICLE -22 -27
    /// Behind "maladie", "signe", "prothèse" and at most three words.
    EPONYM_HEAD -19 -19
    /// Behind a number.
    AFTER_NUMBER -10 -19
    /// Behind a person, with at most a sign between.
    AFTER_PERSON 24 43
    /// Behind a date, an age or a file number.
    AFTER_DATE 12 5
    /// Behind an hour.
    AFTER_HOUR 14 26
    /// In a bracket.
    AFTER_BRACKET -21 -9
    /// Behind a dash, a slash, a bar.
    AFTER_DASH -2 3
    /// Behind a comma.
    AFTER_COMMA -15 -10
    /// Behind some other word.
    AFTER_WORD -2 -7
    /// At the head of a line or sentence.
    OPENS -12 -3
    /// Before a verb of what persons do.
    ACTS 19 13
    /// Before a participle: "Chauvin prévenu".
    PARTICIPLE_NEXT 18 16
    /// Before a word for a person.
    ROLE_NEXT 16 5
    /// Before a sign or the end of the line.
    CLOSED 6 4
    /// Before a colon.
    COLON_NEXT 1 1
    /// Before a bracket.
    BRACKET_NEXT 10 8
    /// Before an identifier that is no person.
    SETTLED_NEXT 13 33
    /// Before a number.
    NUMBER_NEXT -34 -27
    /// Before "et".
    AND_NEXT 8 10
    /// Before some word.
    WORD_NEXT -20 -14
    /// Before a word in small letters that no list knows: "Kingella denitrificans".
    UNKNOWN_NEXT -12 -3
    /// Before a person.
    PERSON_NEXT 39 28
    /// Nothing else on the line.
    ALONE 21 26
    /// On one of the last lines.
    LAST_LINES 4 0
    /// Under a line that is the label of a person.
    UNDER_LABEL 3 6
    /// Alone in the cell of a table.
    CELL 9 7
    /// One word that heads a sentence of which nothing says that a person acts.
    HEADS -20 -15
    /// A listed place that heads one so.
    HEADING_PLACE -50 -50
    /// Behind a word for a place: "domicilié", "depuis", or under its label.
    AFTER_PLACE_WORD 5 -9
    /// Behind a noun that ends as those for who does something do.
    AGENT_NOUN 5 8
    /// Behind such a noun and a colon.
    AGENT_NOUN_LABEL 4 5
    /// Before a verb of the past or the future.
    VERB_NEXT 8 -6
    /// Under a line with such a noun.
    UNDER_AGENT_NOUN 3 3
}

/// What speaks for a name less what speaks against it.
pub(crate) fn weight(traits: Traits) -> i32 {
    let flat = traits.any(&[Traits::FLAT, Traits::SMALL]);
    let points = |(bit, (cased, plain)): (usize, &(i32, i32))| {
        if traits.has(bit as u32) { if flat { *plain } else { *cased } } else { 0 }
    };
    POINTS.iter().enumerate().map(points).sum()
}
