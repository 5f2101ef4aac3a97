//! Subjects.

use serde::{Deserialize, Serialize};

use super::{Page, Position, Saved, Store, StoreError, Versioned, if_it_held, layout, number, to_item, transaction};
use crate::{
    id::{ProjectId, SubjectId},
    subject::Subject,
};

#[derive(Serialize, Deserialize)]
pub(super) struct SubjectItem {
    #[serde(flatten)]
    key: layout::Key,
    revision: u64,
    subject: Subject,
}

impl SubjectItem {
    pub(super) fn new(subject: &Subject, revision: u64) -> Self {
        Self { key: layout::subject(&subject.project, &subject.id), revision, subject: subject.clone() }
    }
}

impl Store {
    /// Reads a subject.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn subject(
        &self,
        project: &ProjectId,
        subject: &SubjectId,
    ) -> Result<Option<Versioned<Subject>>, StoreError> {
        let item = self.read::<SubjectItem>(layout::subject(project, subject)).await?;
        Ok(item.map(|item| Versioned { value: item.subject, revision: item.revision }))
    }

    /// Writes a subject, new (`seen` is `None`) or over the revision that was read.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn put_subject(&self, subject: &Subject, seen: Option<u64>) -> Result<Saved, StoreError> {
        let item = to_item(&SubjectItem::new(subject, seen.unwrap_or(0) + 1))?;
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = match seen {
            None => put.condition_expression(transaction::ABSENT),
            Some(seen) => {
                put.condition_expression(transaction::UNCHANGED).expression_attribute_values(":seen", number(seen))
            }
        };
        Ok(Saved::from_held(if_it_held(put.send().await)?.as_ref()))
    }

    /// The subjects of a project, by id.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn subjects(
        &self,
        project: &ProjectId,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page<Subject>, StoreError> {
        let start = after.map(|position| {
            layout::Key { pk: layout::project_partition(project), sk: position.sk.clone() }.into_item()
        });
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", super::text(layout::project_partition(project)))
            .expression_attribute_values(":prefix", super::text("SUBJECT#"))
            .limit(i32::try_from(limit + 1).unwrap_or(i32::MAX))
            .set_exclusive_start_key(start);
        let answer = query.send().await?;
        // A page of DynamoDB may also end because it is large.
        let cut = answer.last_evaluated_key.is_some();
        let items: Vec<SubjectItem> = serde_dynamo::from_items(answer.items.unwrap_or_default())?;
        let more = cut || items.len() > limit;
        let kept: Vec<SubjectItem> = items.into_iter().take(limit).collect();
        let next = kept.last().filter(|_| more).map(|last| Position {
            pk: last.key.pk.clone(),
            sk: last.key.sk.clone(),
            listing_sk: String::new(),
        });
        Ok(Page { items: kept.into_iter().map(|item| item.subject).collect(), next })
    }
}
