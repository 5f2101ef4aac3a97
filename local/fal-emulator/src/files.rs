//! The file host: `GET /files/…`, public, as on `v3b.fal.media`. A client that brings its key has leaked it: 400.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::State,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, Method, StatusCode, Uri, header};
use sha2::{Digest, Sha256};
use tokio::time::{Duration, sleep};

use super::{
    answer::detail,
    emulation::Emulation,
    fault::FileFault,
    store::{StoreError, StoredFile},
};

const ANIMALS: &[&str] = &["panda", "koala", "tiger", "zebra", "lion", "rabbit", "elephant", "penguin", "kangaroo"];

/// Ends the address that a redirected file really has.
const MOVED: &str = ".moved";

/// A new path on the file host, `/files/b/{animal}/{random}.{extension}`.
pub(super) fn new_path(emulation: &Emulation, extension: &str) -> String {
    let animal = ANIMALS[emulation.rng.range(0..ANIMALS.len())];
    format!("/files/b/{animal}/{}.{extension}", hex::encode(emulation.rng.bytes::<16>()))
}

/// The path of the image of a request's output that has this `number`: the same again if the process was killed while
/// it made it, so that the image takes the place of the one that was never told of.
pub(super) fn output_path(request: &str, number: usize, extension: &str) -> String {
    let digest = Sha256::digest(format!("{request} {number}"));
    let animal = ANIMALS[usize::from(digest[0]) % ANIMALS.len()];
    format!("/files/b/{animal}/{}.{extension}", hex::encode(&digest[1..17]))
}

pub(super) async fn serve(
    State(emulation): State<Arc<Emulation>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if headers.contains_key(header::AUTHORIZATION) {
        emulation.violate(format!("{method} {}", uri.path()), "the file host received an Authorization header");
        return detail(StatusCode::BAD_REQUEST, "The file host takes no Authorization header");
    }
    let moved = uri.path().strip_suffix(MOVED);
    let (store, path) = (emulation.store.clone(), moved.unwrap_or(uri.path()).to_owned());
    let read = tokio::task::spawn_blocking(move || store.file(&path));
    let Ok(read) = read.await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    match read {
        Ok(Some(StoredFile { fault: Some(FileFault::Answer { status, times }), .. }))
            if emulation.count_fetch(uri.path()) <= times =>
        {
            StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR).into_response()
        }
        Ok(Some(file)) if moved.is_some() => respond(uri.path(), StoredFile { fault: None, ..file }),
        Ok(Some(file)) => respond(uri.path(), file),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => unreadable(&error),
    }
}

fn unreadable(error: &StoreError) -> Response {
    tracing::error!(error = error as &dyn std::error::Error, "the fal emulator could not read a file");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

fn respond(path: &str, file: StoredFile) -> Response {
    let kind = [(header::CONTENT_TYPE, file.content_type)];
    match file.fault {
        None
        | Some(
            FileFault::Html
            | FileFault::HtmlOf { .. }
            | FileFault::HugePng
            | FileFault::HeavyJpeg
            | FileFault::TruncatedJpeg
            | FileFault::Answer { .. }
            | FileFault::Given { .. },
        ) => (kind, file.bytes).into_response(),
        Some(FileFault::Missing) => StatusCode::NOT_FOUND.into_response(),
        Some(FileFault::Slow { ms }) => (kind, halves(file.bytes, Duration::from_millis(ms))).into_response(),
        Some(FileFault::Redirect { to }) => {
            let to = to.unwrap_or_else(|| format!("{path}{MOVED}"));
            (StatusCode::FOUND, [(header::LOCATION, to)]).into_response()
        }
    }
}

/// The first half, a pause, the second half.
pub(super) fn halves(bytes: Vec<u8>, pause: Duration) -> Body {
    let bytes = Bytes::from(bytes);
    let (first, second) = (bytes.slice(..bytes.len() / 2), bytes.slice(bytes.len() / 2..));
    let late = stream::once(async move {
        sleep(pause).await;
        Ok::<_, std::convert::Infallible>(second)
    });
    Body::from_stream(stream::once(async { Ok(first) }).chain(late))
}
