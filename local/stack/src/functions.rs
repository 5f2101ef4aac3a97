//! The five functions, started as Lambda starts them, and their triggers.

use std::{sync::Arc, time::Duration};

use likeness_core::{
    config::{ConfigError, Env},
    start,
};
use likeness_domain::{clock::Clock, lane::Lane, rng::Rng};
use tokio::{net::TcpListener, task::JoinSet};

use crate::triggers::{
    self,
    sqs::{Pollers, Polling},
};

/// How each lane is polled: as many batches at once as `template.yaml` allows.
const LANE_POLLERS: Pollers = Pollers { count: 2, batch: 10 };
/// How ingest is polled: fewer batches at once than on AWS, as a laptop has fewer cores.
const INGEST_POLLERS: Pollers = Pollers { count: 4, batch: 2 };

pub(crate) struct Functions {
    api: likeness_api::App,
    webhook: likeness_webhook::App,
    generate: Arc<likeness_generate::App>,
    ingest: Arc<likeness_ingest::App>,
    pub(crate) cleanup: Arc<likeness_cleanup::App>,
}

impl Functions {
    pub(crate) fn start(env: &Env, clock: &Clock, rng: &Rng) -> Result<Self, start::StartError> {
        Ok(Self {
            api: likeness_api::App::start(env, clock.clone(), rng.clone())?,
            webhook: likeness_webhook::App::start(env, clock.clone(), rng.clone())?,
            generate: Arc::new(likeness_generate::App::start(env, clock.clone(), rng.clone())?),
            ingest: Arc::new(likeness_ingest::App::start(env, clock.clone(), rng.clone())?),
            cleanup: Arc::new(likeness_cleanup::App::start(env, clock.clone(), rng.clone())?),
        })
    }

    /// Starts the HTTP front on `api`, the pollers of all queues and, if it is to run by itself, the schedule.
    pub(crate) fn trigger(
        self,
        api: TcpListener,
        polling: &Polling<'_>,
        reconcile_every: Option<Duration>,
        one_at_a_time: bool,
    ) -> Result<JoinSet<()>, ConfigError> {
        let mut tasks = JoinSet::new();
        let Self { api: app, webhook, generate, ingest, cleanup } = self;
        let router = likeness_api::router(app).merge(likeness_webhook::router(webhook));
        let invocations = polling.invocations;
        tasks.spawn(triggers::http::serve(api, router, invocations.clone(), polling.stop.clone()));
        let pollers = |usual: Pollers| if one_at_a_time { Pollers { count: 1, batch: 1 } } else { usual };
        for lane in Lane::ALL {
            let generate = Arc::clone(&generate);
            polling.start(&mut tasks, lane.variable(), "generate", pollers(LANE_POLLERS), move |event| {
                let generate = Arc::clone(&generate);
                async move { likeness_generate::handle(&generate, event).await }
            })?;
        }
        polling.start(&mut tasks, "INGEST_QUEUE_URL", "ingest", pollers(INGEST_POLLERS), move |event| {
            let ingest = Arc::clone(&ingest);
            async move { likeness_ingest::handle(&ingest, event).await }
        })?;
        if let Some(every) = reconcile_every {
            tasks.spawn(triggers::schedule::run(cleanup, invocations.clone(), every, polling.stop.clone()));
        }
        Ok(tasks)
    }
}
