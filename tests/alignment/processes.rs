//! `pretrain` in several processes: this test binary, started again as the ranks of a run.

use std::env;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use contrastive_align::{PretrainConfig, Pretraining};
use model_core::Collective;
use osteon::Alignment;
use tch::Device;
use torch_ext::{ProcessGroup, Rendezvous};

use crate::small::{config, shards};

const CONFIG: &str = "OSTEON_TEST_CONFIG";
const OUT: &str = "OSTEON_TEST_OUT";

/// An encoder without running statistics, of which every process has its own.
const VIT: &str = r#"
model_type = "vit"
image_size = 32
patch_size = 8
num_channels = 1
hidden_size = 16
num_hidden_layers = 1
num_attention_heads = 2
intermediate_size = 32
projection_size = 16
"#;

/// What a process does that another test has started; alone it is nothing.
#[test]
fn rank() {
    let Ok(out) = env::var(OUT) else { return };
    let mut rendezvous = Rendezvous::from_env().unwrap().unwrap();
    rendezvous.timeout = Duration::from_secs(60);
    let group: Box<dyn Collective> = Box::new(ProcessGroup::join(&rendezvous, Device::Cpu).unwrap());
    let config = PretrainConfig::parse(&env::var(CONFIG).unwrap()).unwrap();
    let run = Pretraining::together(config, out, group).unwrap();
    Alignment::open(run, Device::Cpu).unwrap().run().unwrap();
}

fn start(config: &PretrainConfig, out: &Path, processes: usize) -> Vec<Output> {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let start = |rank: usize| {
        Command::new(env::current_exe().unwrap())
            .args(["--exact", "processes::rank", "--nocapture"])
            .env(OUT, out)
            .env(CONFIG, toml::to_string(config).unwrap())
            .env("RANK", rank.to_string())
            .env("WORLD_SIZE", processes.to_string())
            .env("MASTER_ADDR", "127.0.0.1")
            .env("MASTER_PORT", port.to_string())
            .env("OMP_NUM_THREADS", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let children: Vec<_> = (0..processes).map(start).collect();
    children.into_iter().map(|child| child.wait_with_output().unwrap()).collect()
}

/// The loss of every step that a run's log names, and of every validation.
fn losses(run: &Path) -> Vec<(String, f64)> {
    let log = std::fs::read_to_string(run.join("metrics.jsonl")).unwrap();
    let rows = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    rows.filter_map(|row| Some((row["kind"].as_str()?.to_owned(), row["loss"].as_f64()?))).collect()
}

#[test]
fn two_processes_train_as_one_with_the_double_batch() {
    let folder = tempfile::tempdir().unwrap();
    let mut whole = config(&shards(folder.path()));
    whole.vision.config = toml::from_str(VIT).unwrap();
    for dropout in ["hidden_dropout_prob", "attention_probs_dropout_prob"] {
        // Each process draws masks of its own.
        whole.text.config.insert(dropout.to_owned(), 0.0.into());
    }
    whole.trainer.epochs = 2;
    // Batches of 8 fall into two blocks of studies of one part.
    whole.data.alike = 4;
    let alone = folder.path().join("alone");
    Alignment::open(Pretraining::new(whole.clone(), &alone).unwrap(), Device::Cpu).unwrap().run().unwrap();

    let mut half = whole.clone();
    half.data.batch /= 2;
    let shared = folder.path().join("shared");
    for output in start(&half, &shared, 2) {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let (one, two) = (losses(&alone), losses(&shared));
    assert!(one.len() >= 6, "{} losses", one.len());
    assert_eq!(one.len(), two.len());
    for ((kind, one), (other, two)) in one.iter().zip(&two) {
        assert_eq!(kind, other);
        // Validation batches are smaller by half, so that its contrastive loss is another number.
        assert!(kind != "step" || (one - two).abs() < 1e-5, "{kind}: {one} against {two}");
    }
}
