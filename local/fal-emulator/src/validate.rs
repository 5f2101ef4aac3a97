//! Checks a model input against its schema and fills in the defaults, in the words of fal's `detail` lists.
//!
//! Unknown fields are ignored, as fal's apps do.

use serde_json::{Map, Value, json};

use super::{
    answer::detail_item,
    image_size::{PRESETS, preset},
    schema::{Field, Kind, Model},
};

/// What a control image of a ControlNet union can be.
const CONTROL_MODES: [&str; 7] = ["canny", "tile", "depth", "blur", "pose", "gray", "low-quality"];

/// The input with defaults, or the items of the `detail` list.
pub(super) fn validate(model: &Model, input: &Value) -> Result<Map<String, Value>, Vec<Value>> {
    let Value::Object(given) = input else {
        return Err(vec![item(&["body".into()], "model_attributes_type", "Input should be an object", None, input)]);
    };
    let mut valid = Map::new();
    let mut problems = Vec::new();
    for (name, field) in &model.fields {
        let loc = ["body".into(), name.as_str().into()];
        match given.get(name).filter(|value| !value.is_null()) {
            Some(value) => {
                problems.extend(check(field, &loc, value));
                valid.insert(name.clone(), value.clone());
            }
            None if field.required => problems.push(item(&loc, "missing", "Field required", None, input)),
            None => valid.extend(field.default.clone().map(|default| (name.clone(), default))),
        }
    }
    if problems.is_empty() { Ok(valid) } else { Err(problems) }
}

fn check(field: &Field, loc: &[Value], value: &Value) -> Vec<Value> {
    let wrong = |kind: &str, msg: &str| vec![item(loc, kind, msg, None, value)];
    match field.kind {
        Kind::String | Kind::Url if !value.is_string() => wrong("string_type", "Input should be a valid string"),
        Kind::String | Kind::Url => Vec::new(),
        Kind::Integer if !(value.is_i64() || value.is_u64()) => wrong("int_type", "Input should be a valid integer"),
        Kind::Number if !value.is_number() => wrong("float_type", "Input should be a valid number"),
        Kind::Integer | Kind::Number => in_range(field, loc, value),
        Kind::Boolean if !value.is_boolean() => wrong("bool_type", "Input should be a valid boolean"),
        Kind::Boolean => Vec::new(),
        Kind::OneOf => one_of(&field.values, loc, value),
        Kind::ImageSize => image_size(field, loc, value),
        Kind::List | Kind::Loras | Kind::Unions | Kind::Urls => list(field, loc, value),
    }
}

fn in_range(field: &Field, loc: &[Value], value: &Value) -> Vec<Value> {
    let number = value.as_f64().unwrap_or(f64::NAN);
    if let Some(min) = field.min.filter(|min| number < *min) {
        let msg = format!("Input should be greater than or equal to {min}");
        return vec![item(loc, "greater_than_equal", &msg, Some(json!({ "ge": exact(min) })), value)];
    }
    if let Some(max) = field.max.filter(|max| number > *max) {
        let msg = format!("Input should be less than or equal to {max}");
        return vec![item(loc, "less_than_equal", &msg, Some(json!({ "le": exact(max) })), value)];
    }
    Vec::new()
}

/// Whole bounds are written without a fraction.
#[expect(clippy::cast_possible_truncation, reason = "bounds of the table are small")]
fn exact(bound: f64) -> Value {
    if bound.fract() == 0.0 { (bound as i64).into() } else { bound.into() }
}

fn one_of(values: &[String], loc: &[Value], value: &Value) -> Vec<Value> {
    if value.as_str().is_some_and(|text| values.iter().any(|allowed| allowed == text)) {
        return Vec::new();
    }
    let msg = format!("Input should be one of: {}", values.join(", "));
    vec![item(loc, "one_of", &msg, Some(json!({ "expected": values })), value)]
}

fn image_size(field: &Field, loc: &[Value], value: &Value) -> Vec<Value> {
    match value {
        Value::String(name) if preset(name).is_some() => Vec::new(),
        Value::Object(sides) if pixels(sides).is_some_and(|pixels| pixels < field.least_pixels) => {
            let least = field.least_pixels;
            let msg = format!("The image should have at least {least} pixels");
            vec![item(loc, "image_too_small", &msg, Some(json!({ "min_pixels": least })), value)]
        }
        Value::Object(sides) => ["width", "height"]
            .into_iter()
            .filter_map(|side| Some((side, sides.get(side)?)))
            .flat_map(|(side, length)| {
                let loc: Vec<Value> = loc.iter().cloned().chain([side.into()]).collect();
                if length.is_u64() || length.is_i64() {
                    in_range(field, &loc, length)
                } else {
                    vec![item(&loc, "int_type", "Input should be a valid integer", None, length)]
                }
            })
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            let names: Vec<String> = PRESETS.iter().map(|(name, ..)| (*name).to_owned()).collect();
            one_of(&names, loc, value)
        }
    }
}

fn pixels(sides: &Map<String, Value>) -> Option<u64> {
    Some(sides.get("width")?.as_u64()? * sides.get("height")?.as_u64()?)
}

fn list(field: &Field, loc: &[Value], value: &Value) -> Vec<Value> {
    let Value::Array(items) = value else {
        return vec![item(loc, "list_type", "Input should be a valid list", None, value)];
    };
    let inside = |index: usize| -> Vec<Value> { loc.iter().cloned().chain([index.into()]).collect() };
    match field.kind {
        Kind::Urls => {
            let least = field.min.unwrap_or(0.0);
            if (items.len() as f64) < least {
                let msg = format!("List should have at least {least} item after validation");
                let ctx = Some(json!({ "min_length": exact(least) }));
                return vec![item(loc, "sequence_too_short", &msg, ctx, value)];
            }
            let wrong = items.iter().enumerate().filter(|(_, url)| !url.is_string());
            wrong
                .map(|(index, url)| item(&inside(index), "string_type", "Input should be a valid string", None, url))
                .collect()
        }
        Kind::Loras => {
            items.iter().enumerate().flat_map(|(index, lora)| lora_item(field, inside(index), lora)).collect()
        }
        Kind::Unions => items.iter().enumerate().flat_map(|(index, union)| union_item(&inside(index), union)).collect(),
        Kind::List
        | Kind::String
        | Kind::Integer
        | Kind::Number
        | Kind::Boolean
        | Kind::OneOf
        | Kind::ImageSize
        | Kind::Url => Vec::new(),
    }
}

fn lora_item(field: &Field, mut loc: Vec<Value>, lora: &Value) -> Vec<Value> {
    if !lora.get("path").is_some_and(Value::is_string) {
        loc.push("path".into());
        return vec![item(&loc, "missing", "Field required", None, lora)];
    }
    let Some(scale) = lora.get("scale") else { return Vec::new() };
    loc.push("scale".into());
    in_range(field, &loc, scale)
}

/// A ControlNet union and the control images that it is given.
fn union_item(loc: &[Value], union: &Value) -> Vec<Value> {
    let controls = union.get("controls").and_then(Value::as_array);
    let listed = controls.is_none().then(|| missing(loc, "controls", union));
    let inside = |index: usize| loc.iter().cloned().chain(["controls".into(), index.into()]).collect::<Vec<_>>();
    let each = controls.into_iter().flatten().enumerate();
    let each = each.flat_map(|(index, control)| control_item(&inside(index), control));
    text(loc, "path", union).into_iter().chain(listed).chain(each).collect()
}

fn control_item(loc: &[Value], control: &Value) -> Vec<Value> {
    let at = |name: &str| loc.iter().cloned().chain([name.into()]).collect::<Vec<_>>();
    let modes = CONTROL_MODES.map(str::to_owned);
    let mode = match control.get("control_mode") {
        Some(mode) => one_of(&modes, &at("control_mode"), mode),
        None => vec![missing(loc, "control_mode", control)],
    };
    let numbers = ["conditioning_scale", "start_percentage", "end_percentage"].into_iter().filter_map(|name| {
        let value = control.get(name).filter(|value| !value.is_number())?;
        Some(item(&at(name), "float_type", "Input should be a valid number", None, value))
    });
    text(loc, "control_image_url", control).into_iter().chain(mode).chain(numbers).collect()
}

/// The problem with a text that must be there.
fn text(loc: &[Value], name: &str, of: &Value) -> Option<Value> {
    let loc_of: Vec<Value> = loc.iter().cloned().chain([name.into()]).collect();
    match of.get(name) {
        None => Some(missing(loc, name, of)),
        Some(Value::String(_)) => None,
        Some(other) => Some(item(&loc_of, "string_type", "Input should be a valid string", None, other)),
    }
}

fn missing(loc: &[Value], name: &str, of: &Value) -> Value {
    let loc: Vec<Value> = loc.iter().cloned().chain([name.into()]).collect();
    item(&loc, "missing", "Field required", None, of)
}

fn item(loc: &[Value], kind: &str, msg: &str, ctx: Option<Value>, input: &Value) -> Value {
    detail_item(loc, kind, msg, ctx, Some(input))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::validate;
    use crate::schema::Schemas;

    fn problems(endpoint: &str, input: &Value) -> Vec<String> {
        let schemas = Schemas::load().unwrap();
        let result = validate(schemas.model(endpoint).unwrap(), input);
        let items = result.err().unwrap_or_default();
        items.iter().map(|item| format!("{} {}", item["type"].as_str().unwrap(), item["loc"])).collect()
    }

    #[test]
    fn defaults_are_filled_in_and_unknown_fields_left_out() {
        let schemas = Schemas::load().unwrap();
        let model = schemas.model("fal-ai/flux/schnell").unwrap();
        let valid = validate(model, &json!({ "prompt": "a cat", "colour": "red", "seed": null })).unwrap();
        assert_eq!(valid["num_inference_steps"], 4);
        assert_eq!(valid["image_size"], "landscape_4_3");
        assert!(!valid.contains_key("colour") && !valid.contains_key("seed"));
    }

    #[test]
    fn each_kind_of_mistake_has_its_type_and_place() {
        let dev = "fal-ai/flux/dev";
        assert_eq!(problems(dev, &json!({})), [r#"missing ["body","prompt"]"#]);
        let steps = json!({ "prompt": "x", "num_inference_steps": 51 });
        assert_eq!(problems(dev, &steps), [r#"less_than_equal ["body","num_inference_steps"]"#]);
        let format = json!({ "prompt": "x", "output_format": "jpg" });
        assert_eq!(problems(dev, &format), [r#"one_of ["body","output_format"]"#]);
        let size = json!({ "prompt": "x", "image_size": { "width": 0 } });
        assert_eq!(problems(dev, &size), [r#"greater_than_equal ["body","image_size","width"]"#]);
        let none = json!({ "prompt": "x", "image_urls": [] });
        assert_eq!(problems("fal-ai/flux-2/edit", &none), [r#"sequence_too_short ["body","image_urls"]"#]);
        let lora = json!({ "prompt": "x", "loras": [{ "path": "a", "scale": 5 }] });
        assert_eq!(problems("fal-ai/flux-lora", &lora), [r#"less_than_equal ["body","loras",0,"scale"]"#]);
        let control = json!({ "control_image_url": "http://x/a.png", "control_mode": "sketch" });
        let union = json!({ "prompt": "x", "controlnet_unions": [{ "path": "a", "controls": [control] }, {}] });
        let expected = [
            r#"one_of ["body","controlnet_unions",0,"controls",0,"control_mode"]"#,
            r#"missing ["body","controlnet_unions",1,"path"]"#,
            r#"missing ["body","controlnet_unions",1,"controls"]"#,
        ];
        assert_eq!(problems("fal-ai/flux-general", &union), expected);
        let angle = json!({ "image_urls": ["http://x/a.png"], "horizontal_angle": 361 });
        let angles = "fal-ai/flux-2-lora-gallery/multiple-angles";
        assert_eq!(problems(angles, &angle), [r#"less_than_equal ["body","horizontal_angle"]"#]);
    }
}
