//! What was made, counted: by type of image, and by prompt template. Sums of a project or of a subject, in one item
//! each, which is written with every image.

use serde::Deserialize;
use serde_json::{Map, Value};

use likeness_domain::media::ImageType;

/// The sums of a project, or of one subject in it.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(transparent)]
pub struct Tally(Map<String, Value>);

impl Tally {
    /// All images.
    #[must_use]
    pub fn images(&self) -> u64 {
        self.count("images")
    }

    /// The images of a type.
    #[must_use]
    pub(crate) fn images_of(&self, image_type: ImageType) -> u64 {
        self.count(&of_type(image_type))
    }

    /// The images that a prompt template, named as `master-character@1`, has brought, and their mean quality score, 0
    /// to 1.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "four digits of a mean")]
    pub fn of_template(&self, template: &str) -> (u64, Option<f64>) {
        let (made, quality) = of_template(template);
        let images = self.count(&made);
        (images, (images > 0).then(|| self.count(&quality) as f64 / 1e4 / images as f64))
    }

    fn count(&self, name: &str) -> u64 {
        self.0.get(name).and_then(Value::as_u64).unwrap_or_default()
    }
}

/// The attribute that counts images of a type.
pub(super) fn of_type(image_type: ImageType) -> String {
    format!("images_{}", in_an_expression(image_type.as_str()))
}

/// The attributes that count a template's images, and add up their quality scores.
pub(super) fn of_template(template: &str) -> (String, String) {
    let name = in_an_expression(template);
    (format!("made_with_{name}"), format!("quality_of_{name}"))
}

/// A score as it is added up: whole numbers add without rounding.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most ten images of at most 1")]
pub(super) fn ten_thousandths(score: f64) -> u64 {
    (score.max(0.0) * 1e4).round() as u64
}

/// An expression spells attributes in letters, digits and `_`.
fn in_an_expression(name: &str) -> String {
    name.replace(|other: char| !other.is_ascii_alphanumeric(), "_")
}
