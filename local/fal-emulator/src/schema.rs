//! The table of the models that the emulator plays: `schema.json`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// All models by endpoint id.
pub(super) struct Schemas(BTreeMap<String, Model>);

#[derive(Debug)]
pub(super) struct Model {
    pub(super) fields: BTreeMap<String, Field>,
    pub(super) terms: Terms,
}

/// Everything about a model but its fields.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Terms {
    /// How many reference images are looked at; the others are dropped without a word.
    #[serde(default)]
    pub(super) references: usize,
    #[serde(default)]
    pub(super) references_from: End,
    #[serde(default)]
    pub(super) output: OutputForm,
    pub(super) unit: Unit,
    /// Whether the reference images count as megapixels too, one each.
    #[serde(default)]
    pub(super) inputs_billed: bool,
    /// US dollars per unit.
    pub(super) price: f64,
    /// How many units an image of a `resolution` is; one where it is not named.
    #[serde(default)]
    pub(super) tiers: BTreeMap<String, f64>,
}

/// Which of too many references are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum End {
    #[default]
    Start,
    End,
}

/// Which of the core output fields a model returns.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OutputForm {
    /// images, seed, has_nsfw_concepts, prompt, timings.
    #[default]
    Core,
    /// images, seed.
    Seed,
    /// images, description.
    Description,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Unit {
    Megapixels,
    Images,
}

impl Unit {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Megapixels => "megapixels",
            Self::Images => "images",
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Field {
    #[serde(rename = "type")]
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) required: bool,
    #[serde(default)]
    pub(super) default: Option<Value>,
    /// Of a number, of each side of an image size, of a LoRA's scale; of a list, its length.
    #[serde(default)]
    pub(super) min: Option<f64>,
    #[serde(default)]
    pub(super) max: Option<f64>,
    #[serde(default)]
    pub(super) values: Vec<String>,
    /// Of an image size: fewest pixels in all.
    #[serde(default)]
    pub(super) least_pixels: u64,
}

/// The type of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    String,
    Integer,
    Number,
    Boolean,
    OneOf,
    ImageSize,
    Url,
    Urls,
    Loras,
    /// ControlNets that know several kinds of control image.
    Unions,
    List,
}

#[derive(Deserialize)]
struct Table {
    groups: BTreeMap<String, Group>,
    endpoints: BTreeMap<String, Entry>,
}

/// Fields by name; `null` takes a field of an earlier group away.
type Group = BTreeMap<String, Option<Field>>;

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "use")]
    groups: Vec<String>,
    #[serde(default)]
    fields: Group,
    #[serde(flatten)]
    terms: Terms,
}

impl Schemas {
    /// Reads the embedded table.
    pub(super) fn load() -> Result<Self, serde_json::Error> {
        let table: Table = serde_json::from_str(include_str!("schema.json"))?;
        let Table { groups, endpoints } = table;
        Ok(Self(endpoints.into_iter().map(|(id, entry)| (id, assemble(&groups, entry))).collect()))
    }

    pub(super) fn model(&self, endpoint: &str) -> Option<&Model> {
        self.0.get(endpoint)
    }

    /// Whether any model belongs to this `owner/app`.
    pub(super) fn has_app(&self, app: &str) -> bool {
        self.0.keys().any(|id| id.strip_prefix(app).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Model)> {
        self.0.iter().map(|(id, model)| (id.as_str(), model))
    }
}

fn assemble(groups: &BTreeMap<String, Group>, entry: Entry) -> Model {
    let mut fields = BTreeMap::new();
    let shared = entry.groups.iter().filter_map(|name| groups.get(name));
    for (name, field) in shared.chain([&entry.fields]).flatten() {
        match field {
            Some(field) => fields.insert(name.clone(), field.clone()),
            None => fields.remove(name),
        };
    }
    Model { fields, terms: entry.terms }
}

#[cfg(test)]
mod tests {
    use super::Schemas;

    #[test]
    fn schnell_takes_twelve_steps_and_kontext_none() {
        let schemas = Schemas::load().unwrap();
        let schnell = schemas.model("fal-ai/flux/schnell").unwrap();
        assert_eq!(schnell.fields["num_inference_steps"].max, Some(12.0));
        let kontext = schemas.model("fal-ai/flux-pro/kontext").unwrap();
        assert!(!kontext.fields.contains_key("num_inference_steps"));
        assert!(kontext.fields.contains_key("guidance_scale"));
    }
}
