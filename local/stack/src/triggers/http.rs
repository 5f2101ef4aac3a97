//! The HTTP front: the routers of `api` and `webhook` on one port, as one API Gateway has them.

use axum::{
    Json, Router,
    extract::Request,
    response::{IntoResponse, Response},
    serve::ListenerExt,
};
use http::StatusCode;
use serde_json::json;
use tokio::{net::TcpListener, sync::watch};
use tower::ServiceExt;

use super::{cors, invocations::Invocations};

pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    invocations: Invocations,
    mut stop: watch::Receiver<bool>,
) {
    // Small answers wait for no acknowledgement.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
    });
    let front = Router::new().fallback(move |request| answer(invocations.clone(), router.clone(), request));
    let serving = axum::serve(listener, front).with_graceful_shutdown(async move {
        let _ = stop.wait_for(|stopping| *stopping).await;
    });
    if let Err(error) = serving.await {
        tracing::error!(error = &error as &dyn std::error::Error, "the HTTP front stopped");
    }
}

/// Runs the function, between the two halves of CORS.
async fn answer(invocations: Invocations, router: Router, request: Request) -> Response {
    if let Some(response) = cors::preflight(&request) {
        return response;
    }
    let cross_origin = cors::is_cross_origin(request.headers());
    let mut response = invoke(invocations, router, request).await;
    if cross_origin {
        cors::expose(&mut response);
    }
    response
}

async fn invoke(invocations: Invocations, router: Router, request: Request) -> Response {
    let function = if request.uri().path().starts_with("/api/webhooks/") { "webhook" } else { "api" };
    match invocations.run(function, router.oneshot(request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(never)) => match never {},
        Err(died) => {
            tracing::error!(function, error = &died as &dyn std::error::Error, "a function died");
            // What API Gateway says then.
            (StatusCode::BAD_GATEWAY, Json(json!({ "message": "Internal Server Error" }))).into_response()
        }
    }
}
