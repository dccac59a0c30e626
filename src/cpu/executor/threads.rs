//! Number of threads of the CPU backend.

use std::env;
use std::thread::available_parallelism;

use crate::text::plural;

/// Number of threads, and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Threads {
    /// Number of threads, at least 1.
    pub count: usize,
    /// Reason for the number; `None` if it was requested.
    pub reason: Option<String>,
}

/// Environment variables that limit the number of threads, unless a number is requested. The first valid one wins.
/// Slurm's CPUs per task do not limit a process by themselves.
const VARIABLES: [&str; 2] = ["SLURM_CPUS_PER_TASK", "RAYON_NUM_THREADS"];

impl Threads {
    /// Chooses the number of threads. `requested`: number of threads, or 0 for one per usable CPU.
    ///
    /// The number is at most that of the usable CPUs (affinity and control-group quota): more threads would only wait
    /// for each other.
    pub fn choose(requested: usize) -> Self {
        let usable = available_parallelism().map_or(1, usize::from);
        Threads::limit(requested, usable, |name| env::var(name).ok())
    }

    /// Returns the number for `usable` CPUs. `variable`: value of an environment variable.
    fn limit(requested: usize, usable: usize, variable: impl Fn(&str) -> Option<String>) -> Self {
        let cpus = plural(usable, "CPU");
        if requested > usable {
            let reason = format!("{requested} threads requested, but this process may use {cpus}");
            return Threads { count: usable, reason: Some(reason) };
        }
        if requested > 0 {
            return Threads { count: requested, reason: None };
        }
        let set = VARIABLES.iter().find_map(|name| {
            let value: usize = variable(name)?.trim().parse().ok()?;
            (value > 0).then_some((name, value))
        });
        match set {
            Some((name, count)) if count < usable => {
                let reason = format!("{name} is {count}, and this process may use {cpus}");
                Threads { count, reason: Some(reason) }
            }
            _ => {
                let reason = Some(format!("this process may use {cpus}"));
                Threads { count: usable, reason }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choose_limits_threads_to_cpus_and_variables() {
        let none = |_: &str| None;
        let count = |requested, usable| Threads::limit(requested, usable, none).count;
        assert_eq!([count(0, 8), count(3, 8), count(999, 8), count(0, 1)], [8, 3, 8, 1]);
        assert_eq!(Threads::limit(3, 8, none).reason, None);
        let reason = Threads::limit(999, 2, none).reason.unwrap();
        assert_eq!(reason, "999 threads requested, but this process may use 2 CPUs");
        let slurm = |value: &'static str| {
            move |name: &str| (name == "SLURM_CPUS_PER_TASK").then(|| value.to_string())
        };
        let of_slurm = Threads::limit(0, 64, slurm("4"));
        assert_eq!(of_slurm.count, 4);
        let reason = "SLURM_CPUS_PER_TASK is 4, and this process may use 64 CPUs";
        assert_eq!(of_slurm.reason.unwrap(), reason);
        // A requested number has priority; invalid values are ignored.
        assert_eq!(Threads::limit(6, 64, slurm("4")).count, 6);
        for value in ["0", "", "many", "128"] {
            assert_eq!(Threads::limit(0, 64, slurm(value)).count, 64, "{value}");
        }
    }
}
