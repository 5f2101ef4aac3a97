//! What R2's custom domain is: the public bucket's objects at `/{key}`, for reading, without a signature.

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri,
        header::{
            ACCEPT_RANGES, ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LANGUAGE,
            CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, IF_RANGE,
            LAST_MODIFIED, RANGE,
        },
    },
    middleware,
    response::{IntoResponse, Response},
};
use percent_encoding::percent_decode_str;
use rusqlite::{OptionalExtension, Transaction};
use s3s::dto::{Range, Timestamp, TimestampFormat};

use super::{
    cors,
    store::{self, Object, Store, StoreError, timestamp},
};

pub(super) fn router(store: Store) -> Router {
    Router::new().fallback(serve).layer(middleware::from_fn(cors::allow_all)).with_state(store)
}

async fn serve(State(store): State<Store>, method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET, HEAD")]).into_response();
    }
    let key = percent_decode_str(uri.path().trim_start_matches('/')).decode_utf8_lossy().into_owned();
    match store.transact(move |tx, _| find(tx, &key)).await {
        Ok(Some((object, bytes))) => answer(&method, &headers, &object, bytes),
        Ok(None) => (StatusCode::NOT_FOUND, "Not Found\n").into_response(),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "public object could not be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn find(tx: &Transaction<'_>, key: &str) -> Result<Option<(Object, Bytes)>, StoreError> {
    let bucket: Option<String> =
        tx.prepare_cached("SELECT name FROM buckets WHERE public = 1")?.query_row([], |row| row.get(0)).optional()?;
    let Some(bucket) = bucket else { return Ok(None) };
    let Some(object) = store::find(tx, &bucket, key)? else { return Ok(None) };
    let bytes = store::read_bytes(tx, &bucket, key)?;
    Ok(Some((object, bytes)))
}

pub(super) fn answer(method: &Method, request: &HeaderMap, object: &Object, bytes: Bytes) -> Response {
    let mut headers = describe(object);
    if is_unchanged(request, object) {
        headers.remove(CONTENT_TYPE);
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    let size = object.size.unsigned_abs();
    let (status, part) = match wanted_range(request, object).map(|range| range.check(size)) {
        None => (StatusCode::OK, bytes),
        Some(Ok(part)) => {
            insert(&mut headers, CONTENT_RANGE, &format!("bytes {}-{}/{size}", part.start, part.end - 1));
            (StatusCode::PARTIAL_CONTENT, bytes.slice(part.start as usize..part.end as usize))
        }
        Some(Err(_)) => {
            insert(&mut headers, CONTENT_RANGE, &format!("bytes */{size}"));
            (StatusCode::RANGE_NOT_SATISFIABLE, Bytes::new())
        }
    };
    insert(&mut headers, CONTENT_LENGTH, &part.len().to_string());
    let body = if method == Method::HEAD { Body::empty() } else { Body::from(part) };
    (status, headers, body).into_response()
}

fn describe(object: &Object) -> HeaderMap {
    let description = &object.description;
    let mut headers = HeaderMap::new();
    insert(&mut headers, ACCEPT_RANGES, "bytes");
    insert(&mut headers, ETAG, &format!("\"{}\"", object.etag));
    insert(&mut headers, LAST_MODIFIED, &http_date(object.modified_ms));
    insert(&mut headers, CONTENT_TYPE, description.content_type.as_deref().unwrap_or("application/octet-stream"));
    for (name, value) in [
        (CACHE_CONTROL, &description.cache_control),
        (CONTENT_DISPOSITION, &description.content_disposition),
        (CONTENT_ENCODING, &description.content_encoding),
        (CONTENT_LANGUAGE, &description.content_language),
    ] {
        if let Some(value) = value {
            insert(&mut headers, name, value);
        }
    }
    headers
}

/// `If-None-Match` decides; without it `If-Modified-Since` does.
fn is_unchanged(request: &HeaderMap, object: &Object) -> bool {
    if let Some(etags) = text(request, IF_NONE_MATCH) {
        let matches = |etag: &str| etag == "*" || etag.trim_start_matches("W/").trim_matches('"') == object.etag;
        return etags.split(',').map(str::trim).any(matches);
    }
    let since =
        text(request, IF_MODIFIED_SINCE).and_then(|date| Timestamp::parse(TimestampFormat::HttpDate, date).ok());
    since.is_some_and(|since| timestamp(object.modified_ms / 1000 * 1000) <= since)
}

/// One range of bytes; several at once, or something else, mean the whole, which is always a correct answer.
fn wanted_range(request: &HeaderMap, object: &Object) -> Option<Range> {
    let range = Range::parse(text(request, RANGE)?).ok()?;
    let current = text(request, IF_RANGE)
        .is_none_or(|known| known.trim_matches('"') == object.etag || known == http_date(object.modified_ms));
    current.then_some(range)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn http_date(ms: i64) -> String {
    let mut date = Vec::new();
    match timestamp(ms).format(TimestampFormat::HttpDate, &mut date) {
        Ok(()) => String::from_utf8_lossy(&date).into_owned(),
        Err(_) => String::new(),
    }
}

/// A value that no header can carry is left out: the client that stored it could not read it back either.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
