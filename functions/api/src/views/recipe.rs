//! A recipe as clients see it: what it goes by is named by id and hash, never by where it lies in the bucket.

use likeness_domain::{
    id::{LoraId, MediaId},
    recipe::{Control, ControlMode, LoraUse, Recipe, Source},
};
use serde::Serialize;

/// Everything that made an image.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RecipeView {
    model: String,
    prompt: String,
    template: String,
    seed: u64,
    width: u32,
    height: u32,
    steps: Option<u32>,
    guidance: Option<f64>,
    images: u32,
    output_format: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    negative_prompt: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strength: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    angle: Option<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<SourceView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    control_images: Vec<ControlView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    loras: Vec<LoraView>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum SourceView {
    #[serde(rename_all = "camelCase")]
    Media {
        media_id: MediaId,
        sha256: String,
    },
    Url {
        url: String,
    },
}

#[derive(Debug, Serialize)]
struct ControlView {
    image: SourceView,
    mode: ControlMode,
    strength: f64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LoraView {
    lora_id: LoraId,
    scale: f64,
}

impl RecipeView {
    pub(crate) fn new(recipe: Recipe) -> Self {
        let control = |Control { image, mode, strength }| ControlView { image: SourceView::new(image), mode, strength };
        let lora = |LoraUse { id, scale, .. }| LoraView { lora_id: id, scale };
        Self {
            model: recipe.model,
            prompt: recipe.prompt,
            template: recipe.template,
            seed: recipe.seed,
            width: recipe.width,
            height: recipe.height,
            steps: recipe.steps,
            guidance: recipe.guidance,
            images: recipe.images,
            output_format: recipe.output_format,
            negative_prompt: recipe.negative_prompt,
            strength: recipe.strength,
            angle: recipe.angle,
            references: recipe.references.into_iter().map(SourceView::new).collect(),
            control_images: recipe.controls.into_iter().map(control).collect(),
            loras: recipe.loras.into_iter().map(lora).collect(),
        }
    }
}

impl SourceView {
    fn new(source: Source) -> Self {
        match source {
            Source::Media { id, sha256, .. } => Self::Media { media_id: id, sha256 },
            Source::Url(url) => Self::Url { url },
        }
    }
}
