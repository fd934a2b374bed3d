//! Finds identifiers in French radiology reports and replaces them by consistent surrogates.
//!
//! Names, places, institutions, dates, ages, numbers, phones, mail and web addresses are found by rules
//! over one pass of tokens, each looked up once in lexicons of names, places and words. Words that no rule settles are
//! weighed: what speaks for a name, what against it (the rule `evidence`, with a confidence from 0.55 to 0.74). Eponyms,
//! scores, measures, levels, devices and drugs stay. No network, no table of identities: surrogates and date shifts come
//! from HMAC-SHA-256 under one key.
//!
//! # Main types
//!
//! * [`Anonymizer`]: built once, serves any number of threads, and is an
//!   [`xray_core::ReportTransform`];
//! * [`Span`], [`Category`], [`Role`]: what was found, where, by which rule and how surely;
//! * [`Policy`], [`Mode`], [`Action`]: what happens to each category, as TOML;
//! * [`Audit`]: what was done to a report, without a word of it;
//! * [`anonymize_lines`], [`anonymize_folder`]: whole files, on every core.
//!
//! # Example
//!
//! ```
//! use report_anonymizer::Anonymizer;
//! use xray_core::{PseudonymKey, Report, ReportId, ReportTransform};
//!
//! let anonymizer = Anonymizer::builder().key(PseudonymKey::new(b"0123456789abcdef")).build()?;
//! let report = Report::new(ReportId::new("r1"), "Mme Hélène Lefèvre, vue le 12 mars 2021 : maladie de Paget.");
//! let report = anonymizer.apply(report)?;
//! assert!(!report.text.contains("Lefèvre") && !report.text.contains("12 mars 2021"));
//! assert!(report.text.contains("maladie de Paget"));
//! # Ok::<(), report_anonymizer::Error>(())
//! ```
//!
//! # Extending
//!
//! A [`Detector`] of yours adds spans beside the built-in ones (`examples/own_detector.rs`); a [`Replacer`]
//! takes the place of the built-in surrogates of a category. Where spans meet, the surer one keeps the
//! common part and the rest of the other stays covered.
//!
//! # Surrogates
//!
//! A surrogate keeps sex, origin, capitals, initials, the vowel before which "de" elides, and valid check
//! digits; dates move by the patient's shift and keep their form. It is never a word of the report and never
//! resembles the patient's own names. Two different people can get the same surrogate: each name is drawn by
//! itself, so that no table is kept and a second run agrees with the first. Of two French surnames that a
//! report holds, one pair in 760 meets (the length of the list; one in 60 for Turkish ones, the shortest); of
//! two first names of one sex, one pair in 400, or in 95 where both begin with a vowel. Nothing is disclosed by it, but
//! do not count persons by their surrogates: the role of a span, and the pseudonym of the patient, tell who is
//! who.
//!
//! # Audit
//!
//! A record a report: spans, categories, rules, confidences, counts and the shift of the dates. Whoever has the
//! shift can move the dates back, so keep audits where the key is, or leave it out
//! ([`AnonymizerBuilder::audit_without_shift`]). What the spans said is in it only if
//! [`AnonymizerBuilder::audit_originals`] asks. After replacement a second pass looks for the known identity in
//! any spelling and for the numbers and addresses that were found; a report that still holds one is refused,
//! by its id.
//!
//! # What it does not do
//!
//! Names without any sign of being names (an unknown word in small letters, in the middle of a sentence) are not found
//! unless the caller gives the patient's identity; a trade name that no list has may be taken for one. On simulated
//! reports of hard layouts that no rule was made for, some six in a hundred words of identifiers stay, and twice as many in text
//! without capitals. What is
//! measured on simulated reports says nothing certain of yours: look at a sample before you share one.

#[macro_use]
mod hash;

mod anonymizer;
mod audit;
mod buffers;
mod detect;
mod document;
mod error;
mod fold;
mod glued;
mod lexicon;
mod policy;
mod replace;
mod residual;
mod resolve;
mod span;
mod stream;
mod token;
mod vocabulary;

pub use anonymizer::{Anonymized, Anonymizer, AnonymizerBuilder};
pub use audit::Audit;
pub use detect::Detector;
pub use document::Document;
pub use error::{Error, Result};
pub use policy::{Action, Mode, Policy};
pub use replace::{Replacer, Scope};
pub use span::{Role, Span};
pub use stream::{Summary, anonymize_folder, anonymize_lines};
pub use xray_core::Category;
