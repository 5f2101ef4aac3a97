//! The functions at work: each invocation is a task of its own, as each is a sandbox of its own on AWS. So it can be
//! stopped dead at any await, a panic ends it alone, and it goes on when its caller hangs up.

use std::{
    collections::{BTreeMap, HashSet},
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, Semaphore, oneshot},
    task::{AbortHandle, JoinError},
};

/// The invocations under way; cheap to clone.
#[derive(Debug, Clone)]
pub struct Invocations(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    ended: Notify,
    turns: Semaphore,
}

#[derive(Debug, Default)]
struct State {
    begun: u64,
    running: BTreeMap<u64, Running>,
    /// Messages that were received and neither deleted nor received again: their function died, or reported them as
    /// failed.
    left: HashSet<String>,
    /// Of those that are over, by function.
    totals: BTreeMap<&'static str, Total>,
}

/// The invocations of one function that are over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Total {
    pub invocations: u64,
    /// How long they took together.
    pub time: Duration,
}

#[derive(Debug)]
struct Running {
    function: &'static str,
    abort: AbortHandle,
}

/// One invocation that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invocation {
    /// Its number, in the order of their beginning.
    pub number: u64,
    /// The function's name.
    pub function: &'static str,
}

/// An invocation that came to no end of its own.
#[derive(Debug, thiserror::Error)]
#[error("the function did not live to answer")]
pub struct Died(#[from] JoinError);

impl Invocations {
    /// Any number at once, or `one_at_a_time`, so that what is going on can be told from what is called.
    pub(crate) fn new(one_at_a_time: bool) -> Self {
        let turns = Semaphore::new(if one_at_a_time { 1 } else { Semaphore::MAX_PERMITS });
        Self(Arc::new(Inner { state: Mutex::default(), ended: Notify::new(), turns }))
    }

    /// Does `work` as an invocation of `function`, to its end even if its caller has hung up.
    pub(crate) async fn run<F>(&self, function: &'static str, work: F) -> Result<F::Output, Died>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        let this = self.clone();
        let supervised = tokio::spawn(async move {
            // The semaphore is never closed.
            let _turn = this.0.turns.acquire().await;
            let (start, started) = oneshot::channel::<()>();
            let task = tokio::spawn(async move {
                // Its first call is to find it among those under way.
                let _ = started.await;
                work.await
            });
            let (number, began) = (this.begin(function, task.abort_handle()), Instant::now());
            let _ = start.send(());
            let output = task.await;
            this.end(number, function, began.elapsed());
            this.0.ended.notify_waiters();
            output
        });
        Ok(supervised.await??)
    }

    /// Those under way, oldest first.
    #[must_use]
    pub fn running(&self) -> Vec<Invocation> {
        let state = self.state();
        state
            .running
            .iter()
            .map(|(number, running)| Invocation { number: *number, function: running.function })
            .collect()
    }

    /// Stops an invocation dead and returns once nothing of it runs any more.
    pub async fn kill(&self, number: u64) {
        loop {
            let ended = self.0.ended.notified();
            match self.state().running.get(&number) {
                None => return,
                Some(running) => running.abort.abort(),
            }
            ended.await;
        }
    }

    fn begin(&self, function: &'static str, abort: AbortHandle) -> u64 {
        let mut state = self.state();
        state.begun += 1;
        let number = state.begun;
        state.running.insert(number, Running { function, abort });
        number
    }

    fn end(&self, number: u64, function: &'static str, took: Duration) {
        let mut state = self.state();
        state.running.remove(&number);
        let total = state.totals.entry(function).or_default();
        total.invocations += 1;
        total.time += took;
    }

    /// How much every function has worked so far.
    #[must_use]
    pub fn totals(&self) -> BTreeMap<&'static str, Total> {
        self.state().totals.clone()
    }

    /// A message was received.
    pub(super) fn received(&self, message: &str) {
        self.state().left.remove(message);
    }

    /// A message that was received comes again when its time is up.
    pub(super) fn left(&self, message: &str) {
        self.state().left.insert(message.to_owned());
    }

    /// How many messages are hidden while no function works on them.
    pub(crate) fn messages_left(&self) -> u64 {
        self.state().left.len() as u64
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
