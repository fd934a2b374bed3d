//! Who is imaged, when, of what and with which machine.

use xray_core::jiff::ToSpan;
use xray_core::jiff::civil::{Date, Time, time};
use xray_core::{BodyPart, View};

use crate::device::{DEVICES, Device, FOR_WRISTS};
use crate::draw::Draw;
use crate::fracture::Fracture;
use crate::region::{ONE_KNEE, Region};
use crate::study::domain;
use crate::{Error, PhantomHospital, Result};

/// Studies are dealt to patients in blocks of this many, so that any study can be made alone.
const BLOCK: usize = 12;

/// The patient of a study, and which of the patient's visits it is. A block of studies is cut into patients
/// of one to three.
pub(crate) fn deal(seed: u64, index: usize) -> (u64, u64) {
    let (block, place) = (index / BLOCK, index % BLOCK);
    let mut draw = Draw::new(seed, &[domain::DEAL, block as u64]);
    let (mut start, mut patient) = (0, 0);
    loop {
        let visits = 1 + draw.weighted(&[0.6, 0.28, 0.12]);
        if place < start + visits {
            return ((block * BLOCK + patient) as u64, (place - start) as u64);
        }
        start += visits;
        patient += 1;
    }
}

/// The day and time of a patient's visits up to number `last`.
pub(crate) fn visits(
    hospital: &PhantomHospital,
    patient: u64,
    last: u64,
    first_day: Date,
) -> Vec<(Date, Time)> {
    let mut out: Vec<(Date, Time)> = Vec::new();
    for visit in 0..=last {
        let mut draw = Draw::new(hospital.seed, &[domain::DAY, patient, visit]);
        let opened = time(8 + draw.below(9) as i8, draw.below(60) as i8, draw.below(60) as i8, 0);
        let next = match out.last() {
            None => (first_day, opened),
            Some((day, before)) if draw.chance(hospital.clutter.same_day_share) => {
                (*day, before.saturating_add((15 + draw.below(90) as i64).minutes()))
            }
            Some((day, _)) => (day.saturating_add((6 + draw.below(300) as i64).days()), opened),
        };
        out.push(next);
    }
    out
}

pub(crate) fn first_age(hospital: &PhantomHospital, draw: &mut Draw) -> i64 {
    let adult = (1.0 - hospital.child_share - hospital.elderly_share).max(0.0);
    let weights = [hospital.child_share, adult, hospital.elderly_share].map(|w| w as f32);
    match draw.weighted(&weights) {
        0 => {
            let youngest = hospital.youngest_child.min(17);
            i64::from(youngest) + draw.below(18 - usize::from(youngest)) as i64
        }
        1 => 18 + draw.below(42) as i64,
        _ => 60 + draw.below(33) as i64,
    }
}

pub(crate) fn months_between(from: Date, to: Date) -> u32 {
    let months = 12 * (i32::from(to.year()) - i32::from(from.year())) + i32::from(to.month())
        - i32::from(from.month())
        - i32::from(to.day() < from.day());
    months.max(0) as u32
}

/// The finger of an image of one: the broken one, where one is.
pub(crate) fn finger(
    hospital: &PhantomHospital,
    region: &Region,
    index: usize,
    fracture: Option<&Fracture>,
) -> Option<u8> {
    let drawn = 2 + Draw::new(hospital.seed, &[domain::FINGER, index as u64]).below(4) as u8;
    let broken = fracture.and_then(|fracture| fracture.bone.ray());
    (region.part == BodyPart::Finger).then_some(broken.unwrap_or(drawn))
}

/// The machines that take images of a part of the body.
pub(crate) fn devices(region: &Region) -> &'static [Device] {
    if region.part == BodyPart::Wrist { &DEVICES[..FOR_WRISTS] } else { &DEVICES }
}

/// The machine of a study that tells whether there is a fracture.
pub(crate) fn telling_device(
    hospital: &PhantomHospital,
    region: &Region,
    index: usize,
    broken: bool,
) -> Option<&'static Device> {
    let mut draw = Draw::new(hospital.seed, &[domain::CONFOUNDERS, index as u64]);
    let tells = draw.chance(hospital.confounders.device_tells_fracture);
    let other = 1 + draw.below(devices(region).len() - 1);
    tells.then(|| &DEVICES[if broken { 0 } else { other }])
}

/// The region of a study: hand or wrist as `usual` says, or of an adult another.
pub(crate) fn region(
    hospital: &PhantomHospital,
    index: usize,
    age_months: u32,
    usual: BodyPart,
) -> Result<&'static Region> {
    let mut part = usual;
    let mut draw = Draw::new(hospital.seed, &[domain::REGION, index as u64]);
    let may = hospital.children_everywhere || age_months >= 18 * 12;
    if may && !hospital.other_parts.is_empty() {
        let mut left = draw.range(0.0, 1.0) as f64;
        for (other, share) in &hospital.other_parts {
            if (0.0..*share).contains(&left) {
                part = *other;
            }
            left -= share;
        }
    }
    if part == BodyPart::Knee && draw.chance(hospital.one_knee_share) {
        return Ok(&ONE_KNEE);
    }
    Region::of(part).ok_or(Error::Asset)
}

pub(crate) fn draw_views(region: &Region, two: bool, draw: &mut Draw) -> Vec<View> {
    let [first, second, other] = region.views;
    let second = if draw.chance(region.second) { second } else { other };
    let alone = draw.chance(0.9);
    match (two && region.views[0] != region.views[1], alone) {
        (true, _) => vec![first, second],
        (false, true) => vec![first],
        (false, false) => vec![second],
    }
}
