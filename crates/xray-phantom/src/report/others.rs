//! The words for what there is besides a fracture.

use super::{Facts, Writer, anatomy_words, findings::millimetres, joints};
use crate::findings::{Cast, ForeignBody, Hardware, Joint, Lesion, Osteoarthritis, Osteosynthesis};
use crate::skeleton::Limb;

/// A sentence of the description for each finding.
pub(crate) fn describe(w: &mut Writer<'_>, facts: &Facts<'_>) {
    let found = facts.findings;
    if let Some(dislocation) = &found.dislocation {
        w.item();
        joints::dislocated(w, dislocation, facts);
        let moved = millimetres(dislocation.displacement_mm, w);
        if w.draw.chance(0.5) {
            w.say(&format!(", avec un déplacement de {moved}"));
        }
        w.stop();
    }
    if let Some(prosthesis) = &found.prosthesis {
        w.item();
        joints::replaced(w, prosthesis, facts);
        let held = found.dislocation.is_none();
        w.any(&["", ", sans signe de descellement", if held { ", en place" } else { "" }]).stop();
    }
    if let Some(metal) = &found.osteosynthesis {
        w.item();
        hardware(w, metal, facts, true);
        if w.draw.chance(0.4) {
            w.any(&[", en place", ", sans signe de descellement", ", sans rupture du matériel"]);
        }
        w.stop();
    }
    if let Some(cast) = &found.cast {
        w.item();
        shell(w, cast);
        w.any(&["", "", ", limitant l'analyse de la trame osseuse", ", gênant l'analyse fine"]).stop();
    }
    for (lesion, sclerotic) in lesions(facts) {
        w.item();
        spot(w, lesion, facts, sclerotic, true);
        w.stop();
    }
    if let Some(worn) = &found.osteoarthritis {
        w.item();
        joint(w, worn);
        w.stop();
    }
    if let Some(splinter) = &found.foreign_body {
        w.item();
        stray(w, splinter, facts);
        w.stop();
    }
    if let Some(ray) = found.ring.filter(|_| w.draw.chance(0.6)) {
        let finger = anatomy_words::finger(ray, w.style);
        w.item().any(&["Bague ", "Superposition d'une bague ", "Anneau métallique "]).say(&finger).stop();
    }
}

/// A sentence of the conclusion for each finding; a ring is none.
pub(crate) fn conclude(w: &mut Writer<'_>, facts: &Facts<'_>) {
    let found = facts.findings;
    if let Some(dislocation) = &found.dislocation {
        w.say(" ");
        joints::dislocated(w, dislocation, facts);
        w.say(".").any(&["", " Contrôle après réduction.", " Réduction à réaliser."]);
    }
    if let Some(prosthesis) = &found.prosthesis {
        w.say(" ");
        joints::replaced(w, prosthesis, facts);
        w.say(".");
    }
    if let Some(metal) = &found.osteosynthesis {
        w.say(" ");
        hardware(w, metal, facts, false);
        w.say(".");
    }
    if let Some(cast) = &found.cast {
        w.say(" ");
        shell(w, cast);
        w.say(".");
    }
    for (lesion, sclerotic) in lesions(facts) {
        w.say(" ");
        spot(w, lesion, facts, sclerotic, false);
        w.say(".");
    }
    if let Some(worn) = &found.osteoarthritis {
        match worn.joint {
            Joint::Radiocarpal => {
                w.any(&[" Arthrose radio-carpienne.", " Arthropathie dégénérative radio-carpienne."])
            }
            Joint::Trapeziometacarpal => w.any(&[" Rhizarthrose.", " Arthrose trapézo-métacarpienne."]),
        };
    }
    if found.foreign_body.is_some() {
        w.any(&[" Corps étranger radio-opaque.", " Corps étranger des parties molles."]);
    }
}

fn lesions<'a>(facts: &Facts<'a>) -> impl Iterator<Item = (&'a Lesion, bool)> + use<'a> {
    let lytic = facts.findings.lytic_lesion.iter().map(|lesion| (lesion, false));
    lytic.chain(facts.findings.sclerotic_lesion.iter().map(|lesion| (lesion, true)))
}

fn hardware(w: &mut Writer<'_>, metal: &Osteosynthesis, facts: &Facts<'_>, long: bool) {
    let bone = anatomy_words::of_bone(metal.bone, 0.5, facts, w.style);
    match metal.kind {
        Hardware::Plate { palmar } => {
            w.any(&[
                "Ostéosynthèse par plaque ",
                "Plaque d'ostéosynthèse ",
                "Matériel d'ostéosynthèse par plaque ",
            ]);
            if facts.region.limb == Limb::Hand && (long || w.draw.chance(0.4)) {
                w.say(if palmar { "palmaire " } else { "dorsale " });
            }
            w.any(&["vissée ", "et vis ", ""]).say(&bone);
        }
        Hardware::Wires { count } => {
            w.any(&["Ostéosynthèse par broches ", "Embrochage ", "Broches de Kirschner "]).say(&bone);
            if long {
                w.say(if count == 2 { ", deux broches" } else { ", trois broches" });
            }
        }
    }
}

fn shell(w: &mut Writer<'_>, cast: &Cast) {
    if cast.plaster {
        w.any(&[
            "Immobilisation plâtrée",
            "Contrôle sous plâtre",
            "Contention plâtrée en place",
            "Plâtre en place",
        ]);
    } else {
        w.any(&[
            "Immobilisation par résine",
            "Contrôle sous résine",
            "Contention par résine",
            "Résine en place",
        ]);
    }
}

fn spot(w: &mut Writer<'_>, lesion: &Lesion, facts: &Facts<'_>, sclerotic: bool, long: bool) {
    if sclerotic {
        w.any(&["Lésion condensante ", "Lésion sclérotique ", "Image condensante ", "Îlot condensant "]);
    } else {
        w.any(&["Lésion lytique ", "Image lytique ", "Lacune osseuse ", "Lésion ostéolytique "]);
    }
    let bone = anatomy_words::of_bone(lesion.bone, lesion.level, facts, w.style);
    let size = millimetres(lesion.size_mm, w);
    w.say(&bone);
    if long || w.draw.chance(0.4) {
        match w.draw.below(3) {
            0 => w.say(&format!(" de {size}")),
            1 => w.say(&format!(", mesurant {size}")),
            _ => w.say(&format!(" ({size})")),
        };
    }
    if long && lesion.rim && w.draw.chance(0.7) {
        w.any(&[", cernée d'un liseré de sclérose", ", à bords nets et condensés"]);
    }
}

fn joint(w: &mut Writer<'_>, worn: &Osteoarthritis) {
    let space = match worn.joint {
        Joint::Radiocarpal => ["radio-carpien", "radio-carpienne"],
        Joint::Trapeziometacarpal => ["trapézo-métacarpien", "trapézo-métacarpienne"],
    };
    match w.draw.below(3) {
        0 => w
            .say("Pincement de l'interligne ")
            .say(space[0])
            .any(&[" avec ostéophytes", ", ostéophytose marginale"]),
        1 => w
            .say("Arthrose ")
            .say(space[1])
            .any(&[" : pincement et ostéophytes", " avec condensation sous-chondrale"]),
        _ => w
            .say("Remaniements dégénératifs de l'articulation ")
            .say(space[1])
            .any(&[", pincement articulaire", ", ostéophytes"]),
    };
}

fn stray(w: &mut Writer<'_>, splinter: &ForeignBody, facts: &Facts<'_>) {
    let (bone, size) =
        (anatomy_words::of_bone(splinter.bone, 0.5, facts, w.style), millimetres(splinter.size_mm, w));
    w.any(&["Corps étranger ", "Image de corps étranger "]);
    w.say(if splinter.metal { "métallique" } else { "radio-opaque" });
    w.say(&format!(" de {size} en regard {bone}"));
}
