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

// Points for and against a name: on a line with case, and in words without it. They began as tenths of log-odds that a
// logistic regression found over simulated reports of many layouts and over terms of the CIM-10, which name nobody.
// `ALWAYS` has 12 more than that, since a name left is worse than a word lost. What simulated prose has too little of was then
// set by hand: what stands behind articles, prepositions and numbers, before verbs, in capitals or small letters, and the heads of
// sentences.
evidence! {
    /// Words that could be a name at all.
    ALWAYS 13 10
    /// Their line has no case.
    FLAT 0 9
    /// They are written small on a line with case.
    SMALL 0 -18
    /// A common first name that is no word.
    FIRST_NAME 26 45
    /// Another listed name that is no word.
    LISTED 22 19
    /// A word that many bear as a name: "Legrand", "Boulanger".
    COMMON_WORD 10 13
    /// A word that few do.
    RARE_WORD -15 -25
    /// A word that no list knows.
    UNLISTED -9 -27
    /// A letter that French never writes.
    FOREIGN 14 18
    /// A name of a sign, a score or a disease.
    EPONYM -25 -44
    /// Unlisted, and ends as words of medicine do.
    MEDICAL_END -46 -50
    /// A word of medicine.
    MEDICAL -30 -15
    /// Two words or more.
    SEVERAL 17 18
    /// An initial among them.
    INITIAL 5 10
    /// A particle among them.
    PARTICLE 12 -10
    /// One word of at most three letters.
    SHORT -32 -52
    /// Capitals inside: "eHnv".
    INNER -13 0
    /// In capitals on a line with case.
    UPPER -18 0
    /// A listed place.
    PLACE 11 29
    /// Behind a word for a person, or its label.
    AFTER_ROLE 31 17
    /// Behind another label and a colon.
    AFTER_LABEL 5 9
    /// Behind a participle and "par".
    DONE_BY 14 22
    /// Behind "par" alone.
    BY 10 21
    /// Behind a word that leads to a person: "rappelé", "voir".
    AFTER_CUE 13 26
    /// Behind a participle: "confirmée".
    AFTER_PARTICIPLE 0 25
    /// Behind "avec", "chez", "selon".
    WITH 6 20
    /// Behind "à", "pour".
    TO 9 18
    /// Behind "avis de", "visite de".
    OF_PERSON 10 9
    /// Behind another "de".
    OF -25 -25
    /// Behind "et".
    AND -15 -15
    /// Behind an article.
    ARTICLE -20 -25
    /// Behind "maladie", "signe", "prothèse" and at most three words.
    EPONYM_HEAD -19 -28
    /// Behind a number.
    AFTER_NUMBER -15 -15
    /// Behind a person, with at most a sign between.
    AFTER_PERSON 20 43
    /// Behind a date, an age or a file number.
    AFTER_DATE 14 3
    /// Behind an hour.
    AFTER_HOUR 13 25
    /// In a bracket.
    AFTER_BRACKET -24 -20
    /// Behind a dash, a slash, a bar.
    AFTER_DASH -9 -1
    /// Behind a comma.
    AFTER_COMMA -15 -15
    /// Behind some other word.
    AFTER_WORD -6 -8
    /// At the head of a line or sentence.
    OPENS -19 -10
    /// Before a verb of what persons do.
    ACTS 22 25
    /// Before a participle: "Chauvin prévenu".
    PARTICIPLE_NEXT 18 18
    /// Before a word for a person.
    ROLE_NEXT 17 6
    /// Before a sign or the end of the line.
    CLOSED 7 3
    /// Before a colon.
    COLON_NEXT 1 -1
    /// Before a bracket.
    BRACKET_NEXT 15 14
    /// Before an identifier that is no person.
    SETTLED_NEXT 11 33
    /// Before a number.
    NUMBER_NEXT -36 -38
    /// Before "et".
    AND_NEXT 14 15
    /// Before some word.
    WORD_NEXT -22 -19
    /// Before a word in small letters that no list knows: "Kingella denitrificans".
    UNKNOWN_NEXT -15 -15
    /// Before a person.
    PERSON_NEXT 39 32
    /// Nothing else on the line.
    ALONE 20 24
    /// Under a line that is the label of a person.
    UNDER_LABEL 5 8
    /// Alone in the cell of a table.
    CELL 10 6
    /// One word that heads a sentence of which nothing says that a person acts.
    HEADS -20 -15
    /// A listed place that heads one so.
    HEADING_PLACE -50 -50
    /// Behind a word for a place: "domicilié", "depuis", or under its label.
    AFTER_PLACE_WORD 8 -1
    /// Behind a noun that ends as those for who does something do.
    AGENT_NOUN 4 13
    /// Behind such a noun and a colon.
    AGENT_NOUN_LABEL 5 11
    /// Before a verb of the past or the future.
    VERB_NEXT 8 5
    /// Under a line with such a noun.
    UNDER_AGENT_NOUN 3 4
}

/// What speaks for a name less what speaks against it.
pub(crate) fn weight(traits: Traits) -> i32 {
    let flat = traits.any(&[Traits::FLAT, Traits::SMALL]);
    let points = |(bit, (cased, plain)): (usize, &(i32, i32))| {
        if traits.has(bit as u32) { if flat { *plain } else { *cased } } else { 0 }
    };
    POINTS.iter().enumerate().map(points).sum()
}
