//! Another token for a key. At most two are good at once: the newest, and for a while the one before it.

use jiff::{SignedDuration, Timestamp};

use super::{KeyItem, RECORD, TokenHashes, TokenItem};
use crate::store::{
    Store, StoreError,
    condition::{Condition, Record, Refused},
    error::{to_item, to_value},
    layout, number, text,
    transaction::{Outcome, Transaction},
    update::Update,
};
use likeness_domain::{
    id::{KeyId, UserId},
    project::{ApiKey, ReplacedToken},
};

/// How long the item of a token that is no longer good is kept: longer than an idempotency key is remembered, so that a
/// repeated rotation finds that its token was replaced.
const KEPT: SignedDuration = SignedDuration::from_hours(8 * 24);

/// A token as the table knows it.
#[derive(Debug, Clone, Copy)]
pub struct NewToken<'a> {
    /// Lower-case hex.
    pub sha256: &'a str,
    /// How it begins and ends.
    pub hint: &'a str,
}

/// What became of a rotation.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub enum Rotated {
    /// The token is good: since now, or since this was asked for first.
    Done(Box<ApiKey>),
    /// The key was revoked, or is past its end: it gets no token any more.
    Ended,
    /// This was done before, and the token was replaced or given out otherwise since.
    Replaced,
}

impl Store {
    /// Gives a key of `user` a new token; the one that was the newest is good until `good_until`, and one before that is
    /// refused at once. `None` where there is no such key. Of two at once one is first, and the other decides anew.
    ///
    /// # Errors
    /// The table was out of reach or refused; or other changes came first, many times.
    pub async fn rotate_key(
        &self,
        user: &UserId,
        id: KeyId,
        token: NewToken<'_>,
        good_until: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Rotated>, StoreError> {
        let mut tries = self.tries(format_args!("the key {id}"));
        loop {
            let Some(item) = self.key_item_of(user, id).await? else { return Ok(None) };
            if !item.api_key.is_valid(now) {
                return Ok(Some(Rotated::Ended));
            }
            if item.takes(token.sha256, now) {
                return Ok(Some(Rotated::Done(Box::new(item.api_key))));
            }
            let replaced = ReplacedToken { hint: item.api_key.hint.clone(), good_until };
            match self.commit(rotation(&item, token, &replaced)?).await? {
                Outcome::Committed => {
                    let hint = token.hint.to_owned();
                    let key = ApiKey { hint, replaced: Some(replaced), ..item.api_key };
                    return Ok(Some(Rotated::Done(Box::new(key))));
                }
                // A call with the same token may have been first, just now.
                Outcome::Refused(Refused { condition: Condition::New(_), .. }) => {
                    let key = self.key(token.sha256, now).await?;
                    let done = key.filter(|key| key.id == id).map(|key| Rotated::Done(Box::new(key)));
                    return Ok(Some(done.unwrap_or(Rotated::Replaced)));
                }
                Outcome::Refused(_) => tries.again().await?,
            }
        }
    }
}

/// Writes the new token, has the key take it, and lets the old one's item go in time.
fn rotation(item: &KeyItem, token: NewToken<'_>, replaced: &ReplacedToken) -> Result<Transaction, StoreError> {
    let current = item.token_hashes.as_ref().map(|hashes| layout::api_key(&hashes.current));
    let current_hash = match &item.token_hashes {
        Some(hashes) => hashes.current.clone(),
        None => layout::token_sha256(&item.key).to_owned(),
    };
    let mut transaction = Transaction::default();
    let leads_to = TokenItem { key: layout::api_key(token.sha256), token_of: item.key.pk.clone(), expires_at: None };
    transaction.create(Record::ApiKey, to_item(&leads_to)?);
    let hashes = TokenHashes { current: token.sha256.to_owned(), replaced: current_hash };
    let mut update = Update::default();
    update.set("token_hashes", to_value(&hashes)?);
    update.set_in(RECORD, "hint", text(token.hint));
    update.set_in(RECORD, "replaced", to_value(replaced)?);
    update.set("revision", item.next_revision());
    transaction.apply_if(item.key.clone(), update, item.unchanged());
    // The first token's item is the key's own.
    if let Some(current) = current {
        let end = (replaced.good_until + KEPT).as_second();
        transaction.update(current, "SET expires_at = :end", &[(":end", number(end))]);
    }
    Ok(transaction)
}
