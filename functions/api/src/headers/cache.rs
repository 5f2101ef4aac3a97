//! `Cache-Control` of a request, and `Cache-Status` of its answer.

use http::{HeaderMap, header};

/// Says that an earlier job answers (RFC 9211).
pub(crate) const CACHE_HIT: (&str, &str) = ("cache-status", "likeness; hit");

/// Whether an earlier result will do: `Cache-Control: no-cache` (or `no-store`) says no.
pub(crate) fn may_be_cached(headers: &HeaderMap) -> bool {
    let directives = headers.get_all(header::CACHE_CONTROL).into_iter().filter_map(|value| value.to_str().ok());
    let mut directives = directives.flat_map(|value| value.split(',')).map(str::trim);
    !directives.any(|word| word.eq_ignore_ascii_case("no-cache") || word.eq_ignore_ascii_case("no-store"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cache_is_found_among_other_directives() {
        let allowed =
            |value: &str| may_be_cached(&HeaderMap::from_iter([(header::CACHE_CONTROL, value.parse().unwrap())]));
        assert!(may_be_cached(&HeaderMap::new()) && allowed("max-age=0, must-revalidate"));
        assert!(!allowed("max-age=0, No-Cache") && !allowed("no-store"));
    }
}
