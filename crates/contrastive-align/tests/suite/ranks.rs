//! Threads that act as ranks.

use std::sync::{Arc, Barrier, Mutex};
use std::thread;

use model_core::{Collective, Result, Shard};
use tch::Tensor;

/// A rank among threads of this process: all a loss may ask of other machines, written by an outsider.
#[derive(Debug)]
pub(crate) struct ThreadRank {
    rank: usize,
    meeting: Arc<Meeting>,
}

#[derive(Debug)]
struct Meeting {
    barrier: Barrier,
    board: Mutex<Vec<Tensor>>,
    world_size: usize,
}

impl Collective for ThreadRank {
    fn shard(&self) -> Shard {
        Shard { rank: self.rank, world_size: self.meeting.world_size }
    }

    fn all_reduce_mean(&self, tensors: &mut [Tensor]) -> Result<()> {
        for tensor in tensors {
            *tensor = Tensor::stack(&self.all_gather(tensor)?, 0).mean_dim(0, false, None);
        }
        Ok(())
    }

    fn all_gather(&self, tensor: &Tensor) -> Result<Vec<Tensor>> {
        let Meeting { barrier, board, .. } = &*self.meeting;
        board.lock().unwrap()[self.rank] = tensor.detach().copy();
        barrier.wait();
        let all: Vec<Tensor> = board.lock().unwrap().iter().map(Tensor::copy).collect();
        assert!(all.iter().all(|other| other.size() == tensor.size()), "ranks exchange one shape");
        barrier.wait();
        Ok(all)
    }

    fn broadcast(&self, tensors: &mut [Tensor]) -> Result<()> {
        for tensor in tensors {
            *tensor = self.all_gather(tensor)?.remove(0);
        }
        Ok(())
    }
}

/// Runs `body` once a rank, each in a thread of its own, and gives what they give in order of rank.
pub(crate) fn on_ranks<T: Send>(world_size: usize, body: impl Fn(&ThreadRank) -> T + Sync) -> Vec<T> {
    let board = (0..world_size).map(|_| Tensor::from(0.0)).collect();
    let meeting =
        Arc::new(Meeting { barrier: Barrier::new(world_size), board: Mutex::new(board), world_size });
    thread::scope(|scope| {
        let threads: Vec<_> = (0..world_size)
            .map(|rank| {
                let rank = ThreadRank { rank, meeting: Arc::clone(&meeting) };
                let body = &body;
                scope.spawn(move || body(&rank))
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
