//! Subjects: the characters, places and props whose looks are kept, and what those looks are.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{ProjectId, SubjectId};

/// What a subject is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectType {
    /// A person or creature.
    Character,
    /// A place.
    Location,
    /// A thing.
    Prop,
}

impl SubjectType {
    /// The word used in requests and keys.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Character => "character",
            Self::Location => "location",
            Self::Prop => "prop",
        }
    }
}

/// A character, place or prop of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// Its id, chosen by the caller.
    pub id: SubjectId,
    /// The project that it belongs to.
    pub project: ProjectId,
    /// What it is; fixed once set.
    pub subject_type: SubjectType,
    /// What it looks like, in words.
    pub description: String,
    /// What it looks like, field by field.
    pub specifications: VisualSpecifications,
    /// When it was first written.
    pub created_at: Timestamp,
    /// When it was last written.
    pub updated_at: Timestamp,
}

/// What a subject looks like, field by field. Colours are `#rrggbb`. Locked into every prompt of the subject.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct VisualSpecifications {
    /// Shape of the face.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub face_structure: Option<String>,
    /// Colour of the eyes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eye_color: Option<String>,
    /// Colour of the hair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hair_color: Option<String>,
    /// Cut and style of the hair.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hair_style: Option<String>,
    /// Colour of the skin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skin_tone: Option<String>,
    /// Build.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_type: Option<String>,
    /// Height in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<String>,
    /// Proportions in words, as "7.2 heads tall"; measured from the master image unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proportions: Option<String>,
    /// What is worn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub costume: Option<String>,
    /// Which part has which colour, as "upper body mustard yellow"; measured from the master image unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coloring: Option<String>,
    /// What surrounds a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The light of a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lighting: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub art_style: Option<String>,
    /// How surfaces look, as "flat tones"; measured from the master image unless given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub texture: Option<String>,
    /// The main colours, most important first; measured from the master image unless given.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub color_palette: Vec<String>,
}

impl VisualSpecifications {
    /// Its own values, and `other`'s where it has none.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            face_structure: self.face_structure.or(other.face_structure),
            eye_color: self.eye_color.or(other.eye_color),
            hair_color: self.hair_color.or(other.hair_color),
            hair_style: self.hair_style.or(other.hair_style),
            skin_tone: self.skin_tone.or(other.skin_tone),
            body_type: self.body_type.or(other.body_type),
            height: self.height.or(other.height),
            proportions: self.proportions.or(other.proportions),
            costume: self.costume.or(other.costume),
            coloring: self.coloring.or(other.coloring),
            environment: self.environment.or(other.environment),
            lighting: self.lighting.or(other.lighting),
            art_style: self.art_style.or(other.art_style),
            texture: self.texture.or(other.texture),
            color_palette: if self.color_palette.is_empty() { other.color_palette } else { self.color_palette },
        }
    }

    /// Each field that has a value, with its JSON name, in the order in which prompts name them.
    #[must_use]
    pub fn fields(&self) -> Vec<(&'static str, &str)> {
        [
            ("faceStructure", &self.face_structure),
            ("eyeColor", &self.eye_color),
            ("hairColor", &self.hair_color),
            ("hairStyle", &self.hair_style),
            ("skinTone", &self.skin_tone),
            ("bodyType", &self.body_type),
            ("height", &self.height),
            ("proportions", &self.proportions),
            ("costume", &self.costume),
            ("coloring", &self.coloring),
            ("environment", &self.environment),
            ("lighting", &self.lighting),
            ("artStyle", &self.art_style),
            ("texture", &self.texture),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.as_deref().map(|value| (name, value)))
        .collect()
    }
}
