//! Simulated bone radiographs with French reports, identifiers and exact labels.
#![allow(dead_code)]
mod anatomy;
mod bone;
mod device;
mod draw;
mod font;
mod fracture;
mod geometry;
mod mesh;
mod pose;
mod radiograph;
mod raster;
mod scene;
mod skeleton;

pub use bone::{Bone, Carpal};
pub use device::{DEVICES, Device};
pub use fracture::Fracture;
pub use radiograph::Radiograph;

#[doc(hidden)]
pub fn throwaway(seed: u64, size: usize, years: u32, wrist: bool, view: usize, broken: bool) -> (Radiograph, Option<Fracture>) {
    use xray_core::*;
    let sk = skeleton::Skeleton::from_asset().unwrap();
    let mut d = draw::Draw::new(seed, &[]);
    let sex = if d.chance(0.5) { Sex::F } else { Sex::M };
    let a = anatomy::Anatomy::new(years * 12, sex, sk.parts.len(), &mut d);
    let part = if wrist { BodyPart::Wrist } else { BodyPart::Hand };
    let f = broken.then(|| {
        let b = Fracture::draw_bone(part, &mut d);
        Fracture::draw(&sk.parts[sk.index(b).unwrap()], a.size, &mut d)
    });
    let lat = if d.chance(0.5) { Laterality::Left } else { Laterality::Right };
    let shot = radiograph::Shot { skeleton: &sk, anatomy: &a, fracture: f.as_ref(), body_part: part, laterality: lat,
        view: [View::Pa, View::Lateral, View::Oblique][view], device: &DEVICES[0], size };
    (shot.take(&mut d), f)
}
