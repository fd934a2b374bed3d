use std::env;
use std::str::FromStr;
use std::time::Duration;

use crate::{Error, Result};

/// Where the processes that train together meet, and which of them this one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendezvous {
    /// Which process this is, from 0.
    pub rank: usize,
    /// How many there are.
    pub world_size: usize,
    /// Which process of this machine this is, from 0: the number of its GPU.
    pub local_rank: usize,
    /// The machine of rank 0.
    pub host: String,
    /// The port there. Rank 0 listens at it.
    pub port: u16,
    /// Whether the launcher listens at the port in the place of rank 0, as torchrun does. Default: no.
    pub store_elsewhere: bool,
    /// How often the processes have been started anew at this port before. Default 0.
    pub attempt: u64,
    /// How long to wait for the other processes, in the beginning and in every exchange. Must be longer than
    /// what one process does while the others wait, as the writing of a checkpoint. Default: five minutes.
    pub timeout: Duration,
}

/// PyTorch's usual port.
const PORT: u16 = 29500;

impl Rendezvous {
    /// A meeting of processes of this machine.
    pub fn local(rank: usize, world_size: usize, port: u16) -> Self {
        Self {
            rank,
            world_size,
            local_rank: rank,
            host: "127.0.0.1".to_owned(),
            port,
            store_elsewhere: false,
            attempt: 0,
            timeout: Duration::from_secs(300),
        }
    }

    /// What the launcher of this process says, or nothing where it was started alone.
    ///
    /// * `RANK`, `WORLD_SIZE`, `LOCAL_RANK` (default 0), `MASTER_ADDR`, `MASTER_PORT` (default 29500): torchrun,
    ///   operators of Kubernetes, the example `launch`;
    /// * `SLURM_PROCID`, `SLURM_STEP_NUM_TASKS`, `SLURM_LOCALID`, `SLURM_STEP_NODELIST`, whose first machine is
    ///   the meeting place, and `SLURM_JOB_ID`, from which comes the port (15000 and its last four
    ///   digits): srun. `MASTER_ADDR` and `MASTER_PORT` go before.
    ///
    /// # Errors
    ///
    /// [`Error::Environment`] if a variable is missing beside the others, is no number, or the rank is not below
    /// the number of processes.
    pub fn from_env() -> Result<Option<Self>> {
        Self::read(|name| env::var(name).ok())
    }

    fn read(variable: impl Fn(&'static str) -> Option<String>) -> Result<Option<Self>> {
        let source = Variables(variable);
        let found = if source.get("RANK").is_some() || source.get("WORLD_SIZE").is_some() {
            Self {
                local_rank: source.number("LOCAL_RANK")?.unwrap_or(0),
                host: source.needed("MASTER_ADDR")?,
                port: source.number("MASTER_PORT")?.unwrap_or(PORT),
                store_elsewhere: source.get("TORCHELASTIC_USE_AGENT_STORE").as_deref() == Some("True"),
                attempt: source.number("TORCHELASTIC_RESTART_COUNT")?.unwrap_or(0),
                ..source.place("RANK", "WORLD_SIZE")?
            }
        } else if source.get("SLURM_STEP_NUM_TASKS").is_some() {
            let job: u64 = source.number("SLURM_JOB_ID")?.unwrap_or(0);
            let port = u16::try_from(15_000 + job % 10_000).unwrap_or(PORT);
            let host = match source.get("MASTER_ADDR") {
                Some(host) => host,
                None => first_machine(&source.needed::<String>("SLURM_STEP_NODELIST")?),
            };
            Self {
                local_rank: source.number("SLURM_LOCALID")?.unwrap_or(0),
                host,
                port: source.number("MASTER_PORT")?.unwrap_or(port),
                ..source.place("SLURM_PROCID", "SLURM_STEP_NUM_TASKS")?
            }
        } else {
            return Ok(None);
        };
        Ok(Some(found))
    }
}

/// The variables of a process.
struct Variables<F>(F);

impl<F: Fn(&'static str) -> Option<String>> Variables<F> {
    fn get(&self, name: &'static str) -> Option<String> {
        (self.0)(name)
    }

    fn needed<T: FromStr>(&self, name: &'static str) -> Result<T> {
        let missing = || Error::Environment { variable: name, reason: "is not set".to_owned() };
        self.number(name)?.ok_or_else(missing)
    }

    fn number<T: FromStr>(&self, name: &'static str) -> Result<Option<T>> {
        let refuse = |text: &str| {
            let reason = format!("{text:?} is not a number that it may have");
            Error::Environment { variable: name, reason }
        };
        self.get(name).map(|text| text.parse().map_err(|_| refuse(&text))).transpose()
    }

    fn place(&self, rank_in: &'static str, size_in: &'static str) -> Result<Rendezvous> {
        let (rank, world_size) = (self.needed(rank_in)?, self.needed(size_in)?);
        if rank >= world_size {
            let reason = format!("{rank} is not below {size_in}, {world_size}");
            return Err(Error::Environment { variable: rank_in, reason });
        }
        Ok(Rendezvous::local(rank, world_size, PORT))
    }
}

/// The first machine of a list as Slurm writes it: `node[03-07,9],login1` begins with `node03`.
fn first_machine(list: &str) -> String {
    let end = list.find([',', '[']).unwrap_or(list.len());
    match list[end..].strip_prefix('[') {
        Some(numbers) => {
            let number = &numbers[..numbers.find([',', '-', ']']).unwrap_or(numbers.len())];
            let rest = numbers.split_once(']').map_or("", |(_, rest)| rest);
            format!("{}{number}{}", &list[..end], first_machine(rest))
        }
        None => list[..end].to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<Rendezvous>> {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        Rendezvous::read(|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn torchrun_is_understood() {
        let found = read(&[
            ("RANK", "3"),
            ("WORLD_SIZE", "4"),
            ("LOCAL_RANK", "1"),
            ("MASTER_ADDR", "gpu7"),
            ("MASTER_PORT", "1234"),
            ("TORCHELASTIC_USE_AGENT_STORE", "True"),
            ("TORCHELASTIC_RESTART_COUNT", "2"),
            ("SLURM_STEP_NUM_TASKS", "9"),
        ]);
        let wanted = Rendezvous {
            local_rank: 1,
            host: "gpu7".to_owned(),
            store_elsewhere: true,
            attempt: 2,
            ..Rendezvous::local(3, 4, 1234)
        };
        assert_eq!(found.unwrap(), Some(wanted));
        assert_eq!(read(&[("SLURM_NTASKS", "4"), ("SLURM_PROCID", "0")]).unwrap(), None);
    }

    #[test]
    fn slurm_is_understood() {
        let found = read(&[
            ("SLURM_PROCID", "5"),
            ("SLURM_STEP_NUM_TASKS", "8"),
            ("SLURM_LOCALID", "1"),
            ("SLURM_STEP_NODELIST", "node[03-04,9]"),
            ("SLURM_JOB_ID", "1204321"),
        ]);
        let wanted =
            Rendezvous { local_rank: 1, host: "node03".to_owned(), ..Rendezvous::local(5, 8, 19_321) };
        assert_eq!(found.unwrap(), Some(wanted));
        for (list, first) in [("a1,b2", "a1"), ("rack[1-2]-n[3-4]", "rack1-n3"), ("n[12]", "n12"), ("x", "x")]
        {
            assert_eq!(first_machine(list), first);
        }
    }

    #[test]
    fn contradictions_are_named() {
        let of = |variables: &[(&str, &str)]| read(variables).unwrap_err().to_string();
        assert_eq!(of(&[("WORLD_SIZE", "2"), ("MASTER_ADDR", "localhost")]), "RANK: is not set");
        let with = |rank, size| of(&[("RANK", rank), ("WORLD_SIZE", size), ("MASTER_ADDR", "localhost")]);
        assert_eq!(with("2", "2"), "RANK: 2 is not below WORLD_SIZE, 2");
        assert_eq!(with("0", "two"), "WORLD_SIZE: \"two\" is not a number that it may have");
        assert_eq!(of(&[("RANK", "0"), ("WORLD_SIZE", "1")]), "MASTER_ADDR: is not set");
    }
}
