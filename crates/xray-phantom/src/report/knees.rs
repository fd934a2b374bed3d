//! The words for both knees, and for the axis of both legs.

use xray_core::BodyPart;

use super::Writer;
use crate::knee::Knee;
use crate::region::Region;

const SIDES: [&str; 2] = ["droite", "gauche"];

pub(crate) fn describe(w: &mut Writer<'_>, region: &Region, knees: &[Knee; 2]) {
    for (knee, side) in knees.iter().zip(SIDES) {
        w.item();
        w.any(&["À ", "Du côté "]);
        let masculine = w.out.text.ends_with("ôté ") || w.out.text.ends_with("ote ");
        w.say(if masculine {
            side.strip_suffix('e').filter(|_| side == "droite").unwrap_or(side)
        } else {
            side
        });
        w.say(" : ");
        if region.part == BodyPart::FullLeg {
            let angle = (180.0 + knee.hka_deg).round();
            w.any(&["angle HKA ", "axe mécanique HKA "]).say(&format!("{angle:.0}°"));
        } else {
            let space = |mm: f32| format!("{mm:.1} mm").replace('.', ",");
            w.any(&["interligne fémoro-tibial interne ", "interligne interne "]).say(&space(knee.medial_mm));
            w.any(&[", externe ", " et externe "]).say(&space(knee.lateral_mm));
            match knee.grade {
                0 => w.any(&[", pas d'ostéophyte", ""]),
                1 => w.any(&[", ostéophytes douteux", ", minime ébauche ostéophytique"]),
                2 => w.any(&[", ostéophytes", ", ostéophytose marginale"]),
                3 => w.any(&[", pincement net et ostéophytes", ", pincement, ostéophytose"]),
                _ => w.any(&[
                    ", pincement sévère, ostéophytes et condensation sous-chondrale",
                    ", disparition de l'interligne, ostéophytes volumineux, condensation",
                ]),
            };
        }
        w.stop();
    }
}

pub(crate) fn conclude(w: &mut Writer<'_>, region: &Region, knees: &[Knee; 2]) {
    for ((knee, side), first) in knees.iter().zip(SIDES).zip([true, false]) {
        if !first {
            w.say(" ");
        }
        if region.part == BodyPart::FullLeg {
            // Genu is masculine.
            let side = if side == "droite" { "droit" } else { side };
            match knee.hka_deg.round() as i32 {
                off @ ..=-3 => w.say(&format!("Genu varum {side} de {}°.", -off)),
                off @ 3.. => w.say(&format!("Genu valgum {side} de {off}°.")),
                _ => w.say(&format!("Axe {side} normal.")),
            };
        } else {
            let inner = if knee.medial_mm < knee.lateral_mm { "interne" } else { "externe" };
            w.say(&match knee.grade {
                0 => format!("Pas de gonarthrose {side}"),
                1 => format!("Gonarthrose {side} douteuse"),
                2 => format!("Gonarthrose {side}"),
                _ => format!("Gonarthrose {side} fémoro-tibiale {inner}"),
            });
            w.any(&[" (Kellgren-Lawrence ", " (stade de Kellgren et Lawrence "])
                .say(&format!("{}).", knee.grade));
        }
    }
    w.say("\n");
}
