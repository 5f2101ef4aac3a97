//! Projects and their members.

use serde::{Deserialize, Serialize};

use super::{
    Page, Position, Store, StoreError, layout,
    listing::List,
    to_item,
    transaction::{Outcome, Transaction},
};
use crate::{
    id::{ProjectId, UserId},
    project::{Member, Project, Role},
};

#[derive(Serialize, Deserialize)]
struct ProjectItem {
    #[serde(flatten)]
    key: layout::Key,
    project: Project,
}

#[derive(Serialize, Deserialize)]
struct MemberItem {
    #[serde(flatten)]
    key: layout::Key,
    listing_pk: String,
    listing_sk: String,
    member: Member,
}

impl MemberItem {
    fn new(member: Member) -> Self {
        Self {
            key: layout::member(&member.project, &member.user),
            listing_pk: layout::projects_of(&member.user),
            listing_sk: member.project.to_string(),
            member,
        }
    }
}

impl Store {
    /// Creates a project with its owner as the first member; false where the id is taken.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn create_project(&self, project: &Project) -> Result<bool, StoreError> {
        let owner = Member {
            project: project.id.clone(),
            user: project.owner.clone(),
            role: Role::Owner,
            since: project.created_at,
        };
        let mut transaction = Transaction::default();
        transaction.create(to_item(&ProjectItem { key: layout::project(&project.id), project: project.clone() })?);
        transaction.put(to_item(&MemberItem::new(owner))?, None, &[]);
        Ok(matches!(self.commit(transaction).await?, Outcome::Committed))
    }

    /// Reads a project.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn project(&self, project: &ProjectId) -> Result<Option<Project>, StoreError> {
        Ok(self.read::<ProjectItem>(layout::project(project)).await?.map(|item| item.project))
    }

    /// The projects that `user` is a member of, by id descending.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn projects_of(
        &self,
        user: &UserId,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page<Project>, StoreError> {
        let list =
            List { index: layout::LISTING, partition: "listing_pk", value: layout::projects_of(user), holding: None };
        let page = self.page_of_keys(&list, after, 0, limit).await?;
        let memberships: Vec<MemberItem> = self.read_all(&page.items).await?;
        let keys: Vec<_> = memberships.iter().map(|item| layout::project(&item.member.project)).collect();
        let projects: Vec<ProjectItem> = self.read_all(&keys).await?;
        Ok(Page { items: projects.into_iter().map(|item| item.project).collect(), next: page.next })
    }

    /// What `user` may do in `project`; `None` for a stranger.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn role(&self, project: &ProjectId, user: &UserId) -> Result<Option<Role>, StoreError> {
        Ok(self.read::<MemberItem>(layout::member(project, user)).await?.map(|item| item.member.role))
    }

    /// The members of a project.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn members(&self, project: &ProjectId) -> Result<Vec<Member>, StoreError> {
        let items = self.read_partition(&layout::project_partition(project), Some("MEMBER#")).await?;
        let members: Vec<MemberItem> = serde_dynamo::from_items(items)?;
        Ok(members.into_iter().map(|item| item.member).collect())
    }

    /// Adds a member or changes the role of one.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn put_member(&self, member: Member) -> Result<(), StoreError> {
        let item = to_item(&MemberItem::new(member))?;
        self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await?;
        Ok(())
    }

    /// Removes a member; removing one who is none changes nothing.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn remove_member(&self, project: &ProjectId, user: &UserId) -> Result<(), StoreError> {
        let key = layout::member(project, user).into_item();
        self.client.delete_item().table_name(&self.table).set_key(Some(key)).send().await?;
        Ok(())
    }
}
