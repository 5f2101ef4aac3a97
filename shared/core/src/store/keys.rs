//! API keys. A key is found by the SHA-256 of its token; the tokens themselves are nowhere.
//!
//! The item of a key stands where its first token leads: what holds for the key (limits, end, last use) stands there
//! and nowhere else, with the hashes of the one or two tokens that are good. A later token has an item that leads to
//! the key's. So a key that was never rotated is found with one read, any other with two.

mod rotate;

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

pub use self::rotate::{NewToken, Rotated};
use super::{
    Page, Position, Saved, Store, StoreError,
    condition::{Condition, Record},
    error::{failed, from_items, if_it_held, to_item, to_value},
    layout,
    listing::List,
    number, text,
    transaction::Transaction,
    update::Update,
};
use crate::telemetry::causes;
use likeness_domain::{
    id::{KeyId, UserId},
    project::ApiKey,
};

/// How often the use of a key is noted at most.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// How long a request waits for that.
const NOTED_WITHIN: Duration = Duration::from_millis(500);

#[derive(Debug, Clone, Serialize, Deserialize)]
struct KeyItem {
    #[serde(flatten)]
    key: layout::Key,
    listing_pk: String,
    listing_sk: String,
    /// Counts changes; absent before the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    revision: Option<u64>,
    /// Absent while the first token is the only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token_hashes: Option<TokenHashes>,
    api_key: ApiKey,
}

/// Each is a lower-case hex SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct TokenHashes {
    current: String,
    /// Good until [`ApiKey::replaced`] says.
    replaced: String,
}

/// A later token. It outlives its use, so that a repeated rotation does not bring it back.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct TokenItem {
    #[serde(flatten)]
    key: layout::Key,
    /// The partition of the key's item.
    token_of: String,
    /// TTL, Unix seconds; once another token came in its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at: Option<i64>,
}

/// What a hash leads to.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Found {
    Token(TokenItem),
    Key(Box<KeyItem>),
}

impl KeyItem {
    /// Whether the key takes the token with this hash at `now`.
    fn takes(&self, token_sha256: &str, now: Timestamp) -> bool {
        match &self.token_hashes {
            None => self.key == layout::api_key(token_sha256),
            Some(hashes) if hashes.current == token_sha256 => true,
            Some(hashes) => {
                let in_time = self.api_key.replaced.as_ref().is_some_and(|replaced| now < replaced.good_until);
                hashes.replaced == token_sha256 && in_time
            }
        }
    }

    /// That nothing was changed since it was read.
    fn unchanged(&self) -> Condition {
        self.revision.map_or(Condition::NeverRevised, |seen| Condition::Unchanged(Record::ApiKey, seen))
    }

    fn next_revision(&self) -> AttributeValue {
        number(self.revision.unwrap_or(0) + 1)
    }
}

impl Store {
    /// Records a key under the lower-case hex SHA-256 of its token; false where that token is taken.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn create_key(&self, token_sha256: &str, api_key: &ApiKey) -> Result<bool, StoreError> {
        let item = KeyItem {
            key: layout::api_key(token_sha256),
            listing_pk: layout::keys_of(&api_key.user),
            listing_sk: api_key.id.to_string(),
            revision: None,
            token_hashes: None,
            api_key: api_key.clone(),
        };
        Ok(self.put_if(to_item(&item)?, Condition::New(Record::ApiKey)).await? == Saved::Yes)
    }

    /// The key that takes the token with this SHA-256 at `now`; it may be revoked or past its end.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn key(&self, token_sha256: &str, now: Timestamp) -> Result<Option<ApiKey>, StoreError> {
        Ok(self.key_item(token_sha256, now).await?.map(|item| item.api_key))
    }

    /// A key of `user`, valid or not.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn key_of(&self, user: &UserId, id: KeyId) -> Result<Option<ApiKey>, StoreError> {
        Ok(self.key_item_of(user, id).await?.map(|item| item.api_key))
    }

    /// The valid key that takes the token with this SHA-256 at `now`, and notes that it was used. That this could not
    /// be noted is no reason to refuse a request.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn use_key(&self, token_sha256: &str, now: Timestamp) -> Result<Option<ApiKey>, StoreError> {
        let found = self.key_item(token_sha256, now).await?;
        let Some(KeyItem { key, mut api_key, .. }) = found.filter(|item| item.api_key.is_valid(now)) else {
            return Ok(None);
        };
        let noted_until = api_key.last_used_at.map(|used| used + NOTED_EVERY);
        if noted_until.is_none_or(|until| until <= now) {
            // Within the request: on Lambda nothing runs after the answer.
            match tokio::time::timeout(NOTED_WITHIN, self.note_use(key, now)).await {
                Ok(Ok(())) => api_key.last_used_at = Some(now),
                Ok(Err(error)) => not_noted(&api_key, &causes(&error)),
                Err(_) => not_noted(&api_key, "no answer in time"),
            }
        }
        Ok(Some(api_key))
    }

    /// The keys of `user`, newest first, revoked ones included.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn keys_of(
        &self,
        user: &UserId,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page<ApiKey>, StoreError> {
        let page = self.page_of_keys(&keys_of(user), after, 0, limit).await?;
        let keys: Vec<KeyItem> = self.read_all(&page.items).await?;
        Ok(Page { items: keys.into_iter().map(|item| item.api_key).collect(), next: page.next })
    }

    /// Changes name, scopes, end, limits and projects of a key of `user` as `change` does, decided anew where another
    /// change came first; `None` where there is no such key.
    ///
    /// # Errors
    /// The table was out of reach or refused, or other writes came first, many times; inside, `change`'s own.
    pub async fn change_key<E>(
        &self,
        user: &UserId,
        id: KeyId,
        mut change: impl FnMut(ApiKey) -> Result<ApiKey, E>,
    ) -> Result<Option<Result<ApiKey, E>>, StoreError> {
        let mut tries = self.tries(format_args!("the key {id}"));
        loop {
            let Some(before) = self.key_item_of(user, id).await? else { return Ok(None) };
            let after = match change(before.api_key.clone()) {
                Ok(after) => after,
                Err(error) => return Ok(Some(Err(error))),
            };
            if after == before.api_key {
                return Ok(Some(Ok(after)));
            }
            let mut update = Update::default();
            update.set_in(RECORD, "name", text(&after.name));
            update.set_in(RECORD, "scopes", to_value(&after.scopes)?);
            update.set_in(RECORD, "expires_at", to_value(&after.expires_at)?);
            update.set_in(RECORD, "limits", to_value(&after.limits)?);
            update.set_in(RECORD, "projects", to_value(&after.projects)?);
            update.set("revision", before.next_revision());
            let mut transaction = Transaction::default();
            transaction.apply_if(before.key.clone(), update, before.unchanged());
            if self.saved(transaction).await? == Saved::Yes {
                return Ok(Some(Ok(after)));
            }
            tries.again().await?;
        }
    }

    /// Revokes a key of `user`, with all its tokens; false where there is no such key. Revoking twice keeps the first
    /// time. Waits for no other change of the key: those decide anew.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn revoke_key(&self, user: &UserId, id: KeyId, now: Timestamp) -> Result<bool, StoreError> {
        let Some(key) = self.place_of_key(user, id).await? else { return Ok(false) };
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key.clone().into_item()))
            .update_expression("SET api_key.revoked_at = :now ADD revision :one")
            // The attribute is there and NULL until the key is revoked.
            .condition_expression("attribute_exists(pk) AND api_key.revoked_at = :null")
            .expression_attribute_values(":now", text(now.to_string()))
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":null", AttributeValue::Null(true));
        // Where it does not hold the key was revoked before.
        if_it_held(update.send().await, "UpdateItem", key)?;
        Ok(true)
    }

    /// The item of the key that takes the token with this hash.
    async fn key_item(&self, token_sha256: &str, now: Timestamp) -> Result<Option<KeyItem>, StoreError> {
        let item = match self.read::<Found>(layout::api_key(token_sha256)).await? {
            None => return Ok(None),
            Some(Found::Key(item)) => Some(*item),
            Some(Found::Token(token)) => self.read::<KeyItem>(layout::api_key_at(token.token_of)).await?,
        };
        Ok(item.filter(|item| item.takes(token_sha256, now)))
    }

    async fn key_item_of(&self, user: &UserId, id: KeyId) -> Result<Option<KeyItem>, StoreError> {
        match self.place_of_key(user, id).await? {
            Some(place) => self.read(place).await,
            None => Ok(None),
        }
    }

    /// Where a key of `user` stands.
    async fn place_of_key(&self, user: &UserId, id: KeyId) -> Result<Option<layout::Key>, StoreError> {
        let list = keys_of(user);
        let keys_of_user = list.value.clone();
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(list.index)
            .key_condition_expression("listing_pk = :pk AND listing_sk = :sk")
            .expression_attribute_values(":pk", text(list.value))
            .expression_attribute_values(":sk", text(id.to_string()));
        let found = query.send().await.map_err(failed("Query", keys_of_user))?.items.unwrap_or_default();
        Ok(from_items(found)?.into_iter().next())
    }

    /// Of requests at the same moment one notes it.
    async fn note_use(&self, key: layout::Key, now: Timestamp) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key.clone().into_item()))
            .update_expression("SET api_key.last_used_at = :now")
            .condition_expression(
                "attribute_exists(pk) AND (attribute_not_exists(api_key.last_used_at) OR api_key.last_used_at <= :before)",
            )
            .expression_attribute_values(":now", text(now.to_string()))
            .expression_attribute_values(":before", text((now - NOTED_EVERY).to_string()));
        if_it_held(update.send().await, "UpdateItem", key)?;
        Ok(())
    }
}

fn not_noted(key: &ApiKey, error: &str) {
    tracing::warn!(event = "key_use_not_noted", key.id = %key.id, error, "the use of a key was not noted");
}

/// The attribute that holds the key itself.
const RECORD: &str = "api_key";

fn keys_of(user: &UserId) -> List<'static> {
    List { index: layout::LISTING, partition: "listing_pk", value: layout::keys_of(user), holding: None }
}
