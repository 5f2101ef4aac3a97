//! ListObjects, versions 1 and 2: keys in byte order, rolled up at the delimiter, a page at a time.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rusqlite::Transaction;
use s3s::{
    S3Result,
    dto::{
        CommonPrefix, ETag, EncodingType, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output,
        Object,
    },
    s3_error,
};
use serde::{Deserialize, Serialize};

use super::store::{self, Store, StoreError, timestamp};

const MAX_KEYS: i32 = 1000;
/// What S3 leaves alone with `encoding-type=url`.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'/').remove(b'*');

/// The last entry of a page, which the next page starts behind.
#[derive(Deserialize, Serialize)]
enum Cursor {
    Key(String),
    Prefix(String),
}

#[derive(Default)]
struct Page {
    contents: Vec<Object>,
    prefixes: Vec<String>,
    next: Option<Cursor>,
}

/// What both versions of the operation are asked for.
struct Listing {
    bucket: String,
    prefix: String,
    delimiter: Option<String>,
    max_keys: i32,
}

impl Listing {
    fn new(bucket: &str, prefix: Option<&str>, delimiter: Option<&str>, max_keys: Option<i32>) -> Self {
        Self {
            bucket: bucket.to_owned(),
            prefix: prefix.unwrap_or_default().to_owned(),
            delimiter: delimiter.filter(|delimiter| !delimiter.is_empty()).map(str::to_owned),
            max_keys: max_keys.unwrap_or(MAX_KEYS).clamp(0, MAX_KEYS),
        }
    }

    async fn page(self, store: &Store, cursor: Cursor) -> Result<Page, StoreError> {
        let Self { bucket, prefix, delimiter, max_keys } = self;
        let listed = store.transact(move |tx, _| {
            store::require_bucket(tx, &bucket)?;
            list(tx, &bucket, &prefix, delimiter.as_deref(), cursor, max_keys as usize)
        });
        listed.await
    }
}

/// Version 2: continues at a token.
pub(super) async fn list_objects_v2(store: &Store, input: ListObjectsV2Input) -> S3Result<ListObjectsV2Output> {
    let listing = Listing::new(&input.bucket, input.prefix.as_deref(), input.delimiter.as_deref(), input.max_keys);
    let max_keys = listing.max_keys;
    let cursor = match (&input.continuation_token, &input.start_after) {
        (Some(token), _) => {
            read_token(token).ok_or_else(|| s3_error!(InvalidArgument, "unknown continuation token"))?
        }
        (None, start_after) => Cursor::Key(start_after.clone().unwrap_or_default()),
    };
    let page = listing.page(store, cursor).await?;
    let encode = encoding(input.encoding_type.as_ref());
    Ok(ListObjectsV2Output {
        key_count: Some((page.contents.len() + page.prefixes.len()) as i32),
        is_truncated: Some(page.next.is_some()),
        next_continuation_token: page.next.map(|cursor| write_token(&cursor)).transpose()?,
        contents: Some(encoded(page.contents, encode)),
        common_prefixes: Some(common_prefixes(page.prefixes, encode)),
        max_keys: Some(max_keys),
        name: Some(input.bucket),
        prefix: Some(encode(input.prefix.unwrap_or_default())),
        delimiter: input.delimiter.map(encode),
        start_after: input.start_after.map(encode),
        continuation_token: input.continuation_token,
        encoding_type: input.encoding_type.clone(),
        ..ListObjectsV2Output::default()
    })
}

/// Version 1: continues behind a key or a common prefix, which older clients and libraries use still.
pub(super) async fn list_objects_v1(store: &Store, input: ListObjectsInput) -> S3Result<ListObjectsOutput> {
    let listing = Listing::new(&input.bucket, input.prefix.as_deref(), input.delimiter.as_deref(), input.max_keys);
    let max_keys = listing.max_keys;
    let marker = input.marker.clone().unwrap_or_default();
    let rolled_up = listing.delimiter.as_deref().is_some_and(|delimiter| {
        let rest = marker.strip_prefix(listing.prefix.as_str()).unwrap_or_default();
        rest.find(delimiter).is_some_and(|at| at + delimiter.len() == rest.len())
    });
    let with_delimiter = listing.delimiter.is_some();
    let page = listing.page(store, if rolled_up { Cursor::Prefix(marker) } else { Cursor::Key(marker) }).await?;
    let encode = encoding(input.encoding_type.as_ref());
    let next = page.next.as_ref().map(|cursor| match cursor {
        Cursor::Key(text) | Cursor::Prefix(text) => encode(text.clone()),
    });
    Ok(ListObjectsOutput {
        is_truncated: Some(page.next.is_some()),
        // As S3: without a delimiter the last key is the marker, and clients take it from there.
        next_marker: next.filter(|_| with_delimiter),
        contents: Some(encoded(page.contents, encode)),
        common_prefixes: Some(common_prefixes(page.prefixes, encode)),
        max_keys: Some(max_keys),
        name: Some(input.bucket),
        prefix: Some(encode(input.prefix.unwrap_or_default())),
        marker: Some(encode(input.marker.unwrap_or_default())),
        delimiter: input.delimiter.map(encode),
        encoding_type: input.encoding_type.clone(),
        ..ListObjectsOutput::default()
    })
}

/// How the answer spells keys: as they are, or percent-encoded where the client asked for that.
pub(super) fn encoding(wanted: Option<&EncodingType>) -> fn(String) -> String {
    match wanted {
        Some(encoding) if encoding.as_str() == EncodingType::URL => {
            |text| utf8_percent_encode(&text, ENCODED).to_string()
        }
        Some(_) | None => |text| text,
    }
}

fn encoded(contents: Vec<Object>, encode: fn(String) -> String) -> Vec<Object> {
    contents.into_iter().map(|object| Object { key: object.key.map(encode), ..object }).collect()
}

fn common_prefixes(prefixes: Vec<String>, encode: fn(String) -> String) -> Vec<CommonPrefix> {
    prefixes.into_iter().map(|prefix| CommonPrefix { prefix: Some(encode(prefix)) }).collect()
}

fn list(
    tx: &Transaction<'_>,
    bucket: &str,
    prefix: &str,
    delimiter: Option<&str>,
    cursor: Cursor,
    max: usize,
) -> Result<Page, StoreError> {
    let mut page = Page::default();
    if max == 0 {
        return Ok(page);
    }
    let (after, mut rolled_up) = match cursor {
        Cursor::Key(key) => (key, None),
        Cursor::Prefix(prefix) => (prefix.clone(), Some(prefix)),
    };
    let mut query = tx.prepare_cached(
        "SELECT key, size, etag, modified_ms FROM objects WHERE bucket = ?1 AND key > ?2 AND key >= ?3 ORDER BY key",
    )?;
    let mut rows = query.query((bucket, &after, prefix))?;
    let mut last = None;
    while let Some(row) = rows.next()? {
        let key: String = row.get(0)?;
        let Some(rest) = key.strip_prefix(prefix) else { break };
        if rolled_up.as_ref().is_some_and(|rolled_up| key.starts_with(rolled_up)) {
            continue;
        }
        if page.contents.len() + page.prefixes.len() == max {
            page.next = last;
            break;
        }
        let common = delimiter.and_then(|delimiter| rest.find(delimiter).map(|at| prefix.len() + at + delimiter.len()));
        if let Some(end) = common {
            let common = key[..end].to_owned();
            last = Some(Cursor::Prefix(common.clone()));
            rolled_up = Some(common.clone());
            page.prefixes.push(common);
        } else {
            last = Some(Cursor::Key(key.clone()));
            page.contents.push(Object {
                e_tag: Some(ETag::Strong(row.get(2)?)),
                last_modified: Some(timestamp(row.get(3)?)),
                size: Some(row.get(1)?),
                key: Some(key),
                ..Object::default()
            });
        }
    }
    Ok(page)
}

fn write_token(cursor: &Cursor) -> S3Result<String> {
    let json = serde_json::to_vec(cursor).map_err(|error| s3_error!(error, InternalError))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(json))
}

fn read_token(token: &str) -> Option<Cursor> {
    serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}
