//! What an endpoint is sent for a recipe: only what it takes, spelled as it spells it.

use std::collections::HashMap;

use likeness_domain::{
    model::{Fitted, Model, ReferenceField, Safety, Size},
    recipe::{Control, ControlMode, LoraUse, Recipe, Source, UnknownModel},
};
use serde_json::{Map, Value, json};

/// Why a recipe cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSendable {
    /// The table no longer has its model.
    #[error(transparent)]
    UnknownModel(#[from] UnknownModel),
    /// A file that it names has no address.
    #[error("a file that the request goes by cannot be reached")]
    NoAddress,
}

/// The JSON body for the endpoint of `recipe`'s model. `addresses` says where fal reaches the files, by their keys.
///
/// # Errors
/// The table no longer has the model, or a file has no address.
pub fn input(recipe: &Recipe, addresses: &HashMap<String, String>) -> Result<Value, NotSendable> {
    let model = recipe.model()?;
    let mut input = Map::new();
    let mut set = |name: &str, value: Value| input.insert(name.to_owned(), value);
    if model.prompt {
        set("prompt", json!(recipe.prompt));
    }
    for (name, value) in &model.fixed {
        set(name, value.clone());
    }
    set("num_images", json!(recipe.images));
    if model.output_formats.contains(&recipe.output_format) {
        set("output_format", json!(recipe.output_format));
    }
    if model.seed {
        set("seed", json!(recipe.seed));
    }
    match model.safety {
        Safety::Checker => {
            set("enable_safety_checker", json!(true));
        }
        Safety::Tolerance => {}
    }
    if let (Some(steps), Some(_)) = (recipe.steps, model.steps) {
        set("num_inference_steps", json!(steps));
    }
    if let (Some(guidance), Some(_)) = (recipe.guidance, model.guidance) {
        set("guidance_scale", json!(guidance));
    }
    if let (Some(strength), Some(_)) = (recipe.strength, model.strength) {
        set("strength", json!(strength));
    }
    if let (Some(negative), true) = (&recipe.negative_prompt, model.negative_prompt) {
        set("negative_prompt", json!(negative));
    }
    if let (Some(angle), true) = (recipe.angle, model.angle) {
        set("horizontal_angle", json!(angle));
    }
    for (name, value) in size_fields(recipe, model) {
        set(name, value);
    }
    if let Some((name, value)) = references_field(recipe, model, addresses)? {
        set(name, value);
    }
    if let (Some(weights), false) = (&model.control_weights, recipe.controls.is_empty()) {
        let controls: Vec<Value> =
            recipe.controls.iter().map(|control| control_input(control, addresses)).collect::<Result<_, _>>()?;
        set("controlnet_unions", json!([{ "path": weights, "controls": controls }]));
    }
    if model.max_loras > 0 && !recipe.loras.is_empty() {
        let loras: Vec<Value> =
            recipe.loras.iter().map(|lora| lora_input(lora, addresses)).collect::<Result<_, _>>()?;
        set("loras", json!(loras));
    }
    Ok(Value::Object(input))
}

fn references_field(
    recipe: &Recipe,
    model: &Model,
    addresses: &HashMap<String, String>,
) -> Result<Option<(&'static str, Value)>, NotSendable> {
    let sources: Vec<&str> =
        recipe.references.iter().map(|source| address(source, addresses)).collect::<Result<_, _>>()?;
    let (Some(references), Some(first)) = (&model.references, sources.first()) else { return Ok(None) };
    Ok(Some(match references.field {
        ReferenceField::ImageUrl => ("image_url", json!(first)),
        ReferenceField::ImageUrls => ("image_urls", json!(sources)),
        ReferenceField::ReferenceImageUrl => ("reference_image_url", json!(first)),
    }))
}

fn size_fields(recipe: &Recipe, model: &Model) -> Vec<(&'static str, Value)> {
    let Fitted { width, height, ratio, tier } = model.size.fit(recipe.width, recipe.height);
    match model.size {
        Size::Pixels { .. } => vec![("image_size", json!({ "width": width, "height": height }))],
        Size::AspectRatio { .. } => ratio.into_iter().map(|ratio| ("aspect_ratio", json!(ratio))).collect(),
        Size::ResolutionMode { .. } => ratio.into_iter().map(|ratio| ("resolution_mode", json!(ratio))).collect(),
        Size::Tier { .. } => {
            let ratio = ratio.into_iter().map(|ratio| ("aspect_ratio", json!(ratio)));
            ratio.chain(tier.into_iter().map(|tier| ("resolution", json!(tier)))).collect()
        }
        Size::Input => Vec::new(),
    }
}

fn address<'a>(source: &'a Source, addresses: &'a HashMap<String, String>) -> Result<&'a str, NotSendable> {
    match source {
        Source::Media { key, .. } => addresses.get(key).map(String::as_str).ok_or(NotSendable::NoAddress),
        Source::Url(url) => Ok(url),
    }
}

fn control_input(control: &Control, addresses: &HashMap<String, String>) -> Result<Value, NotSendable> {
    Ok(json!({
        "control_image_url": address(&control.image, addresses)?,
        "control_mode": mode_word(control.mode),
        "conditioning_scale": control.strength,
    }))
}

fn mode_word(mode: ControlMode) -> &'static str {
    match mode {
        ControlMode::Canny => "canny",
        ControlMode::Depth => "depth",
        ControlMode::Pose => "pose",
        ControlMode::Blur => "blur",
        ControlMode::Gray => "gray",
    }
}

fn lora_input(lora: &LoraUse, addresses: &HashMap<String, String>) -> Result<Value, NotSendable> {
    let path = addresses.get(&lora.key).ok_or(NotSendable::NoAddress)?;
    Ok(json!({ "path": path, "scale": lora.scale }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A recipe for `model` that asks for everything.
    fn recipe(model: &str) -> Recipe {
        Recipe {
            model: model.to_owned(),
            prompt: "a keeper".to_owned(),
            template: "master-character@1".to_owned(),
            seed: 196_619_188_014_358_660,
            width: 1024,
            height: 1024,
            steps: Some(50),
            guidance: Some(8.0),
            images: 1,
            output_format: "png".to_owned(),
            negative_prompt: None,
            strength: None,
            angle: None,
            references: Vec::new(),
            controls: Vec::new(),
            loras: Vec::new(),
        }
    }

    fn image(number: u16) -> Source {
        let id = format!("img_01jd0000000000000000000000-{number}-0").parse().unwrap();
        Source::Media { id, key: format!("projects/demo/{number}.png"), sha256: format!("{number:064}") }
    }

    fn addresses() -> HashMap<String, String> {
        let images = (0..9).map(|number| format!("projects/demo/{number}.png"));
        let files = images.chain(["loras/ada/1.safetensors".to_owned()]);
        files.map(|key| (key.clone(), format!("https://r2.example/{key}?sig"))).collect()
    }

    #[test]
    fn an_endpoint_gets_only_what_it_takes() {
        insta::assert_json_snapshot!(input(&recipe("flux-pro"), &addresses()).unwrap(), @r#"
        {
          "image_size": {
            "height": 1024,
            "width": 1024
          },
          "num_images": 1,
          "output_format": "png",
          "prompt": "a keeper",
          "seed": 196619188014358660
        }
        "#);
        assert_eq!(input(&recipe("flux-dev"), &addresses()).unwrap()["num_inference_steps"], 50);
    }

    #[test]
    fn references_go_where_the_endpoint_looks_for_them() {
        let with = |model: &str, count: u16| {
            let references = (0..count).map(image).collect();
            input(&Recipe { references, angle: Some(90), ..recipe(model) }, &addresses()).unwrap()
        };
        assert_eq!(with("kontext-pro", 1)["image_url"], "https://r2.example/projects/demo/0.png?sig");
        assert_eq!(with("kontext-pro", 1)["aspect_ratio"], "1:1");
        assert!(with("kontext-pro", 1)["image_size"].is_null());
        assert_eq!(with("kontext-dev", 1)["resolution_mode"], "1:1");
        assert_eq!(with("flux-2-edit", 3)["image_urls"].as_array().unwrap().len(), 3);
        let angle = with("multiple-angles", 1);
        assert_eq!(
            (&angle["horizontal_angle"], &angle["zoom"], &angle["prompt"]),
            (&json!(90), &json!(0), &Value::Null)
        );
        assert!(with("flux-2-edit", 1)["horizontal_angle"].is_null());
        assert_eq!(with("nano-banana-2-edit", 1)["resolution"], "1K");
        assert!(with("seedream-edit", 1)["output_format"].is_null());
        assert!(with("flux-image-to-image", 1)["image_size"].is_null());
    }

    #[test]
    fn loras_and_control_images_are_spelled_as_fal_spells_them() {
        let id = "1".parse().unwrap();
        let lora = LoraUse { id, key: "loras/ada/1.safetensors".to_owned(), scale: 1.0 };
        let sent = input(&Recipe { loras: vec![lora], ..recipe("flux-lora") }, &addresses()).unwrap();
        assert_eq!(sent["loras"], json!([{ "path": "https://r2.example/loras/ada/1.safetensors?sig", "scale": 1.0 }]));
        let control = Control { image: image(2), mode: ControlMode::Pose, strength: 0.7 };
        let scene = Recipe {
            controls: vec![control],
            references: vec![image(0)],
            negative_prompt: Some("hat".to_owned()),
            ..recipe("flux-general")
        };
        let sent = input(&scene, &addresses()).unwrap();
        assert_eq!(sent["controlnet_unions"][0]["controls"][0]["control_mode"], "pose");
        assert_eq!(sent["controlnet_unions"][0]["path"], "Shakker-Labs/FLUX.1-dev-ControlNet-Union-Pro");
        assert_eq!(sent["reference_image_url"], "https://r2.example/projects/demo/0.png?sig");
        assert_eq!(sent["negative_prompt"], "hat");
    }

    #[test]
    fn a_file_without_an_address_is_never_left_out_in_silence() {
        let recipe = Recipe { references: vec![image(0)], ..recipe("kontext-pro") };
        assert_eq!(input(&recipe, &HashMap::new()), Err(NotSendable::NoAddress));
        let gone = Recipe { model: "gone".to_owned(), ..recipe };
        assert!(matches!(input(&gone, &addresses()), Err(NotSendable::UnknownModel(_))));
    }
}
