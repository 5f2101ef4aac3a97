//! API keys. A key is found by the SHA-256 of its token; the token itself is nowhere.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Page, Position, Saved, Store, StoreError,
    condition::{Condition, Record},
    error::{failed, from_items, if_it_held, to_item},
    layout,
    listing::List,
    text,
};
use likeness_domain::{
    id::{KeyId, UserId},
    project::ApiKey,
};

#[derive(Serialize, Deserialize)]
struct KeyItem {
    #[serde(flatten)]
    key: layout::Key,
    listing_pk: String,
    listing_sk: String,
    api_key: ApiKey,
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
            api_key: api_key.clone(),
        };
        Ok(self.put_if(to_item(&item)?, Condition::New(Record::ApiKey)).await? == Saved::Yes)
    }

    /// Finds a key, valid or not, by its token's SHA-256.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn key(&self, token_sha256: &str) -> Result<Option<ApiKey>, StoreError> {
        Ok(self.read::<KeyItem>(layout::api_key(token_sha256)).await?.map(|item| item.api_key))
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

    /// Revokes a key of `user`; false where there is no such key. Revoking twice keeps the first time.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn revoke_key(&self, user: &UserId, id: KeyId, now: Timestamp) -> Result<bool, StoreError> {
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
        let found: Vec<layout::Key> =
            from_items(query.send().await.map_err(failed("Query", keys_of_user))?.items.unwrap_or_default())?;
        let Some(key) = found.into_iter().next() else { return Ok(false) };
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key.clone().into_item()))
            .update_expression("SET api_key.revoked_at = :now")
            // The attribute is there and NULL until the key is revoked.
            .condition_expression("attribute_exists(pk) AND api_key.revoked_at = :null")
            .expression_attribute_values(":now", text(now.to_string()))
            .expression_attribute_values(":null", AttributeValue::Null(true));
        // Where it does not hold the key was revoked before.
        if_it_held(update.send().await, "UpdateItem", key)?;
        Ok(true)
    }
}

fn keys_of(user: &UserId) -> List<'static> {
    List { index: layout::LISTING, partition: "listing_pk", value: layout::keys_of(user), holding: None }
}
