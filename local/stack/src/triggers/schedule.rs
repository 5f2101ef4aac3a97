//! The schedule: the reconciler, again and again.

use std::{sync::Arc, time::Duration};

use likeness_cleanup::Report;
use likeness_core::store::StoreError;
use tokio::sync::watch;

use super::invocations::{Died, Invocations};

/// While nothing happens the pause becomes so many times as long, little by little.
const LONGEST: u32 = 8;

/// A run of the reconciler that came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum NotReconciled {
    /// The table was out of reach or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The function was stopped.
    #[error(transparent)]
    Died(#[from] Died),
}

/// One sweep.
pub(crate) async fn reconcile(
    invocations: &Invocations,
    app: &Arc<likeness_cleanup::App>,
) -> Result<Report, NotReconciled> {
    let app = Arc::clone(app);
    Ok(invocations.run("cleanup", async move { likeness_cleanup::reconcile(&app).await }).await??)
}

pub(crate) async fn run(
    app: Arc<likeness_cleanup::App>,
    invocations: Invocations,
    every: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let (mut pause, mut before) = (every, 0);
    loop {
        tokio::select! {
            _ = stop.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(pause) => {}
        }
        let idle = match reconcile(&invocations, &app).await {
            Ok(report) => report == Report::default(),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the reconciler failed");
                false
            }
        };
        let worked = work(&invocations);
        pause = next_pause(pause, every, idle && worked == before);
        before = worked;
    }
}

/// How many invocations of the other functions are over.
fn work(invocations: &Invocations) -> u64 {
    invocations
        .totals()
        .into_iter()
        .filter(|(function, _)| *function != "cleanup")
        .map(|(_, total)| total.invocations)
        .sum()
}

fn next_pause(pause: Duration, every: Duration, idle: bool) -> Duration {
    if idle { (pause * 2).min(every * LONGEST) } else { every }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_stack_sweeps_less_and_less_until_something_happens() {
        let every = Duration::from_secs(2);
        let mut pauses = vec![every];
        for idle in [true, true, true, true, false, true] {
            pauses.push(next_pause(pauses[pauses.len() - 1], every, idle));
        }
        assert_eq!(pauses.iter().map(Duration::as_secs).collect::<Vec<_>>(), [2, 4, 8, 16, 16, 2, 4]);
    }
}
