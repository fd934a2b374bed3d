//! A hospital in a box: simulated radiographs of hand, wrist and twelve other parts of arm, leg and pelvis with French
//! reports, identifiers and exact labels. No public set pairs bone radiographs with French reports, and patients' data cannot
//! travel; this archive can, and its truth is known.
//!
//! # Main types
//!
//! * [`PhantomHospital`]: the settings; writes the archive, or gives one study at a time;
//! * [`Confounders`]: what makes a model right for a bad reason; nothing of it by default;
//! * [`Clutter`]: what makes the archive hard to pair, as real ones are; nothing of it by default;
//! * [`PhantomStudy`]: one examination with its report, spans and labels; renders its images;
//! * [`Radiograph`]: the grey values of one image;
//! * [`Fracture`]: what is broken, and by how much it is displaced; [`PhantomStudy::fracture_box`] says where;
//! * [`Findings`]: what else is to be seen: osteosynthesis, cast, lesions, osteoarthritis, dislocations, prostheses;
//!   [`Prevalence`] says how often;
//! * [`Knee`]: Kellgren-Lawrence grade, joint spaces and axis, of both knees or legs in one image;
//! * [`FindingBox`], [`FindingMask`], [`BoneMask`]: where findings and bones are in an image, to the pixel;
//! * [`PublicLayout`]: the folders and tables of public sets, filled with simulated studies;
//! * [`ContactSheet`]: pictures with captions as one PNG.
//!
//! # Example
//!
//! ```
//! use xray_phantom::PhantomHospital;
//!
//! let hospital = PhantomHospital { studies: 2, seed: 7, size: 128, ..PhantomHospital::default() };
//! for study in hospital.iter() {
//!     let study = study?;
//!     let image = study.radiograph(0)?;
//!     assert_eq!(image.pixels.len(), image.width * image.height);
//!     for span in &study.spans {
//!         assert!(study.report.text.get(span.start..span.end).is_some());
//!     }
//! }
//! # Ok::<(), xray_phantom::Error>(())
//! ```
//!
//! # What is physical
//!
//! Every bone is a closed surface made from a real bone (see `assets/NOTICE`). The length of each ray in
//! cortex, spongy bone and flesh follows from the surfaces, and Beer and Lambert's law from the lengths; noise
//! follows the number of photons. A fracture is a ragged cut through one bone whose fragment has moved by a
//! known distance and angle, and what hangs on it has moved with it. Side, view, joint angles, age, size and
//! density change these surfaces before the ray is followed, so that label and picture cannot disagree.
//!
//! # What is drawn
//!
//! The spectrum is one energy, scatter is a blur of what arrives, trabeculae are noise, the skin is bones blown up, and
//! flesh does not swell around a fracture. How fast growth plates change, how bones thin with age, how much a lesion
//! takes of a bone, how thick casts are and how many millimetres of joint space a Kellgren-Lawrence grade has are
//! chosen. Bones of the hand appear in the order of Gilsanz and Ratib, but for the scaphoid of boys, and at ages that agree
//! with an open table after Gray's Anatomy to half a year, but for the pisiform of boys, two years early; the atlas of Greulich and Pyle was not at
//! hand, and the ages at which growth plates close are round numbers (`anatomy.rs` has each with its source). Only the order
//! should be relied on. The bones of arm and leg come from coarse meshes: their outline is right and their detail is
//! not. How far the bones of a dislocated joint move is chosen; ligaments do not hold them. A prosthesis is a plain shape
//! of its kind, of no maker, its plastic parts are not seen, and bone around it does not change. The trunk around a pelvis
//! is a smooth body; the left half of a pelvis is the right one mirrored. Spine and ribs are not drawn. Where a pelvis
//! breaks is chosen: the neck of a femur, both rami of one pubis, the roof of a socket or the wing of the sacrum, one of
//! them at a time, and the rest of the ring stays whole. A broken leg is imaged as if it stood, so its fragment turns
//! little; its axis is measured as it lies. Casts are put on all parts but finger, upper arm, shoulder, hip, pelvis, thigh
//! and images of both sides.
//!
//! Children are imaged at hand and wrist alone unless `children_everywhere` asks for more: their growth plates then are
//! gaps in the bones of an adult made smaller, whose epiphyses are whole from the start, which is wrong below some eight
//! years. The coarse meshes have each end of a bone as one body, where an elbow has six centres of its own, and an end
//! that is partly cartilage would leave a wider joint space than the one that is measured and reported.
//!
//! # What must not be concluded
//!
//! A figure measured on this archive says that a program works, and how it compares with another on the same
//! archive. It says nothing of patients. Every DICOM file says SIMULATED in `ImageType`, `SeriesDescription`
//! and `StudyDescription`, and every contact sheet in its first line. All names, numbers and hospitals are
//! invented; web addresses end in `.example`.
//!
//! # Extending
//!
//! A new setting is a field of [`PhantomHospital`] with a check in
//! [`validate`](PhantomHospital::validate). A new finding needs three things that use the same number: what it
//! does to the surfaces, its label, and its words; the last are given only facts about the picture, so that a
//! report cannot name what is not there.
//!
//! # Features
//!
//! None.

mod anatomy;
mod archive;
mod bone;
mod clutter;
mod confounders;
mod contact_sheet;
mod deal;
mod device;
mod dicom;
mod draw;
mod error;
mod field;
mod findings;
mod flesh;
mod font;
mod fracture;
mod geometry;
mod grain;
mod hospital;
mod jpeg_lossless;
mod knee;
mod labels;
mod lexicon;
mod marker;
mod mask;
mod mesh;
mod patient;
mod pdf;
mod place;
mod plates;
mod pose;
mod public;
mod radiograph;
mod raster;
mod region;
mod report;
mod rle;
mod scene;
mod sheet;
mod skeleton;
mod solid;
mod spans;
mod study;
mod tissue;

pub use bone::{Bone, Carpal};
pub use clutter::Clutter;
pub use confounders::{Confounders, Group};
pub use device::{DEVICES, Device, Encoding};
pub use error::{Error, Result};
pub use findings::{
    Cast, Direction, DislocatedJoint, Dislocation, Findings, ForeignBody, Hardware, Joint, Lesion,
    Osteoarthritis, Osteosynthesis, Prevalence, Prosthesis, ReplacedJoint,
};
pub use fracture::{Fracture, FractureKind};
pub use hospital::PhantomHospital;
pub use knee::Knee;
pub use marker::Marker;
pub use mask::FindingMask;
pub use place::{BoneMask, FindingBox};
pub use public::PublicLayout;
pub use radiograph::Radiograph;
pub use sheet::ContactSheet;
pub use spans::Span;
pub use study::PhantomStudy;
pub use xray_core::Category;
