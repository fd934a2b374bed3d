//! The words for dislocated and replaced joints.

use super::{Facts, Writer, anatomy_words};
use crate::findings::{Direction, DislocatedJoint, Dislocation, Prosthesis, ReplacedJoint};
use crate::skeleton::Limb;

/// "Luxation antéro-inférieure de l'épaule droite".
pub(crate) fn dislocated(w: &mut Writer<'_>, dislocation: &Dislocation, facts: &Facts<'_>) {
    let way = match (dislocation.direction, dislocation.joint) {
        (Direction::Anterior, DislocatedJoint::Shoulder) => w.draw.pick(&["antérieure ", "antéro-interne "]),
        (Direction::Anterior, _) => "antérieure ",
        (Direction::Inferior, _) => w.draw.pick(&["inférieure ", "sous-glénoïdienne "]),
        (Direction::Posterior, _) if facts.region.limb == Limb::Hand => "dorsale ",
        (Direction::Posterior, _) => "postérieure ",
    };
    let joint = anatomy_words::of_dislocated(dislocation.joint, facts, w.style);
    match w.draw.below(3) {
        0 => w.say("Perte de congruence articulaire, luxation "),
        _ => w.say("Luxation "),
    };
    w.say(way).say(&joint);
}

/// "Prothèse totale de hanche droite".
pub(crate) fn replaced(w: &mut Writer<'_>, prosthesis: &Prosthesis, facts: &Facts<'_>) {
    let (whole, short, feminine) = match prosthesis.joint {
        ReplacedJoint::Hip => ("Prothèse totale de hanche ", "PTH ", true),
        ReplacedJoint::Knee => ("Prothèse totale de genou ", "PTG ", false),
        ReplacedJoint::Shoulder => ("Prothèse d'épaule ", "Prothèse humérale ", true),
    };
    let after = w.draw.chance(0.4);
    let name = if w.style.abbreviates && prosthesis.joint != ReplacedJoint::Shoulder { short } else { whole };
    if after {
        w.say("Status après ").say(&name.replacen("Pro", "pro", 1));
    } else {
        w.say(name);
    }
    w.say(anatomy_words::side(facts.side, feminine, w.style));
}
