//! Draws. The only file that knows `likeness-figures`.

use std::time::{Duration, Instant};

use image::RgbImage;
use likeness_figures::{
    Canvas, Defects, Look, Placed, Portrait, Style, View, draw_character, draw_location, draw_portrait, draw_prop,
    draw_scene,
};
use serde::{Deserialize, Serialize};

use super::{
    fault::{DrawingFault, StyleName},
    person::{Framing, look_of_person},
    view::Angle,
};

/// The plain studio background of everything that is not a place.
const BACKGROUND: [u8; 3] = [240, 240, 238];

/// What an image shows, and all that is needed to draw it again: prompt and seed decide the look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Origin {
    pub(super) subject: Subject,
    pub(super) prompt: String,
    pub(super) seed: u64,
    pub(super) style: StyleName,
    /// Of a scene: the characters in it.
    #[serde(default)]
    pub(super) figures: Vec<Origin>,
    /// The file of the LoRA that says what the character looks like, if there is one.
    #[serde(default)]
    pub(super) lora: Option<String>,
}

/// The four things that are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Subject {
    Character,
    Scene,
    Location,
    Prop,
}

/// One image to draw.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Drawing {
    pub(super) origin: Origin,
    pub(super) angle: Angle,
    pub(super) framing: Framing,
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) faults: Vec<DrawingFault>,
}

impl Origin {
    /// What a text-to-image prompt asks for.
    pub(super) fn from_prompt(prompt: &str, seed: u64) -> Self {
        let (subject, style) = (subject(prompt), style(prompt));
        Self { subject, prompt: prompt.to_owned(), seed, style, figures: Vec::new(), lora: None }
    }

    /// What an edit of `references` asks for: the same thing from another side, or a scene of several.
    pub(super) fn from_references(prompt: &str, seed: u64, references: &[Self]) -> Self {
        let mut distinct: Vec<&Self> = Vec::new();
        for reference in references {
            if !distinct.iter().any(|known| known.shows_the_same(reference)) {
                distinct.push(reference);
            }
        }
        let [first, others @ ..] = distinct.as_slice() else { return Self::from_prompt(prompt, seed) };
        let wants_scene = first.subject == Subject::Character && contains_any(prompt, &["scene", "interact"]);
        if others.is_empty() && !wants_scene {
            return (*first).clone();
        }
        let place = distinct.iter().find(|origin| matches!(origin.subject, Subject::Location | Subject::Scene));
        let figures = distinct.iter().flat_map(|origin| origin.characters()).cloned().collect();
        Self {
            subject: Subject::Scene,
            prompt: place.map_or_else(|| prompt.to_owned(), |place| place.prompt.clone()),
            seed: place.map_or(seed, |place| place.seed),
            style: first.style,
            figures,
            lora: None,
        }
    }

    /// The same, of the person that the LoRA in this file knows.
    pub(super) fn of_person(self, lora: Option<&str>) -> Self {
        Self { lora: lora.map(str::to_owned).or(self.lora), ..self }
    }

    fn look(&self) -> Look {
        match &self.lora {
            None => Look::from_prompt(&self.prompt, self.seed),
            Some(lora) => look_of_person(lora, &self.prompt),
        }
    }

    fn shows_the_same(&self, other: &Self) -> bool {
        let same_person = self.lora.is_some() && self.lora == other.lora;
        self.subject == other.subject && (same_person || self.prompt == other.prompt && self.seed == other.seed)
    }

    fn characters(&self) -> &[Self] {
        match self.subject {
            Subject::Character => std::slice::from_ref(self),
            Subject::Scene => &self.figures,
            Subject::Location | Subject::Prop => &[],
        }
    }
}

/// Phrases of which a prompt holds one on purpose, whatever else it speaks of: a landscape painter's full body is no
/// landscape.
const PHRASES: &[(&str, Subject)] = &[
    ("full body", Subject::Character),
    ("establishing view", Subject::Location),
    ("establishing shot", Subject::Location),
    ("isolated object", Subject::Prop),
];

/// Words and what they speak of. The first in the prompt decides: what an image is not about comes late in a prompt.
const SUBJECTS: &[(&str, Subject)] = &[
    ("character", Subject::Character),
    ("portrait", Subject::Character),
    ("standing", Subject::Character),
    ("wide view", Subject::Location),
    ("location", Subject::Location),
    ("environment", Subject::Location),
    ("landscape", Subject::Location),
    ("product", Subject::Prop),
    ("prop", Subject::Prop),
];

fn subject(prompt: &str) -> Subject {
    let prompt = prompt.to_lowercase();
    let first = |words: &[(&str, Subject)]| {
        let found = words.iter().filter_map(|(word, subject)| Some((find_word(&prompt, word)?, *subject)));
        found.min_by_key(|(at, _)| *at).map(|(_, subject)| subject)
    };
    first(PHRASES).or_else(|| first(SUBJECTS)).unwrap_or(Subject::Character)
}

/// Where `word` stands in `text`, not as a part of a longer word.
fn find_word(text: &str, word: &str) -> Option<usize> {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    text.match_indices(word)
        .map(|(at, _)| at)
        .find(|at| !is_letter(text[..*at].chars().next_back()) && !is_letter(text[at + word.len()..].chars().next()))
}

fn style(prompt: &str) -> StyleName {
    let words: &[(&[&str], StyleName)] = &[
        (&["photo", "realistic"], StyleName::Photo),
        (&["anime", "cel shad", "cel-shad", "manga"], StyleName::Cel),
        (&["line art", "lineart", "ink drawing", "sketch"], StyleName::Line),
        (&["oil paint", "watercolo", "painted", "painting"], StyleName::Painted),
        (&["flat", "vector"], StyleName::Flat),
    ];
    words.iter().find(|(words, _)| contains_any(prompt, words)).map_or(StyleName::Soft, |(_, style)| *style)
}

fn contains_any(prompt: &str, words: &[&str]) -> bool {
    let prompt = prompt.to_lowercase();
    words.iter().any(|word| prompt.contains(word))
}

/// CPU work of some tens of milliseconds per megapixel: not for an async thread.
pub(super) fn draw(drawing: &Drawing) -> RgbImage {
    let Drawing { origin, angle, framing, width, height, faults } = drawing;
    if faults.contains(&DrawingFault::BlackFrame) {
        return RgbImage::new(*width, *height);
    }
    let canvas = Canvas { width: *width, height: *height, background: BACKGROUND };
    match origin.subject {
        Subject::Character => {
            let (look, view, style) = (origin.look(), view(*angle), figure_style(origin.style));
            match framing {
                Framing::Whole => draw_character(&look, view, style, &canvas, &defects(faults)),
                Framing::UpperBody => draw_portrait(&look, view, style, &canvas, Portrait::UpperBody),
                Framing::CloseUp => draw_portrait(&look, view, style, &canvas, Portrait::CloseUp),
            }
        }
        Subject::Scene => {
            let figures = spoilt(placed(&origin.figures), faults);
            draw_scene(&origin.prompt, &figures, origin.seed, &canvas)
        }
        Subject::Location => draw_location(&origin.prompt, origin.seed, &canvas),
        Subject::Prop => draw_prop(&origin.prompt, origin.seed, &canvas),
    }
}

/// The time that a picture of a megapixel takes, estimated from one of a sixteenth.
pub(super) fn time_to_draw() -> Duration {
    const SIDE: u32 = 256;
    let began = Instant::now();
    let look = Look::from_prompt("a lighthouse keeper in a yellow raincoat", 1);
    let canvas = Canvas { width: SIDE, height: SIDE, background: BACKGROUND };
    let front = view(Angle { azimuth: 0.0, elevation: 0.0 });
    let _drawn = std::hint::black_box(draw_character(&look, front, Style::Soft, &canvas, &Defects::default()));
    began.elapsed() * 16
}

/// The figures side by side, at equal distances.
fn placed(figures: &[Origin]) -> Vec<Placed> {
    let count = figures.len() as f64;
    figures
        .iter()
        .enumerate()
        .map(|(index, origin)| Placed {
            look: origin.look(),
            view: View { azimuth_degrees: 0.0, elevation_degrees: 0.0 },
            x: (index as f64 + 1.0) / (count + 1.0),
            y: 0.92,
            scale: if count > 2.0 { 0.6 } else { 0.75 },
        })
        .collect()
}

/// The figures of a scene, swapped first, then left out: numbers mean the same in both.
fn spoilt(mut figures: Vec<Placed>, faults: &[DrawingFault]) -> Vec<Placed> {
    let mut missing = Vec::new();
    for fault in faults {
        match fault {
            DrawingFault::SceneMissing { character } => missing.push(*character),
            DrawingFault::SceneSwapped { first, second } => {
                if let (Some(one), Some(other)) = (figures.get(*first), figures.get(*second)) {
                    let (one, other) = (one.x, other.x);
                    figures[*first].x = other;
                    figures[*second].x = one;
                }
            }
            DrawingFault::BlackFrame
            | DrawingFault::BlackFrameOf { .. }
            | DrawingFault::HueShift { .. }
            | DrawingFault::MirroredBack
            | DrawingFault::HeightScale { .. }
            | DrawingFault::LegScale { .. }
            | DrawingFault::Style(_) => {}
        }
    }
    let kept = figures.into_iter().enumerate().filter(|(number, _)| !missing.contains(number));
    kept.map(|(_, figure)| figure).collect()
}

fn view(angle: Angle) -> View {
    View { azimuth_degrees: angle.azimuth, elevation_degrees: angle.elevation }
}

fn defects(faults: &[DrawingFault]) -> Defects {
    let mut defects = Defects::default();
    for fault in faults {
        match fault {
            DrawingFault::BlackFrame => defects.black = true,
            // That image alone is drawn with `BlackFrame`.
            DrawingFault::BlackFrameOf { .. } => {}
            DrawingFault::HueShift { degrees } => defects.hue_shift_degrees = *degrees,
            DrawingFault::MirroredBack => defects.mirrored_back = true,
            DrawingFault::HeightScale { factor } => defects.height_scale = *factor,
            DrawingFault::LegScale { factor } => defects.leg_scale = *factor,
            DrawingFault::Style(style) => defects.style = Some(figure_style(*style)),
            // Of scenes alone.
            DrawingFault::SceneMissing { .. } | DrawingFault::SceneSwapped { .. } => {}
        }
    }
    defects
}

fn figure_style(style: StyleName) -> Style {
    match style {
        StyleName::Soft => Style::Soft,
        StyleName::Cel => Style::Cel,
        StyleName::Flat => Style::Flat,
        StyleName::Painted => Style::Painted,
        StyleName::Photo => Style::Photo,
        StyleName::Line => Style::Line,
    }
}

#[cfg(test)]
mod tests {
    use super::{DrawingFault, Origin, StyleName, Subject, placed, spoilt};

    #[test]
    fn words_decide_what_is_drawn() {
        let subject = |prompt| Origin::from_prompt(prompt, 1).subject;
        assert_eq!(subject("Establishing view of a harbour"), Subject::Location);
        assert_eq!(subject("an isolated object: a lantern"), Subject::Prop);
        assert_eq!(subject("a proper knight, full body, no props, plain environment"), Subject::Character);
        assert_eq!(subject("a landscape painter, front view, standing, full body"), Subject::Character);
        assert_eq!(subject("a room with a portrait, establishing view of the location"), Subject::Location);
        assert_eq!(Origin::from_prompt("anime girl", 1).style, StyleName::Cel);
    }

    #[test]
    fn one_reference_keeps_its_look_and_several_make_a_scene() {
        let knight = Origin::from_prompt("a knight", 1);
        let queen = Origin::from_prompt("a queen", 2);
        let harbour = Origin::from_prompt("establishing view of a harbour", 3);
        let edit = |prompt, references: &[Origin]| Origin::from_references(prompt, 9, references);
        assert_eq!(edit("back view", &[knight.clone(), knight.clone()]), knight);
        let scene = edit("both meet", &[knight.clone(), queen.clone(), harbour.clone()]);
        assert_eq!((scene.subject, scene.seed), (Subject::Scene, harbour.seed));
        assert_eq!(scene.figures, [knight.clone(), queen]);
        assert_eq!(edit("the knight in a scene", std::slice::from_ref(&knight)).figures, [knight]);
    }

    #[test]
    fn a_scene_can_lack_somebody_and_have_two_at_each_others_places() {
        let cast: Vec<Origin> = ["a knight", "a queen", "a cook"].map(|who| Origin::from_prompt(who, 1)).into();
        let right = placed(&cast);
        let scene = spoilt(
            right.clone(),
            &[
                DrawingFault::SceneMissing { character: 1 },
                DrawingFault::SceneSwapped { first: 0, second: 2 },
                DrawingFault::SceneSwapped { first: 0, second: 9 },
            ],
        );
        assert_eq!(scene.len(), 2);
        assert_eq!((&scene[0].look, scene[0].x), (&right[0].look, right[2].x));
        assert_eq!((&scene[1].look, scene[1].x), (&right[2].look, right[0].x));
    }
}
