//! Consistency reports.

use serde::{Deserialize, Serialize};

use super::{Item, Page, Position, Store, StoreError, error::to_item, layout, listing::List};
use likeness_domain::{
    id::{ProjectId, ReportId, SubjectId},
    report::Report,
};

#[derive(Serialize, Deserialize)]
struct ReportItem {
    #[serde(flatten)]
    key: layout::Key,
    listing_pk: String,
    listing_sk: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by_subject_pk: Option<String>,
    report: Report,
}

pub(super) fn item(report: &Report) -> Result<Item, StoreError> {
    let by_subject = report.subject.as_ref().map(|subject| layout::reports_of_subject(&report.project, subject));
    to_item(&ReportItem {
        key: layout::report(&report.project, report.id),
        listing_pk: layout::reports_of(&report.project),
        listing_sk: report.id.to_string(),
        by_subject_pk: by_subject,
        report: report.clone(),
    })
}

impl Store {
    /// Reads a report.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn report(&self, project: &ProjectId, id: ReportId) -> Result<Option<Report>, StoreError> {
        Ok(self.read::<ReportItem>(layout::report(project, id)).await?.map(|item| item.report))
    }

    /// The reports of a project, or about one subject in it, newest first.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn reports(
        &self,
        project: &ProjectId,
        subject: Option<&SubjectId>,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page<Report>, StoreError> {
        let (index, partition, value) = match subject {
            None => (layout::LISTING, "listing_pk", layout::reports_of(project)),
            Some(subject) => {
                (layout::LISTING_BY_SUBJECT, "by_subject_pk", layout::reports_of_subject(project, subject))
            }
        };
        let page = self.page_of_keys(&List { index, partition, value, holding: None }, after, 0, limit).await?;
        let items: Vec<ReportItem> = self.read_all(&page.items).await?;
        Ok(Page { items: items.into_iter().map(|item| item.report).collect(), next: page.next })
    }
}
