//! SQS: standard queues over the AWS JSON 1.0 protocol, in SQLite.
//!
//! A message is in one of three states, told apart by two columns: delayed (`receives = 0`, `visible_ms` ahead),
//! visible (`visible_ms` passed) and in flight (`receives > 0`, `visible_ms` ahead). Time comes from the injected clock
//! alone, except that a long poll also ends when its wait has passed in real time, so that no call hangs while the
//! clock stands still.
//!
//! Like AWS: delivery at least once and in no promised order, redrive when a message is *received* once too often,
//! retention, a redrive that keeps id, body, attributes and sent time, a move task that gives messages new ids.
//!
//! Not like AWS: signatures are not checked; no `.fifo` queues, tags, permissions, encryption or message system
//! attributes; a deleted or purged queue can be used again at once; counts are exact; a message comes twice only when
//! [`Sqs::deliver_twice`] asks for it; a move task is finished when its call returns.

mod batch;
mod broker;
mod change_message_visibility;
mod create_queue;
mod delete_message;
mod delete_queue;
mod error;
mod get_queue_attributes;
mod get_queue_url;
mod list_queues;
mod message;
mod protocol;
mod purge_queue;
mod queue;
mod receipt;
mod receive_message;
mod send_message;
mod set_queue_attributes;
mod start_message_move_task;

use std::{path::Path, sync::Arc};

use likeness_domain::clock::Clock;
use tokio::net::TcpListener;

use self::broker::Broker;
use super::{EngineError, file_in, server::Server, unopened};

/// How many messages a queue holds, by state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Can be received now.
    pub visible: u64,
    /// Received, neither deleted nor visible again.
    pub in_flight: u64,
    /// Sent with a delay that has not passed.
    pub delayed: u64,
}

/// A running SQS.
pub struct Sqs {
    broker: Arc<Broker>,
    server: Server,
}

impl Sqs {
    /// Serves on `listener`; data in `sqs.sqlite` in the directory `data`, or in memory.
    ///
    /// Messages that were in flight when the file was last in use are visible again, and that receive does not count
    /// against the limit of the redrive policy: it ended with the process.
    pub async fn start(listener: TcpListener, data: Option<&Path>, clock: Clock) -> Result<Self, EngineError> {
        let address = listener.local_addr().map_err(EngineError::Listener)?;
        let file = file_in(data, "sqs.sqlite")?;
        let broker = Broker::open(file.as_deref(), format!("http://{address}"), clock).await;
        let broker = Arc::new(broker.map_err(unopened(file.as_deref()))?);
        let server = Server::start(listener, protocol::router(Arc::clone(&broker)))?;
        Ok(Self { broker, server })
    }

    /// `http://127.0.0.1:port`. The URL of a queue is `{endpoint}/000000000000/{name}`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.server.endpoint()
    }

    /// From now on every receive leaves a second delivery behind: the same message, receivable at once, even after the
    /// first has been deleted. The second delivery leaves none, and goes away instead of to a dead-letter queue.
    pub fn deliver_twice(&self, on: bool) {
        self.broker.deliver_twice(on);
    }

    /// Lets waiting receives look again; call it after the injected clock was moved.
    pub fn wake(&self) {
        self.broker.wake();
    }

    /// What the queue named `queue` holds; nothing if there is no such queue.
    ///
    /// # Panics
    ///
    /// If the engine's own database cannot be read: zero would look like a drained queue.
    pub async fn depth(&self, queue: &str) -> Depth {
        let queue = queue.to_owned();
        let depth = self.broker.transact(move |tx, now| Ok(queue::depth(tx, &queue, now)?)).await;
        depth.expect("the SQS engine's own database can be read")
    }

    /// Sends waiting receives home empty-handed, lets the other requests finish, and closes the database.
    pub async fn stop(self) {
        self.broker.close();
        self.server.stop().await;
    }
}
