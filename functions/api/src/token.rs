//! API tokens: made here once, shown once, kept as a hash.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use likeness_domain::rng::Rng;
use sha2::{Digest, Sha256};

/// A fresh token with 256 bits of chance.
#[must_use]
pub fn new_token(rng: &Rng) -> String {
    format!("lk_{}", URL_SAFE_NO_PAD.encode(rng.bytes::<32>()))
}

/// What is kept of a token. A plain hash will do, as 256 bits cannot be guessed.
#[must_use]
pub fn token_sha256(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

/// The part of a token that may be shown in lists: how it begins and ends. Of one that was chosen by hand, which may be
/// short, less.
#[must_use]
pub fn token_hint(token: &str) -> String {
    let characters: Vec<char> = token.chars().collect();
    let (first, last) = if characters.len() < LONG { (2.min(characters.len()), 0) } else { (5, 4) };
    let [begin, end] = [&characters[..first], &characters[characters.len() - last..]].map(String::from_iter);
    format!("{begin}…{end}")
}

/// From here on nine characters tell too little of a token to guess the others.
const LONG: usize = 32;

/// The token of a key that is created under an idempotency key: the same for a repetition, and known to nothing but the
/// calls themselves. `secret` is the caller's own token, `salt` stands in the table, `idempotency` came with the
/// request.
pub(crate) fn derived_token(secret: &CallerSecret, salt: &str, idempotency: &str) -> String {
    let mut hash = Sha256::new();
    for part in [&secret.0[..], salt.as_bytes(), idempotency.as_bytes()] {
        // Each with its length, so that no two lists of parts are one text.
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    format!("lk_{}", URL_SAFE_NO_PAD.encode(hash.finalize()))
}

/// What only the holder of a token can know of it, and not the token.
#[derive(Clone)]
pub(crate) struct CallerSecret([u8; 32]);

impl CallerSecret {
    /// Of a caller's token. The table holds another hash of it.
    pub(crate) fn of(token: &str) -> Self {
        Self(Sha256::new().chain_update("likeness, a caller's secret: ").chain_update(token).finalize().into())
    }

    /// Tells it from that of another token, and nothing else of it.
    pub(crate) fn name(&self) -> String {
        let hash = Sha256::new().chain_update("likeness, a secret's name: ").chain_update(self.0).finalize();
        hex::encode(&hash[..8])
    }
}

impl std::fmt::Debug for CallerSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("CallerSecret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_characters_of_a_token_are_shown_and_of_a_short_one_two() {
        let token = derived_token(&CallerSecret::of("lk_a"), "salt", "key");
        let hint = token_hint(&token);
        assert_eq!(hint, format!("{}…{}", &token[..5], &token[42..]));
        assert_eq!(["test-key", "a", ""].map(token_hint), ["te…", "a…", "…"]);
    }

    #[test]
    fn a_derived_token_hangs_on_all_that_it_is_made_of() {
        let of = |token: &str, salt: &str, key: &str| derived_token(&CallerSecret::of(token), salt, key);
        assert_eq!(of("lk_a", "salt", "key"), of("lk_a", "salt", "key"));
        let others = [of("lk_b", "salt", "key"), of("lk_a", "salt2", "key"), of("lk_a", "sal", "tkey")];
        assert!(others.iter().all(|other| *other != of("lk_a", "salt", "key")));
        assert_eq!(of("lk_a", "salt", "key").len(), 46);
    }
}
