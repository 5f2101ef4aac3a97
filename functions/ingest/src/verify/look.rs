//! A picture that is compared: fetched, decoded, and the figure in it measured. What cannot be looked at has a reason,
//! in words, and is not judged.

use bytes::Bytes;
use likeness_core::clients::bucket::Got;
use likeness_domain::{
    collection::Collection,
    id::{MediaId, ProjectId},
    image_ref::ImageRef,
    media::{ImageType, Media},
};
use likeness_vision::{
    Limits, Picture, Rejected,
    consistency::{Figure, NoFigure},
    decode,
    specification::measure,
};

use super::{NotVerified, apart};
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
    pub(crate) figure: Result<Figure, Unseen>,
    /// For the drawn report.
    pub(crate) thumbnail: Option<Picture>,
    /// Its bytes, where its face is to be compared.
    pub(crate) bytes: Option<Bytes>,
}

/// Why a picture is not judged.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Unseen {
    /// It shows no single figure.
    #[error(transparent)]
    NoFigure(NoFigure),
    /// It cannot be looked at.
    #[error("{0}")]
    Picture(String),
}

/// One side of a comparison.
pub(crate) enum Side {
    Picture(Box<Looked>),
    /// The views of a subject.
    Views(Box<Collection>),
}

impl Looked {
    pub(crate) fn unseen(reason: impl Into<String>) -> Self {
        let figure = Err(Unseen::Picture(reason.into()));
        Self { id: None, key: String::new(), angle: None, figure, thumbnail: None, bytes: None }
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
pub(crate) async fn pointed_at(app: &App, project: &ProjectId, pointer: &ImageRef) -> Result<Looked, NotVerified> {
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
    let (network, recent) = (app.network.clone(), app.recent.clone());
    let see = move |bytes: &[u8], limits: &Limits| {
        recent.seen(bytes, || {
            let picture = decode(bytes, limits)?;
            Ok((Figure::seen(&picture, network.get()), picture.thumbnail(THUMBNAIL)))
        })
    };
    let (seen, bytes) = seen(app, key, see).await?;
    let looked = match seen {
        Ok((figure, thumbnail)) => {
            let (figure, thumbnail) = (figure.map_err(Unseen::NoFigure), Some(thumbnail));
            Looked { id: None, key: String::new(), angle: None, figure, thumbnail, bytes: None }
        }
        Err(reason) => Looked::unseen(reason),
    };
    Ok(Looked { key: key.to_owned(), bytes: bytes.filter(|_| app.faces.is_some()), ..looked })
}

/// A whole picture, to look for a figure in it; or why that cannot be.
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
    Ok(seen(app, key, decode).await?.0)
}

/// What `see` makes of the bytes under `key`, or why they cannot be looked at; and the bytes, where there are some.
async fn seen<T: Send + 'static>(
    app: &App,
    key: &str,
    see: impl FnOnce(&[u8], &Limits) -> Result<T, Rejected> + Send + 'static,
) -> Result<(Result<T, String>, Option<Bytes>), NotVerified> {
    // The semaphore is never closed.
    let _permit = app.decode_permits.acquire().await;
    let most = u64::try_from(app.limits.max_bytes).unwrap_or(u64::MAX);
    let bytes = match app.bucket.get(key, most).await? {
        Got::Object(bytes) => bytes,
        Got::TooLarge => return Ok((Err(format!("the image has more than {most} bytes")), None)),
        Got::Nothing => return Ok((Err("the image's bytes are gone".to_owned()), None)),
    };
    let (limits, read) = (app.limits.clone(), bytes.clone());
    let seen = match apart(move || see(&read, &limits)).await {
        Some(seen) => seen.map_err(|rejected| rejected.to_string()),
        None => Err("the image could not be worked on".to_owned()),
    };
    Ok((seen, Some(bytes)))
}
