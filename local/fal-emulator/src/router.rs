//! All hosts of fal on one port.

use std::sync::Arc;

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, DefaultBodyLimit, FromRequest, Path, Query, Request, State},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};

use super::{
    answer::{detail, error_answer, error_body, json_answer, not_found, request_error},
    auth::authorize,
    cancel::cancel,
    control,
    emulation::Emulation,
    fault::{Asked, Oddity},
    files, platform,
    result::result,
    route::{Route, What, app_of},
    run::run,
    status::{StatusQuery, status},
    status_stream::status_stream,
    storage,
    submit::{Submit, SubmitQuery, submit},
};
use crate::connection::Line;

/// More than fal's own downloader takes; fal documents no limit.
const LARGEST_BODY: usize = 128 * 1024 * 1024;

pub(super) fn router(emulation: Arc<Emulation>) -> Router {
    Router::new()
        .route("/run/{*endpoint}", post(run_route))
        .route("/storage/upload/initiate", post(storage::initiate))
        .route("/storage/put/{*path}", put(storage::put))
        .route("/storage/auth/token", post(storage::token))
        .route("/files/upload", post(storage::upload))
        .route("/files/{*path}", get(files::serve))
        .route("/.well-known/jwks.json", get(platform::jwks))
        .route("/v1/models/pricing", get(platform::pricing))
        .route("/v1/meta", get(platform::meta))
        .route("/_emulator/ledger", get(control::ledger))
        .route("/_emulator/faults", get(control::faults).post(control::add_faults).delete(control::clear_faults))
        .route("/_emulator/release", post(control::release))
        .route("/_emulator/violations", get(control::violations))
        .fallback(queue)
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(emulation)
}

async fn run_route(
    State(emulation): State<Arc<Emulation>>,
    ConnectInfo(line): ConnectInfo<Line>,
    Path(endpoint): Path<String>,
    Query(query): Query<SubmitQuery>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let endpoint = endpoint.trim_matches('/').to_owned();
    run(emulation, line, Submit { endpoint, query, headers, body }).await
}

/// The queue API: everything that is no fixed path.
async fn queue(
    State(emulation): State<Arc<Emulation>>,
    ConnectInfo(line): ConnectInfo<Line>,
    method: Method,
    uri: Uri,
    request: Request<Body>,
) -> Response {
    let Some(route) = Route::parse(uri.path()) else {
        return detail(StatusCode::NOT_FOUND, &format!("Path {} not found", uri.path()));
    };
    match (route, method) {
        (Route::Submit { endpoint }, Method::POST) => {
            let Ok(Query(query)) = Query::<SubmitQuery>::try_from_uri(&uri) else {
                return request_error("bad_request", "Invalid query parameters");
            };
            let headers = request.headers().clone();
            match Bytes::from_request(request, &()).await {
                Ok(body) => {
                    submit(emulation, line, Submit { endpoint: endpoint.to_owned(), query, headers, body }).await
                }
                Err(rejection) => rejection.into_response(),
            }
        }
        (Route::Request { app, id, what }, method) => {
            let query = Query::<StatusQuery>::try_from_uri(&uri).map(|Query(query)| query).unwrap_or_default();
            of_request(&emulation, &line, request.headers(), method, (app, id, what), &query).await
        }
        (Route::Submit { .. }, _) => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

async fn of_request(
    emulation: &Arc<Emulation>,
    line: &Line,
    headers: &HeaderMap,
    method: Method,
    (app, id, what): (&str, &str, What),
    query: &StatusQuery,
) -> Response {
    if let Err(refused) = authorize(emulation, headers) {
        return refused;
    }
    let known = emulation.book().get(id).is_some_and(|request| app_of(&request.endpoint) == app);
    if !known {
        return not_found();
    }
    if let Some(odd) = oddity(emulation, id, what) {
        return odd_answer(emulation, line, odd).await;
    }
    match (what, method) {
        (What::Result, Method::GET) => result(emulation, id),
        (What::Status, Method::GET) => status(emulation, id, query),
        (What::StatusStream, Method::GET) => status_stream(Arc::clone(emulation), id, query),
        (What::Cancel, Method::PUT) => cancel(emulation, id),
        (What::Result | What::Status | What::StatusStream | What::Cancel, _) => {
            StatusCode::METHOD_NOT_ALLOWED.into_response()
        }
    }
}

/// What a fault has this question answered.
fn oddity(emulation: &Emulation, id: &str, what: What) -> Option<Oddity> {
    let asked = match what {
        What::Result => Asked::Result,
        What::Status => Asked::Status,
        What::Cancel => Asked::Cancel,
        What::StatusStream => return None,
    };
    emulation.book().get_mut(id)?.odd_answer(asked)
}

async fn odd_answer(emulation: &Emulation, line: &Line, odd: Oddity) -> Response {
    match odd {
        Oddity::Error { status, body } => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            error_answer(status, &error_body(&body, "internal_server_error"))
        }
        Oddity::Json(body) => json_answer(StatusCode::OK, &body),
        Oddity::Hang => {
            emulation.until(Emulation::is_released).await;
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
        Oddity::Cut => {
            line.cut();
            StatusCode::BAD_GATEWAY.into_response()
        }
    }
}
