//! Users who sign in: whose tokens are believed.

use url::{Host, Url};

use super::{ConfigError, Env};

/// An issuer of JSON Web Tokens, and what is believed of its tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtConfig {
    /// `JWT_ISSUER`, letter for letter as it stands in `iss`.
    pub issuer: String,
    /// `JWT_AUDIENCE`: whom a token must be meant for.
    pub audience: String,
    /// `JWT_JWKS_URL`: where the issuer publishes its keys.
    pub jwks_url: Url,
    /// `JWT_SCOPES_CLAIM`: what names the scopes of a token.
    pub scopes_claim: String,
}

impl JwtConfig {
    /// Reads it; `None` where there is no `JWT_ISSUER`.
    ///
    /// # Errors
    /// A value is missing or malformed.
    pub fn from_env(env: &Env) -> Result<Option<Self>, ConfigError> {
        let Some(issuer) = env.optional("JWT_ISSUER") else { return Ok(None) };
        let fix = "set it to what the issuer writes into aud: of Cognito the id of the app client, of Auth0 the API's identifier";
        let audience = env.required("JWT_AUDIENCE", fix)?.to_owned();
        let usual = format!("{}/.well-known/jwks.json", issuer.trim_end_matches('/'));
        let jwks_url = env.url("JWT_JWKS_URL", Some(&usual))?;
        if jwks_url.scheme() != "https" && !is_here(&jwks_url) {
            let fix =
                "set it to an https address: with keys that were changed on their way any user can be signed in as"
                    .to_owned();
            return Err(ConfigError::Malformed { name: "JWT_JWKS_URL".to_owned(), fix });
        }
        let scopes_claim = env.optional("JWT_SCOPES_CLAIM").unwrap_or("scope").to_owned();
        Ok(Some(Self { issuer: issuer.to_owned(), audience, jwks_url, scopes_claim }))
    }
}

/// Whether it is on this machine.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(pairs: &[(&str, &str)]) -> Result<Option<JwtConfig>, ConfigError> {
        JwtConfig::from_env(&pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn no_user_signs_in_unless_there_is_an_issuer_with_an_audience() {
        assert_eq!(config(&[("JWT_ISSUER", ""), ("JWT_AUDIENCE", "likeness")]), Ok(None));
        let issuer = ("JWT_ISSUER", "https://ann.eu.auth0.com/");
        assert!(matches!(config(&[issuer]), Err(ConfigError::Missing { name, .. }) if name == "JWT_AUDIENCE"));
        let full = config(&[issuer, ("JWT_AUDIENCE", "likeness")]).unwrap().unwrap();
        assert_eq!((full.issuer.as_str(), full.scopes_claim.as_str()), ("https://ann.eu.auth0.com/", "scope"));
        assert_eq!(full.jwks_url.as_str(), "https://ann.eu.auth0.com/.well-known/jwks.json");
    }

    #[test]
    fn keys_come_over_https_or_from_this_machine() {
        let of = |url| config(&[("JWT_ISSUER", "a"), ("JWT_AUDIENCE", "b"), ("JWT_JWKS_URL", url)]);
        for good in ["https://a.example.com/keys", "http://127.0.0.1:9000/", "http://localhost/", "http://[::1]/"] {
            assert!(of(good).is_ok(), "{good}");
        }
        for bad in ["http://a.example.com/keys", "http://localhost.example.com/", "ftp://a/", "keys", ""] {
            assert!(matches!(of(bad), Err(ConfigError::Malformed { name, .. }) if name == "JWT_JWKS_URL"), "{bad}");
        }
    }
}
