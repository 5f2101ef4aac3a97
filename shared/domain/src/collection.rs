//! Collections: images that belong together, such as the views of a profile. An entry always points at the newest
//! version.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{CollectionId, JobId, MediaId, ProjectId, SubjectId};

/// The views of one subject.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Collection {
    /// Its id, which is its job's in another form.
    pub id: CollectionId,
    /// The project that it belongs to.
    pub project: ProjectId,
    /// Whom or what it shows.
    pub subject: SubjectId,
    /// The image that the views were made from, as the request named it.
    pub master: String,
    /// The job that made it.
    pub job: JobId,
    /// The views, by angle.
    pub views: Vec<CollectedView>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When an entry last changed.
    pub updated_at: Timestamp,
}

/// A view in a collection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CollectedView {
    /// Degrees from the front.
    pub angle: u16,
    /// Its newest image.
    pub media: MediaId,
    /// Counts up from 1 as the angle is made anew.
    pub version: u32,
}

impl Collection {
    /// With `media` as the newest image of `angle`, unless a newer one is there.
    #[must_use]
    pub fn with_view(mut self, angle: u16, media: MediaId, version: u32, now: Timestamp) -> Self {
        match self.views.iter_mut().find(|view| view.angle == angle) {
            Some(view) if view.version >= version => return self,
            Some(view) => (view.media, view.version) = (media, version),
            None => self.views.push(CollectedView { angle, media, version }),
        }
        self.views.sort_by_key(|view| view.angle);
        self.updated_at = now;
        self
    }

    /// With the views of `made`, which its job made after it had been opened again; what was made anew meanwhile stays.
    #[must_use]
    pub fn completed(self, made: Self) -> Self {
        let newer = |view: &CollectedView| self.views.iter().find(|old| old.angle == view.angle && old.version > 1);
        let views = made.views.iter().map(|view| newer(view).unwrap_or(view).clone()).collect();
        Self { views, created_at: self.created_at, ..made }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_of_an_angle_stays_whatever_the_order() {
        let at = |second: i64| Timestamp::from_second(1_795_000_000 + second).unwrap();
        let job: JobId = "job_01jd0000000000000000000000".parse().unwrap();
        let media = |ordinal| job.shot(ordinal).media(0);
        let collection = Collection {
            id: job.collection(),
            project: "isle".parse().unwrap(),
            subject: "keeper".parse().unwrap(),
            master: "img".to_owned(),
            job,
            views: vec![CollectedView { angle: 90, media: media(0), version: 1 }],
            created_at: at(0),
            updated_at: at(0),
        };
        let newer = collection.with_view(90, media(2), 3, at(1)).with_view(90, media(1), 2, at(2));
        assert_eq!((newer.views[0].media.clone(), newer.views[0].version, newer.updated_at), (media(2), 3, at(1)));
        let more = newer.with_view(0, media(3), 1, at(3));
        assert_eq!(more.views.iter().map(|view| view.angle).collect::<Vec<_>>(), [0, 90]);
    }
}
