//! Prompts: versioned templates as data (`data/prompts.json`), the words of specifications and views, and terms that
//! are refused or taken out. Which template a kind uses is the kind's business.

mod skeleton;

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use self::skeleton::Looks;
use crate::subject::VisualSpecifications;

static BOOK: LazyLock<Book> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../data/prompts.json"))
        .unwrap_or_else(|error| panic!("data/prompts.json is checked by tests: {error}"))
});

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Book {
    refused_terms: Vec<String>,
    removed_terms: Vec<String>,
    styles: BTreeMap<String, String>,
    compositions: BTreeMap<String, String>,
    views: Vec<CameraView>,
    templates: Vec<Template>,
}

/// A versioned prompt template. A clause whose placeholder has nothing to say is left out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Its name, for example `master-character`.
    pub id: String,
    /// Its version; older ones stay readable.
    pub version: u32,
    /// How many of a hundred subjects get this version.
    pub share: u32,
    /// Parts joined with commas; `{name}` in one stands for the value of that name.
    pub clauses: Vec<String>,
}

/// A named side of a subject. 0 degrees is the front, 90 the subject's right side, 180 its back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraView {
    /// Degrees.
    pub angle: u16,
    /// What the view is called.
    pub words: String,
    /// What of a person can be seen from there, and what cannot.
    pub visible: String,
}

/// How prompts are worded, as far as the deployment decides it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// Words that no prompt may hold.
    pub refused: Vec<String>,
    /// Words that are taken out when fal's content policy refuses a prompt.
    pub removed: Vec<String>,
    /// Shares of template versions by reference (`master-character@2`), instead of those in the data.
    pub shares: BTreeMap<String, u32>,
}

impl Default for Wording {
    fn default() -> Self {
        Self { refused: BOOK.refused_terms.clone(), removed: BOOK.removed_terms.clone(), shares: BTreeMap::new() }
    }
}

impl Wording {
    /// The first of the refused terms that `text` holds as whole words, however they are joined or disguised: a
    /// `nude-art` too, and one in Cyrillic letters.
    #[must_use]
    pub fn refused_term(&self, text: &str) -> Option<&str> {
        let looks = Looks::of(text);
        self.refused.iter().map(String::as_str).find(|term| looks.hold(&Looks::of(term)))
    }

    /// `prompt` without the removable terms. Whole words only: a "violently red sunset" is no violence.
    #[must_use]
    pub fn sanitised(&self, prompt: &str) -> String {
        let clauses = prompt.split(", ").map(|clause| {
            let kept = clause.split_whitespace().filter(|word| !is_among(&self.removed, bare(word)));
            kept.collect::<Vec<_>>().join(" ")
        });
        clauses.filter(|clause| !clause.is_empty()).collect::<Vec<_>>().join(", ")
    }

    /// How many of a hundred subjects get `template`.
    #[must_use]
    pub fn share(&self, template: &Template) -> u32 {
        // Where any version of a template is given a share, the others have what they are given, or nothing.
        let given = Template::all().iter().filter(|other| other.id == template.id);
        if given.into_iter().any(|other| self.shares.contains_key(&other.reference())) {
            self.shares.get(&template.reference()).copied().unwrap_or(0)
        } else {
            template.share
        }
    }
}

fn bare(word: &str) -> &str {
    word.trim_matches(|character: char| !character.is_alphanumeric())
}

fn is_among(terms: &[String], word: &str) -> bool {
    terms.iter().any(|term| term.eq_ignore_ascii_case(word))
}

impl Template {
    /// Every version of every template.
    #[must_use]
    pub fn all() -> &'static [Self] {
        &BOOK.templates
    }

    /// The version of the template `id` that `whom` gets: always the same for the same `whom`, so that a character
    /// keeps its wording, and as the shares say over many.
    #[must_use]
    pub fn chosen(id: &str, whom: &str, wording: &Wording) -> &'static Self {
        let versions: Vec<(&Self, u32)> = Self::all()
            .iter()
            .filter(|template| template.id == id)
            .map(|template| (template, wording.share(template)))
            .collect();
        let total: u32 = versions.iter().map(|(_, share)| share).sum();
        let digest = Sha256::digest(format!("{id} {whom}"));
        let mut place = u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]]) % total.max(1);
        for (template, share) in &versions {
            if place < *share {
                return template;
            }
            place -= share;
        }
        versions.first().map_or_else(|| panic!("{id} is in data/prompts.json"), |(template, _)| template)
    }

    /// The template that is named so.
    #[must_use]
    pub fn by_reference(reference: &str) -> Option<&'static Self> {
        Self::all().iter().find(|template| template.reference() == reference)
    }

    /// How the template is named with an image: `master-character@1`.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }

    /// The prompt with `values` in place of their names.
    #[must_use]
    pub fn fill(&self, values: &[(&str, &str)]) -> String {
        let clauses = self.clauses.iter().filter_map(|clause| fill_clause(clause, values));
        clauses.collect::<Vec<_>>().join(", ")
    }
}

/// `None` where the placeholder has nothing to say.
fn fill_clause(clause: &str, values: &[(&str, &str)]) -> Option<String> {
    let Some((before, rest)) = clause.split_once('{') else { return Some(clause.to_owned()) };
    let (name, after) = rest.split_once('}')?;
    let (_, value) = values.iter().find(|(key, _)| *key == name)?;
    // A value is never scanned again: a description that holds `{style}` stays as it is written.
    let value = value.trim().trim_end_matches(['.', ',']);
    (!value.is_empty()).then(|| format!("{before}{value}{after}"))
}

impl CameraView {
    /// The named view that is nearest to `angle`.
    #[must_use]
    pub fn nearest(angle: u16) -> &'static Self {
        let apart = |view: &&Self| {
            let apart = view.angle.abs_diff(angle % 360);
            apart.min(360 - apart)
        };
        BOOK.views.iter().min_by_key(apart).unwrap_or_else(|| panic!("data/prompts.json has views"))
    }
}

/// The words for the view from `angle`: those of the nearest named view, and the degree.
#[must_use]
pub fn view_words(angle: u16) -> String {
    format!("{}, camera {angle}° around the subject", CameraView::nearest(angle).words)
}

/// The words for a style: a named one's own words, free text as it is, `professional` when none is given.
#[must_use]
pub fn style_words(style: Option<&str>) -> &str {
    let style = style.unwrap_or("professional");
    BOOK.styles.get(style).map_or(style, String::as_str)
}

/// The words for a composition such as `full-body`.
#[must_use]
pub fn composition_words(composition: &str) -> &str {
    BOOK.compositions.get(composition).map_or(composition, String::as_str)
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

#[cfg(test)]
mod tests {
    use super::*;

    fn template(id: &str) -> &'static Template {
        Template::chosen(id, "anybody", &Wording::default())
    }

    #[test]
    fn every_template_and_version_is_there_once() {
        let mut seen = std::collections::HashSet::new();
        for template in Template::all() {
            assert!(seen.insert(template.reference()), "{} twice", template.reference());
            assert!(template.clauses.iter().any(|clause| clause.contains("{description}")), "{}", template.id);
            let all: u32 = Template::all().iter().filter(|other| other.id == template.id).map(|one| one.share).sum();
            assert_eq!(all, 100, "{}", template.id);
        }
    }

    #[test]
    fn a_clause_without_a_value_is_left_out_and_a_value_is_never_a_template() {
        let prompt = template("master-prop").fill(&[
            ("description", "a {style} lantern."),
            ("specifications", ""),
            ("style", "flat"),
        ]);
        insta::assert_snapshot!(prompt, @"a {style} lantern, flat, isolated object, product view, whole object visible, centered composition, solid light gray background, 8k resolution, highly detailed, high quality");
    }

    #[test]
    fn two_versions_share_the_subjects_and_a_subject_keeps_its_version() {
        let shares = BTreeMap::from([("master-character@1".to_owned(), 30), ("master-character@2".to_owned(), 70)]);
        let wording = Wording { shares, ..Wording::default() };
        let version = |whom: &str| Template::chosen("master-character", whom, &wording).version;
        let second = (0..1000).filter(|number| version(&format!("subject-{number}")) == 2).count();
        assert!((640..760).contains(&second), "{second}");
        assert_eq!(version("keeper"), version("keeper"));
        assert_eq!(template("master-character").version, 1);
        let only_second = BTreeMap::from([("master-character@2".to_owned(), 1)]);
        let wording = Wording { shares: only_second, ..Wording::default() };
        assert!((0..50).all(|number| Template::chosen("master-character", &number.to_string(), &wording).version == 2));
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
    fn only_whole_words_are_removed_or_refused() {
        let wording = Wording::default();
        assert_eq!(wording.sanitised("a violently red sunset"), "a violently red sunset");
        assert_eq!(wording.sanitised("a Violent, gory! storm, at sea"), "a, storm, at sea");
        assert_eq!(wording.refused_term("an explicitly named ship"), None);
        for joined in ["a statue, (Nude), in a park", "nude-art", "half_nude", "nude/clothed"] {
            assert_eq!(wording.refused_term(joined), Some("nude"), "{joined}");
        }
        let own = Wording { refused: vec!["evil clown".to_owned()], ..wording };
        assert_eq!((own.refused_term("an Evil,  clown"), own.refused_term("a nude")), (Some("evil clown"), None));
    }

    #[test]
    fn every_angle_has_words_and_the_back_has_no_face() {
        assert_eq!(view_words(0), "front view, facing the camera, camera 0° around the subject");
        assert_eq!(
            view_words(90),
            "right profile view, seen exactly from the right side, camera 90° around the subject"
        );
        // Nearer to 30 than to 45; nearer to 0 across the turn than to 330.
        assert!(view_words(37).starts_with("front-right three-quarter view"), "{}", view_words(37));
        assert!(view_words(350).starts_with("front view"), "{}", view_words(350));
        for angle in 135..=225 {
            assert!(CameraView::nearest(angle).visible.contains("face not visible"), "{angle}");
        }
        let twelve: std::collections::HashSet<_> =
            (0..12).map(|step| CameraView::nearest(step * 30).words.as_str()).collect();
        assert_eq!(twelve.len(), 12);
        // Left and right are each other's mirror.
        for view in &BOOK.views {
            let mirrored = CameraView::nearest((360 - view.angle) % 360);
            let swapped = view.words.replace("right", "L").replace("left", "right").replace('L', "left");
            assert_eq!(mirrored.words, swapped);
        }
    }

    #[test]
    fn styles_are_named_or_free() {
        assert_eq!(style_words(Some("casual")), "natural lighting, authentic style");
        assert_eq!(style_words(Some("woodcut")), "woodcut");
        assert_eq!(style_words(None), style_words(Some("professional")));
    }
}
