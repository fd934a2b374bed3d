//! Processes that train together, played by threads with a collective from outside the crate.

use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use model_core::layers::linear;
use model_core::{
    AdamW, AdamWConfig, Collective, EvalReport, Hook, ParameterPolicy, Result, Shard, StepContext,
    StepOutput, StepReport, Task, Trainer, TrainerConfig, batches_from_fn, named_tensors,
};
use tch::{Device, Kind, Reduction, Tensor, nn};

#[derive(Debug)]
struct Threads {
    shard: Shard,
    shared: Arc<(Barrier, Mutex<Vec<Vec<Tensor>>>)>,
}

impl Threads {
    /// What every thread gave, in order of rank.
    fn exchange(&self, tensors: &[Tensor]) -> Vec<Vec<Tensor>> {
        let (barrier, slots) = &*self.shared;
        slots.lock().unwrap()[self.shard.rank] = tensors.iter().map(|t| t.detach().copy()).collect();
        barrier.wait();
        let all = slots.lock().unwrap().iter().map(|slot| slot.iter().map(Tensor::copy).collect()).collect();
        barrier.wait();
        all
    }
}

impl Collective for Threads {
    fn shard(&self) -> Shard {
        self.shard
    }

    fn all_reduce_mean(&self, tensors: &mut [Tensor]) -> Result<()> {
        let all = self.exchange(tensors);
        for (index, tensor) in tensors.iter_mut().enumerate() {
            let sum: Tensor = all.iter().map(|rank| &rank[index]).fold(tensor.zeros_like(), |a, b| a + b);
            tch::no_grad(|| tensor.copy_(&(sum / all.len() as f64)));
        }
        Ok(())
    }

    fn all_gather(&self, tensor: &Tensor) -> Result<Vec<Tensor>> {
        Ok(self.exchange(&[tensor.shallow_clone()]).into_iter().flatten().collect())
    }

    fn broadcast(&self, tensors: &mut [Tensor]) -> Result<()> {
        let all = self.exchange(tensors);
        for (tensor, first) in tensors.iter_mut().zip(&all[0]) {
            tch::no_grad(|| tensor.copy_(first));
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Line(nn::Linear);

impl Task for Line {
    type Batch = Tensor;

    fn step(&self, x: &Tensor, _: &StepContext<'_>) -> Result<StepOutput> {
        let loss = x.apply(&self.0).mse_loss(&(x.sin() * 2.0), Reduction::Mean);
        Ok(StepOutput {
            metrics: vec![("twice".to_owned(), 2.0 * loss.double_value(&[]))],
            ..StepOutput::new(loss, x.size()[0])
        })
    }
}

struct Losses(Arc<Mutex<Vec<f64>>>);

impl Hook for Losses {
    fn on_step(&mut self, report: &StepReport) -> Result<std::ops::ControlFlow<()>> {
        self.0.lock().unwrap().push(report.loss);
        Ok(std::ops::ControlFlow::Continue(()))
    }

    fn on_evaluation(&mut self, report: &EvalReport) -> Result<std::ops::ControlFlow<()>> {
        assert!((report.metrics[0].1 - 2.0 * report.loss).abs() < 1e-6);
        self.0.lock().unwrap().push(report.loss);
        Ok(std::ops::ControlFlow::Continue(()))
    }
}

/// Eight rows of every step, of which each rank takes its part.
fn rows(step: u64, shard: Shard) -> Tensor {
    let all = (Tensor::arange(24, (Kind::Float, Device::Cpu)) + step as f64).cos().view([8, 3]);
    let part = 8 / shard.world_size as i64;
    all.narrow(0, shard.rank as i64 * part, part)
}

/// The losses that a rank reports and the weights that it ends with.
fn train(shard: Shard, collective: Option<Box<dyn Collective>>) -> (Vec<f64>, Vec<(String, Tensor)>) {
    let vs = nn::VarStore::new(Device::Cpu);
    let task = Line(linear(&vs.root(), 3, 3, true));
    // Each rank starts elsewhere; that of rank 0 is meant to count.
    let _ = tch::no_grad(|| task.0.ws.shallow_clone().fill_(0.1 * (shard.rank + 1) as f64));
    let optimizer =
        AdamW::new(ParameterPolicy::default().parameters("", &vs), AdamWConfig::default()).unwrap();
    let config =
        TrainerConfig { epochs: 2, learning_rate: 0.05, max_gradient_norm: Some(1.0), ..Default::default() };
    let losses = Arc::new(Mutex::new(Vec::new()));
    let mut trainer = Trainer::new(config, named_tensors("", &vs), Box::new(optimizer))
        .unwrap()
        .with_hook(Losses(losses.clone()));
    if let Some(collective) = collective {
        trainer = trainer.with_collective(collective);
    }
    let source = || {
        batches_from_fn(move |epoch, skip| Ok((skip..10).map(move |step| Ok(rows(epoch * 10 + step, shard)))))
    };
    trainer.run(&task, &mut source(), Some(&mut source())).unwrap();
    drop(trainer);
    (losses.lock().unwrap().clone(), named_tensors("", &vs))
}

#[test]
fn two_and_four_processes_train_as_one_with_the_whole_batch() {
    let (losses, weights) = train(Shard { rank: 0, world_size: 1 }, None);
    for world_size in [2, 4] {
        let slots = (0..world_size).map(|_| Vec::new()).collect();
        let shared = Arc::new((Barrier::new(world_size), Mutex::new(slots)));
        let ranks: Vec<_> = (0..world_size)
            .map(|rank| {
                let shard = Shard { rank, world_size };
                let collective = Threads { shard, shared: shared.clone() };
                thread::spawn(move || train(shard, Some(Box::new(collective))))
            })
            .collect();
        for rank in ranks {
            let (rank_losses, rank_weights) = rank.join().unwrap();
            assert_eq!(rank_losses.len(), losses.len());
            assert!(rank_losses.iter().zip(&losses).all(|(a, b)| (a - b).abs() < 1e-6));
            for ((name, a), (_, b)) in rank_weights.iter().zip(&weights) {
                assert!(a.allclose(b, 0.0, 1e-6, false), "{name}");
            }
        }
    }
}
