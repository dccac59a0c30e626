//! Process that claims a part of a run.

use std::fs;
use std::process;

use serde::{Deserialize, Serialize};

/// Process that claims a part of a run, possibly on another machine of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ClaimOwner {
    /// Random number of the claim.
    pub(super) token: u64,
    host: String,
    process: u32,
    /// Boot and process namespace of the process, in which its number is unique; `None` if unknown.
    space: Option<String>,
    /// Start time of the process in the units of its system; `None` if unknown.
    started: Option<String>,
    /// Number of the job of Slurm.
    job: Option<String>,
    /// Number of times that Slurm has restarted the job; `None` before the first.
    restarts: Option<String>,
}

impl ClaimOwner {
    /// Returns this process. `token`: a random number.
    pub(super) fn this_process(token: u64) -> Self {
        let host = fs::read_to_string("/proc/sys/kernel/hostname");
        let host = host.ok().or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_default();
        ClaimOwner {
            token,
            host: host.trim().to_string(),
            process: process::id(),
            space: space(),
            started: start_time(process::id()),
            job: std::env::var("SLURM_JOB_ID").ok(),
            restarts: std::env::var("SLURM_RESTART_COUNT").ok(),
        }
    }

    /// Returns whether the process is running, seen from the process `own`; `None` if it is on another machine or the
    /// system does not say.
    pub(super) fn is_running(&self, own: &ClaimOwner) -> Option<bool> {
        // Slurm restarts a job only after its end.
        if self.job.is_some() && self.job == own.job && self.restarts != own.restarts {
            return Some(false);
        }
        let is_here = self.space.is_some() && self.space == own.space;
        is_here.then(|| self.started.is_some() && self.started == start_time(self.process))
    }

    /// Returns a process on another machine.
    #[cfg(test)]
    pub(super) fn elsewhere(token: u64) -> Self {
        ClaimOwner {
            token,
            host: "node9".to_string(),
            process: 7,
            space: Some("another boot".to_string()),
            started: Some("1".to_string()),
            job: None,
            restarts: None,
        }
    }

    /// Describes the process for messages.
    pub(super) fn describe(&self) -> String {
        let host = if self.host.is_empty() { "an unknown host" } else { &self.host };
        let job = self.job.as_ref().map_or(String::new(), |job| format!(", Slurm job {job}"));
        format!("process {} on {host}{job}", self.process)
    }
}

/// Returns the boot and the process namespace of this process; `None` unless the system is Linux.
fn space() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{} {}", boot.trim(), namespace.display()))
}

/// Returns the start time of a running process of this namespace.
fn start_time(process: u32) -> Option<String> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name, in brackets, may contain blanks. Fields 3 (state) and 22 (start time) of proc(5) follow it.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let is_dead = matches!(fields.next()?, "Z" | "X");
    fields.nth(18).filter(|_| !is_dead).map(str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn owner_runs_until_its_process_ends() {
        let own = ClaimOwner::this_process(1);
        assert_eq!(own.is_running(&own), Some(true));
        // Another process has the number now.
        let reused = ClaimOwner { started: Some("0".into()), ..own.clone() };
        assert_eq!(reused.is_running(&own), Some(false));
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let (process, started) = (child.id(), start_time(child.id()));
        let other = ClaimOwner { process, started, ..own.clone() };
        assert_eq!(other.is_running(&own), Some(true));
        child.kill().unwrap();
        // A killed child stays as a zombie until its parent waits for it.
        while other.is_running(&own) == Some(true) {}
        child.wait().unwrap();
        assert_eq!(other.is_running(&own), Some(false));
        let elsewhere = ClaimOwner { space: Some("another boot".into()), ..own.clone() };
        assert_eq!(elsewhere.is_running(&own), None);
        let job = Some("7".to_string());
        let before = ClaimOwner { job: job.clone(), ..elsewhere };
        let restarted = ClaimOwner { job, restarts: Some("1".into()), ..own };
        assert_eq!(before.is_running(&restarted), Some(false));
    }
}
