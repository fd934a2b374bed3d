//! The published checkpoints have the tensors that the models ask for: their names and shapes are listed in
//! `fixtures/names` (`scripts/fixtures/encoders.py`).

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use model_core::{Pretrained, PretrainedConfig, load_pretrained, save_tensors, write_config};
use tch::{Device, Kind, Tensor, nn};
use vision_encoder::{
    Dinov2, Dinov2Config, Dinov2Type, Mae, MaeConfig, ResNet, ResNetConfig, ResNetLayer, Vit, VitConfig,
    VitType,
};

fn published(name: &str) -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/names").join(name);
    let lines = std::fs::read_to_string(path).unwrap();
    lines
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(name, shape)| (name.into(), shape.into()))
        .collect()
}

fn shapes<M: Pretrained>(config: &M::Config) -> HashMap<String, Vec<i64>> {
    let vs = nn::VarStore::new(Device::Cpu);
    M::new(&vs.root(), config).unwrap();
    vs.variables().into_iter().map(|(name, tensor)| (name, tensor.size())).collect()
}

/// A model as deep as the published one, but narrow, loads a file with the published names whole; one of
/// the published width, but of one layer, has the published shapes.
fn assert_loads<M: Pretrained>(list: &str, prefix: &str, narrow: &M::Config, wide: &M::Config, heads: &[&str])
where
    M::Config: PretrainedConfig,
{
    let published = published(list);
    let bare = |name: &str| name.strip_prefix(prefix).unwrap_or(name).to_owned();
    for (name, shape) in shapes::<M>(wide) {
        let found = published.iter().find(|(published, _)| bare(published) == name);
        assert_eq!(found.map(|(_, shape)| shape.clone()), Some(format!("{shape:?}")), "{list}: {name}");
    }

    let folder = tempfile::tempdir().unwrap();
    let narrow_shapes = shapes::<M>(narrow);
    let tensors: Vec<(String, Tensor)> = published
        .into_keys()
        .map(|name| {
            let shape = narrow_shapes.get(&bare(&name)).cloned().unwrap_or(vec![1]);
            (name, Tensor::ones(shape, (Kind::Float, Device::Cpu)))
        })
        .collect();
    let named = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor));
    save_tensors(folder.path().join("model.safetensors"), named, &BTreeMap::new()).unwrap();
    write_config(folder.path(), narrow).unwrap();
    let (_vs, _, report) = load_pretrained::<M>(folder.path(), Device::Cpu).unwrap();
    assert!(report.is_complete(), "{list}: {:?}", report.missing);
    for name in &report.unexpected {
        assert!(heads.iter().any(|head| name.starts_with(head)), "{list}: {name}");
    }
}

fn narrow() -> VitConfig {
    VitConfig { hidden_size: 4, num_attention_heads: 2, intermediate_size: 4, ..VitConfig::default() }
}

#[test]
fn google_vit_base_patch16_224_is_loaded_whole() {
    let wide = VitConfig { num_hidden_layers: 1, ..VitConfig::default() };
    assert_loads::<Vit>("google_vit-base-patch16-224.txt", "vit.", &narrow(), &wide, &["classifier."]);
}

#[test]
fn facebook_vit_mae_base_is_loaded_whole_with_its_decoder_or_without() {
    let list = "facebook_vit-mae-base.txt";
    let encoder = VitConfig { model_type: VitType::VitMae, ..narrow() };
    let wide = VitConfig { num_hidden_layers: 1, model_type: VitType::VitMae, ..VitConfig::default() };
    assert_loads::<Vit>(list, "vit.", &encoder, &wide, &["decoder."]);
    let narrow = MaeConfig {
        encoder,
        decoder_hidden_size: 4,
        decoder_num_attention_heads: 2,
        decoder_intermediate_size: 4,
        ..MaeConfig::default()
    };
    let wide = MaeConfig { encoder: wide, decoder_num_hidden_layers: 1, ..MaeConfig::default() };
    assert_loads::<Mae>(list, "", &narrow, &wide, &[]);
}

#[test]
fn facebook_dinov2_base_is_loaded_whole_with_registers_or_without() {
    for (model_type, list) in [
        (Dinov2Type::Plain, "facebook_dinov2-base.txt"),
        (Dinov2Type::WithRegisters, "facebook_dinov2-with-registers-base.txt"),
    ] {
        let base = || Dinov2Config { image_size: 518, patch_size: 14, ..Dinov2Config::of(model_type) };
        let narrow = Dinov2Config { hidden_size: 4, num_attention_heads: 2, ..base() };
        let wide = Dinov2Config { num_hidden_layers: 1, ..base() };
        // The mask token is for pre-training alone.
        assert_loads::<Dinov2>(list, "", &narrow, &wide, &["embeddings.mask_token"]);
    }
}

#[test]
fn microsoft_resnets_are_loaded_whole() {
    // Shortcuts are where the published models have them: the first stage of ResNet-50 widens, that of ResNet-18
    // does not.
    let narrow =
        ResNetConfig { embedding_size: 2, hidden_sizes: vec![4, 8, 8, 8], ..ResNetConfig::default() };
    let wide = ResNetConfig { depths: vec![1, 1, 1, 1], ..ResNetConfig::default() };
    assert_loads::<ResNet>("microsoft_resnet-50.txt", "resnet.", &narrow, &wide, &["classifier."]);
    let basic = |config| ResNetConfig { layer_type: ResNetLayer::Basic, ..config };
    let narrow = basic(ResNetConfig { embedding_size: 4, depths: vec![2, 2, 2, 2], ..narrow });
    let wide = basic(ResNetConfig { hidden_sizes: vec![64, 128, 256, 512], ..wide });
    assert_loads::<ResNet>("microsoft_resnet-18.txt", "resnet.", &narrow, &wide, &["classifier."]);
}
