//! The state behind all routes, and the two things that change it everywhere: saving and telling.

use std::{
    collections::HashMap,
    future::Future,
    num::NonZero,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::available_parallelism,
};

use likeness_domain::{clock::Clock, rng::Rng};
use serde::Serialize;
use tokio::sync::{Semaphore, watch};

use super::{
    EmulatorError, EmulatorOptions,
    book::Book,
    faults::Faults,
    references::KnownImages,
    request::{Request, State},
    schema::Schemas,
    store::{Store, StoreError},
};

/// Everything the routes share.
pub(super) struct Emulation {
    pub(super) origin: String,
    pub(super) options: EmulatorOptions,
    pub(super) clock: Clock,
    pub(super) rng: Rng,
    pub(super) faults: Faults,
    pub(super) schemas: Schemas,
    pub(super) store: Store,
    pub(super) known_images: KnownImages,
    /// One permit for each picture that may be drawn at once.
    pub(super) drawing: Semaphore,
    /// For webhooks: follows no redirect.
    pub(super) webhooks: reqwest::Client,
    /// For reference images: up to five redirects.
    pub(super) downloads: reqwest::Client,
    book: Mutex<Book>,
    violations: Mutex<Vec<Violation>>,
    released: AtomicBool,
    /// How often each file was fetched.
    fetches: Mutex<HashMap<String, u32>>,
    changes: watch::Sender<u64>,
    stopped: watch::Sender<bool>,
}

/// Something a careful client never does, found out by the emulator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Method and path of the call.
    pub call: String,
    /// What is wrong with it.
    pub problem: String,
}

impl Emulation {
    pub(super) fn new(
        origin: String,
        options: EmulatorOptions,
        clock: Clock,
        rng: Rng,
    ) -> Result<Arc<Self>, EmulatorError> {
        // Fails when a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let store = Store::open(options.data.as_deref())?;
        let mut book = Book::default();
        for mut request in store.requests()? {
            if matches!(request.state, State::Running { .. }) {
                request.state = State::Queued;
            }
            book.add(request);
        }
        Ok(Arc::new(Self {
            origin,
            clock,
            rng,
            faults: Faults::default(),
            schemas: Schemas::load()?,
            known_images: KnownImages::new(store.known_images()?),
            drawing: Semaphore::new(available_parallelism().map_or(1, NonZero::get)),
            store,
            webhooks: reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build()?,
            downloads: reqwest::Client::builder()
                .no_proxy()
                .redirect(reqwest::redirect::Policy::limited(5))
                .timeout(options.download_timeout)
                .build()?,
            book: Mutex::new(book),
            violations: Mutex::default(),
            released: AtomicBool::new(false),
            fetches: Mutex::default(),
            changes: watch::Sender::new(0),
            stopped: watch::Sender::new(false),
            options,
        }))
    }

    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Saves a request and wakes what waits for a change.
    pub(super) fn record(&self, request: &Request) -> Result<(), StoreError> {
        self.store.save_request(request)?;
        self.tell();
        Ok(())
    }

    pub(super) fn tell(&self) {
        self.changes.send_modify(|version| *version += 1);
    }

    /// Resolves as soon as `done` is true (asked again after every change), or when the emulator stops.
    pub(super) async fn until(&self, mut done: impl FnMut(&Self) -> bool) {
        let mut changes = self.changes.subscribe();
        let mut stopping = std::pin::pin!(self.stopping());
        while !done(self) {
            tokio::select! {
                // Cannot fail: the sender is `self`.
                _ = changes.changed() => {}
                () = &mut stopping => return,
            }
        }
    }

    /// Counts a fetch of a file; the first is 1.
    pub(super) fn count_fetch(&self, path: &str) -> u32 {
        let mut fetches = self.fetches.lock().unwrap_or_else(PoisonError::into_inner);
        let count = fetches.entry(path.to_owned()).or_default();
        *count += 1;
        *count
    }

    /// From now on nothing is held back any more.
    pub(super) fn release(&self) {
        self.released.store(true, Ordering::SeqCst);
        self.tell();
    }

    pub(super) fn is_released(&self) -> bool {
        self.released.load(Ordering::SeqCst)
    }

    /// Whether something is under way that ends by itself, without a pause before it.
    pub(super) fn is_busy(&self) -> bool {
        self.book().is_busy()
    }

    /// Runs `task` until it ends or the emulator stops.
    pub(super) fn spawn(self: &Arc<Self>, task: impl Future<Output = ()> + Send + 'static) {
        let mut stopped = self.stopped.subscribe();
        tokio::spawn(async move {
            tokio::select! {
                () = task => {}
                _ = stopped.wait_for(|stopped| *stopped) => {}
            }
        });
    }

    pub(super) fn stop(&self) {
        self.stopped.send_replace(true);
    }

    /// Resolves when the emulator stops.
    pub(super) fn stopping(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut stopped = self.stopped.subscribe();
        async move {
            // An error means that the emulator is gone altogether.
            let _ = stopped.wait_for(|stopped| *stopped).await;
        }
    }

    pub(super) fn violate(&self, call: String, problem: &str) {
        tracing::warn!(call, problem, "the fal emulator was called in a way that fal's rules forbid");
        self.lock_violations().push(Violation { call, problem: problem.to_owned() });
    }

    pub(super) fn violations(&self) -> Vec<Violation> {
        self.lock_violations().clone()
    }

    fn lock_violations(&self) -> MutexGuard<'_, Vec<Violation>> {
        self.violations.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A random UUID, version 4.
    pub(super) fn uuid(&self) -> String {
        let mut bytes = self.rng.bytes::<16>();
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let digits = hex::encode(bytes);
        format!("{}-{}-{}-{}-{}", &digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..])
    }
}
