//! Studies become batches.

use std::num::NonZeroUsize;

use contrastive_align::{PairCollate, report_group};
use model_core::Collate;
use tch::{Device, Tensor};
use xray_core::Sample;

use crate::toy::{Letters, Pixels, study};

fn integers(tensor: &Tensor) -> Vec<i64> {
    Vec::<i64>::try_from(tensor).unwrap()
}

#[test]
fn all_views_know_their_study_across_chunks() {
    let samples: Vec<Sample> =
        (0..5).map(|number| study(number, number % 3, 1 + number as usize % 2)).collect();
    let items: Vec<&Sample> = samples.iter().collect();
    let collate = PairCollate::new(Pixels, Letters).with_all_images();
    let whole = collate.collate(&items, Device::Cpu).unwrap();
    assert_eq!(whole.chunks.len(), 1);
    assert_eq!(integers(&whole.study), [0, 1, 1, 2, 3, 3, 4]);
    assert_eq!(whole.keys, ["s0000", "s0001", "s0002", "s0003", "s0004"]);
    let groups = integers(&whole.groups);
    assert_eq!((groups[0], groups[1]), (groups[3], groups[4]));
    assert_ne!(groups[0], groups[1]);

    let chunked = collate.with_chunk(NonZeroUsize::new(2).unwrap()).collate(&items, Device::Cpu).unwrap();
    let sizes: Vec<_> = chunked.chunks.iter().map(|c| (c.images.size()[0], c.texts.size()[0])).collect();
    assert_eq!(sizes, [(3, 2), (3, 2), (1, 1)]);
    assert_eq!(integers(&chunked.study), integers(&whole.study));
    assert_eq!(integers(&chunked.groups), groups);
}

#[test]
fn the_first_image_is_taken_unless_told() {
    let samples: Vec<Sample> = (0..4).map(|number| study(number, number, 3)).collect();
    let items: Vec<&Sample> = samples.iter().collect();
    let batch = PairCollate::new(Pixels, Letters).collate(&items, Device::Cpu).unwrap();
    assert_eq!(integers(&batch.study), [0, 1, 2, 3]);
    for (row, sample) in (0..).zip(&samples) {
        let first = Tensor::from_slice(sample.images[0].data());
        assert_eq!(batch.chunks[0].images.select(0, row), first);
    }
}

#[test]
fn a_study_that_is_no_pair_is_named_without_its_report() {
    let mut without_image = study(7, 0, 1);
    without_image.images.clear();
    let mut without_report = study(8, 0, 1);
    without_report.report = " \n".to_owned();
    for (sample, reason) in [(without_image, "has no image"), (without_report, "has an empty report")] {
        let error = PairCollate::new(Pixels, Letters).collate(&[&sample], Device::Cpu).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(cause, format!("the study {} {reason}", sample.key));
    }
}

#[test]
fn reports_that_say_the_same_share_a_group() {
    let same = ["Pas de fracture visible.", "pas de fracture visible", "  PAS de\nfracture, visible !"];
    assert!(same.iter().all(|report| report_group(report) == report_group(same[0])));
    let others = ["Fracture visible.", "Pas de fracture visible à 2 cm.", "Pas defracture visible."];
    assert!(others.iter().all(|report| report_group(report) != report_group(same[0])));
}
