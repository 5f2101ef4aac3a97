//! Workflows.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    Acceptance, Idempotency, Item, Page, Position, Saved, Store, StoreError, Versioned,
    change::Revised,
    condition::Record,
    error::to_item,
    idempotency::{Once, StandsFor},
    layout,
    listing::List,
    meters::MeterReading,
    transaction::Transaction,
    update::Update,
};
use likeness_domain::{
    id::{ProjectId, WorkflowId},
    workflow::Workflow,
};

#[derive(Serialize, Deserialize)]
struct WorkflowItem {
    #[serde(flatten)]
    key: layout::Key,
    revision: u64,
    listing_pk: String,
    listing_sk: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    work_pk: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    work_sk: Option<String>,
    workflow: Workflow,
}

fn item(workflow: &Workflow, revision: u64) -> Result<Item, StoreError> {
    let due = workflow.check_at();
    to_item(&WorkflowItem {
        key: layout::workflow(workflow.id),
        revision,
        listing_pk: layout::workflows_of(&workflow.project),
        listing_sk: workflow.id.to_string(),
        work_pk: due.map(|_| layout::DUE_WORKFLOWS.to_owned()),
        work_sk: due.map(|due| format!("{}#{}", layout::sortable(due), workflow.id)),
        workflow: workflow.clone(),
    })
}

impl Transaction {
    /// Writes a workflow over the revision that was read; 0 for a new one.
    pub(super) fn write_workflow(&mut self, workflow: &Workflow, seen: u64) -> Result<(), StoreError> {
        match seen {
            0 => self.create(Record::Workflow, item(workflow, 1)?),
            seen => self.replace(Record::Workflow, item(workflow, seen + 1)?, seen),
        }
        Ok(())
    }
}

impl Revised for Workflow {
    type Id = WorkflowId;

    fn id(&self) -> WorkflowId {
        self.id
    }

    async fn load(store: &Store, id: WorkflowId) -> Result<Option<Versioned<Self>>, StoreError> {
        store.workflow(id).await
    }

    async fn save(
        store: &Store,
        before: &Versioned<Self>,
        after: &Self,
        mut more: Transaction,
    ) -> Result<Saved, StoreError> {
        // What was set aside for steps that begin in no transaction of their own, or never do.
        more.release(&after.account(), after.created_at, before.value.held() - after.held(), Update::default());
        store.write_over(Record::Workflow, item(after, before.revision + 1)?, before.revision, more).await
    }
}

impl Store {
    /// The workflow that the idempotency key stands for, if it was used before.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn replay_workflow(
        &self,
        project: &ProjectId,
        idempotency: &Idempotency,
        now: Timestamp,
    ) -> Result<Option<Acceptance<WorkflowId>>, StoreError> {
        self.replay_of(project, idempotency, StandsFor::workflow, now).await
    }

    /// Accepts a workflow together with the caller's key, or finds that it was accepted before.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn accept_workflow(
        &self,
        workflow: &Workflow,
        idempotency: Option<&Idempotency>,
        reading: &MeterReading,
        now: Timestamp,
    ) -> Result<Acceptance<WorkflowId>, StoreError> {
        let once = Once::new(&workflow.project, idempotency, StandsFor::Workflow(workflow.id), now);
        let mut transaction = once.begin()?;
        transaction.write_workflow(workflow, 0)?;
        transaction.hold(&reading.taking);
        transaction.take(reading, now);
        self.commit_once(once, transaction, StandsFor::workflow).await
    }

    /// Writes a workflow over the revision that was read. For a change that is decided by more than the workflow:
    /// others go through [`Store::change_workflow`].
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub(crate) async fn save_workflow(
        &self,
        before: &Versioned<Workflow>,
        after: &Workflow,
    ) -> Result<Saved, StoreError> {
        Workflow::save(self, before, after, Transaction::default()).await
    }

    /// Reads a workflow of any project: whether the caller may see it is for the caller's project to say.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn workflow(&self, id: WorkflowId) -> Result<Option<Versioned<Workflow>>, StoreError> {
        let item = self.read::<WorkflowItem>(layout::workflow(id)).await?;
        Ok(item.map(|item| Versioned { value: item.workflow, revision: item.revision }))
    }

    /// The workflows of a project, newest first.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn workflows(
        &self,
        project: &ProjectId,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page<Workflow>, StoreError> {
        let value = layout::workflows_of(project);
        let list = List { index: layout::LISTING, partition: "listing_pk", value, holding: None };
        let page = self.page_of_keys(&list, after, 0, limit).await?;
        let items: Vec<WorkflowItem> = self.read_all(&page.items).await?;
        Ok(Page { items: items.into_iter().map(|item| item.workflow).collect(), next: page.next })
    }
}
