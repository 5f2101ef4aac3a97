//! The schedule: the sweep, again and again.

use std::{sync::Arc, time::Duration};

use likeness_cleanup::Report;
use likeness_core::store::StoreError;
use tokio::sync::watch;

use super::invocations::{Died, Invocations};

/// A sweep that came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum NotSwept {
    /// The table was out of reach or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The function was stopped.
    #[error(transparent)]
    Died(#[from] Died),
}

/// One sweep.
pub(crate) async fn sweep(invocations: &Invocations, app: &Arc<likeness_cleanup::App>) -> Result<Report, NotSwept> {
    let app = Arc::clone(app);
    Ok(invocations.run("cleanup", async move { likeness_cleanup::reconcile(&app).await }).await??)
}

pub(crate) async fn run(
    app: Arc<likeness_cleanup::App>,
    invocations: Invocations,
    every: Duration,
    mut stop: watch::Receiver<bool>,
) {
    loop {
        tokio::select! {
            _ = stop.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(every) => {}
        }
        if let Err(error) = sweep(&invocations, &app).await {
            tracing::error!(error = &error as &dyn std::error::Error, "the sweep failed");
        }
    }
}
