//! A token taken apart (RFC 7515, compact form): three parts in base64url without padding, two of them JSON objects in
//! which each name stands once.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use super::{Refused, claims::Claims, jwk::Algorithm};

/// A token whose signature is not verified yet.
pub(super) struct Compact<'a> {
    pub(super) algorithm: Algorithm,
    /// Which of the issuer's keys signed it, as it says.
    pub(super) kid: String,
    pub(super) claims: Claims,
    /// What the signature is over.
    pub(super) signed: &'a [u8],
    pub(super) signature: Vec<u8>,
}

impl<'a> Compact<'a> {
    pub(super) fn parse(token: &'a str) -> Result<Self, Refused> {
        let malformed = Refused::Invalid("it has not three parts");
        let (signed, signature) = token.rsplit_once('.').ok_or(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(malformed)?;
        let header = object(header)?;
        let algorithm = algorithm(&header)?;
        let Some(Value::String(kid)) = header.get("kid") else {
            return Err(Refused::Invalid("its header has no kid"));
        };
        Ok(Self {
            algorithm,
            kid: kid.clone(),
            claims: Claims(object(claims)?),
            signed: signed.as_bytes(),
            signature: bytes(signature)?,
        })
    }
}

fn algorithm(header: &Map<String, Value>) -> Result<Algorithm, Refused> {
    // Extensions that must be understood; none is.
    if header.contains_key("crit") {
        return Err(Refused::Invalid("its header has crit"));
    }
    match header.get("typ") {
        None => {}
        // A token for something else, such as a logout, is signed with the same keys.
        Some(Value::String(kind))
            if ["jwt", "at+jwt", "application/at+jwt"].iter().any(|good| kind.eq_ignore_ascii_case(good)) => {}
        Some(_) => return Err(Refused::Invalid("its typ is of no token of access")),
    }
    let name = header.get("alg").and_then(Value::as_str);
    name.and_then(Algorithm::named).ok_or(Refused::Invalid("its alg is none of ours"))
}

fn object(part: &str) -> Result<Map<String, Value>, Refused> {
    let object = serde_json::from_slice::<Members>(&bytes(part)?);
    object
        .map(|Members(members)| members)
        .map_err(|_| Refused::Invalid("a part is no JSON object with names that stand once"))
}

fn bytes(part: &str) -> Result<Vec<u8>, Refused> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| Refused::Invalid("a part is no base64url"))
}

/// An object in which each name stands once: of two, readers differ in which counts.
struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Unique;
        impl<'de> Visitor<'de> for Unique {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Members, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = entries.next_entry::<String, Value>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a name stands twice"));
                    }
                }
                Ok(Members(members))
            }
        }
        reader.deserialize_map(Unique)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(header: &str, claims: &str, signature: &str) -> Result<(), Refused> {
        let [header, claims] = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part));
        Compact::parse(&format!("{header}.{claims}.{signature}")).map(drop)
    }

    #[test]
    fn a_header_says_which_key_and_one_of_our_ways() {
        for good in [
            r#"{"alg":"RS256","kid":"a"}"#,
            r#"{"alg":"ES256","kid":"a","typ":"JWT"}"#,
            r#"{"alg":"EdDSA","kid":"a","typ":"AT+jwt","jku":"https://evil.example.com","x5c":[]}"#,
        ] {
            assert_eq!(parse(good, "{}", "AAAA"), Ok(()), "{good}");
        }
        for bad in [
            r#"{"alg":"none","kid":"a"}"#,
            r#"{"alg":"HS256","kid":"a"}"#,
            r#"{"alg":"rs256","kid":"a"}"#,
            r#"{"alg":["RS256"],"kid":"a"}"#,
            r#"{"kid":"a"}"#,
            r#"{"alg":"RS256"}"#,
            r#"{"alg":"RS256","kid":1}"#,
            r#"{"alg":"RS256","kid":"a","crit":["exp"]}"#,
            r#"{"alg":"RS256","kid":"a","crit":[]}"#,
            r#"{"alg":"RS256","kid":"a","typ":"logout+jwt"}"#,
            r#"{"alg":"RS256","kid":"a","typ":null}"#,
            r#"{"alg":"none","alg":"RS256","kid":"a"}"#,
            r#"{"alg":"RS256","kid":"a"} "x""#,
            r#"["RS256"]"#,
            "",
        ] {
            assert!(parse(bad, "{}", "AAAA").is_err(), "{bad}");
        }
    }

    #[test]
    fn each_part_is_base64url_without_padding() {
        let header = r#"{"alg":"RS256","kid":"a"}"#;
        for bad in ["AA==", "AA+A", "AA/A", "AB", "A", "AA A", "AAAA.AAAA", "AAAA.", "ÄÄ"] {
            assert!(parse(header, "{}", bad).is_err(), "{bad}");
        }
        assert!(parse(header, r#"{"sub":"a","sub":"b"}"#, "AAAA").is_err());
        assert!(["", ".", "..", "a.b", "lk_abc"].iter().all(|text| Compact::parse(text).is_err()));
    }
}
