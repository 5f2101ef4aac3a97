//! Uploads, both ways: A, `initiate` and a `PUT` to the returned URL; B, a short-lived token and one `POST`.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Query, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, Uri, header};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answer::detail,
    auth::authorize,
    emulation::Emulation,
    files::new_path,
    store::{StoreError, StoredFile},
};

/// The token of upload B. One for everyone: what matters is that it is not the key.
const UPLOAD_TOKEN: &str = "emulator-upload-token";
const UPLOAD_TOKEN_LIFE: SignedDuration = SignedDuration::from_hours(1);

#[derive(Debug, Deserialize)]
pub(super) struct StorageQuery {
    storage_type: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Initiate {
    content_type: String,
    file_name: String,
}

/// `POST /storage/upload/initiate`.
pub(super) async fn initiate(
    State(emulation): State<Arc<Emulation>>,
    Query(query): Query<StorageQuery>,
    headers: HeaderMap,
    Json(body): Json<Initiate>,
) -> Response {
    if let Err(refused) = authorize(&emulation, &headers) {
        return refused;
    }
    tracing::debug!(content_type = body.content_type, "an upload to the fal emulator begins");
    let path = new_path(&emulation, extension_of(&body.file_name));
    let origin = &emulation.origin;
    let kind = query.storage_type.as_deref().unwrap_or("fal-cdn-v3");
    Json(json!({
        "upload_url": format!("{origin}/storage/put{path}?storage_type={kind}"),
        "file_url": format!("{origin}{path}"),
    }))
    .into_response()
}

/// `PUT` of upload A. The URL is its own permission; a key here has leaked, except that the Python client is known to
/// bring it for `storage_type=gcs`.
pub(super) async fn put(
    State(emulation): State<Arc<Emulation>>,
    Query(query): Query<StorageQuery>,
    uri: Uri,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    if headers.contains_key(header::AUTHORIZATION) && query.storage_type.as_deref() != Some("gcs") {
        emulation.violate(format!("PUT {}", uri.path()), "the upload URL received an Authorization header");
        return detail(StatusCode::BAD_REQUEST, "The upload URL takes no Authorization header");
    }
    let path = uri.path().trim_start_matches("/storage/put").to_owned();
    match keep(&emulation, &path, &headers, &bytes) {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => failed(&error),
    }
}

/// `POST /storage/auth/token`.
pub(super) async fn token(State(emulation): State<Arc<Emulation>>, headers: HeaderMap) -> Response {
    if let Err(refused) = authorize(&emulation, &headers) {
        return refused;
    }
    let expires_at = emulation.clock.now().saturating_add(UPLOAD_TOKEN_LIFE).unwrap_or(jiff::Timestamp::MAX);
    Json(json!({
        "token": UPLOAD_TOKEN,
        "token_type": "Bearer",
        "base_url": emulation.origin,
        "expires_at": expires_at.to_string(),
    }))
    .into_response()
}

/// `POST /files/upload` of upload B: a token, never the key.
pub(super) async fn upload(State(emulation): State<Arc<Emulation>>, headers: HeaderMap, bytes: Bytes) -> Response {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if authorization.starts_with("Key ") {
        emulation.violate("POST /files/upload".to_owned(), "the file host received the API key");
    }
    if authorization != format!("Bearer {UPLOAD_TOKEN}") {
        return detail(StatusCode::UNAUTHORIZED, "Invalid upload token");
    }
    let name = headers.get("x-fal-file-name").and_then(|name| name.to_str().ok()).unwrap_or("file.bin");
    let path = new_path(&emulation, extension_of(name));
    let access_url = format!("{}{path}", emulation.origin);
    match keep(&emulation, &path, &headers, &bytes) {
        Ok(()) => Json(Value::from_iter([("access_url", access_url)])).into_response(),
        Err(error) => failed(&error),
    }
}

fn keep(emulation: &Emulation, path: &str, headers: &HeaderMap, bytes: &Bytes) -> Result<(), StoreError> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or("application/octet-stream").to_owned();
    emulation.store.save_file(path, &StoredFile { content_type, fault: None, bytes: bytes.to_vec() })
}

fn failed(error: &StoreError) -> Response {
    tracing::error!(error = error as &dyn std::error::Error, "the fal emulator could not keep an upload");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// Letters and digits behind the last dot, or `bin`.
fn extension_of(file_name: &str) -> &str {
    let extension = file_name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let plain = !extension.is_empty() && extension.len() <= 8 && extension.chars().all(|c| c.is_ascii_alphanumeric());
    if plain { extension } else { "bin" }
}
