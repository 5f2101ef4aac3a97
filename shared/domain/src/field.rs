//! What of a request a fault is about, by names of the domain's own. The API knows where each stands in a body.

use std::fmt;

/// A part of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    /// The request as a whole.
    Request,
    /// The model that was asked for.
    Model,
    /// The file format of the images.
    OutputFormat,
    /// The number of inference steps.
    Steps,
    Guidance,
    /// Which subject a request is about.
    Subject,
    /// What that subject is.
    SubjectType,
    /// The image that a profile is made from.
    Master,
    /// The pictures that a master reference goes by.
    References,
    /// One of those, from 0.
    Reference(usize),
    /// Everything that a scene is put together from.
    Cast,
    /// A character of a scene, from 0.
    Character(usize),
    /// The place of a scene.
    Location,
    /// A prop of a scene, from 0.
    Prop(usize),
    /// The picture in whose style a scene is.
    Style,
    /// The pictures that lay a scene out.
    Controls,
    /// One of those, from 0.
    Control(usize),
    /// The LoRA of a portrait.
    Lora,
    /// The person of a portrait.
    Person,
    /// The age of that person.
    Age,
    /// The gender of that person.
    Gender,
    /// The word that stands for that person.
    TriggerWord,
    /// What a comparison examines.
    Examined,
    /// What it is compared with.
    Against,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::Request => "the request",
            Self::Model => "the model",
            Self::OutputFormat => "the output format",
            Self::Steps => "the number of steps",
            Self::Guidance => "the guidance",
            Self::Subject => "the subject",
            Self::SubjectType => "the type of the subject",
            Self::Master => "the master reference",
            Self::References | Self::Cast => "the references",
            Self::Reference(index) => return write!(f, "reference {index}"),
            Self::Character(index) => return write!(f, "the reference of character {index}"),
            Self::Location => "the location",
            Self::Prop(index) => return write!(f, "prop {index}"),
            Self::Style => "the style reference",
            Self::Controls => "the control images",
            Self::Control(index) => return write!(f, "control image {index}"),
            Self::Lora => "the LoRA",
            Self::Person => "the person",
            Self::Age => "the age",
            Self::Gender => "the gender",
            Self::TriggerWord => "the trigger word",
            Self::Examined => "the new image",
            Self::Against => "the reference set",
        };
        f.write_str(words)
    }
}
