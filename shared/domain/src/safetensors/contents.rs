//! What a file holds, and which base model it was trained for: by the names and shapes of its tensors, and by the
//! trainer's own words where the names leave it open.
//!
//! Names are as trainers write them: kohya's (`lora_unet_…`, flattened), diffusers' and peft's (`transformer.…`,
//! `unet.…`), the model's own (`diffusion_model.…`, ai-toolkit, ComfyUI) and xlabs' (`…processor.proj_lora1…`).

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

/// A base model that LoRAs are trained for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BaseModel {
    /// FLUX.1 dev, schnell, Kontext, and what shares their layers (Chroma).
    Flux1,
    /// FLUX.2.
    Flux2,
    /// Stable Diffusion 1.x.
    StableDiffusion1,
    /// Stable Diffusion 2.x.
    StableDiffusion2,
    /// Stable Diffusion XL, with Pony and Illustrious.
    StableDiffusionXl,
    /// Stable Diffusion 3 and 3.5.
    StableDiffusion3,
    /// Qwen-Image.
    QwenImage,
    /// Wan, which makes videos.
    Wan,
    /// `HunyuanVideo`.
    HunyuanVideo,
    /// Z-Image, Lumina.
    ZImage,
    /// `HiDream`.
    HiDream,
}

impl fmt::Display for BaseModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Flux1 => "FLUX.1",
            Self::Flux2 => "FLUX.2",
            Self::StableDiffusion1 => "Stable Diffusion 1.5",
            Self::StableDiffusion2 => "Stable Diffusion 2",
            Self::StableDiffusionXl => "Stable Diffusion XL",
            Self::StableDiffusion3 => "Stable Diffusion 3",
            Self::QwenImage => "Qwen-Image",
            Self::Wan => "Wan",
            Self::HunyuanVideo => "HunyuanVideo",
            Self::ZImage => "Z-Image or Lumina",
            Self::HiDream => "HiDream",
        })
    }
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// Changes to a base model; `None` where neither names nor words tell to which.
    Lora(Option<BaseModel>),
    /// A whole model, which is no LoRA.
    WholeModel,
    /// The word of a textual inversion.
    Embedding,
}

/// A tensor's name and its longest side: of a LoRA's two factors that is the layer's width.
pub(super) type Tensor<'a> = (&'a str, u64);

/// Layers of FLUX.1: 19 double blocks and 38 single ones, 3,072 wide.
const DOUBLE_BLOCKS: u32 = 19;
const SINGLE_BLOCKS: u32 = 38;
/// Widths of FLUX.2's layers.
const FLUX2_WIDTHS: [u64; 2] = [6144, 4096];

/// `metadata` is the trainer's.
pub(super) fn of(tensors: &[Tensor<'_>], metadata: &BTreeMap<String, String>) -> Contents {
    let is_change = |(name, _): &Tensor<'_>| name.ends_with(".diff") || CHANGES.iter().any(|mark| name.contains(mark));
    if !tensors.iter().any(is_change) {
        if tensors.iter().all(|(name, _)| EMBEDDINGS.contains(name)) {
            return Contents::Embedding;
        }
        if tensors.iter().any(|(name, _)| WHOLE.iter().any(|part| name.contains(part))) {
            return Contents::WholeModel;
        }
    }
    Contents::Lora(by_names(tensors).or_else(|| by_words(metadata)))
}

/// What the names of changes have in them: LoRA's factors, LyCORIS' ones, norms and whole differences.
const CHANGES: [&str; 12] = [
    "lora",
    "hada_",
    "lokr_",
    "oft_",
    "boft",
    "glora",
    "ia3",
    ".diff_",
    "dora_scale",
    ".alpha",
    "magnitude_vector",
    "on_input",
];
const EMBEDDINGS: [&str; 5] = ["emb_params", "clip_l", "clip_g", "t5", "string_to_param"];
/// Layers that a whole model has under these names.
const WHOLE: [&str; 8] = [
    "model.diffusion_model.",
    "first_stage_model.",
    "cond_stage_model.",
    "double_blocks.0.img_attn.qkv.weight",
    "double_blocks.0.img_attn.proj.weight",
    "single_transformer_blocks.0.attn.to_q.weight",
    "decoder.conv_in.weight",
    "down_blocks.0.resnets.0.conv1.weight",
];

fn by_names(tensors: &[Tensor<'_>]) -> Option<BaseModel> {
    // Dots and underlines are the same to kohya.
    let flat: Vec<(String, u64)> = tensors.iter().map(|(name, side)| (name.replace('.', "_"), *side)).collect();
    let any = |parts: &[&str]| flat.iter().any(|(name, _)| parts.iter().any(|part| name.contains(part)));
    let most = |part: &str| flat.iter().filter_map(|(name, _)| number_behind(name, part)).max();
    if any(&["joint_blocks_"]) {
        return Some(BaseModel::StableDiffusion3);
    }
    if any(&["double_stream_blocks_", "single_stream_blocks_"]) {
        return Some(BaseModel::HiDream);
    }
    let single = most("single_blocks_").max(most("single_transformer_blocks_"));
    let double = most("double_blocks_");
    if single.is_some() || double.is_some() {
        return Some(of_both_blocks(&flat, single, double));
    }
    if any(&["down_blocks_", "up_blocks_", "mid_block_", "input_blocks_", "output_blocks_", "middle_block_"]) {
        return Some(of_a_unet(&flat));
    }
    if any(&["lora_te2_", "text_encoder_2_"]) && !any(&["lora_te3_", "text_encoder_3_"]) {
        return Some(BaseModel::StableDiffusionXl);
    }
    if any(&["lora_te_text_model_"]) {
        return Some(BaseModel::StableDiffusion1);
    }
    if let Some(last) = most("transformer_blocks_") {
        return of_double_blocks(&flat, last);
    }
    if any(&["blocks_0_cross_attn", "blocks_0_self_attn"]) || (any(&["_cross_attn_"]) && any(&["_self_attn_"])) {
        return Some(BaseModel::Wan);
    }
    (any(&["layers_"]) && any(&["_attention_", "_feed_forward_"])).then_some(BaseModel::ZImage)
}

/// FLUX and what was made after it.
fn of_both_blocks(flat: &[(String, u64)], single: Option<u32>, double: Option<u32>) -> BaseModel {
    let any = |parts: &[&str]| flat.iter().any(|(name, _)| parts.iter().any(|part| name.contains(part)));
    if any(&["img_mlp_fc", "txt_mlp_fc", "txt_in_individual_token_refiner", "token_refiner"]) {
        return BaseModel::HunyuanVideo;
    }
    let wide = |width: u64| {
        let own = flat.iter().filter(|(name, _)| name.contains("attn_proj") || name.contains("attn_to_out_0"));
        own.clone().count() > 0 && own.into_iter().filter(|(_, side)| *side == width).count() > 0
    };
    let beyond = single.is_some_and(|last| last >= SINGLE_BLOCKS + 2);
    if beyond || any(&["to_qkv_mlp_proj", "double_stream_modulation"]) || FLUX2_WIDTHS.into_iter().any(wide) {
        return BaseModel::Flux2;
    }
    if single.is_some_and(|last| last >= SINGLE_BLOCKS) || double.is_some_and(|last| last >= DOUBLE_BLOCKS) {
        return BaseModel::HunyuanVideo;
    }
    BaseModel::Flux1
}

/// Stable Diffusion's three, which share the names of their layers: by what stands beside them, how many there are, and
/// how wide the text is that they attend to.
fn of_a_unet(flat: &[(String, u64)]) -> BaseModel {
    let any = |parts: &[&str]| flat.iter().any(|(name, _)| parts.iter().any(|part| name.contains(part)));
    let deepest = flat.iter().filter_map(|(name, _)| number_behind(name, "transformer_blocks_")).max();
    let text = flat.iter().filter(|(name, _)| name.contains("attn2_to_k") || name.contains("attn2_to_v"));
    let widths: Vec<u64> = text.map(|(_, side)| *side).collect();
    if any(&["lora_te2_", "text_encoder_2_"]) || deepest.is_some_and(|last| last >= 1) || widths.contains(&2048) {
        return BaseModel::StableDiffusionXl;
    }
    if any(&["input_blocks_4_1", "output_blocks_0_1_transformer"]) && !any(&["input_blocks_1_1"]) {
        return BaseModel::StableDiffusionXl;
    }
    if !widths.is_empty() && widths.contains(&1024) && !widths.contains(&768) {
        return BaseModel::StableDiffusion2;
    }
    BaseModel::StableDiffusion1
}

/// Blocks of one kind: Qwen-Image has 60, Stable Diffusion 3 up to 38 of its own widths; of FLUX.1 some may be trained
/// alone.
fn of_double_blocks(flat: &[(String, u64)], last: u32) -> Option<BaseModel> {
    let any = |parts: &[&str]| flat.iter().any(|(name, _)| parts.iter().any(|part| name.contains(part)));
    if any(&["img_mlp_", "txt_mlp_", "img_mod_1", "txt_mod_1"]) {
        return Some(BaseModel::QwenImage);
    }
    if any(&["attn_add_k_proj", "attn_add_q_proj", "attn_to_q", "ff_context"]) {
        let sides = |width: u64| flat.iter().any(|(name, side)| name.contains("attn_to_q") && *side == width);
        if sides(1536) || sides(2432) {
            return Some(BaseModel::StableDiffusion3);
        }
        if last >= DOUBLE_BLOCKS && sides(3072) {
            return Some(BaseModel::QwenImage);
        }
    }
    None
}

/// The number that follows the last `part` in a name; not where `part` is the end of a longer word.
fn number_behind(name: &str, part: &str) -> Option<u32> {
    let at = name.find(part)?;
    let whole = part.starts_with("single") || at == 0 || !name[..at].ends_with("single_");
    let digits: String = name[at + part.len()..].chars().take_while(char::is_ascii_digit).collect();
    if whole { digits.parse().ok() } else { None }
}

/// `modelspec.architecture` and `ss_base_model_version`, as kohya, ai-toolkit, OneTrainer and others fill them.
fn by_words(metadata: &BTreeMap<String, String>) -> Option<BaseModel> {
    let words = ["modelspec.architecture", "ss_base_model_version", "ss_sd_model_name"];
    let words = words.into_iter().filter_map(|name| metadata.get(name)).map(|word| word.to_ascii_lowercase());
    words.into_iter().find_map(|word| {
        let has = |part: &str| word.contains(part);
        if has("flux2") || has("flux-2") || has("flux.2") {
            Some(BaseModel::Flux2)
        } else if has("flux") {
            Some(BaseModel::Flux1)
        } else if has("sdxl") || has("stable-diffusion-xl") || has("pony") || has("illustrious") {
            Some(BaseModel::StableDiffusionXl)
        } else if has("stable-diffusion-3") || word.starts_with("sd3") {
            Some(BaseModel::StableDiffusion3)
        } else if has("stable-diffusion-v2") || has("sd_v2") || word.starts_with("sd2") {
            Some(BaseModel::StableDiffusion2)
        } else if has("stable-diffusion-v1") || has("sd_v1") || has("sd_1.5") || word.starts_with("sd1") {
            Some(BaseModel::StableDiffusion1)
        } else if has("qwen") {
            Some(BaseModel::QwenImage)
        } else if has("hunyuan") {
            Some(BaseModel::HunyuanVideo)
        } else if word.starts_with("wan") {
            Some(BaseModel::Wan)
        } else if has("hidream") {
            Some(BaseModel::HiDream)
        } else if has("z-image") || has("zimage") || has("z_image") || has("lumina") {
            Some(BaseModel::ZImage)
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests;
