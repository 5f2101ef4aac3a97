//! How a body is declared and packed: its media type and charset, and gzip as some clients and proxies apply it.

use std::io::Read;

use axum::body::Bytes;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use http::{HeaderMap, header};

use crate::{
    problem::{ApiError, FieldError},
    request::body::MAX_BODY,
};

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Plain,
    Gzip,
    /// zlib, by its name in HTTP.
    Deflate,
}

impl Encoding {
    /// What `Content-Encoding` says.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let Some(value) = headers.get(header::CONTENT_ENCODING) else { return Ok(Self::Plain) };
        let name = value.to_str().unwrap_or_default().trim().to_ascii_lowercase();
        match name.as_str() {
            "" | "identity" => Ok(Self::Plain),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "deflate" => Ok(Self::Deflate),
            _ => Err(ApiError::UnknownEncoding),
        }
    }

    /// The body itself, no longer than any other may be.
    pub(crate) fn unpacked(self, bytes: Bytes) -> Result<Bytes, ApiError> {
        let mut reader: Box<dyn Read> = match self {
            Self::Plain => return Ok(bytes),
            Self::Gzip => Box::new(MultiGzDecoder::new(&bytes[..])),
            Self::Deflate => Box::new(ZlibDecoder::new(&bytes[..])),
        };
        let (mut plain, most) = (Vec::new(), MAX_BODY as u64 + 1);
        if reader.by_ref().take(most).read_to_end(&mut plain).is_err() {
            let detail = "names a compression that the body does not have";
            return Err(FieldError::header("Content-Encoding", detail).into());
        }
        if plain.len() > MAX_BODY { Err(ApiError::TooLarge { limit: MAX_BODY }) } else { Ok(plain.into()) }
    }
}

/// Checks that the body is declared as JSON, in the one encoding that JSON has. Names of media types have no case.
pub(crate) fn media_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = declared.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let suffixed = kind.split_once('/').is_some_and(|(_, subtype)| subtype.ends_with("+json"));
    if kind != "application/json" && kind != "text/json" && !suffixed {
        return Err(ApiError::NotJson);
    }
    let charset =
        parts.filter_map(|part| part.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"));
    match charset.map(|(_, charset)| charset.trim().trim_matches('"').to_ascii_lowercase()).as_deref() {
        None | Some("utf-8" | "utf8" | "us-ascii") => Ok(()),
        Some(_) => Err(ApiError::NotJson),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{
        Compression,
        write::{GzEncoder, ZlibEncoder},
    };

    use super::*;

    #[test]
    fn json_is_declared_in_many_ways() {
        let is_json =
            |value: &str| media_type(&HeaderMap::from_iter([(header::CONTENT_TYPE, value.parse().unwrap())])).is_ok();
        for good in [
            "application/json",
            "Application/Json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/merge-patch+json",
            "application/vnd.api+JSON ; q=1",
            "text/json",
            "application/json;",
        ] {
            assert!(is_json(good), "{good}");
        }
        for bad in
            ["text/plain", "application/jsonp", "+json", "application/json; charset=utf-16", "json", "a/b; c/d+json"]
        {
            assert!(!is_json(bad), "{bad}");
        }
        assert!(media_type(&HeaderMap::new()).is_err());
    }

    #[test]
    fn a_packed_body_is_unpacked_within_the_limit() {
        let gzip = |plain: &[u8]| {
            let mut packed = GzEncoder::new(Vec::new(), Compression::default());
            packed.write_all(plain).unwrap();
            Bytes::from(packed.finish().unwrap())
        };
        assert_eq!(Encoding::Gzip.unpacked(gzip(b"{}")).unwrap(), "{}");
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(b"{}").unwrap();
        assert_eq!(Encoding::Deflate.unpacked(zlib.finish().unwrap().into()).unwrap(), "{}");
        let bomb = gzip(&vec![b' '; 100 << 20]);
        assert!(matches!(Encoding::Gzip.unpacked(bomb), Err(ApiError::TooLarge { .. })));
        assert!(matches!(Encoding::Gzip.unpacked("{}".into()), Err(ApiError::Invalid(_))));
        let of = |value: &str| {
            Encoding::of(&HeaderMap::from_iter([(header::CONTENT_ENCODING, value.parse().unwrap())])).ok()
        };
        assert_eq!(["GZIP", "identity", "br"].map(of), [Some(Encoding::Gzip), Some(Encoding::Plain), None]);
    }
}
