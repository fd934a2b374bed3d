//! A frozen encoder over public sets and shards: what is kept between runs, and what is reported of a set.
#![cfg(feature = "torch")]

use std::fs;
use std::path::Path;

use downstream_heads::{FeatureCache, FeatureKey};
use model_core::Pretrained;
use osteon::{Error, Frozen, Studies};
use tch::{Device, nn};
use vision_encoder::{ResNetConfig, ResNetLayer, VisionModel};
use xray_dataset::{EvalTransform, PublicSet, Split};
use xray_phantom::{PhantomHospital, PublicLayout};

fn encoder() -> VisionModel {
    tch::manual_seed(1);
    let config = ResNetConfig {
        num_channels: 1,
        embedding_size: 8,
        hidden_sizes: vec![8, 16],
        depths: vec![1, 1],
        layer_type: ResNetLayer::Basic,
        ..ResNetConfig::default()
    };
    VisionModel::new(&nn::VarStore::new(Device::Cpu).root(), &config.into()).unwrap()
}

/// A simulated copy of MURA, whose studies have several images.
fn set(folder: &Path) -> PublicSet {
    let hospital = PhantomHospital { studies: 60, seed: 3, size: 64, ..PhantomHospital::default() };
    hospital.write_public(PublicLayout::Mura, folder, &|_| ()).unwrap();
    PublicSet::mura(folder).unwrap()
}

fn with_cache<'a>(
    encoder: &'a VisionModel,
    cache: &'a FeatureCache,
    size: usize,
) -> Frozen<'a, EvalTransform> {
    let transform = EvalTransform { size, ..EvalTransform::default() };
    let key = FeatureKey::new().with_text("the test's weights").with_text(&format!("{transform:?}"));
    Frozen { cache: Some((cache, key)), ..Frozen::new(encoder, transform, Device::Cpu) }
}

#[test]
fn kept_features_are_those_of_the_files_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let set = set(folder.path());
    let encoder = encoder();
    let cache = FeatureCache::new(folder.path().join("cache"));
    let frozen = with_cache(&encoder, &cache, 32);
    let plain = Frozen::new(&encoder, frozen.transform, Device::Cpu);
    let train = set.split(Split::Train);
    let first = frozen.encode(train.clone()).unwrap();
    assert!(first.images.cases() > first.features.cases());
    let second = frozen.encode(train.clone()).unwrap();
    assert_eq!((&first.features, &first.images), (&second.features, &second.images));
    assert_eq!(first.images, plain.encode(train.clone()).unwrap().images);

    // Another image in the place of one: its features alone are new.
    let (changed, other) = (&train.items()[0].images[0], &train.items()[2].images[0]);
    fs::copy(other, changed).unwrap();
    let third = frozen.encode(train.clone()).unwrap();
    let differ = |(a, b): (&[f32], &[f32])| a != b;
    let differing: Vec<bool> = first.images.rows().zip(third.images.rows()).map(differ).collect();
    assert!(differing[0] && differing[1..].iter().all(|differs| !differs));
    let place = third.study_of.iter().position(|study| *study == 2).unwrap();
    assert_eq!(third.images.rows().next(), third.images.rows().nth(place));

    // Another transform is another file of the cache.
    with_cache(&encoder, &cache, 24).encode(train).unwrap();
    assert_eq!(fs::read_dir(folder.path().join("cache")).unwrap().count(), 2);
}

#[test]
fn a_file_in_two_splits_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let set = set(folder.path());
    let encoder = encoder();
    let (train, test) = (set.split(Split::Train), set.split(Split::Test));
    let frozen = Frozen::new(&encoder, EvalTransform { size: 16, ..EvalTransform::default() }, Device::Cpu);
    let encode = |part: &PublicSet| -> Studies { frozen.encode(part.clone()).unwrap() };
    assert!(encode(&test).shared_with(&encode(&train)).is_empty());
    fs::copy(&train.items()[1].images[0], &test.items()[3].images[0]).unwrap();
    assert_eq!(encode(&test).shared_with(&encode(&train)), [test.items()[3].key.as_str()]);
}

#[test]
fn an_image_that_is_none_and_a_set_without_studies_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let set = set(folder.path());
    let encoder = encoder();
    let frozen = Frozen::new(&encoder, EvalTransform { size: 16, ..EvalTransform::default() }, Device::Cpu);
    let train = set.split(Split::Train);
    let broken = &train.items()[4].images[0];
    fs::write(broken, "no image").unwrap();
    let error = frozen.encode(train.clone()).unwrap_err();
    assert!(matches!(error, Error::Heads { .. }), "{error:?}");

    let empty = set.split(Split::Val).split(Split::Test);
    assert!(matches!(frozen.encode(empty), Err(Error::Heads { .. })));
}
