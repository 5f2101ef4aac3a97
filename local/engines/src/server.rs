//! A server task with an address and an end.

use std::{future::Future, net::SocketAddr, time::Duration};

use axum::{Router, serve::ListenerExt};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle, time::timeout};

use likeness_domain::clock::Clock;

use super::{EngineError, date::dated};

/// How long requests under way may take to finish once the server has to stop.
const PATIENCE: Duration = Duration::from_secs(2);

/// A running server. Dropping it asks the server to stop; [`Server::stop`] also waits until it has.
pub(super) struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Server {
    /// Serves `router` on `listener`.
    pub(super) fn start(listener: TcpListener, router: Router) -> Result<Self, EngineError> {
        Self::run(listener, move |listener, stopped| async move {
            // Nagle's algorithm and delayed acknowledgements together hold small answers back for 40 ms.
            let listener = listener.tap_io(|socket| {
                if let Err(error) = socket.set_nodelay(true) {
                    tracing::debug!(%error, "socket keeps Nagle's algorithm");
                }
            });
            let router = dated(router, Clock::system());
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(stopped.wait()).await {
                tracing::error!(%error, "engine stopped serving");
            }
        })
    }

    /// Runs a server of another crate; it has to end soon after `Stopped` resolves.
    pub(super) fn run<F>(
        listener: TcpListener,
        serve: impl FnOnce(TcpListener, Stopped) -> F,
    ) -> Result<Self, EngineError>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let address = listener.local_addr().map_err(EngineError::Listener)?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(serve(listener, Stopped(stopped)));
        Ok(Self { address, stop, task })
    }

    /// `http://127.0.0.1:port`.
    pub(super) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Accepts nothing more, lets what is under way finish, and returns when all is closed or patience has run out.
    pub(super) async fn stop(self) {
        let Self { stop, mut task, .. } = self;
        drop(stop);
        if timeout(PATIENCE, &mut task).await.is_err() {
            task.abort();
        }
    }
}

/// Resolves when the server has to stop.
pub(super) struct Stopped(oneshot::Receiver<()>);

impl Stopped {
    /// Waits for the end; a dropped [`Server`] is an end too.
    pub(super) async fn wait(self) {
        let _: Result<(), oneshot::error::RecvError> = self.0.await;
    }
}
