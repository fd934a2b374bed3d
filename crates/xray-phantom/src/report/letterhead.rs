use xray_core::Sex;
use xray_core::jiff::ToSpan;

use super::{Facts, Writer, anatomy_words};
use crate::lexicon::{FAMILIES, RADIOLOGISTS, SITES};
use crate::spans::Category::{Age, Date, Email, Id, Institution, Location, Person, Phone, Url};

/// Hospital, patient, referring doctor, title of the examination.
pub(crate) fn head(w: &mut Writer<'_>, facts: &Facts<'_>) {
    let [name, street, postal_code, town, phone, domain] = SITES[facts.site % SITES.len()];
    let patient = facts.patient;
    if w.draw.chance(0.75) {
        w.tag(Institution, name).say("\n").any(&[
            "Service d'imagerie médicale",
            "Radiologie",
            "Imagerie ostéo-articulaire",
        ]);
        w.say("\n");
        if w.draw.chance(0.5) {
            w.tag(Location, street)
                .say(" - ")
                .tag(Location, postal_code)
                .say(" ")
                .tag(Location, town)
                .say("\n");
        }
        if w.draw.chance(0.4) {
            w.any(&["Tél. : ", "Tel: ", "Secrétariat : "]).tag(Phone, phone).say("\n");
        }
        if w.draw.chance(0.2) {
            w.tag(Email, &format!("radiologie@{domain}")).say("\n");
        } else if w.draw.chance(0.15) {
            w.tag(Url, &format!("www.{domain}")).say("\n");
        }
    }
    name_and_birth(w, facts);
    if w.draw.chance(0.4) {
        let label = if patient.belgian {
            ["NISS : ", "N° registre national : "]
        } else {
            ["N° SS : ", "N° sécurité sociale : "]
        };
        w.any(&label).tag(Id, &patient.national).say("\n");
    }
    if w.draw.chance(0.5) {
        w.any(&["N° patient : ", "IPP : ", "Dossier : "]).tag(Id, &patient.number).say("\n");
    }
    if w.draw.chance(0.5) {
        w.any(&["Examen n° ", "N° demande : ", "Réf. : "]).tag(Id, facts.accession).say("\n");
    }
    if w.draw.chance(0.3) {
        w.any(&["Adresse : ", "Domicile : "]).tag(Location, &patient.street).say(w_separator(facts));
        w.tag(Location, patient.postal_code).say(" ").tag(Location, patient.town).say("\n");
    }
    if w.draw.chance(0.25) {
        w.any(&["Tél. patient : ", "GSM : ", "Téléphone : "]).tag(Phone, &patient.phone).say("\n");
    }
    if w.draw.chance(0.12) {
        w.any(&["E-mail : ", "Courriel : "]).tag(Email, &patient.email).say("\n");
    }
    w.any(&["Examen du ", "Date de l'examen : ", "Le "]).date(facts.date);
    if w.draw.chance(0.4) {
        w.say(&format!(" à {:02}h{:02}", facts.time.hour(), facts.time.minute()));
    }
    w.say("\n");
    referring(w, facts);
    let views = anatomy_words::views(facts.views, w.style);
    let region = anatomy_words::of_region(facts.region, facts.laterality, w.style);
    w.say("\n").any(&["Radiographie ", "Rx ", "Radiographies standard "]).say(&region);
    w.any(&[", ", " : ", " ("]);
    let open = w.out.text.ends_with('(');
    w.say(&views).say(if open { ")\n\n" } else { "\n\n" });
}

fn w_separator(facts: &Facts<'_>) -> &'static str {
    if facts.radiologist.is_multiple_of(2) { ", " } else { " - " }
}

fn name_and_birth(w: &mut Writer<'_>, facts: &Facts<'_>) {
    let patient = facts.patient;
    let female = patient.sex == Sex::F;
    let capitals = patient.last_name.to_uppercase();
    let last = if w.draw.chance(0.5) { capitals.as_str() } else { patient.last_name };
    match w.draw.below(3) {
        0 => {
            w.say("Nom : ").tag(Person, last).say("\nPrénom : ").tag(Person, patient.first_name).say("\n");
        }
        1 => {
            w.any(&["Patient : ", "Concerne : "])
                .tag(Person, &format!("{last} {}", patient.first_name))
                .say("\n");
        }
        _ => {
            let title = match (female, facts.age_months < 16 * 12) {
                (true, true) => "Mlle ",
                (true, false) => "Mme ",
                (false, true) => "",
                (false, false) => "M. ",
            };
            w.say(title).tag(Person, &format!("{} {last}", patient.first_name)).say("\n");
        }
    }
    let born = if female { "Née le " } else { "Né le " };
    w.any(&[born, "DDN : ", "Date de naissance : "]).date(patient.birth).say("\n");
}

fn referring(w: &mut Writer<'_>, facts: &Facts<'_>) {
    let doctor = w.draw.pick(FAMILIES);
    if w.draw.chance(0.6) {
        w.any(&["Prescripteur : Dr ", "Adressé par le Dr ", "À l'attention du Docteur "])
            .tag(Person, doctor)
            .say("\n");
    }
    if w.style.letter {
        w.any(&["\nCher confrère,\n", "\nChère consœur, cher confrère,\n", "\nCher Docteur "]);
        if w.out.text.ends_with("Docteur ") {
            w.tag(Person, doctor).say(",\n");
        }
        let patient = facts.patient;
        let title = if patient.sex == Sex::F { "Mme " } else { "M. " };
        w.say("Voici le résultat de l'examen de ").say(title).tag(Person, patient.last_name);
        if w.draw.chance(0.6) {
            w.say(if patient.sex == Sex::F { ", âgée de " } else { ", âgé de " })
                .tag(Age, &age(facts.age_months));
        }
        w.say(".\n");
    }
}

/// "8 ans"; months below two years.
pub(crate) fn age(months: u32) -> String {
    if months < 24 { format!("{months} mois") } else { format!("{} ans", months / 12) }
}

/// Greeting and signature.
pub(crate) fn foot(w: &mut Writer<'_>, facts: &Facts<'_>) {
    let (last, first) = RADIOLOGISTS[facts.radiologist % RADIOLOGISTS.len()];
    w.say("\n");
    if w.style.letter {
        w.any(&["Bien confraternellement,\n", "Bien à vous,\n", "Avec mes salutations confraternelles,\n"]);
    }
    w.any(&["Dr ", "Docteur ", "Radiologue : Dr "]);
    match w.draw.below(3) {
        0 => w.tag(Person, last),
        1 => w.tag(Person, &format!("{}. {last}", first.chars().next().unwrap_or('X'))),
        _ => w.tag(Person, &format!("{first} {}", last.to_uppercase())),
    };
    w.say("\n");
    if w.draw.chance(0.25) {
        let number = 10_000 + 7_919 * facts.radiologist;
        w.say("INAMI : ")
            .tag(Id, &format!("1-{number:05}-{:02}-130", 97 - (100_000 + number) % 97))
            .say("\n");
    }
    if w.draw.chance(0.35) {
        let later = facts.date.checked_add(1.day()).unwrap_or(facts.date);
        let validated = if w.draw.chance(0.7) { facts.date } else { later };
        w.any(&["Validé le ", "Dicté le ", "Signé électroniquement le "]);
        let words = super::written_date(validated, w.style.date_format);
        w.tag(Date, &words).say("\n");
    }
}
