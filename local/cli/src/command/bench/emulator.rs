//! fal's emulator as a process of its own.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use jiff::Timestamp;
use likeness_core::clients::http::http_builder;
use likeness_domain::id::{JobId, ShotId};
use serde::Deserialize;
use url::Url;

use super::Failed;

pub(super) struct EmulatorProcess {
    url: String,
    child: Child,
}

/// Of a line of the ledger.
#[derive(Deserialize)]
struct Taken {
    webhook_url: Option<Url>,
    accepted_at: Timestamp,
    completed_at: Option<Timestamp>,
}

impl EmulatorProcess {
    pub(super) fn start(delay: u64) -> Result<Self, Failed> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["fal-emulator", "--port", "0", "--delay", &delay.to_string()])
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().ok_or("the emulator says nothing")?;
        let mut process = Self { url: String::new(), child };
        for line in BufReader::new(output).lines() {
            if let Some(url) = line?.strip_prefix("ready ") {
                url.clone_into(&mut process.url);
                return Ok(process);
            }
        }
        Err("the emulator ended before it was ready".into())
    }

    /// What the functions are told of it.
    pub(super) fn environment(&self) -> Vec<(String, String)> {
        let url = &self.url;
        let variables = [
            ("FAL_KEY", "bench:emulator".to_owned()),
            ("FAL_QUEUE_URL", url.clone()),
            ("FAL_JWKS_URL", format!("{url}/.well-known/jwks.json")),
        ];
        variables.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// For each job the milliseconds in which at least one of its requests was at fal.
    pub(super) async fn time_by_job(&self) -> Result<HashMap<JobId, i64>, Failed> {
        let ledger =
            http_builder().build()?.get(format!("{}/_emulator/ledger", self.url)).send().await?.error_for_status()?;
        let mut stays = HashMap::<JobId, Vec<(i64, i64)>>::new();
        let taken: Vec<Taken> = ledger.json().await?;
        for Taken { webhook_url, accepted_at, completed_at } in taken {
            let shot = webhook_url.iter().flat_map(Url::query_pairs).find(|(name, _)| name == "shot");
            let shot: Option<ShotId> = shot.and_then(|(_, shot)| shot.parse().ok());
            if let (Some(shot), Some(completed_at)) = (shot, completed_at) {
                let stay = (accepted_at.as_millisecond(), completed_at.as_millisecond());
                stays.entry(shot.job).or_default().push(stay);
            }
        }
        Ok(stays.into_iter().map(|(job, stays)| (job, covered(stays))).collect())
    }
}

impl Drop for EmulatorProcess {
    fn drop(&mut self) {
        // It has ended already where this fails.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The length of what the stretches cover together.
fn covered(mut stretches: Vec<(i64, i64)>) -> i64 {
    stretches.sort_unstable();
    let (mut sum, mut reached) = (0, i64::MIN);
    for (from, to) in stretches {
        sum += (to - from.max(reached)).max(0);
        reached = reached.max(to);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::covered;

    #[test]
    fn what_overlaps_counts_once() {
        assert_eq!(covered(vec![(10, 20), (0, 5), (12, 25), (30, 31)]), 5 + 15 + 1);
        assert_eq!(covered(vec![(0, 10), (2, 4)]), 10);
    }
}
