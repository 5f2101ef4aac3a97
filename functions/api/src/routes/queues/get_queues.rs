//! `GET /api/v1/queues`: how much room there is at fal, how many shots wait for it, and how full the queues between the functions are.
//!
//! Journey: `tests/it/journeys/admission.rs`.

use std::{collections::BTreeMap, sync::Arc};

use axum::{Json, extract::State};
use futures_util::future::try_join_all;
use likeness_core::clients::queue_admin::{Depth, QueueName};
use likeness_domain::lane::Lane;
use serde::Serialize;

use crate::{
    access::{Key, Read},
    app::App,
    problem::ApiError,
    views::time::Time,
};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Queues {
    /// Submits that the last 60 seconds still have room for.
    available_tokens: u32,
    /// Requests that are at fal, or may be: also those that were given up and of which fal has not said that they are
    /// over.
    in_flight: usize,
    /// Most requests at fal at once.
    slots: u16,
    /// Shots that wait for admission.
    queue_size: u64,
    /// The same by lane.
    waiting: BTreeMap<&'static str, u64>,
    /// With so many waiting a lane takes no further request.
    max_lane_backlog: u32,
    queues: Vec<QueueView>,
    /// Set while fal takes nothing: it refuses the account, or is away.
    #[serde(skip_serializing_if = "Option::is_none")]
    stopped: Option<Stopped>,
}

/// A queue of messages between the functions.
#[derive(Debug, Serialize)]
struct QueueView {
    name: &'static str,
    #[serde(flatten)]
    depth: Depth,
}

#[derive(Debug, Serialize)]
struct Stopped {
    /// When one shot finds out whether that is still so.
    until: Time,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<Time>,
    /// How many have found out that it is.
    probes: u32,
}

pub(crate) async fn get_queues(State(app): State<Arc<App>>, _: Key<Read>) -> Result<Json<Queues>, ApiError> {
    let now = app.clock.now();
    let admission_state = app.store.admission_state().await?;
    let mut waiting = BTreeMap::new();
    for lane in Lane::ALL {
        waiting.insert(lane.name(), app.store.backlog(lane, u64::MAX).await?);
    }
    let queues = QueueName::ALL
        .map(async |queue| app.backlog.depth(queue).await.map(|depth| QueueView { name: queue.name(), depth }));
    // Until fal has taken one: that the time is up says no more than that the next may try.
    let stopped = admission_state.weather.stop.clone();
    Ok(Json(Queues {
        available_tokens: admission_state.recent.available(app.limits, now),
        in_flight: admission_state.in_flight(now),
        slots: app.limits.slots,
        queue_size: waiting.values().sum(),
        waiting,
        max_lane_backlog: app.acceptor.backlog.0,
        queues: try_join_all(queues).await?,
        stopped: stopped.map(|stop| Stopped {
            until: stop.until.into(),
            reason: stop.reason,
            since: stop.since.map(Time::from),
            probes: stop.probes,
        }),
    }))
}
