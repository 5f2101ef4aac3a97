//! Prompts: versioned templates as data (`data/prompts.json`), the words of a subject's specifications, and the
//! whole-word removal of blocked terms. Which template a kind uses is the kind's business.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use crate::subject::VisualSpecifications;

static BOOK: LazyLock<Book> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../data/prompts.json"))
        .unwrap_or_else(|error| panic!("data/prompts.json is checked by tests: {error}"))
});

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Book {
    blocked_terms: Vec<String>,
    styles: BTreeMap<String, String>,
    templates: Vec<Template>,
}

/// A versioned prompt template. A clause whose placeholder has nothing to say is left out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its name, for example `master-character`.
    pub id: String,
    /// Its version; the newest is used, older ones stay readable.
    pub version: u32,
    /// Parts joined with commas; one that is `{name}` stands for the value of that name.
    pub clauses: Vec<String>,
}

impl Template {
    /// The newest version of the template `id`.
    #[must_use]
    pub fn newest(id: &str) -> Option<&'static Self> {
        BOOK.templates.iter().filter(|template| template.id == id).max_by_key(|template| template.version)
    }

    /// How the template is named with an image: `master-character@1`.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }

    /// The prompt with `values` in place of their names.
    #[must_use]
    pub fn fill(&self, values: &[(&str, &str)]) -> String {
        let clauses = self.clauses.iter().map(|clause| {
            let name = clause.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
            match values.iter().find(|(key, _)| Some(*key) == name) {
                // A value is never scanned again: a description that holds `{style}` stays as it is written.
                Some((_, value)) => value.trim().trim_end_matches(['.', ',']),
                None => clause,
            }
        });
        clauses.filter(|clause| !clause.is_empty()).collect::<Vec<_>>().join(", ")
    }
}

/// The words for a style: a named one's own words, free text as it is, `professional` when none is given.
#[must_use]
pub fn style_words(style: Option<&str>) -> &str {
    let style = style.unwrap_or("professional");
    BOOK.styles.get(style).map_or(style, String::as_str)
}

/// A subject's specifications in words, for example `hair color #6b3e26, costume yellow raincoat`.
#[must_use]
pub fn specification_words(specifications: &VisualSpecifications) -> String {
    let mut words: Vec<String> =
        specifications.fields().into_iter().map(|(name, value)| format!("{} {value}", spaced(name))).collect();
    if !specifications.color_palette.is_empty() {
        words.push(format!("color palette {}", specifications.color_palette.join(" ")));
    }
    words.join(", ")
}

/// `hairColor` as `hair color`.
fn spaced(camel_case: &str) -> String {
    camel_case.chars().fold(String::new(), |mut text, character| {
        if character.is_ascii_uppercase() {
            text.push(' ');
        }
        text.push(character.to_ascii_lowercase());
        text
    })
}

/// `prompt` without the blocked terms. Whole words only: a "violently red sunset" is no violence.
#[must_use]
pub fn without_blocked_terms(prompt: &str) -> String {
    let clauses = prompt.split(", ").map(|clause| {
        let kept = clause.split_whitespace().filter(|word| {
            let bare = word.trim_matches(|character: char| !character.is_alphanumeric());
            !BOOK.blocked_terms.iter().any(|term| term.eq_ignore_ascii_case(bare))
        });
        kept.collect::<Vec<_>>().join(" ")
    });
    clauses.filter(|clause| !clause.is_empty()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_and_version_is_there_once() {
        let mut seen = std::collections::HashSet::new();
        for template in &BOOK.templates {
            assert!(seen.insert(template.reference()), "{} twice", template.reference());
            assert!(template.clauses.iter().any(|clause| clause == "{description}"), "{}", template.id);
        }
    }

    #[test]
    fn a_clause_without_a_value_is_left_out_and_a_value_is_never_a_template() {
        let template = Template::newest("master-prop").unwrap();
        let prompt = template.fill(&[("description", "a {style} lantern."), ("specifications", ""), ("style", "flat")]);
        insta::assert_snapshot!(prompt, @"a {style} lantern, flat, isolated object, product view, whole object visible, centered composition, solid light gray background, 8k resolution, highly detailed, high quality");
    }

    #[test]
    fn specifications_become_words() {
        let specifications = VisualSpecifications {
            hair_color: Some("#6b3e26".to_owned()),
            costume: Some("yellow raincoat".to_owned()),
            color_palette: vec!["#ffcc00".to_owned()],
            ..VisualSpecifications::default()
        };
        assert_eq!(
            specification_words(&specifications),
            "hair color #6b3e26, costume yellow raincoat, color palette #ffcc00"
        );
    }

    #[test]
    fn only_whole_words_are_blocked() {
        assert_eq!(without_blocked_terms("a violently red sunset"), "a violently red sunset");
        assert_eq!(without_blocked_terms("a Violent, explicit! storm, at sea"), "a, storm, at sea");
    }

    #[test]
    fn styles_are_named_or_free() {
        assert_eq!(style_words(Some("casual")), "natural lighting, authentic style");
        assert_eq!(style_words(Some("woodcut")), "woodcut");
        assert_eq!(style_words(None), style_words(Some("professional")));
    }
}
