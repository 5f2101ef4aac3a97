//! Every answer carries `x-request-id`; problems carry it in their body too.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};

use crate::{app::App, problem::Problem};

const HEADER: &str = "x-request-id";

/// Takes over the caller's id if it is harmless, makes one otherwise, and gives problems their body.
pub(crate) async fn tag(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let given = request.headers().get(HEADER).and_then(|value| value.to_str().ok()).filter(|id| is_harmless(id));
    let id = given.map_or_else(|| format!("req_{}", hex::encode(app.rng.bytes::<12>())), str::to_owned);
    let mut response = next.run(request).await;
    if let Some(mut problem) = response.extensions_mut().remove::<Problem>() {
        problem.request_id = Some(id.clone());
        let (mut parts, _) = response.into_parts();
        let (json, body) = Json(problem).into_response().into_parts();
        parts.headers.extend(json.headers);
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response = Response::from_parts(parts, body);
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(HEADER, value);
    }
    response
}

fn is_harmless(id: &str) -> bool {
    (1..=128).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.=:".contains(&byte))
}
