use xray_core::{Laterality, View};

use super::{Facts, Style};
use crate::bone::{Bone, Carpal};
use crate::findings::DislocatedJoint;
use crate::fracture::{ACETABULUM, Fracture};
use crate::region::Region;
use crate::skeleton::Limb;

/// "droite", "gauche", "dte", "G" … after a noun of the gender told.
pub(crate) fn side(laterality: Laterality, feminine: bool, style: Style) -> &'static str {
    match (laterality == Laterality::Left, feminine, style.abbreviates && style.terse) {
        (true, _, true) => "G",
        (false, _, true) => "D",
        (true, ..) => "gauche",
        (false, true, _) => "droite",
        (false, false, _) => "droit",
    }
}

/// "du poignet gauche", "de la main droite", "des deux genoux".
pub(crate) fn of_region(region: &Region, laterality: Laterality, style: Style) -> String {
    let (name, feminine) = region.of;
    if laterality == Laterality::Both {
        return name.to_owned();
    }
    format!("{name} {}", side(laterality, feminine, style))
}

/// "face et profil", "F + P".
pub(crate) fn views(views: &[View], style: Style) -> String {
    let short = style.abbreviates && !style.letter;
    let name = |view: &View| match (view, short) {
        (View::Lateral, true) => "P",
        (View::Lateral, false) => "profil",
        (View::Oblique, true) => "3/4",
        (View::Oblique, false) => "oblique",
        (_, true) => "F",
        (_, false) => "face",
    };
    let names: Vec<&str> = views.iter().map(name).collect();
    names.join(if short { " + " } else { " et " })
}

/// The side after a bone of an image of both sides, which its region does not tell.
fn of_side(bone: Bone, level: f32, facts: &Facts<'_>) -> &'static str {
    let rami = bone == Bone::HipBone && level > ACETABULUM;
    match (facts.region.shows_both(), facts.side, bone) {
        (false, ..) => "",
        (_, Laterality::Left, _) if rami => " gauches",
        (_, Laterality::Left, _) => " gauche",
        _ if rami => " droites",
        (_, _, Bone::Patella | Bone::Fibula) => " droite",
        _ => " droit",
    }
}

/// "de l'épaule droite", "de l'interphalangienne proximale du 4e doigt".
pub(crate) fn of_dislocated(joint: DislocatedJoint, facts: &Facts<'_>, style: Style) -> String {
    let side = |feminine| side(facts.side, feminine, style);
    match joint {
        DislocatedJoint::Shoulder => format!("de l'épaule {}", side(true)),
        DislocatedJoint::Elbow => format!("du coude {}", side(false)),
        DislocatedJoint::Hip if facts.findings.prosthesis.is_some() => {
            format!("de la prothèse totale de hanche {}", side(true))
        }
        DislocatedJoint::Hip => format!("de la hanche {}", side(true)),
        DislocatedJoint::Metacarpophalangeal(ray) => {
            format!("de l'articulation métacarpo-phalangienne {}", finger(ray, style))
        }
        DislocatedJoint::ProximalInterphalangeal(ray) => {
            format!("de l'articulation interphalangienne proximale {}", finger(ray, style))
        }
    }
}

fn ordinal(ray: u8, style: Style) -> &'static str {
    let spelled = ["premier", "deuxième", "troisième", "quatrième", "cinquième"];
    let short = ["1er", "2e", "3e", "4e", "5e"];
    let names = if style.abbreviates { short } else { spelled };
    names[usize::from(ray.clamp(1, 5)) - 1]
}

pub(crate) fn finger(ray: u8, style: Style) -> String {
    match ray {
        1 => "du pouce".to_owned(),
        2 if style.letter => "de l'index".to_owned(),
        5 if style.letter => "de l'auriculaire".to_owned(),
        _ => format!("du {} doigt", ordinal(ray, style)),
    }
}

/// The place of the fracture after "fracture": "de l'extrémité distale du radius", "du col du 5e métacarpien".
pub(crate) fn of_place(fracture: &Fracture, facts: &Facts<'_>, style: Style) -> String {
    let (level, region) = (fracture.level, facts.region);
    if region.limb != Limb::Hand {
        return of_long_bone(fracture.bone, level).to_owned() + of_side(fracture.bone, level, facts);
    }
    let third = if level > 0.72 {
        2
    } else if level > 0.34 {
        1
    } else {
        0
    };
    match fracture.bone {
        Bone::Radius if style.terse => "du radius distal".to_owned(),
        Bone::Radius => "de l'extrémité distale du radius".to_owned(),
        Bone::Ulna if level > 0.91 => "de la styloïde ulnaire".to_owned(),
        Bone::Ulna => "de l'extrémité distale de l'ulna".to_owned(),
        Bone::Carpal(Carpal::Scaphoid) => "du scaphoïde".to_owned(),
        Bone::Carpal(_) => "d'un os du carpe".to_owned(),
        Bone::Metacarpal(ray) => {
            let place = ["de la base", "de la diaphyse", "du col"][third];
            if style.terse {
                format!("{place} de M{ray}")
            } else {
                format!("{place} du {} métacarpien", ordinal(ray, style))
            }
        }
        Bone::ProximalPhalanx(ray) => phalanx(1, third, ray, style),
        Bone::MiddlePhalanx(ray) => phalanx(2, third, ray, style),
        Bone::DistalPhalanx(ray) => phalanx(if ray == 1 { 2 } else { 3 }, third, ray, style),
        other => of_long_bone(other, level).to_owned(),
    }
}

/// The place in a bone of arm or leg.
fn of_long_bone(bone: Bone, level: f32) -> &'static str {
    let third = (3.0 * level).clamp(0.0, 2.0) as usize;
    match bone {
        Bone::Radius if level < 0.15 => "de la tête radiale",
        Bone::Radius => {
            ["du tiers proximal du radius", "de la diaphyse du radius", "du tiers distal du radius"][third]
        }
        Bone::Ulna if level < 0.15 => "de l'olécrâne",
        Bone::Ulna => {
            ["du tiers proximal de l'ulna", "de la diaphyse de l'ulna", "du tiers distal de l'ulna"][third]
        }
        Bone::Humerus if level < 0.25 => "du col de l'humérus",
        Bone::Humerus if level > 0.82 => "de la palette humérale",
        Bone::Humerus => "de la diaphyse de l'humérus",
        Bone::Clavicle => "de la clavicule",
        Bone::Femur if level < 0.13 => "du col du fémur",
        Bone::Femur if level < 0.22 => "du massif trochantérien du fémur",
        Bone::Femur if level > 0.82 => "de l'extrémité distale du fémur",
        Bone::Femur => "de la diaphyse du fémur",
        Bone::Tibia if level < 0.15 => "du plateau tibial",
        Bone::Tibia if level > 0.85 => "du pilon tibial",
        Bone::Tibia => "de la diaphyse du tibia",
        Bone::Fibula if level < 0.15 => "du col de la fibula",
        Bone::Fibula if level > 0.85 => "de la malléole externe",
        Bone::Fibula => "de la diaphyse de la fibula",
        Bone::Patella => "de la patella",
        Bone::Scapula => "de la scapula",
        Bone::HipBone if level > ACETABULUM => "des branches ilio- et ischio-pubiennes",
        Bone::HipBone => "de l'acétabulum",
        Bone::Sacrum => "de l'aileron sacré",
        Bone::Talus => "du talus",
        _ => "du pied",
    }
}

/// The bone after a noun: "du radius distal", "du 5e métacarpien", "de P1 du 4e doigt".
pub(crate) fn of_bone(bone: Bone, level: f32, facts: &Facts<'_>, style: Style) -> String {
    if facts.region.limb != Limb::Hand {
        return of_long_bone(bone, level).to_owned() + of_side(bone, level, facts);
    }
    let phalanx = |number: u8, name: &str, ray: u8| {
        if style.abbreviates {
            format!("de P{number} {}", finger(ray, style))
        } else {
            format!("de la phalange {name} {}", finger(ray, style))
        }
    };
    match bone {
        Bone::Radius => "du radius distal".to_owned(),
        Bone::Ulna => "de l'ulna distale".to_owned(),
        Bone::Carpal(Carpal::Scaphoid) => "du scaphoïde".to_owned(),
        Bone::Carpal(Carpal::Lunate) => "du lunatum".to_owned(),
        Bone::Carpal(Carpal::Capitate) => "du capitatum".to_owned(),
        Bone::Carpal(_) => "d'un os du carpe".to_owned(),
        Bone::Metacarpal(ray) if style.terse => format!("de M{ray}"),
        Bone::Metacarpal(ray) => format!("du {} métacarpien", ordinal(ray, style)),
        Bone::ProximalPhalanx(ray) => phalanx(1, "proximale", ray),
        Bone::MiddlePhalanx(ray) => phalanx(2, "moyenne", ray),
        Bone::DistalPhalanx(ray) => phalanx(if ray == 1 { 2 } else { 3 }, "distale", ray),
        other => of_long_bone(other, 0.5).to_owned(),
    }
}

fn phalanx(number: u8, third: usize, ray: u8, style: Style) -> String {
    let place = ["de la base", "de la diaphyse", "de la tête"][third];
    let name = match (number, ray == 1) {
        (1, _) => "proximale",
        (2, false) => "moyenne",
        _ => "distale",
    };
    if style.abbreviates {
        format!("{place} de P{number} {}", finger(ray, style))
    } else {
        format!("{place} de la phalange {name} {}", finger(ray, style))
    }
}
