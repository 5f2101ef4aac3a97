//! A verification: pictures that are there compared with what they should show. Nothing is generated and nothing paid.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{Material, Plan, Unfit};
use crate::{
    field::Field,
    id::{CollectionId, InvalidId, SubjectId, UploadId, textual},
    image_ref::ImageRef,
    media::{ImageType, Media},
    money::Usd,
    report::CheckType,
    storage_plan::StoragePlan,
    subject::VisualSpecifications,
};

/// A request to compare.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Verification {
    /// What is examined.
    pub examined: Examined,
    /// What it should show.
    pub against: Examined,
    pub check: CheckType,
    /// From which score on a check passes.
    pub threshold: f64,
    /// Whom or what both show, where that is known.
    pub subject: Option<SubjectId>,
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Examined {
    /// An image of the project.
    Image(ImageRef),
    /// The views of a subject.
    Collection(CollectionId),
    /// A picture that was uploaded for this.
    Upload(UploadId),
}

impl fmt::Display for Examined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Image(image) => image.fmt(f),
            Self::Collection(id) => id.fmt(f),
            Self::Upload(id) => id.fmt(f),
        }
    }
}

impl FromStr for Examined {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let collection = || text.parse().map(Self::Collection);
        let upload = || text.parse().map(Self::Upload);
        let image = match text.parse() {
            Ok(image @ (ImageRef::Media(_) | ImageRef::Job(_))) => Ok(Self::Image(image)),
            Ok(ImageRef::Url(_) | ImageRef::Step { .. }) | Err(_) => {
                Err(InvalidId { expected: "an image, job, collection or upload id" })
            }
        };
        collection().or_else(|_| upload()).or(image)
    }
}

textual!(Examined);

impl Verification {
    /// The images that it names, each with its place in the request.
    pub(super) fn image_refs_mut(&mut self) -> Vec<(Field, &mut ImageRef)> {
        let sides = [(Field::Examined, &mut self.examined), (Field::Against, &mut self.against)];
        let mut images = Vec::new();
        for (place, side) in sides {
            match side {
                Examined::Image(image) => images.push((place, image)),
                Examined::Collection(_) | Examined::Upload(_) => {}
            }
        }
        images
    }

    /// No shots: ingest compares what is there.
    pub(super) fn plan(&mut self, material: &Material) -> Result<Plan, Unfit> {
        if let (Examined::Collection(_), Examined::Image(image)) = (&self.examined, &self.against)
            && !material.image(image).is_some_and(is_front)
        {
            let detail = "is no front: views are compared with a master reference, or a view from 0 degrees";
            return Err(Unfit::new(Field::Against, detail));
        }
        let shown = [&self.examined, &self.against].map(|side| match side {
            Examined::Image(image) => material.image(image).and_then(|media| media.subject.clone()),
            Examined::Collection(_) | Examined::Upload(_) => None,
        });
        let [examined, against] = shown;
        // Rather whom the picture shows than whom it should show.
        self.subject = examined.or(self.subject.take()).or(against);
        Ok(Plan {
            recipes: Vec::new(),
            quote: Some(Usd::ZERO),
            lines: Vec::new(),
            ignored: Vec::new(),
            storage_plan: StoragePlan {
                image_type: ImageType::MasterReference,
                folder: String::new(),
                subject: self.subject.clone(),
                subject_type: None,
                person: None,
                lora: None,
                owner: None,
                specifications: VisualSpecifications::default(),
                slots: Vec::new(),
            },
            together: None,
            // It costs nothing, and what was compared may have newer versions.
            cache_key: None,
            new_subject: None,
        })
    }
}

/// Whether it shows its subject from the front.
fn is_front(media: &Media) -> bool {
    match media.image_type {
        ImageType::MasterReference => true,
        ImageType::Profile360 => media.recipe.angle == Some(0),
        ImageType::CompositeShot | ImageType::Portrait => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_side_is_an_image_a_job_a_collection_or_an_upload() {
        let ulid = "01jd0000000000000000000000";
        let upload = format!("upl_{}", "0f".repeat(16));
        for text in [format!("img_{ulid}-0-0"), format!("job_{ulid}"), format!("col_{ulid}"), upload] {
            assert_eq!(text.parse::<Examined>().unwrap().to_string(), text);
        }
        for bad in ["", "$hero", "https://example.com/a.png", "col_x", "keeper"] {
            assert!(bad.parse::<Examined>().is_err(), "{bad}");
        }
    }
}
