//! The references of a scene: in which order the model is shown them, what is said of each, which are looked for later.

use super::{Composite, Composition};
use crate::{
    field::Field,
    id::MediaId,
    image_ref::ImageRef,
    kind::{Material, Unfit},
    prompt::specification_words,
    recipe::Source,
    storage_plan::Slot,
};

/// A reference that should be found in a scene.
#[derive(Debug, Clone, PartialEq)]
pub struct Sought<'a> {
    /// `character-0` and the like.
    pub slot: &'a str,
    /// The image that shows it.
    pub reference: &'a MediaId,
    /// Where the middle of the figure was asked to be, 0 to 1 from the left and from the top.
    pub at: Option<[f64; 2]>,
}

impl Composite {
    /// The references among `slots` that are figures and can be looked for. A thing has neither head nor legs, and in a
    /// portrait an upper body alone is not found.
    #[must_use]
    pub fn sought<'a>(&self, slots: &'a [Slot]) -> Vec<Sought<'a>> {
        if self.composition == Some(Composition::Portrait) {
            return Vec::new();
        }
        let sought = slots.iter().filter_map(|slot| {
            let number = slot.slot.strip_prefix("character-")?;
            let character = number.parse::<usize>().ok().and_then(|number| self.characters.get(number));
            let at = character.and_then(|character| character.position.point());
            Some(Sought { slot: &slot.slot, reference: slot.reference.as_ref()?, at })
        });
        sought.collect()
    }
}

impl Composite {
    /// Everybody and everything with a reference, in the order in which the model is shown them.
    pub(super) fn cast(&self, material: &Material) -> Result<Cast, Unfit> {
        let mut cast = Cast::default();
        for (i, character) in self.characters.iter().enumerate() {
            let place = Field::Character(i);
            let mut entry = cast.enter(material, &format!("character-{i}"), &character.reference, place)?;
            let position = character.position.words();
            let mut words = vec![entry.words("the character"), position.clone()];
            words.extend(scale_words(character.scale));
            words.extend(character.pose.clone());
            (entry.slot.position, entry.slot.scale) = (Some(position), Some(character.scale));
            cast.characters.push(words.join(", "));
            cast.slots.push(entry.slot);
        }
        if let Some(location) = &self.location {
            let entry = cast.enter(material, "location", location, Field::Location)?;
            cast.location = format!("set in {}", entry.words("the place"));
            cast.slots.push(entry.slot);
        }
        for (i, prop) in self.props.iter().enumerate() {
            let place = Field::Prop(i);
            let entry = cast.enter(material, &format!("prop-{i}"), prop, place)?;
            cast.props.push(entry.words("the object"));
            cast.slots.push(entry.slot);
        }
        if let Some(style) = &self.style {
            let entry = cast.enter(material, "style", style, Field::Style)?;
            cast.style = format!("in the art style of image {}", entry.number);
            cast.slots.push(entry.slot);
        }
        Ok(cast)
    }
}

/// What a scene is put together from.
#[derive(Default)]
pub(super) struct Cast {
    pub(super) sources: Vec<Source>,
    pub(super) slots: Vec<Slot>,
    pub(super) characters: Vec<String>,
    pub(super) location: String,
    pub(super) props: Vec<String>,
    pub(super) style: String,
}

/// One reference in a scene.
struct Entry {
    /// Which image it is among those that the model is shown, from 1.
    number: usize,
    /// What is known of its looks, in words.
    looks: String,
    slot: Slot,
}

impl Cast {
    fn enter(&mut self, material: &Material, name: &str, pointer: &ImageRef, place: Field) -> Result<Entry, Unfit> {
        let source = material.source(pointer, place)?;
        // An image that stands for two is shown once.
        let index = self.sources.iter().position(|known| *known == source).unwrap_or_else(|| {
            self.sources.push(source);
            self.sources.len() - 1
        });
        let media = material.image(pointer);
        let subject = media.and_then(|media| material.subject_of(media));
        let measured = media.map(|media| media.specifications.clone()).unwrap_or_default();
        let known = match subject {
            Some(subject) => subject.specifications.clone().or(measured),
            None => measured,
        };
        let described = subject.map(|subject| subject.description.trim_end_matches('.').to_owned());
        let looks = [described.unwrap_or_default(), specification_words(&known)];
        Ok(Entry {
            number: index + 1,
            looks: looks.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "),
            slot: Slot {
                slot: name.to_owned(),
                reference: media.map(|media| media.id.clone()),
                position: None,
                scale: None,
                palette: known.color_palette,
            },
        })
    }
}

impl Entry {
    fn words(&self, what: &str) -> String {
        let Self { number, looks, .. } = self;
        if looks.is_empty() {
            format!("{what} of image {number}")
        } else {
            format!("{what} of image {number} ({looks})")
        }
    }
}

/// Nothing for a figure of its own size.
fn scale_words(scale: f64) -> Option<String> {
    ((scale - 1.0).abs() > 0.01).then(|| format!("at {}% of natural size", (scale * 100.0).round()))
}
