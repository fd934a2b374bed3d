use xray_core::{BodyPart, Sex};

use super::{Facts, Writer, anatomy_words, knees, letterhead, others};
use crate::bone::Bone;
use crate::findings::Dislocation;
use crate::fracture::{Fracture, FractureKind};
use crate::spans::Category::Age;

/// Indication, technique, comparison, description, conclusion.
pub(crate) fn body(w: &mut Writer<'_>, facts: &Facts<'_>) {
    indication(w, facts);
    if w.draw.chance(0.45) {
        w.any(&["Technique : ", "Protocole : "]);
        let plural = facts.views.len() > 1;
        w.say(if plural { "incidences de " } else { "incidence de " });
        w.say(&anatomy_words::views(facts.views, w.style)).say(".\n");
    }
    comparison(w, facts);
    match w.draw.below(3) {
        0 => w.title("Description"),
        1 => w.title("Résultat"),
        _ => w.title("Compte rendu"),
    };
    if w.style.bullets || !w.style.terse {
        w.say("\n");
    }
    match (facts.fracture, facts.knees) {
        (Some(fracture), _) => broken(w, facts, fracture),
        (_, Some(_)) => {}
        _ => intact(w, facts),
    }
    if let Some(knees) = facts.knees {
        knees::describe(w, facts.region, knees);
    }
    others::describe(w, facts);
    if facts.for_growth {
        w.item().any(&["Âge osseux estimé à ", "Âge osseux : ", "Âge osseux évalué à "]);
        w.say(&half_years(facts.age_months)).any(&[" (Greulich et Pyle)", "", " selon l'atlas"]).stop();
    }
    age_of_bones(w, facts);
    around(w, facts);
    w.say("\n");
    w.any(&["", "", "En "]);
    let lower = w.out.text.ends_with("En ");
    w.title(if lower { "conclusion" } else { "Conclusion" });
    conclusion(w, facts);
}

/// Whether a fracture is all that may be wrong.
fn plain(facts: &Facts<'_>) -> bool {
    facts.findings.is_empty()
}

fn indication(w: &mut Writer<'_>, facts: &Facts<'_>) {
    match w.draw.below(3) {
        0 => w.title("Indication"),
        1 => w.title("Motif"),
        _ => w.title("Renseignements cliniques"),
    };
    let child = facts.age_months < 16 * 12;
    if w.draw.chance(0.3) {
        let who = match (child, facts.patient.sex) {
            (true, Sex::F) => "fille de ",
            (true, Sex::M) => "garçon de ",
            (false, Sex::F) => "femme de ",
            (false, Sex::M) => "homme de ",
        };
        w.say(who).tag(Age, &letterhead::age(facts.age_months)).say(", ");
    }
    let found = facts.findings;
    let treated = found.osteosynthesis.is_some() || found.cast.is_some() || found.prosthesis.is_some();
    if facts.knees.is_some() && facts.fracture.is_none() {
        w.any(&["gonalgies", "douleurs mécaniques", "bilan de gonarthrose", "bilan préopératoire"])
            .say(".\n");
        return;
    }
    if treated && w.draw.chance(0.6) {
        w.any(&["contrôle", "contrôle à 3 semaines", "suivi orthopédique", "contrôle à 6 semaines"]);
        w.say(".\n");
        return;
    }
    if facts.for_growth {
        w.any(&["bilan de croissance", "retard statural", "puberté précoce", "âge osseux"]).say(".\n");
        return;
    }
    if child {
        w.any(&[
            "chute à l'école",
            "chute de vélo",
            "chute au football",
            "trauma à la gymnastique",
            "chute de trampoline",
            "chute de trottinette",
            "douleur après une chute",
        ]);
    } else {
        w.any(&[
            "chute",
            "chute de sa hauteur",
            "trauma",
            "traumatisme direct",
            "accident de la voie publique",
            "chute à vélo",
            "accident de travail",
            "coup de poing contre un mur",
            "douleur post-traumatique",
            "choc direct",
            "chute dans les escaliers",
        ]);
    }
    let may_dislocate = Dislocation::is_of(facts.region) && !facts.region.is_usual();
    let question: &[&str] = if found.dislocation.is_some() || may_dislocate && w.draw.chance(0.15) {
        &[", luxation ?", ". Exclure une luxation", ", suspicion de luxation", ", déformation, luxation ?"]
    } else {
        &[
            ", fracture ?",
            ". Lésion osseuse ?",
            ", suspicion de fracture",
            ". Exclure une fracture",
            "",
            ", impotence fonctionnelle",
            ", tuméfaction et douleur",
            ". Bilan",
        ]
    };
    w.any(question);
    let asked = w.out.text.ends_with('?');
    w.say(if asked { "\n" } else { ".\n" });
}

fn comparison(w: &mut Writer<'_>, facts: &Facts<'_>) {
    match facts.previous {
        Some(date) if w.draw.chance(0.7) => {
            w.any(&["Comparaison : examen du ", "Examen antérieur du ", "Comparé aux clichés du "])
                .date(date)
                .say(".\n");
        }
        Some(_) => {}
        None if w.draw.chance(0.25) => {
            w.any(&[
                "Pas d'examen antérieur disponible.\n",
                "Comparaison : néant.\n",
                "Pas de comparatif.\n",
            ]);
        }
        None => {}
    }
}

/// "3 mm", or "3,5 mm" by doctors who measure halves.
pub(crate) fn millimetres(value: f32, w: &Writer<'_>) -> String {
    let halves = (value * 2.0).round() as i32;
    if w.style.letter && halves % 2 == 1 {
        format!("{},5 mm", halves / 2)
    } else {
        format!("{} mm", value.round().max(1.0))
    }
}

fn broken(w: &mut Writer<'_>, facts: &Facts<'_>, fracture: &Fracture) {
    let place = anatomy_words::of_place(fracture, facts, w.style);
    let oblique = fracture.obliquity_deg > 15.0;
    let spiral = fracture.kind() == FractureKind::Spiral;
    w.item();
    match w.draw.below(4) {
        0 => {
            w.say(match (spiral, oblique) {
                (true, _) => "Fracture spiroïde ",
                (_, true) => "Fracture oblique ",
                _ => "Fracture transversale ",
            });
            w.say(&place);
        }
        1 => {
            w.say(if oblique { "Trait de fracture oblique " } else { "Trait de fracture transversal " })
                .say(&place);
        }
        2 => {
            w.any(&["On note une fracture ", "Mise en évidence d'une fracture ", "Présence d'une fracture "])
                .say(&place);
        }
        _ => {
            w.any(&["Solution de continuité ", "Rupture corticale "])
                .say(&place)
                .say(", en rapport avec une fracture");
        }
    }
    if w.draw.chance(0.35) && !facts.region.shows_both() {
        let hand = matches!(fracture.bone, Bone::Metacarpal(_));
        let side = anatomy_words::side(facts.laterality, facts.region.part != BodyPart::Wrist, w.style);
        let limb = if facts.region.part != BodyPart::Hand { " du côté " } else { " de la main " };
        if !hand || !w.style.terse {
            let word = if limb.ends_with("côté ") {
                anatomy_words::side(facts.laterality, false, w.style)
            } else {
                side
            };
            w.say(limb).say(word);
        }
    }
    if fracture.is_undisplaced() {
        w.any(&[", non déplacée", ", sans déplacement", ", sans déplacement ni angulation"]).stop();
        return;
    }
    let (slide, turn) = (millimetres(fracture.displacement_mm, w), format!("{:.0}°", fracture.angle_deg));
    match w.draw.below(4) {
        0 => w.say(&format!(", avec un déplacement de {slide} et une angulation de {turn}")),
        1 => w.say(&format!(", déplacement de {slide}, angulation de {turn}")),
        2 => w.say(&format!(". Déplacement : {slide}. Angulation : {turn}")),
        _ => {
            let far = if fracture.bone.is_of_pelvis() { "" } else { " distal" };
            w.say(&format!(", avec bascule de {turn} et translation de {slide} du fragment{far}"))
        }
    };
    w.stop();
    if fracture.impaction_mm > 0.8 {
        w.item();
        let tassement = millimetres(fracture.impaction_mm, w);
        match w.draw.below(2) {
            0 => w.say(&format!("Tassement de {tassement}")),
            _ => w.say(&format!("Impaction du foyer, raccourcissement de {tassement}")),
        };
        w.stop();
    }
    if facts.findings.dislocation.is_none() && w.draw.chance(0.6) {
        w.item().any(if plain(facts) && facts.knees.is_none() {
            &[
                "Pas d'autre lésion osseuse décelée",
                "Pas d'autre trait visible",
                "Le reste de la trame osseuse est sans particularité",
                "Pas de luxation associée",
            ]
        } else {
            &["Pas d'autre trait visible", "Pas de luxation associée"]
        });
        w.stop();
    }
}

fn intact(w: &mut Writer<'_>, facts: &Facts<'_>) {
    if facts.findings.dislocation.is_some() {
        w.item().any(&[
            "Pas de fracture visible",
            "Absence de trait de fracture",
            "On ne retrouve pas de fracture",
        ]);
        w.stop();
        return;
    }
    w.item().any(&[
        "Pas de lésion osseuse traumatique décelable",
        "Pas de fracture visible",
        "Absence de trait de fracture",
        "Aucune fracture mise en évidence",
        "Pas de solution de continuité osseuse",
        "Corticales régulières, sans fracture",
        "Pas d'image de fracture ni de luxation",
        "On ne retrouve pas de fracture",
        "Continuité corticale respectée",
    ]);
    w.stop();
    if plain(facts) && w.draw.chance(0.65) {
        w.item();
        if !facts.region.is_usual() {
            w.any(&[
                "Rapports articulaires conservés",
                "Interlignes articulaires conservés",
                "Bonne congruence articulaire",
            ]);
        } else if facts.region.part == BodyPart::Wrist {
            w.any(&[
                "Rapports radio-carpiens conservés",
                "Alignement normal des os du carpe",
                "Arcs de Gilula réguliers",
                "Bonne congruence radio-ulnaire distale",
                "Scaphoïde d'aspect normal",
            ]);
        } else {
            w.any(&[
                "Métacarpiens et phalanges d'aspect normal",
                "Alignement conservé des rayons",
                "Rapports articulaires conservés",
                "Interlignes métacarpo-phalangiens et interphalangiens conservés",
                "Pas d'anomalie des phalanges",
            ]);
        }
        w.stop();
    }
}

/// An age as an atlas of bone ages gives it.
fn half_years(months: u32) -> String {
    let halves = (months + 3) / 6;
    format!("{} ans{}", halves / 2, if halves % 2 == 1 { " et 6 mois" } else { "" })
}

fn age_of_bones(w: &mut Writer<'_>, facts: &Facts<'_>) {
    if facts.growing && w.draw.chance(0.75) {
        w.item().any(&[
            "Cartilages de croissance ouverts",
            "Cartilages de conjugaison encore visibles",
            "Squelette immature, physes ouvertes",
            "Noyaux d'ossification en place",
        ]);
        w.stop();
    }
    if facts.demineralised && w.draw.chance(0.85) {
        w.item().any(&[
            "Déminéralisation osseuse diffuse",
            "Trame osseuse raréfiée",
            "Ostéopénie diffuse",
            "Aspect déminéralisé des structures osseuses",
        ]);
        w.stop();
    } else if !facts.demineralised && w.draw.chance(0.3) {
        w.item().any(&["Minéralisation osseuse normale", "Minéralisation satisfaisante pour l'âge"]);
        w.stop();
    }
}

fn around(w: &mut Writer<'_>, facts: &Facts<'_>) {
    if !facts.findings.foreign() && w.draw.chance(0.35) {
        w.item().any(&[
            "Pas de corps étranger radio-opaque",
            "Parties molles sans calcification",
            "Pas de calcification des parties molles",
        ]);
        w.stop();
    }
    if facts.knees.is_none() && plain(facts) && facts.fracture.is_none() && w.draw.chance(0.3) {
        w.item().any(&[
            "Pas de luxation",
            "Interlignes articulaires conservés",
            "Pas de lésion lytique ni condensante",
        ]);
        w.stop();
    }
}

fn conclusion(w: &mut Writer<'_>, facts: &Facts<'_>) {
    let region = anatomy_words::of_region(facts.region, facts.laterality, w.style);
    if let Some(knees) = facts.knees.filter(|_| facts.fracture.is_none()) {
        knees::conclude(w, facts.region, knees);
        return;
    }
    match facts.fracture {
        Some(fracture) => {
            let place = anatomy_words::of_place(fracture, facts, w.style);
            if fracture.is_undisplaced() {
                w.any(&["Fracture non déplacée ", "Fracture peu visible, sans déplacement, "]).say(&place);
            } else {
                w.any(&["Fracture déplacée ", "Fracture ", "Fracture avec déplacement "]).say(&place);
                if w.draw.chance(0.5) {
                    let slide = millimetres(fracture.displacement_mm, w);
                    w.say(&format!(" ({slide}, {:.0}°)", fracture.angle_deg));
                }
            }
            w.say(".");
            w.any(&[
                "",
                "",
                " Avis orthopédique souhaitable.",
                " Contrôle après réduction.",
                " À confronter à la clinique.",
            ]);
        }
        None if plain(facts) => unremarkable(w, &region),
        None => {
            match w.draw.below(3) {
                0 => w.say("Pas de fracture ").say(&region).say("."),
                1 => w.any(&["Pas de fracture visible.", "Pas de fracture décelable."]),
                _ if facts.findings.dislocation.is_some() => {
                    w.any(&["Pas de fracture associée.", "Absence de fracture."])
                }
                _ => w.any(&["Pas de lésion traumatique.", "Absence de fracture."]),
            };
        }
    }
    others::conclude(w, facts);
    if facts.for_growth {
        w.say(" Âge osseux de ").say(&half_years(facts.age_months)).say(".");
    }
    if let Some(knees) = facts.knees {
        w.say(" ");
        knees::conclude(w, facts.region, knees);
        return;
    }
    w.say("\n");
}

/// Nothing was found.
fn unremarkable(w: &mut Writer<'_>, region: &str) {
    match w.draw.below(5) {
        0 => {
            w.say("Radiographie ").say(region).say(" sans particularité.");
        }
        1 => {
            w.say("Pas de fracture ").say(region).say(".");
        }
        2 => {
            w.any(&["Examen sans particularité.", "Examen normal.", "Bilan radiographique normal.", "RAS."]);
        }
        3 => {
            w.any(&["Pas de lésion traumatique.", "Absence de lésion osseuse traumatique."]);
            w.any(&[
                "",
                " Contrôle à 10 jours si persistance des douleurs.",
                " À compléter selon la clinique.",
            ]);
        }
        _ => {
            w.say("Pas d'anomalie osseuse ").say(region).say(".");
        }
    }
}
