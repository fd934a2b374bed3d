//! The contract of the crate, through its public path alone.

mod aligner;
mod losses;
mod numbers;
mod pairs;
mod pretrain;
mod processes;
mod ranks;
mod retrieval;
mod toy;
mod zero_shot;
