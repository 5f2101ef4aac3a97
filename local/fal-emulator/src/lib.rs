//! A fal.ai of our own: queue, synchronous runs, uploads, file host, webhooks and prices on one loopback port.
//!
//! It speaks the protocol with wire types of its own and knows nothing of the product, so that it checks the product's
//! client instead of agreeing with it; the official JavaScript and Python clients work against it
//! (`tests/clients`). It draws instead of dreaming: prompt and seed decide a look, and the look survives edits,
//! angles and re-encoding. And it misbehaves on demand ([`Faults`]; `fal/README.md` has the JSON).
//!
//! Not here: real-time and streaming models, multipart uploads, fal's own retries (the outcome after them is what a
//! customer sees), account pages.
//!
//! Addresses: queue `{url}/{endpoint}`, runs `{url}/run/{endpoint}`, uploads `{url}/storage/…`, files `{url}/files/…`,
//! platform `{url}/v1/…`, keys `{url}/.well-known/jwks.json`, control `{url}/_emulator/…`.

pub mod connection;

mod answer;
mod auth;
mod route;
mod router;

mod cancel;
mod control;
mod files;
mod platform;
mod result;
mod run;
mod status;
mod status_stream;
mod storage;
mod submit;

mod book;
mod emulation;
mod ledger;
mod request;
mod store;

mod drawing;
mod generate;
mod image_size;
mod person;
mod publish;
mod references;
mod runner;
mod schema;
mod validate;
mod view;

mod signature;
mod webhook_sender;

mod fault;
mod faults;

use std::{future::IntoFuture, path::PathBuf, sync::Arc, time::Duration};

use likeness_domain::{clock::Clock, rng::Rng};
use tokio::{net::TcpListener, task::JoinHandle};

use self::emulation::Emulation;
pub use self::{
    emulation::Violation,
    fault::{
        Asked, DrawingFault, ErrorBody, Fault, FileFault, GenerationFault, Oddity, QuestionFault, RetryHeader,
        StyleName, SubmitFault, WebhookFault,
    },
    faults::{Armed, FaultRule, Faults, When},
    ledger::{LedgerEntry, LedgerOutcome},
    request::Hints,
    store::StoreError,
    webhook_sender::WebhookPacing,
};
use crate::connection::{CuttableListener, Line};

/// How long a stop waits for answers that are being written.
const STOP_PATIENCE: Duration = Duration::from_secs(2);

/// A running emulator. Dropped, it stops.
pub struct Emulator {
    emulation: Arc<Emulation>,
    server: JoinHandle<()>,
}

/// How the emulator behaves.
#[derive(Debug, Clone)]
pub struct EmulatorOptions {
    /// The time a generation takes once it runs.
    pub delay: Duration,
    /// How many run at once; the others wait.
    pub concurrency: usize,
    /// The accepted credentials, `id:secret`; any well-formed one if empty.
    pub keys: Vec<String>,
    /// The value of `X-Fal-Webhook-User-Id`.
    pub user_id: String,
    /// An SQLite file. Requests, results, files and the ledger survive the process, and a new one goes on with them.
    /// `None` keeps everything in memory.
    pub data: Option<PathBuf>,
    /// How webhooks are repeated.
    pub webhooks: WebhookPacing,
    /// The time for the download of one reference image.
    pub download_timeout: Duration,
    /// Where ids, seeds and file names come from.
    pub rng: Rng,
}

impl Default for EmulatorOptions {
    fn default() -> Self {
        Self {
            delay: Duration::ZERO,
            concurrency: 10,
            keys: Vec::new(),
            user_id: "emulator-user".to_owned(),
            data: None,
            webhooks: WebhookPacing::default(),
            download_timeout: Duration::from_secs(20),
            rng: Rng::from_os(),
        }
    }
}

/// Why the emulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// The listener has no address.
    #[error("the fal emulator's listener has no address")]
    Listener(#[from] std::io::Error),
    /// The database could not be opened or read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The table of models is malformed.
    #[error("the fal emulator's table of models is malformed")]
    Schema(#[from] serde_json::Error),
    /// No HTTP client could be made.
    #[error("the fal emulator's HTTP client could not be made")]
    Client(#[from] reqwest::Error),
}

/// How long this machine takes for a picture now, estimated from a small one.
#[must_use]
pub fn time_to_draw() -> Duration {
    drawing::time_to_draw()
}

impl Emulator {
    /// Serves on `listener`, and goes on with what `options.data` holds.
    ///
    /// # Errors
    ///
    /// If the listener, the database or the HTTP client is unusable.
    pub async fn start(listener: TcpListener, options: EmulatorOptions, clock: Clock) -> Result<Self, EmulatorError> {
        let origin = format!("http://{}", listener.local_addr()?);
        let rng = options.rng.clone();
        let emulation = Emulation::new(origin, options, clock, rng)?;
        let app = router::router(Arc::clone(&emulation)).into_make_service_with_connect_info::<Line>();
        let serving =
            axum::serve(CuttableListener(listener), app).with_graceful_shutdown(emulation.stopping()).into_future();
        let server = tokio::spawn(async move {
            if let Err(error) = serving.await {
                tracing::error!(error = &error as &dyn std::error::Error, "the fal emulator stopped serving");
            }
        });
        runner::resume(&emulation);
        Ok(Self { emulation, server })
    }

    /// `http://address:port`, the base of everything.
    #[must_use]
    pub fn url(&self) -> String {
        self.emulation.origin.clone()
    }

    /// The base of the synchronous API, `FAL_RUN_URL`.
    #[must_use]
    pub fn run_url(&self) -> String {
        format!("{}/run", self.emulation.origin)
    }

    /// Where the keys of the webhook signatures are.
    #[must_use]
    pub fn jwks_url(&self) -> String {
        format!("{}/.well-known/jwks.json", self.emulation.origin)
    }

    /// The account that webhooks are signed for.
    #[must_use]
    pub fn user_id(&self) -> &str {
        &self.emulation.options.user_id
    }

    /// The rules of misbehaviour.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.emulation.faults
    }

    /// Lets go what the faults `Held` keep back, now and from now on.
    pub fn release(&self) {
        self.emulation.release();
    }

    /// The names of the inputs that the model at `endpoint` has; what else it is sent it ignores. `None` without a
    /// model.
    #[must_use]
    pub fn fields(&self, endpoint: &str) -> Option<Vec<&str>> {
        Some(self.emulation.schemas.model(endpoint)?.fields.keys().map(String::as_str).collect())
    }

    /// All accepted requests in the order of their accept.
    #[must_use]
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.emulation.book().iter().map(LedgerEntry::of).collect()
    }

    /// What clients did that fal's rules forbid.
    #[must_use]
    pub fn violations(&self) -> Vec<Violation> {
        self.emulation.violations()
    }

    /// Resolves when no request waits or runs and no webhook call is due. Requests that are told never to finish and
    /// webhooks that wait for their next attempt do not count.
    pub async fn idle(&self) {
        self.emulation.until(|emulation| !emulation.is_busy()).await;
    }

    /// Stops serving and running. What is unfinished stays so in the database.
    pub async fn stop(mut self) {
        self.emulation.stop();
        if tokio::time::timeout(STOP_PATIENCE, &mut self.server).await.is_err() {
            self.server.abort();
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.emulation.stop();
    }
}
