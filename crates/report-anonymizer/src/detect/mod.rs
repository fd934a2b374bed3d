mod address;
mod age;
mod bare;
mod calendar;
mod check_digits;
mod companion;
mod contact;
mod cue;
mod date;
mod digits;
mod evidence;
mod guard;
mod identity;
mod institution;
mod label;
mod lead;
mod likely;
mod list;
mod marks;
mod message;
mod name;
mod number;
mod number_words;
mod person;
mod phone;
mod place;
mod points;
mod propagate;
mod relative;
mod run;
mod signature;
mod slot;
mod slot_line;
mod slot_note;
mod standing;
mod street;
mod table;
mod town;
mod traits;
mod unlisted;
mod written;

pub(crate) use calendar::parse as parse_date;
pub(crate) use check_digits::{is_inami, is_niss, is_rpps, nir_key, niss_key};
pub(crate) use evidence::evidence;
pub(crate) use guard::guard;
pub(crate) use identity::{KnownIdentity, canonical, resembles};
pub(crate) use institution::dotted_head;
pub(crate) use number_words::number_in_words;
pub(crate) use place::longest as longest_place;
pub(crate) use propagate::propagate;
pub(crate) use written::{Field, Part, Style};

use std::fmt::Debug;

use crate::{Document, Span};

/// Finds identifiers of some kind in a text.
///
/// A detector adds spans; it need not care for those of others. Where spans meet, the surer one keeps
/// the common part and the rest of the other stays covered. Where identifiers are glued to words, a detector is
/// called again on the text with tags (`<ID>`) in their place.
pub trait Detector: Debug + Send + Sync {
    /// Adds what it finds in `document` to `found`. Spans are in bytes of [`Document::text`].
    fn detect(&self, document: &Document<'_>, found: &mut Vec<Span>);
}

/// The detectors of this crate, in no particular order.
pub(crate) fn detectors() -> Vec<Box<dyn Detector>> {
    vec![
        Box::new(identity::KnownIdentity),
        Box::new(contact::Contacts),
        Box::new(phone::Phones),
        Box::new(number::Numbers),
        Box::new(date::Dates),
        Box::new(age::Ages),
        Box::new(address::Addresses),
        Box::new(institution::Institutions),
        Box::new(person::Persons),
        Box::new(message::Messages),
        Box::new(table::Tables),
    ]
}
