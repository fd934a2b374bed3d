//! Starts a program as several processes of this machine that train together.
//!
//! ```text
//! cargo run --release --example launch -- --processes 2 -- \
//!     target/release/examples/pretrain --config presets/demo.toml --out runs/demo
//! ```
//!
//! Each gets the variables that `torchrun` would give it. When one fails, the others have some seconds to say what
//! they saw of it, then they are ended.

use std::env;
use std::net::TcpListener;
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::thread::{available_parallelism, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Parser;

/// Starts a program as several processes of this machine that train together.
#[derive(Debug, Parser)]
struct Arguments {
    /// How many.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    processes: u16,
    /// The port at which they meet. Default: a free one.
    #[arg(long)]
    port: Option<u16>,
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    command: Vec<String>,
}

/// How long the others may go on after one has failed.
const GRACE: Duration = Duration::from_secs(15);

fn main() -> Result<ExitCode> {
    let Arguments { processes, port, command } = Arguments::parse();
    let port = match port {
        Some(port) => port,
        None => TcpListener::bind("127.0.0.1:0")?.local_addr()?.port(),
    };
    let mut running = Vec::new();
    for rank in 0..processes {
        match start(&command, rank, processes, port) {
            Ok(child) => running.push((rank, child)),
            Err(error) => {
                end(&mut running)?;
                return Err(error);
            }
        }
    }
    let mut failed: Option<(ExitStatus, Instant)> = None;
    while !running.is_empty() {
        let mut still = Vec::new();
        for (rank, mut child) in running {
            match child.try_wait()? {
                None => still.push((rank, child)),
                Some(status) if status.success() => {}
                Some(status) => {
                    eprintln!("launch: process {rank} of {processes} ended with {status}");
                    failed.get_or_insert((status, Instant::now()));
                }
            }
        }
        running = still;
        if failed.is_some_and(|(_, since)| since.elapsed() > GRACE) {
            end(&mut running)?;
        }
        sleep(Duration::from_millis(50));
    }
    Ok(match failed {
        None => ExitCode::SUCCESS,
        Some((status, _)) => {
            ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
        }
    })
}

fn start(command: &[String], rank: u16, processes: u16, port: u16) -> Result<Child> {
    let mut process = Command::new(&command[0]);
    process.args(&command[1..]);
    process.env("RANK", rank.to_string()).env("LOCAL_RANK", rank.to_string());
    process.env("WORLD_SIZE", processes.to_string());
    process.env("MASTER_ADDR", "127.0.0.1").env("MASTER_PORT", port.to_string());
    if env::var_os("OMP_NUM_THREADS").is_none() {
        // Each would take all cores.
        let threads = available_parallelism().map_or(1, usize::from) / usize::from(processes);
        process.env("OMP_NUM_THREADS", threads.max(1).to_string());
    }
    process.spawn().with_context(|| format!("starting {}", command[0]))
}

fn end(running: &mut [(u16, Child)]) -> Result<()> {
    for (rank, child) in running {
        eprintln!("launch: process {rank} is ended");
        child.kill()?;
    }
    Ok(())
}
