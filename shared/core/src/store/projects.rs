//! Projects and their members.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use serde::{Deserialize, Serialize};

use super::{
    Item, Page, Position, Saved, Store, StoreError,
    condition::{Condition, Record, Refused},
    error::{from_item, from_items, if_it_held, to_item, to_value},
    layout,
    listing::List,
    number, text,
    transaction::{Outcome, Transaction, saved_unless},
};
use likeness_domain::{
    id::{ProjectId, UserId},
    project::{Member, Project, ProjectChanges, Role},
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

/// What became of a change of members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum MemberChange {
    /// It was made.
    Made,
    /// Nothing was changed: the project would have no owner.
    LastOwner,
}

/// The attribute of a project's item that names its owners. It changes with the members' items, in one transaction, so
/// that of two owners who remove each other at once only one does.
const OWNERS: &str = "project_owners";

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
        let mut item = to_item(&ProjectItem { key: layout::project(&project.id), project: project.clone() })?;
        item.insert(OWNERS.to_owned(), AttributeValue::Ss(vec![project.owner.to_string()]));
        transaction.create(Record::Project, item);
        transaction.put(to_item(&MemberItem::new(owner))?);
        Ok(self.saved(transaction).await? == Saved::Yes)
    }

    /// Reads a project.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn project(&self, project: &ProjectId) -> Result<Option<Project>, StoreError> {
        Ok(self.read::<ProjectItem>(layout::project(project)).await?.map(|item| item.project))
    }

    /// Changes a project and returns it; `None` where there is none. Of two that change different things both hold.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn change_project(
        &self,
        project: &ProjectId,
        changes: &ProjectChanges,
    ) -> Result<Option<Project>, StoreError> {
        let (mut set, mut remove, mut names, mut values) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        if let Some(name) = &changes.name {
            set.push("#project.#name = :name");
            // A reserved word.
            names.push(("#name", "name"));
            values.push((":name", text(name)));
        }
        match changes.reroll_budget {
            None => {}
            Some(None) => remove.push("#project.reroll_budget"),
            Some(Some(budget)) => {
                set.push("#project.reroll_budget = :budget");
                values.push((":budget", number(budget.micros())));
            }
        }
        if let Some(allowed) = changes.moderation_fallback {
            set.push("#project.moderation_fallback = :fallback");
            values.push((":fallback", AttributeValue::Bool(allowed)));
        }
        if let Some(limits) = &changes.limits {
            set.push("#project.#limits = :limits");
            names.push(("#limits", "limits"));
            values.push((":limits", to_value(limits)?));
        }
        if let Some(budgets) = &changes.budgets {
            set.push("#project.#budgets = :budgets");
            names.push(("#budgets", "budgets"));
            values.push((":budgets", to_value(budgets)?));
        }
        // An expression that changes nothing is none.
        if set.is_empty() && remove.is_empty() {
            return self.project(project).await;
        }
        let clauses = [("SET", set), ("REMOVE", remove)].into_iter().filter(|(_, parts)| !parts.is_empty());
        let clauses: Vec<String> = clauses.map(|(verb, parts)| format!("{verb} {}", parts.join(", "))).collect();
        let mut update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(layout::project(project).into_item()))
            .update_expression(clauses.join(" "))
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#project", "project")
            .return_values(ReturnValue::AllNew);
        for (name, attribute) in names {
            update = update.expression_attribute_names(name, attribute);
        }
        for (name, value) in values {
            update = update.expression_attribute_values(name, value);
        }
        let Some(changed) = if_it_held(update.send().await, "UpdateItem", layout::project(project))? else {
            return Ok(None);
        };
        let item: ProjectItem = from_item(changed.attributes.unwrap_or_default())?;
        Ok(Some(item.project))
    }

    /// The projects that `user` is a member of, by id descending; of `only` these where that is given.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn projects_of(
        &self,
        user: &UserId,
        only: Option<&BTreeSet<ProjectId>>,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page<Project>, StoreError> {
        let Page { items: members, next } = self.memberships_of(user, only, after, limit).await?;
        let keys: Vec<_> = members.iter().map(|member| layout::project(&member.project)).collect();
        let projects: Vec<ProjectItem> = self.read_all(&keys).await?;
        Ok(Page { items: projects.into_iter().map(|item| item.project).collect(), next })
    }

    /// The places of `user` in projects, by their ids descending; of `only` these where that is given.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn memberships_of(
        &self,
        user: &UserId,
        only: Option<&BTreeSet<ProjectId>>,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page<Member>, StoreError> {
        if let Some(only) = only {
            return self.memberships_among(user, only, after, limit).await;
        }
        let list =
            List { index: layout::LISTING, partition: "listing_pk", value: layout::projects_of(user), holding: None };
        let page = self.page_of_keys(&list, after, 0, limit).await?;
        let memberships: Vec<MemberItem> = self.read_all(&page.items).await?;
        Ok(Page { items: memberships.into_iter().map(|item| item.member).collect(), next: page.next })
    }

    /// A short list is read whole: an index cannot tell these projects from others.
    async fn memberships_among(
        &self,
        user: &UserId,
        only: &BTreeSet<ProjectId>,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Page<Member>, StoreError> {
        let behind = |project: &&ProjectId| after.is_none_or(|after| project.as_str() < after.listing_sk.as_str());
        let keys: Vec<_> = only.iter().rev().filter(behind).map(|project| layout::member(project, user)).collect();
        let mut found: Vec<MemberItem> = self.read_all(&keys).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found.last().filter(|_| more);
        let next = last.map(|MemberItem { key, listing_sk, .. }| Position {
            pk: key.pk.clone(),
            sk: key.sk.clone(),
            listing_sk: listing_sk.clone(),
        });
        Ok(Page { items: found.into_iter().map(|item| item.member).collect(), next })
    }

    /// What `user` may do in `project`, and the project, in one call; `None` for a stranger.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn membership(&self, project: &ProjectId, user: &UserId) -> Result<Option<(Role, Project)>, StoreError> {
        let found = self.read_items(&[layout::member(project, user), layout::project(project)], true).await?;
        let Ok([Some(member), Some(project)]) = <[Option<Item>; 2]>::try_from(found) else { return Ok(None) };
        Ok(Some((from_item::<MemberItem>(member)?.member.role, from_item::<ProjectItem>(project)?.project)))
    }

    /// The members of a project.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn members(&self, project: &ProjectId) -> Result<Vec<Member>, StoreError> {
        let items = self.read_partition(&layout::project_partition(project), Some("MEMBER#")).await?;
        let members: Vec<MemberItem> = from_items(items)?;
        Ok(members.into_iter().map(|item| item.member).collect())
    }

    /// Adds a member or changes the role of one, unless that takes the last owner away.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn put_member(&self, member: Member) -> Result<MemberChange, StoreError> {
        let mut transaction = Transaction::default();
        change_owners(&mut transaction, &member.project, &member.user, member.role == Role::Owner);
        transaction.put(to_item(&MemberItem::new(member))?);
        self.change_members(transaction).await
    }

    /// Removes a member, unless it is the last owner; removing one who is none changes nothing.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn remove_member(&self, project: &ProjectId, user: &UserId) -> Result<MemberChange, StoreError> {
        let mut transaction = Transaction::default();
        change_owners(&mut transaction, project, user, false);
        transaction.delete(layout::member(project, user));
        self.change_members(transaction).await
    }

    async fn change_members(&self, transaction: Transaction) -> Result<MemberChange, StoreError> {
        Ok(match self.commit(transaction).await? {
            Outcome::Committed => MemberChange::Made,
            Outcome::Refused(Refused { condition: Condition::AnotherOwner, .. }) => MemberChange::LastOwner,
            Outcome::Refused(refused) => match saved_unless(refused.condition)? {
                Saved::Yes | Saved::Conflict => MemberChange::LastOwner,
            },
        })
    }
}

/// Has the project's item say whether `user` is an owner.
fn change_owners(transaction: &mut Transaction, project: &ProjectId, user: &UserId, is_owner: bool) {
    let (user, just_them) = (text(user.to_string()), AttributeValue::Ss(vec![user.to_string()]));
    let key = layout::project(project);
    if is_owner {
        let values = [(":users", just_them)];
        transaction.update_if(key, "ADD project_owners :users", Condition::ProjectExists, &values);
    } else {
        let values = [(":users", just_them), (":user", user)];
        transaction.update_if(key, "DELETE project_owners :users", Condition::AnotherOwner, &values);
    }
}
