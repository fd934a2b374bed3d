use xray_core::Sex;
use xray_core::jiff::civil::Date;

use super::{Faults, Style, Writer};
use crate::draw::Draw;
use crate::lexicon::{FAMILIES, SITES};
use crate::patient::Patient;
use crate::spans::Category::{Id, Institution, Person};
use crate::spans::Tagged;

/// A note of a consultation or an operation: it speaks of the patient and of no image in particular.
pub(crate) fn note(patient: &Patient, date: Date, site: usize, operation: bool, draw: &mut Draw) -> Tagged {
    let mut w = Writer {
        out: Tagged::default(),
        style: Style::of(draw.below(8)),
        faults: Faults::new(0.0, 0.0, draw.clone()),
        draw,
    };
    let hospital = SITES[site % SITES.len()][0];
    w.tag(Institution, hospital).say("\n");
    w.say(if operation { "Protocole opératoire\n" } else { "Consultation d'orthopédie\n" });
    w.say("Patient : ").tag(Person, &format!("{} {}", patient.last_name.to_uppercase(), patient.first_name));
    w.say(", né(e) le ").date(patient.birth).say("\nDossier : ").tag(Id, &patient.number).say("\n");
    w.any(&["Le ", "Date : "]).date(date).say("\n\n");
    let title = if patient.sex == Sex::F { "Mme " } else { "M. " };
    if operation {
        w.say("Indication opératoire posée ce jour chez ")
            .say(title)
            .tag(Person, patient.last_name)
            .say(".\n");
        w.any(&[
            "Anesthésie loco-régionale, garrot pneumatique à la racine du membre.\n",
            "Anesthésie générale. Installation en décubitus dorsal.\n",
        ]);
        w.any(&[
            "Réduction par manœuvres externes, stabilisation par deux broches de Kirschner.\n",
            "Voie d'abord de Henry. Ostéosynthèse par plaque verrouillée.\n",
        ]);
        w.say("Fermeture plan par plan. Attelle plâtrée. Suites simples.\n");
    } else {
        w.say("J'ai revu ").say(title).tag(Person, patient.last_name).say(" en consultation.\n");
        w.any(&[
            "Douleur en diminution. ",
            "Douleur persistante à la mobilisation. ",
            "Bonne évolution clinique. ",
        ]);
        w.any(&["Mobilité complète. ", "Raideur modérée. ", "Œdème résiduel. "]);
        w.any(&[
            "Contrôle dans 6 semaines.\n",
            "Kinésithérapie prescrite.\n",
            "Immobilisation poursuivie 3 semaines.\n",
        ]);
    }
    let surgeon = w.draw.pick(FAMILIES);
    w.any(&["\nDr ", "\nDocteur "]).tag(Person, surgeon).say("\n");
    w.out
}
