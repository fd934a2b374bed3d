//! Real processes: this test binary, started again as the ranks of a run.

use std::env;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio, exit};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contrastive_align::{Aligner, AlignmentLoss, ClipLoss, LogitConfig, PairCollate, SiglipLoss};
use model_core::{
    Collate, Collective, Optimizer, Parameter, ParameterPolicy, Result, Shard, SingleProcess, StepReport,
    Trainer, TrainerConfig, Weights, batches_from_fn, named_tensors, save_tensors,
};
use tch::{Device, Tensor};
use torch_ext::{ProcessGroup, Rendezvous};
use xray_core::Sample;

use crate::toy::{Letters, Pixels, model, study};

const CASE: &str = "OSTEON_TEST_CASE";
const OUT: &str = "OSTEON_TEST_OUT";
const TIMEOUT: &str = "OSTEON_TEST_TIMEOUT";
const STUDIES: usize = 8;

type Named = Vec<(String, Tensor)>;

/// Plain descent that keeps every gradient it is given.
#[derive(Debug)]
struct Descent {
    parameters: Vec<Parameter>,
    seen: Arc<Mutex<Named>>,
}

impl Optimizer for Descent {
    fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }

    fn step(&mut self, lr: f64) {
        let mut seen = self.seen.lock().unwrap();
        for Parameter { name, tensor, .. } in &self.parameters {
            let gradient = tensor.grad();
            let number = seen.len();
            seen.push((format!("{number}.{name}"), gradient.copy()));
            let _ = tch::no_grad(|| tensor.shallow_clone().g_sub_(&(gradient * lr)));
        }
    }

    fn state(&self) -> Named {
        Vec::new()
    }

    fn load_state(&mut self, _: Named) -> Result<()> {
        Ok(())
    }
}

/// The losses and the gradients of three steps of a rank on its part of the batch.
fn train(case: &str, shard: Shard, collective: Box<dyn Collective>) -> Named {
    let (vs, model) = model(4, LogitConfig::default());
    let loss: Box<dyn AlignmentLoss> = match case {
        "siglip" | "cached" => Box::new(SiglipLoss::default()),
        _ => Box::new(ClipLoss::default()),
    };
    let aligner = Aligner::new(model, loss);
    let seen = Arc::new(Mutex::new(Named::new()));
    let parameters = ParameterPolicy::default().parameters("", &vs);
    let optimizer = Descent { parameters, seen: seen.clone() };
    let accumulation = if case == "accumulated" { 2 } else { 1 };
    let config = TrainerConfig { accumulation, learning_rate: 1e-3, ..Default::default() };
    let losses = seen.clone();
    let keep = move |report: &StepReport| {
        losses.lock().unwrap().push((format!("loss.{}", report.step), Tensor::from(report.loss)));
    };
    let part = STUDIES / shard.world_size;
    let mut collate = PairCollate::new(Pixels, Letters);
    if case == "cached" {
        collate = collate.with_chunk((part / 2).max(1).try_into().unwrap());
    }
    let (dies, of_rank) = (case == "dies" && shard.rank == 1, shard.rank * part);
    let mut batches = batches_from_fn(|_, _| {
        Ok((0..3 * accumulation).map(|batch| {
            if dies && batch == 1 {
                exit(7);
            }
            let first = batch * STUDIES as u64 + of_rank as u64;
            let studies: Vec<Sample> = (first..first + part as u64).map(|n| study(n, n, 1)).collect();
            collate.collate(&studies.iter().collect::<Vec<_>>(), Device::Cpu)
        }))
    });
    let mut trainer = Trainer::new(config, named_tensors("", &vs), Box::new(optimizer))
        .unwrap()
        .with_collective(collective)
        .with_hook(keep);
    trainer.run(&aligner, &mut batches, None).unwrap();
    drop(trainer);
    let mut seen = seen.lock().unwrap();
    std::mem::take(&mut *seen)
}

/// What a process does that another test has started; alone it is nothing.
#[test]
fn rank() {
    let Ok(case) = env::var(CASE) else { return };
    let mut rendezvous = Rendezvous::from_env().unwrap().unwrap();
    rendezvous.timeout = Duration::from_secs(env::var(TIMEOUT).unwrap().parse().unwrap());
    let group = ProcessGroup::join(&rendezvous, Device::Cpu).unwrap_or_else(|error| panic!("{error}"));
    let shard = group.shard();
    let seen = train(&case, shard, Box::new(group));
    let path = Path::new(&env::var(OUT).unwrap()).join(shard.rank.to_string());
    save_tensors(path, seen.iter().map(|(name, tensor)| (name.as_str(), tensor)), &Default::default())
        .unwrap();
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Starts a process for each rank and number of processes that is given, and waits for all.
fn run(case: &str, ranks: &[(usize, usize)], port: u16, timeout: u64, out: &Path) -> Vec<Output> {
    let children: Vec<_> = ranks
        .iter()
        .map(|(rank, world_size)| {
            Command::new(env::current_exe().unwrap())
                .args(["--exact", "processes::rank", "--nocapture"])
                .env(CASE, case)
                .env(OUT, out)
                .env(TIMEOUT, timeout.to_string())
                .env("RANK", rank.to_string())
                .env("WORLD_SIZE", world_size.to_string())
                .env("MASTER_ADDR", "127.0.0.1")
                .env("MASTER_PORT", port.to_string())
                .env("OMP_NUM_THREADS", "1")
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    children.into_iter().map(|child| child.wait_with_output().unwrap()).collect()
}

fn complaint(output: &Output) -> String {
    assert!(!output.status.success());
    String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout)
}

#[test]
fn two_and_four_processes_have_the_gradients_of_one() {
    let out = tempfile::tempdir().unwrap();
    for (case, size) in [("clip", 2), ("cached", 4), ("accumulated", 2)] {
        let one = train(case, Shard { rank: 0, world_size: 1 }, Box::new(SingleProcess));
        let largest = |tensor: &Tensor| tensor.abs().max().double_value(&[]);
        assert!(one.iter().any(|(name, gradient)| name.ends_with("weight") && largest(gradient) > 1e-3));
        let ranks: Vec<_> = (0..size).map(|rank| (rank, size)).collect();
        for (rank, output) in run(case, &ranks, free_port(), 60, out.path()).iter().enumerate() {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let theirs = Weights::open(out.path().join(rank.to_string())).unwrap();
            assert_eq!(theirs.names().count(), one.len());
            for (name, ours) in &one {
                let difference = largest(&(theirs.read(name).unwrap() - ours));
                // A gradient above one has fewer digits behind the point. The rate is small, so that what rounding
                // leaves in one step is not magnified in the next.
                let most = 1e-6 * largest(ours).max(1.0);
                assert!(difference < most, "{case} of {size}, rank {rank}, {name}: {difference}");
            }
        }
    }
}

#[test]
fn a_process_that_dies_ends_the_others() {
    let out = tempfile::tempdir().unwrap();
    let outputs = run("dies", &[(0, 2), (1, 2)], free_port(), 60, out.path());
    assert_eq!(outputs[1].status.code(), Some(7));
    let complaint = complaint(&outputs[0]);
    assert!(complaint.contains("Collective") && complaint.contains("onnection"), "{complaint}");
}

#[test]
fn who_never_comes_is_named() {
    let out = tempfile::tempdir().unwrap();
    let outputs = run("clip", &[(0, 2)], free_port(), 1, out.path());
    let complaint = complaint(&outputs[0]);
    assert!(complaint.contains("rank 1 of 2 did not come within 1 s"), "{complaint}");
}

#[test]
fn different_numbers_of_processes_and_a_busy_port_are_named() {
    let out = tempfile::tempdir().unwrap();
    let outputs = run("clip", &[(0, 2), (1, 3)], free_port(), 10, out.path());
    let complaints = outputs.iter().map(complaint).collect::<String>();
    assert!(complaints.contains("was told of"), "{complaints}");

    let listener = TcpListener::bind("[::]:0").or_else(|_| TcpListener::bind("0.0.0.0:0")).unwrap();
    let port = listener.local_addr().unwrap().port();
    let busy = complaint(&run("clip", &[(0, 2)], port, 10, out.path())[0]);
    assert!(busy.contains("address already in use") && busy.contains(&port.to_string()), "{busy}");
}
