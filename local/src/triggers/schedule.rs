//! The schedule: the sweep, again and again.

use std::{sync::Arc, time::Duration};

use tokio::sync::watch;

pub(crate) async fn run(app: Arc<likeness_cleanup::App>, every: Duration, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            _ = stop.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(every) => {}
        }
        if let Err(error) = likeness_cleanup::reconcile(&app).await {
            tracing::error!(error = &error as &dyn std::error::Error, "the sweep failed");
        }
    }
}
