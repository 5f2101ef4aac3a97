//! A picture that is compared: fetched, decoded, and the figure in it measured. What cannot be looked at has a reason, in
//! words, and is not judged.

use bytes::Bytes;
use likeness_core::{
    bucket::Got,
    collection::Collection,
    id::{MediaId, ProjectId},
    media::{ImageType, Media},
    pointer::ImagePointer,
};
use likeness_vision::{Limits, Picture, consistency::Figure, decode, specification::measure};

use super::NotVerified;
use crate::app::App;

/// The longer side of a picture in a drawn report.
const THUMBNAIL: u32 = 200;

/// A picture that was looked at.
pub(crate) struct Looked {
    /// Its id, where it is an image of the project.
    pub(crate) id: Option<MediaId>,
    /// Where its bytes are.
    pub(crate) key: String,
    /// From where it shows its subject, where that is known.
    pub(crate) angle: Option<u16>,
    /// What is in it, or why that cannot be said.
    pub(crate) figure: Result<Figure, String>,
    /// For the drawn report.
    pub(crate) thumbnail: Option<Picture>,
    /// Its bytes, where its face is to be compared.
    pub(crate) bytes: Option<Bytes>,
}

/// One side of a comparison.
pub(crate) enum Side {
    /// A picture.
    Picture(Box<Looked>),
    /// The views of a subject.
    Views(Box<Collection>),
}

impl Looked {
    pub(crate) fn unseen(reason: impl Into<String>) -> Self {
        Self { id: None, key: String::new(), angle: None, figure: Err(reason.into()), thumbnail: None, bytes: None }
    }

    /// What its looks, as far as they can be measured, differ in from those of `later`, in words.
    pub(crate) fn differences(&self, later: &Self) -> Vec<String> {
        match (&self.figure, &later.figure) {
            (Ok(own), Ok(later)) => measure(own).differences(&measure(later)),
            (Err(_), _) | (_, Err(_)) => Vec::new(),
        }
    }

    /// Whatever its record says of the angle.
    pub(crate) fn seen_from(self, angle: Option<u16>) -> Self {
        Self { angle, ..self }
    }
}

/// The image that a request named.
pub(crate) async fn pointed_at(app: &App, project: &ProjectId, pointer: &ImagePointer) -> Result<Looked, NotVerified> {
    match pointer.media() {
        Some(id) => image(app, project, id).await,
        // Whatever an address of the caller's shows is for fal alone to see.
        None => Ok(Looked::unseen("the master is no image of this project")),
    }
}

/// The image that the views of `collection` were made from.
pub(crate) async fn master_of(app: &App, collection: &Collection) -> Result<Looked, NotVerified> {
    match collection.master.parse() {
        Ok(pointer) => pointed_at(app, &collection.project, &pointer).await,
        Err(_) => Ok(Looked::unseen("the collection has no master")),
    }
}

/// An image of the project.
pub(crate) async fn image(app: &App, project: &ProjectId, id: &MediaId) -> Result<Looked, NotVerified> {
    match app.store.media(project, id).await? {
        Some(found) => media(app, &found).await,
        None => Ok(Looked { id: Some(id.clone()), ..Looked::unseen("the image was deleted") }),
    }
}

/// An image of the project whose record was read.
pub(crate) async fn media(app: &App, media: &Media) -> Result<Looked, NotVerified> {
    let angle = match media.image_type {
        // A master is taken from the front.
        ImageType::MasterReference => Some(0),
        ImageType::Profile360 => media.recipe.angle,
        ImageType::CompositeShot | ImageType::Portrait => None,
    };
    Ok(Looked { id: Some(media.id.clone()), angle, ..object(app, &media.original.key).await? })
}

/// An object of the bucket.
pub(crate) async fn object(app: &App, key: &str) -> Result<Looked, NotVerified> {
    // Nobody closes it.
    let _desk = app.desks.acquire().await;
    let bytes = match fetched(app, key).await? {
        Ok(bytes) => bytes,
        Err(reason) => return Ok(Looked { key: key.to_owned(), ..Looked::unseen(reason) }),
    };
    let limits = app.limits.clone();
    let for_faces = app.faces.is_some().then(|| bytes.clone());
    let looked = tokio::task::spawn_blocking(move || look(&bytes, &limits)).await;
    // It would end in the same way every time.
    let looked = looked.unwrap_or_else(|_| Looked::unseen("the image could not be worked on"));
    Ok(Looked { key: key.to_owned(), bytes: for_faces, ..looked })
}

/// A whole picture, to look for somebody in it; or why that cannot be.
pub(crate) async fn whole(
    app: &App,
    project: &ProjectId,
    id: &MediaId,
) -> Result<Result<Picture, String>, NotVerified> {
    match app.store.media(project, id).await? {
        Some(found) => object_whole(app, &found.original.key).await,
        None => Ok(Err("the image was deleted".to_owned())),
    }
}

/// The same of an object.
pub(crate) async fn object_whole(app: &App, key: &str) -> Result<Result<Picture, String>, NotVerified> {
    // Nobody closes it.
    let _desk = app.desks.acquire().await;
    let bytes = match fetched(app, key).await? {
        Ok(bytes) => bytes,
        Err(reason) => return Ok(Err(reason)),
    };
    let limits = app.limits.clone();
    let decoded = tokio::task::spawn_blocking(move || decode(&bytes, &limits)).await;
    Ok(match decoded {
        Ok(decoded) => decoded.map_err(|rejected| rejected.to_string()),
        Err(_) => Err("the image could not be worked on".to_owned()),
    })
}

async fn fetched(app: &App, key: &str) -> Result<Result<Bytes, String>, NotVerified> {
    let most = u64::try_from(app.limits.max_bytes).unwrap_or(u64::MAX);
    Ok(match app.bucket.get(key, most).await? {
        Got::Object(bytes) => Ok(bytes),
        Got::TooLarge => Err(format!("the image has more than {most} bytes")),
        Got::Nothing => Err("the image's bytes are gone".to_owned()),
    })
}

fn look(bytes: &[u8], limits: &Limits) -> Looked {
    match decode(bytes, limits) {
        Ok(picture) => Looked {
            id: None,
            key: String::new(),
            angle: None,
            figure: Figure::of(&picture).map_err(|none| none.to_string()),
            thumbnail: Some(picture.thumbnail(THUMBNAIL)),
            bytes: None,
        },
        Err(rejected) => Looked::unseen(rejected.to_string()),
    }
}
