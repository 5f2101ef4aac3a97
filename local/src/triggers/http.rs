//! The HTTP front: the routers of `api` and `webhook` on one port, as one API Gateway has them.

use axum::Router;
use tokio::{net::TcpListener, sync::watch};

pub(crate) async fn serve(listener: TcpListener, router: Router, mut stop: watch::Receiver<bool>) {
    use axum::serve::ListenerExt;
    // Small answers wait for no acknowledgement.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
    });
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
        let _ = stop.wait_for(|stopping| *stopping).await;
    });
    if let Err(error) = serving.await {
        tracing::error!(error = &error as &dyn std::error::Error, "the HTTP front stopped");
    }
}
