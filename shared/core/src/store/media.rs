//! Media: records, relations and tallies are written with the shot that brought them, once.

use serde::{Deserialize, Serialize};

use super::{
    Changed, Page, Position, Store, StoreError, Versioned,
    error::{failed, from_items, to_item},
    layout,
    listing::List,
    number,
    tally::{self, Tally},
    text,
    transaction::Transaction,
};
use likeness_domain::{
    id::{MediaId, ProjectId, SubjectId},
    media::{ImageType, Media},
    shot::Shot,
    storage_plan::Relation,
};

/// An image to be recorded, with what it is related to.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMedia {
    /// The record.
    pub media: Media,
    /// From whom, how, to whom.
    pub relations: Vec<(String, Relation, String)>,
}

/// Which images a list holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ImageFilter {
    /// Of this subject only.
    pub subject: Option<SubjectId>,
    /// Of this type only.
    pub image_type: Option<ImageType>,
}

#[derive(Serialize, Deserialize)]
struct MediaItem {
    #[serde(flatten)]
    key: layout::Key,
    listing_pk: String,
    listing_sk: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by_subject_pk: Option<String>,
    by_type_pk: String,
    media: Media,
}

#[derive(Serialize, Deserialize)]
struct EdgeItem {
    #[serde(flatten)]
    key: layout::Key,
    listing_pk: String,
    listing_sk: String,
    from: String,
    relation: String,
    to: String,
}

impl MediaItem {
    fn new(media: &Media) -> Self {
        Self {
            key: layout::media(&media.project, &media.id),
            listing_pk: layout::media_of_project(&media.project),
            // The type is in the sort key, so that a subject's list can be cut down to one type without reading
            // records.
            listing_sk: format!("{}#{}#{}", layout::sortable(media.created_at), media.image_type.as_str(), media.id),
            by_subject_pk: media.subject.as_ref().map(|subject| layout::media_of_subject(&media.project, subject)),
            by_type_pk: layout::media_of_type(&media.project, media.image_type.as_str()),
            media: media.clone(),
        }
    }
}

impl Store {
    /// Records what a shot brought: it becomes what `stored` makes of it, with records, relations and tallies, or
    /// nothing is written. Decided anew as in [`Store::change_shot`].
    ///
    /// # Errors
    /// The table was out of reach or refused; or other writes came first, many times.
    pub async fn store_media<E>(
        &self,
        read: Versioned<Shot>,
        images: &[NewMedia],
        stored: impl FnMut(Shot) -> Result<Shot, E>,
    ) -> Result<Changed<Shot, E>, StoreError> {
        let mut brought = Transaction::default();
        for NewMedia { media, relations } in images {
            brought.put(to_item(&MediaItem::new(media))?);
            for (from, relation, to) in relations {
                brought.relate(&media.project, from, *relation, to)?;
            }
        }
        brought.count_images(images);
        self.change_from(read, &brought, stored).await
    }

    /// Reads an image's record.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn media(&self, project: &ProjectId, media: &MediaId) -> Result<Option<Media>, StoreError> {
        Ok(self.read::<MediaItem>(layout::media(project, media)).await?.map(|item| item.media))
    }

    /// Reads the records of `ids`, in that order.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn media_of(&self, project: &ProjectId, ids: &[MediaId]) -> Result<Vec<Media>, StoreError> {
        let keys: Vec<_> = ids.iter().map(|id| layout::media(project, id)).collect();
        let items: Vec<MediaItem> = self.read_all(&keys).await?;
        Ok(items.into_iter().map(|item| item.media).collect())
    }

    /// A page of images, newest first.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn images(
        &self,
        project: &ProjectId,
        filter: &ImageFilter,
        after: Option<&Position>,
        skip: usize,
        limit: usize,
    ) -> Result<Page<Media>, StoreError> {
        let (index, partition, value) = match (&filter.subject, filter.image_type) {
            (None, None) => (layout::LISTING, "listing_pk", layout::media_of_project(project)),
            (None, Some(image_type)) => {
                (layout::LISTING_BY_TYPE, "by_type_pk", layout::media_of_type(project, image_type.as_str()))
            }
            (Some(subject), _) => {
                (layout::LISTING_BY_SUBJECT, "by_subject_pk", layout::media_of_subject(project, subject))
            }
        };
        let holding = filter.image_type.map(|image_type| format!("#{}#", image_type.as_str()));
        let list = List { index, partition, value, holding };
        let page = self.page_of_keys(&list, after, skip, limit).await?;
        let items: Vec<MediaItem> = self.read_all(&page.items).await?;
        Ok(Page { items: items.into_iter().map(|item| item.media).collect(), next: page.next })
    }

    /// How many images there are.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn count_images(&self, project: &ProjectId, filter: &ImageFilter) -> Result<u64, StoreError> {
        let key = match &filter.subject {
            None => layout::tally(project),
            Some(subject) => layout::tally_of_subject(project, subject),
        };
        let tally: Tally = self.read(key).await?.unwrap_or_default();
        Ok(match filter.image_type {
            None => tally.images(),
            Some(image_type) => tally.images_of(image_type),
        })
    }

    /// What a project has made, all in all.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn tally(&self, project: &ProjectId) -> Result<Tally, StoreError> {
        Ok(self.read(layout::tally(project)).await?.unwrap_or_default())
    }

    /// What `from` is related to by `relation`, for example a subject's master references.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn related(
        &self,
        project: &ProjectId,
        from: &str,
        relation: Relation,
    ) -> Result<Vec<String>, StoreError> {
        let prefix = layout::edge(project, from, relation.as_str(), "").sk;
        let items = self.read_partition(&layout::project_partition(project), Some(&prefix)).await?;
        let edges: Vec<EdgeItem> = from_items(items)?;
        Ok(edges.into_iter().map(|edge| edge.to).collect())
    }

    /// Everything that `from` is related to, with the relation.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn related_from(&self, project: &ProjectId, from: &str) -> Result<Vec<(String, String)>, StoreError> {
        let prefix = layout::edges_from(from);
        let items = self.read_partition(&layout::project_partition(project), Some(&prefix)).await?;
        let edges: Vec<EdgeItem> = from_items(items)?;
        Ok(edges.into_iter().map(|edge| (edge.relation, edge.to)).collect())
    }

    /// What is related to `to`, with the relation: the same graph read backwards.
    ///
    /// # Errors
    /// The table was out of reach or refused.
    pub async fn related_to(&self, project: &ProjectId, to: &str) -> Result<Vec<(String, String)>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(layout::LISTING)
            .key_condition_expression("listing_pk = :to")
            .expression_attribute_values(":to", text(layout::edges_to(project, to)));
        let items = query.into_paginator().items().send().try_collect().await.map_err(failed("Query", to))?;
        let keys: Vec<layout::Key> = from_items(items)?;
        let edges: Vec<EdgeItem> = self.read_all(&keys).await?;
        Ok(edges.into_iter().map(|edge| (edge.relation, edge.from)).collect())
    }
}

impl Transaction {
    /// Adds the images of one shot to what its subject and its project have made.
    fn count_images(&mut self, images: &[NewMedia]) {
        let Some(NewMedia { media: first, .. }) = images.first() else { return };
        let bytes: u64 = images.iter().map(|image| image.media.bytes()).sum();
        let mut values = vec![(":count", number(images.len())), (":bytes", number(bytes))];
        let by_type = format!("ADD images :count, bytes :bytes, {} :count", tally::of_type(first.image_type));
        if let Some(subject) = &first.subject {
            self.update(layout::tally_of_subject(&first.project, subject), &by_type, &values);
        }
        // The project's tally counts by template too: an item of its own would be one more write for each image.
        let (made, quality) = tally::of_template(&first.recipe.template);
        let by_template = format!("{by_type}, {made} :count, {quality} :quality");
        let score: f64 = images.iter().map(|image| image.media.quality_score).sum();
        values.push((":quality", number(tally::ten_thousandths(score))));
        self.update(layout::tally(&first.project), &by_template, &values);
    }

    /// Relates two things. Relating them again changes nothing.
    pub(super) fn relate(
        &mut self,
        project: &ProjectId,
        from: &str,
        relation: Relation,
        to: &str,
    ) -> Result<(), StoreError> {
        self.put(to_item(&EdgeItem::new(project, from, relation.as_str(), to))?);
        Ok(())
    }
}

impl EdgeItem {
    fn new(project: &ProjectId, from: &str, relation: &str, to: &str) -> Self {
        Self {
            key: layout::edge(project, from, relation, to),
            listing_pk: layout::edges_to(project, to),
            listing_sk: format!("{relation}#{from}"),
            from: from.to_owned(),
            relation: relation.to_owned(),
            to: to.to_owned(),
        }
    }
}
