//! What a token says of its user, and when, where and by whom that holds.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Refused, SignedIn};
use crate::config::JwtConfig;
use likeness_domain::project::Scope;

/// By how many seconds the issuer's clock may differ from ours.
const LEEWAY: f64 = 60.0;

pub(super) struct Claims(pub(super) Map<String, Value>);

impl Claims {
    /// The user, where these are claims of the issuer, meant for us, that hold at `now`.
    pub(super) fn believed(&self, config: &JwtConfig, now: Timestamp) -> Result<SignedIn, Refused> {
        if self.text("iss") != Some(&config.issuer) {
            return Err(Refused::Invalid("another issued it"));
        }
        if !self.is_for(&config.audience) {
            return Err(Refused::Invalid("it is meant for others"));
        }
        self.hold_at(now)?;
        let user = self.text("sub").and_then(|user| user.parse().ok());
        let user = user.ok_or(Refused::Invalid("its sub is no user id"))?;
        Ok(SignedIn { user, scopes: scopes(self.0.get(&config.scopes_claim)) })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// `aud` is one or several. Cognito's tokens of access have none, and name the app client instead.
    fn is_for(&self, audience: &str) -> bool {
        match self.0.get("aud") {
            Some(Value::Array(several)) => several.iter().any(|one| one.as_str() == Some(audience)),
            Some(one) => one.as_str() == Some(audience),
            None => self.text("client_id") == Some(audience),
        }
    }

    fn hold_at(&self, now: Timestamp) -> Result<(), Refused> {
        let now = now.as_duration().as_secs_f64();
        let end = self.time("exp")?.ok_or(Refused::Invalid("it has no end"))?;
        if now >= end + LEEWAY {
            return Err(Refused::Expired);
        }
        for begin in ["nbf", "iat"] {
            if self.time(begin)?.is_some_and(|begin| now < begin - LEEWAY) {
                return Err(Refused::Invalid("it does not hold yet"));
            }
        }
        Ok(())
    }

    /// Seconds since 1970, not always whole.
    fn time(&self, name: &str) -> Result<Option<f64>, Refused> {
        match self.0.get(name) {
            None => Ok(None),
            Some(value) => value.as_f64().map(Some).ok_or(Refused::Invalid("a time of it is no number")),
        }
    }
}

/// A text of words with spaces between, as OAuth has it, or a list of words. Others' words are passed over.
fn scopes(claim: Option<&Value>) -> Vec<Scope> {
    let words: Vec<&str> = match claim {
        Some(Value::String(words)) => words.split(' ').collect(),
        Some(Value::Array(words)) => words.iter().filter_map(Value::as_str).collect(),
        Some(_) | None => Vec::new(),
    };
    let scopes =
        [("read", Scope::Read), ("write", Scope::Write), ("generate", Scope::Generate), ("admin", Scope::Admin)];
    scopes.into_iter().filter(|(word, _)| words.contains(word)).map(|(_, scope)| scope).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_795_000_000;

    fn believed(changes: &Value) -> Result<SignedIn, Refused> {
        let config = JwtConfig {
            issuer: "https://id.example.com/".to_owned(),
            audience: "likeness".to_owned(),
            jwks_url: "https://id.example.com/keys".parse().unwrap(),
            scopes_claim: "scope".to_owned(),
        };
        let claims = json!({ "iss": "https://id.example.com/", "aud": "likeness", "sub": "ann", "exp": NOW + 60 });
        let mut claims = claims.as_object().unwrap().clone();
        for (name, value) in changes.as_object().unwrap() {
            if value == "absent" {
                claims.remove(name)
            } else {
                claims.insert(name.clone(), value.clone())
            };
        }
        Claims(claims).believed(&config, Timestamp::from_second(NOW).unwrap())
    }

    #[test]
    fn what_another_issued_or_for_others_is_not_believed() {
        for good in [
            json!({}),
            json!({ "aud": ["other", "likeness"] }),
            json!({ "aud": "absent", "client_id": "likeness" }),
            json!({ "sub": "auth0|5f7c" }),
        ] {
            assert!(believed(&good).is_ok(), "{good}");
        }
        for bad in [
            json!({ "iss": "https://id.example.com" }),
            json!({ "iss": "absent" }),
            json!({ "iss": ["https://id.example.com/"] }),
            json!({ "aud": "other" }),
            json!({ "aud": "absent" }),
            json!({ "aud": [] }),
            json!({ "aud": null, "client_id": "likeness" }),
            json!({ "aud": "other", "client_id": "likeness" }),
            json!({ "aud": [["likeness"]] }),
            json!({ "sub": "absent" }),
            json!({ "sub": "" }),
            json!({ "sub": "a b" }),
            json!({ "sub": "a#b" }),
            json!({ "sub": 7 }),
            json!({ "sub": "x".repeat(129) }),
        ] {
            assert!(matches!(believed(&bad), Err(Refused::Invalid(_))), "{bad}");
        }
    }

    #[test]
    fn a_minute_is_overlooked_either_way_and_no_more() {
        let ends = |exp: Value| believed(&json!({ "exp": exp })).map(drop);
        assert_eq!([ends(json!(NOW - 59)), ends(json!(NOW - 60))], [Ok(()), Err(Refused::Expired)]);
        assert_eq!([ends(json!(NOW - 60)), ends(json!(0)), ends(json!(-1))], [Err(Refused::Expired); 3]);
        for bad in [json!("absent"), json!("1795000060"), json!(null), json!([NOW + 60])] {
            assert!(matches!(ends(bad.clone()), Err(Refused::Invalid(_))), "{bad}");
        }
        for name in ["nbf", "iat"] {
            assert!(believed(&json!({ name: NOW + 60 })).is_ok());
            assert!(believed(&json!({ name: NOW - 1_000_000 })).is_ok());
            for bad in [json!(NOW + 61), json!(f64::from(2_000_000_000) + 0.5), json!("soon"), json!(null)] {
                assert!(matches!(believed(&json!({ name: bad })), Err(Refused::Invalid(_))), "{name} {bad}");
            }
        }
    }

    #[test]
    fn scopes_are_words_in_a_text_or_a_list_and_others_are_passed_over() {
        let of = |claim: Value| believed(&json!({ "scope": claim })).unwrap().scopes;
        assert_eq!(of(json!("openid generate read read profile")), [Scope::Read, Scope::Generate]);
        assert_eq!(of(json!(["admin", "write:all", 7])), [Scope::Admin]);
        for none in [json!("absent"), json!(""), json!("Admin readwrite"), json!({ "admin": true }), json!(true)] {
            assert!(of(none.clone()).is_empty(), "{none}");
        }
    }
}
