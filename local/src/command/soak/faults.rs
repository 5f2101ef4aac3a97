//! What goes wrong: at fal, on the wires to everything, and with the functions themselves.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};

use crate::{
    command::load::Order,
    fal::{
        DrawingFault, ErrorBody, Fault, FaultRule, FileFault, GenerationFault, StyleName, SubmitFault, WebhookFault,
        When,
    },
    stack::Stack,
    triggers::invocations::Invocation,
    wire::{Call, Fate, Service, Wire},
};

/// How often it is looked for new invocations. Those that are over by then were not to be stopped.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// So many milliseconds after it was seen an invocation that is to be stopped has been.
const MOST_LIVED: u64 = 400;

/// The faults of a run.
#[derive(Clone)]
pub(super) struct Faults(Arc<Inner>);

struct Inner {
    share: f64,
    on: AtomicBool,
    state: Mutex<State>,
}

struct State {
    chance: StdRng,
    /// By name, how often.
    struck: BTreeMap<&'static str, u64>,
}

impl Faults {
    pub(super) fn new(share: f64, seed: u64) -> Self {
        let state = Mutex::new(State { chance: StdRng::seed_from_u64(seed ^ 0xFA17), struck: BTreeMap::new() });
        Self(Arc::new(Inner { share: share.clamp(0.0, 1.0), on: AtomicBool::new(false), state }))
    }

    /// The wires' part of it.
    pub(super) fn wire(&self) -> Wire {
        let faults = self.clone();
        Wire::new(move |call| faults.fate(call))
    }

    /// From now on things go wrong. Which submits meet a fault at fal is drawn in advance.
    pub(super) fn begin(&self, stack: &Stack, orders: &[Order]) {
        let submits: usize = orders.iter().map(Order::shots).sum();
        let mut state = self.state();
        if let Some(emulator) = stack.emulator() {
            // Attempts that follow a fault may meet one too.
            for nth in 1..=u32::try_from(submits * 2).unwrap_or(u32::MAX) {
                if state.chance.random_bool(self.0.share)
                    && let Some(fault) = at_fal().choose(&mut state.chance)
                {
                    let when = When { nth: Some(nth), ..When::default() };
                    emulator.faults().add(FaultRule::always(fault.clone()).when(when));
                }
            }
        }
        self.0.on.store(true, Ordering::SeqCst);
    }

    /// Nothing goes wrong any more.
    pub(super) fn end(&self, stack: &Stack) {
        self.0.on.store(false, Ordering::SeqCst);
        let Some(emulator) = stack.emulator() else { return };
        let struck: u64 = emulator.faults().rules().iter().map(|rule| u64::from(rule.struck)).sum();
        self.state().struck.insert("at fal", struck);
        emulator.faults().clear();
    }

    /// Stops invocations dead, each with the same chance however long it takes, until it is dropped.
    pub(super) async fn kill(&self, stack: &Stack) -> Infallible {
        let (mut seen, mut stops) = (0, FuturesUnordered::new());
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_EVERY) => {}
                Some(()) = stops.next() => continue,
            }
            for invocation in stack.invocations().running() {
                if invocation.number <= seen {
                    continue;
                }
                seen = invocation.number;
                let mut state = self.state();
                if state.chance.random_bool(self.0.share / 4.0) {
                    let after = Duration::from_millis(state.chance.random_range(0..MOST_LIVED));
                    stops.push(self.stop(stack, invocation, after));
                }
            }
        }
    }

    async fn stop(&self, stack: &Stack, invocation: Invocation, after: Duration) {
        tokio::time::sleep(after).await;
        if stack.invocations().running().contains(&invocation) {
            stack.invocations().kill(invocation.number).await;
            *self.state().struck.entry(invocation.function).or_default() += 1;
        }
    }

    fn fate(&self, call: &Call) -> Fate {
        if !self.0.on.load(Ordering::SeqCst) || call.by.is_none() {
            return Fate::Through;
        }
        let mut state = self.state();
        if !state.chance.random_bool(self.0.share / 10.0) {
            return Fate::Through;
        }
        let late = Duration::from_millis(state.chance.random_range(50..1500));
        let (name, fate) = match (state.chance.random_range(0..5), call.service) {
            (0, _) => ("late calls", Fate::Late(late)),
            (1, _) => ("throttled calls", Fate::Throttled),
            (2, _) => ("unreachable", Fate::Unreachable),
            // With a callback that never comes nobody could know of such a request: fal's own faults hold the lost answers.
            (3, Service::Fal) => ("late calls", Fate::Late(late)),
            (3, _) => ("answers lost", Fate::AnswerLost),
            (_, _) => ("broken calls", Fate::Broken),
        };
        *state.struck.entry(name).or_default() += 1;
        fate
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        for (position, (name, count)) in state.struck.iter().enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            // Capital or not, what bears a function's name is a stop of it.
            let stop =
                if ["api", "webhook", "generate", "ingest", "cleanup"].contains(name) { "stops of " } else { "" };
            write!(f, "{comma}{count} {stop}{name}")?;
        }
        Ok(())
    }
}

/// Every way in which fal can go wrong without the whole account being refused.
fn at_fal() -> Vec<Fault> {
    let model_error = |kind: &str, status, billed| {
        let kind = kind.to_owned();
        GenerationFault::ModelError { kind, status, billed, retry: None, body: ErrorBody::DetailList }
    };
    let infrastructure =
        |error_type: &str| GenerationFault::RequestError { error_type: error_type.to_owned(), user_deadline: false };
    let submits = [
        SubmitFault::RateLimited,
        SubmitFault::BadGateway,
        SubmitFault::Answer { status: 500, body: ErrorBody::DetailString },
        SubmitFault::Answer { status: 503, body: ErrorBody::Html },
        SubmitFault::TruncatedAnswer,
        SubmitFault::DropBeforeAccept,
        SubmitFault::DropAfterAccept,
        SubmitFault::Delay { ms: 2000 },
        SubmitFault::SlowBody { ms: 1000 },
    ];
    let generations = [
        model_error("content_policy_violation", 422, false),
        model_error("internal_server_error", 500, false),
        model_error("generation_timeout", 504, true),
        model_error("downstream_service_unavailable", 503, false),
        infrastructure("runner_disconnected"),
        infrastructure("request_timeout"),
        GenerationFault::Slow { ms: 3000 },
    ];
    let drawings = [
        DrawingFault::BlackFrame,
        DrawingFault::HueShift { degrees: 90.0 },
        DrawingFault::MirroredBack,
        DrawingFault::LegScale { factor: 0.7 },
        DrawingFault::Style(StyleName::Line),
        DrawingFault::SceneMissing { character: 1 },
        DrawingFault::SceneSwapped { first: 0, second: 1 },
    ];
    let files = [
        FileFault::Html,
        FileFault::HugePng,
        FileFault::HeavyJpeg,
        FileFault::TruncatedJpeg,
        FileFault::Missing,
        FileFault::Slow { ms: 1000 },
        FileFault::Redirect { to: None },
    ];
    let webhooks = [
        WebhookFault::Never,
        WebhookFault::Duplicate { times: 3 },
        WebhookFault::Late { ms: 3000 },
        WebhookFault::BeforeAnswer,
        WebhookFault::BadSignature,
        WebhookFault::StaleTimestamp,
        WebhookFault::ForeignUser,
        WebhookFault::NullPayload,
        WebhookFault::ErrorDetailList,
        WebhookFault::ErrorInfrastructure,
        WebhookFault::HugeBody,
        WebhookFault::OtherGatewayRequestId,
    ];
    let all = submits.map(Fault::Submit).into_iter().chain(generations.map(Fault::Generation));
    let all = all.chain(drawings.map(Fault::Drawing)).chain(files.map(Fault::File));
    all.chain(webhooks.map(Fault::Webhook)).collect()
}
