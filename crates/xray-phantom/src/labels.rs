use xray_core::{BodyPart, Label, Labels, Sex};

use crate::report::Facts;

/// What is true of the pictures, from the facts that the report is written from.
pub(crate) fn of(facts: &Facts<'_>, sex: Sex) -> Labels {
    let class = |value: serde_json::Result<String>| Label::Class(value.unwrap_or_default().replace('"', ""));
    let mut labels = Labels::new();
    labels.insert("fracture".into(), Label::Present(facts.fracture.is_some()));
    if let Some(fracture) = facts.fracture {
        labels.insert("fractured_bone".into(), Label::Class(fracture.bone.to_string()));
        let rounded = |value: f32| Label::Value((f64::from(value) * 100.0).round() / 100.0);
        labels.insert("displacement_mm".into(), rounded(fracture.displacement_mm));
        labels.insert("angle_deg".into(), rounded(fracture.angle_deg));
        labels.insert("fracture_kind".into(), Label::Class(fracture.kind().name().to_owned()));
        if facts.region.shows_both() {
            labels.insert("fracture_side".into(), class(serde_json::to_string(&facts.side)));
        }
        if let Some(site) = fracture.site() {
            labels.insert("fracture_site".into(), Label::Class(site.to_owned()));
        }
    }
    facts.findings.label(facts.region, &mut labels);
    for (side, knee) in facts.knees.iter().flat_map(|knees| ["right", "left"].into_iter().zip(knees.iter())) {
        let value = |value: f32| Label::Value((f64::from(value) * 10.0).round() / 10.0);
        if facts.region.part == BodyPart::FullLeg {
            labels.insert(format!("hka_{side}"), value(knee.hka_deg));
        } else {
            labels.insert(format!("kl_{side}"), Label::Value(f64::from(knee.grade)));
            labels.insert(format!("medial_mm_{side}"), value(knee.medial_mm));
            labels.insert(format!("lateral_mm_{side}"), value(knee.lateral_mm));
            labels.insert(format!("osteophyte_mm_{side}"), value(knee.osteophyte_mm));
        }
    }
    labels.insert("demineralised".into(), Label::Present(facts.demineralised));
    labels.insert("growth_plates".into(), Label::Present(facts.growing));
    labels.insert("laterality".into(), class(serde_json::to_string(&facts.laterality)));
    labels.insert("view".into(), class(serde_json::to_string(&facts.views[0])));
    labels.insert("body_part".into(), class(serde_json::to_string(&facts.region.part)));
    labels.insert("age_months".into(), Label::Value(f64::from(facts.age_months)));
    labels.insert("sex".into(), class(serde_json::to_string(&sex)));
    labels
}
