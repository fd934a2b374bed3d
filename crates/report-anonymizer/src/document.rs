use std::fmt;
use std::mem::take;

use xray_core::PatientIdentity;

use crate::Span;
use crate::buffers::Buffers;
use crate::detect::{guard, longest_place};
use crate::fold::{fold_char, is_foreign, is_invisible, is_mark, plain_sign};
use crate::hash::{EMPTY, hash_byte, hash_word, join};
use crate::lexicon::{Lists, look_up};
use crate::token::has_case;
pub(crate) use crate::token::{Kind, Shape, Token};
use crate::vocabulary::{Roles, Vocabulary};

/// A text cut once into tokens, each looked up once; every detector reads this.
pub struct Document<'t> {
    text: &'t str,
    pub(crate) tokens: Vec<Token>,
    /// The folded forms of the words that are not written so.
    folded: String,
    /// Whether case tells names from words on any line.
    mixed: bool,
    /// For every line, its first token.
    first: Vec<u32>,
    patient: Option<&'t PatientIdentity>,
}

impl fmt::Debug for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("bytes", &self.text.len())
            .field("tokens", &self.tokens.len())
            .finish()
    }
}

impl Drop for Document<'_> {
    fn drop(&mut self) {
        let (tokens, folded, first) = (&mut self.tokens, &mut self.folded, &mut self.first);
        Buffers { tokens: take(tokens), folded: take(folded), first: take(first) }.give();
    }
}

impl<'t> Document<'t> {
    pub(crate) fn new(text: &'t str, vocabulary: &Vocabulary) -> Self {
        let Buffers { tokens, folded, first } = Buffers::taken(text.len());
        let mut document = Self { text, tokens, folded, mixed: false, first, patient: None };
        document.first.push(0);
        document.tokenize();
        document.seal_tags();
        document.look_up(vocabulary);
        document.judge_case();
        document
    }

    /// The document as detectors read it: with what is known of the patient, and with its eponyms marked.
    pub(crate) fn prepared(
        text: &'t str,
        patient: Option<&'t PatientIdentity>,
        vocabulary: &Vocabulary,
    ) -> Self {
        let mut document = Self::new(text, vocabulary);
        document.patient = patient;
        for i in 0..document.tokens.len() {
            if document.tokens[i].lists.any(Lists::PLACE | Lists::PLACE_START) {
                document.tokens[i].place = longest_place(&document, i);
            }
        }
        guard(&mut document);
        document
    }

    /// What the caller knows of the patient.
    pub fn patient(&self) -> Option<&'t PatientIdentity> {
        self.patient
    }

    /// Whether token `i` belongs to an eponym, a score or a product.
    pub(crate) fn is_guarded(&self, i: usize) -> bool {
        self.tokens.get(i).is_some_and(|t| t.guarded)
    }

    /// Marks tokens `range` as belonging to an eponym, a score or a product.
    pub(crate) fn guard(&mut self, range: std::ops::Range<usize>) {
        self.tokens[range].iter_mut().for_each(|t| t.guarded = true);
    }

    /// The text, as it was given.
    pub fn text(&self) -> &'t str {
        self.text
    }

    fn tokenize(&mut self) {
        let bytes = self.text.as_bytes();
        let (mut at, mut line, mut gap) = (0, 0u32, 0u8);
        while at < bytes.len() {
            let byte = bytes[at];
            match byte {
                b'\n' => {
                    line += 1;
                    self.first.push(self.tokens.len() as u32);
                    (at, gap) = (at + 1, 0);
                }
                b' ' | b'\r' | 0x0b => (at, gap) = (at + 1, gap.saturating_add(1)),
                b'\t' | 0x0c => (at, gap) = (at + 1, gap.saturating_add(4)),
                b'0'..=b'9' => {
                    at = self.number(at, line, gap);
                    gap = 0;
                }
                b'a'..=b'z' | b'A'..=b'Z' => {
                    at = self.word(at, line, gap);
                    gap = 0;
                }
                0..0x80 => {
                    let sign = if byte == b'`' { b'\'' } else { byte };
                    self.push_sign(at, at + 1, sign, line, gap);
                    (at, gap) = (at + 1, 0);
                }
                _ => {
                    let Some(c) = self.text[at..].chars().next() else { break };
                    let width = c.len_utf8();
                    if is_letter(c) {
                        at = self.word(at, line, gap);
                        gap = 0;
                    } else if is_invisible(c) || is_mark(c) && !c.is_alphabetic() {
                        at += width;
                    } else if c.is_whitespace() {
                        if matches!(c, '\u{2028}' | '\u{2029}' | '\u{85}') {
                            line += 1;
                            self.first.push(self.tokens.len() as u32);
                        }
                        (at, gap) = (at + width, gap.saturating_add(1));
                    } else if wide_digit(c).is_some() {
                        at = self.number(at, line, gap);
                        gap = 0;
                    } else {
                        let sign = plain_sign(c);
                        let sign = if sign.is_ascii() { sign as u8 } else { 0 };
                        self.push_sign(at, at + width, sign, line, gap);
                        (at, gap) = (at + width, 0);
                    }
                }
            }
        }
    }

    fn number(&mut self, start: usize, line: u32, gap: u8) -> usize {
        let (mut end, mut digits, mut value) = (start, 0u32, 0u32);
        for c in self.text[start..].chars() {
            let Some(digit) = c.to_digit(10).or_else(|| wide_digit(c)) else { break };
            (end, digits) = (end + c.len_utf8(), digits.saturating_add(1));
            value = if digits <= 9 { value * 10 + digit } else { u32::MAX };
        }
        let mut token = self.blank(start, end, Kind::Number, line, gap);
        token.len = digits.min(255) as u8;
        token.number = value;
        self.tokens.push(token);
        end
    }

    fn word(&mut self, start: usize, line: u32, gap: u8) -> usize {
        let bytes = self.text.as_bytes();
        // Most words are small ASCII letters: they are their own folded form.
        let (mut end, mut hash) = (start, EMPTY);
        while let Some(byte) = bytes.get(end).filter(|byte| byte.is_ascii_lowercase()) {
            hash = hash_byte(hash, *byte);
            end += 1;
        }
        if bytes.get(end).is_some_and(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) {
            return self.folded_word(start, line, gap);
        }
        let mut token = self.blank(start, end, Kind::Word, line, gap);
        token.len = (end - start).min(255) as u8;
        (token.fold, token.plain) = ((token.start, token.end), true);
        token.hash = hash;
        self.tokens.push(token);
        end
    }

    /// A word that is not its own folded form, or that something else than a letter may end.
    fn folded_word(&mut self, start: usize, line: u32, gap: u8) -> usize {
        let fold_start = self.folded.len();
        let bytes = self.text.as_bytes();
        let (mut end, mut letters, mut capitals, mut first_capital) = (start, 0usize, 0usize, false);
        let mut foreign = false;
        loop {
            let run = bytes[end..].iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
            let part = &self.text[end..end + run];
            let folded = self.folded.len();
            self.folded.push_str(part);
            self.folded[folded..].make_ascii_lowercase();
            first_capital |= letters == 0 && part.starts_with(|c: char| c.is_ascii_uppercase());
            letters += run;
            capitals += part.bytes().filter(u8::is_ascii_uppercase).count();
            end += run;
            if bytes.get(end).is_none_or(u8::is_ascii) {
                break;
            }
            let Some(c) = self.text[end..].chars().next() else { break };
            let mark = is_mark(c) || is_invisible(c);
            if !mark && !is_letter(c) {
                break;
            }
            end += c.len_utf8();
            foreign |= is_foreign(c);
            if !mark {
                fold_char(c, &mut self.folded);
                let capital = c.is_uppercase();
                first_capital |= capital && letters == 0;
                letters += 1;
                capitals += usize::from(capital);
            }
        }
        let mut token = self.blank(start, end, Kind::Word, line, gap);
        token.len = letters.min(255) as u8;
        token.foreign = foreign;
        token.shape = match (first_capital, letters) {
            (false, _) => Shape::Lower,
            (true, 1) => Shape::Initial,
            (true, _) if capitals == letters => Shape::Upper,
            (true, _) => Shape::Capital,
        };
        token.fold = (fold_start as u32, self.folded.len() as u32);
        token.hash = hash_word(&self.folded[fold_start..]);
        self.tokens.push(token);
        end
    }

    /// Makes the tags of an earlier run signs: "<PERSON>" says nothing about what stands beside it.
    fn seal_tags(&mut self) {
        for i in 1..self.tokens.len().saturating_sub(1) {
            let tag = self.tokens[i].shape == Shape::Upper
                && self.is_sign(i - 1, b'<')
                && self.is_sign(i + 1, b'>')
                && self.is_any(
                    i,
                    words!["person", "location", "institution", "date", "age", "id", "phone", "email", "url"],
                );
            if tag {
                let token = &mut self.tokens[i];
                (token.kind, token.hash, token.len) = (Kind::Sign, 0, 1);
            }
        }
    }

    /// Looks every word up in a loop of its own, so that the processor waits for many at once.
    fn look_up(&mut self, vocabulary: &Vocabulary) {
        for token in self.tokens.iter_mut().filter(|t| t.kind == Kind::Word) {
            token.lists = look_up(token.hash);
            let entry = vocabulary.look_up(token.hash);
            (token.roles, token.value) = (entry.roles, entry.value);
            // "Vũ" is no "vu", and "Lê" no "le".
            token.foreign |= token.hash == word!("le") && token.end - token.start > 2;
            if token.foreign {
                let words = Lists::WORD | Lists::MEDICAL | Lists::STOP | Lists::PLACE_START;
                token.lists = Lists(token.lists.0 & !words);
                if !token.roles.any(Roles::EPONYM) {
                    (token.roles, token.value) = (Roles::default(), 0);
                }
            }
        }
    }

    fn push_sign(&mut self, start: usize, end: usize, sign: u8, line: u32, gap: u8) {
        let mut token = self.blank(start, end, Kind::Sign, line, gap);
        token.sign = sign;
        self.tokens.push(token);
    }

    fn blank(&self, start: usize, end: usize, kind: Kind, line: u32, gap: u8) -> Token {
        let begins = self.tokens.last().is_none_or(|last| last.line != line);
        Token {
            start: start as u32,
            end: end as u32,
            kind,
            shape: Shape::Lower,
            sign: 0,
            len: 1,
            gap,
            value: 0,
            line,
            hash: 0,
            roles: Roles::default(),
            lists: Lists(0),
            fold: (0, 0),
            plain: false,
            number: 0,
            place: 0,
            foreign: false,
            begins,
            glued: !begins && gap == 0,
            cased: false,
            guarded: false,
        }
    }

    fn judge_case(&mut self) {
        self.mixed = has_case(self.tokens.iter());
        for line in 0..if self.mixed { self.lines() } else { 0 } {
            let range = self.tokens_of_line(line);
            let tokens = &mut self.tokens[range];
            // A line in capitals has none.
            if tokens.iter().any(|t| t.kind == Kind::Word && t.len > 1 && t.shape != Shape::Upper) {
                tokens.iter_mut().for_each(|t| t.cased = true);
            }
        }
    }

    /// Whether the text would have case or lose it if `spans` were not there: they may be all that has case.
    pub(crate) fn is_recased(&self, spans: &[Span]) -> bool {
        // What stands for many words does not hang on a few.
        if self.tokens.len() > 64 {
            return false;
        }
        let mut left = spans.iter().peekable();
        let kept = |token: &&Token| {
            while left.next_if(|span| span.end <= token.start as usize).is_some() {}
            left.peek().is_none_or(|span| span.start >= token.end as usize)
        };
        has_case(self.tokens.iter().filter(kept)) != self.mixed
    }

    /// Whether case tells names from words at token `i`.
    pub(crate) fn cased(&self, i: usize) -> bool {
        self.tokens[i].cased
    }

    /// Whether the text as a whole has case.
    pub(crate) fn mixed(&self) -> bool {
        self.mixed
    }

    pub(crate) fn get(&self, i: usize) -> Option<&Token> {
        self.tokens.get(i)
    }

    /// The text of token `i`.
    pub(crate) fn text_of(&self, i: usize) -> &'t str {
        self.tokens.get(i).map_or("", |t| &self.text[t.start as usize..t.end as usize])
    }

    /// The folded form of token `i`, empty for signs and numbers.
    pub(crate) fn folded(&self, i: usize) -> &str {
        self.tokens.get(i).map_or("", |t| {
            let source = if t.plain { self.text } else { &self.folded };
            &source[t.fold.0 as usize..t.fold.1 as usize]
        })
    }

    /// Whether token `i` is the folded word with this hash (`word!`).
    pub(crate) fn is(&self, i: usize, word: u64) -> bool {
        self.tokens.get(i).is_some_and(|t| t.hash == word)
    }

    /// Whether token `i` is one of these words (`words!`).
    pub(crate) fn is_any(&self, i: usize, words: &[u64]) -> bool {
        self.tokens.get(i).is_some_and(|t| words.contains(&t.hash))
    }

    /// Whether token `i` is this sign; only signs have one.
    pub(crate) fn is_sign(&self, i: usize, sign: u8) -> bool {
        self.tokens.get(i).is_some_and(|t| t.sign == sign)
    }

    pub(crate) fn is_word(&self, i: usize) -> bool {
        self.tokens.get(i).is_some_and(|t| t.kind == Kind::Word)
    }

    pub(crate) fn is_number(&self, i: usize) -> bool {
        self.tokens.get(i).is_some_and(|t| t.kind == Kind::Number)
    }

    pub(crate) fn has(&self, i: usize, roles: Roles) -> bool {
        self.tokens.get(i).is_some_and(|t| t.roles.any(roles))
    }

    pub(crate) fn listed(&self, i: usize, lists: u16) -> bool {
        self.tokens.get(i).is_some_and(|t| t.lists.any(lists))
    }

    /// Whether token `i` stands on the line of token `j`.
    pub(crate) fn same_line(&self, i: usize, j: usize) -> bool {
        matches!((self.tokens.get(i), self.tokens.get(j)), (Some(a), Some(b)) if a.line == b.line)
    }

    /// Whether token `i + 1` follows token `i` without a space.
    pub(crate) fn glued(&self, i: usize) -> bool {
        self.tokens.get(i + 1).is_some_and(|t| t.glued)
    }

    /// Whether token `i` begins its line.
    pub(crate) fn begins_line(&self, i: usize) -> bool {
        self.tokens.get(i).is_none_or(|t| t.begins)
    }

    /// Whether token `i` ends its line.
    pub(crate) fn ends_line(&self, i: usize) -> bool {
        self.begins_line(i + 1)
    }

    /// The tokens of the line of token `i`.
    pub(crate) fn line(&self, i: usize) -> std::ops::Range<usize> {
        self.tokens_of_line(self.tokens[i].line as usize)
    }

    /// Number of lines.
    pub(crate) fn lines(&self) -> usize {
        self.first.len()
    }

    /// The tokens of line `line`.
    pub(crate) fn tokens_of_line(&self, line: usize) -> std::ops::Range<usize> {
        let end = self.first.get(line + 1).map_or(self.tokens.len(), |end| *end as usize);
        self.first[line] as usize..end
    }

    /// The hash of the words of tokens `start..end`, signs left out.
    pub(crate) fn hash_of(&self, start: usize, end: usize) -> u64 {
        let mut words = self.tokens[start..end].iter().filter(|t| t.kind == Kind::Word).map(|t| t.hash);
        let first = words.next().unwrap_or(0);
        words.fold(first, join)
    }

    /// The bytes of tokens `start..end`.
    pub(crate) fn bytes(&self, start: usize, end: usize) -> std::ops::Range<usize> {
        self.tokens[start].start as usize..self.tokens[end - 1].end as usize
    }
}

fn is_letter(c: char) -> bool {
    match c {
        '×' | '÷' => false,
        'À'..='\u{24f}' => true,
        _ => c.is_alphabetic() && !matches!(c, 'ª' | 'º'),
    }
}

/// The value of a decimal digit outside ASCII.
fn wide_digit(c: char) -> Option<u32> {
    match c {
        '\u{ff10}'..='\u{ff19}' => Some(c as u32 - 0xff10),
        '\u{660}'..='\u{669}' => Some(c as u32 - 0x660),
        _ => None,
    }
}
