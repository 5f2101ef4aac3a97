use likeness_figures::{Canvas, Cloth, Defects, Look, Pattern, Style, View, draw_character};

use super::{Specification, measure};
use crate::consistency::Figure;
use crate::picture::Picture;
use crate::{Limits, decode};

const STYLES: [Style; 6] = [Style::Soft, Style::Photo, Style::Painted, Style::Cel, Style::Flat, Style::Line];
/// None of them had a part in setting a threshold.
const CAST: [&str; 8] = [
    "a superhero with a red cape and a blue suit",
    "a gardener in olive trousers",
    "a young man in a copper tunic",
    "a grandmother in a lavender dress",
    "a monk in a brown robe",
    "a slim dancer in an orange skirt",
    "a detective in a brown coat with a hat",
    "a viking with a red beard and a helmet",
];

fn picture(look: &Look, style: Style, side: u32, defects: &Defects) -> Picture {
    let canvas = Canvas { width: side, height: side, background: [226, 226, 222] };
    let image = draw_character(look, View::level(0.0), style, &canvas, defects);
    Picture::from_rgb(side, side, image.into_raw())
}

fn measured(picture: &Picture) -> Specification {
    measure(&Figure::of(picture).unwrap())
}

/// Of pictures in which a figure is found.
fn cast(style: Style, side: u32) -> Vec<(&'static str, Picture, Specification)> {
    let drawn = CAST.into_iter().filter_map(|prompt| {
        let picture = picture(&Look::from_prompt(prompt, 58), style, side, &Defects::default());
        let figure = Figure::of(&picture).ok()?;
        Some((prompt, picture, measure(&figure)))
    });
    let all: Vec<_> = drawn.collect();
    assert!(all.len() > 5, "{style:?}: only {} figures", all.len());
    all
}

fn plain(mut look: Look) -> Look {
    look.top_cloth.pattern = Pattern::Plain;
    look.bottom_cloth.pattern = Pattern::Plain;
    look
}

fn sailor() -> Look {
    let mut look = plain(Look::from_prompt("a bearded sailor in a navy sweater", 11));
    (look.bag, look.scarf) = (None, None);
    look
}

/// A robe checked all over leaves no calm place to tell tones by: one in ten may be wrong, and never a line drawing.
#[test]
fn every_style_has_its_words() {
    let (mut all, mut wrong) = (0, Vec::new());
    for style in STYLES {
        let expected: &[&str] = match style {
            Style::Soft | Style::Painted => &["soft shading"],
            // It has a film grain, which small pictures show more of.
            Style::Photo => &["soft shading", "grainy"],
            Style::Cel | Style::Flat => &["flat tones"],
            Style::Line => &["line drawing"],
        };
        for (prompt, picture, found) in cast(style, 384) {
            let kept = decode(&picture.to_webp(), &Limits::default()).unwrap();
            // Compression may take a faint outline's contrast away, which is named.
            let kept = Figure::of(&kept).ok().map(|figure| measure(&figure));
            for found in [Some(found), kept].into_iter().flatten() {
                let is = |word: &str| found.texture_words.iter().any(|told| told == word);
                assert_eq!(is("black and white"), style == Style::Line, "{prompt}, {style:?}");
                assert!(style == Style::Line || !is("line drawing"), "{prompt}, {style:?}");
                all += 1;
                if !expected.contains(&found.texture_words[0].as_str()) {
                    wrong.push(format!("{prompt}, {style:?}: {}", found.texture_words[0]));
                }
            }
        }
    }
    assert!(all > 80, "{all}");
    println!("{} of {all} wrong: {wrong:#?}", wrong.len());
    assert!(wrong.len() * 10 <= all, "{} of {all}: {wrong:#?}", wrong.len());
}

#[test]
fn noise_is_grain() {
    let mut state = 77_u32;
    for (prompt, clean, _) in cast(Style::Soft, 1024).into_iter().take(3) {
        let pixels = clean.rgb();
        let noisy = pixels.iter().map(|&value| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (f64::from(value) + f64::from(state >> 16) / 65_536.0 * 50.0 - 25.0).clamp(0.0, 255.0) as u8
        });
        let found = measured(&Picture::from_rgb(1024, 1024, noisy.collect()));
        assert_eq!(found.texture_words[0], "grainy", "{prompt}");
    }
}

/// Nothing may be said where it is not clear, but nothing wrong.
#[test]
fn patterns_of_the_upper_body_are_told() {
    let shirts = [
        ("a pirate with a burgundy jacket", [150, 40, 60], [240, 226, 200]),
        ("a tailor in a shirt", [220, 214, 196], [70, 60, 90]),
        ("a traveller in a tunic", [60, 110, 120], [236, 220, 190]),
    ];
    for (pattern, word, least) in
        [(Pattern::Stripes, "striped", 3), (Pattern::Dots, "dotted", 2), (Pattern::Checks, "checked", 1)]
    {
        let mut told = 0;
        for (prompt, colour, accent) in shirts {
            let mut look = Look::from_prompt(prompt, 5);
            look.top_cloth = Cloth { colour, accent, pattern };
            (look.coat, look.bag, look.scarf, look.cape) = (None, None, None, None);
            let found = measured(&picture(&look, Style::Soft, 512, &Defects::default()));
            for words in found.texture_words.iter().filter(|words| words.ends_with("upper body")) {
                assert_eq!(words, &format!("{word} upper body"), "{prompt}");
                told += 1;
            }
        }
        assert!(told >= least, "{word}: {told} of 3");
    }
}

#[test]
fn no_pattern_is_seen_where_there_is_none() {
    for style in STYLES {
        for (prompt, _, found) in cast(style, 512) {
            let look = Look::from_prompt(prompt, 58);
            let outer = look.coat.unwrap_or(look.top_cloth);
            let told = found.texture_words.iter().any(|word| word.ends_with("upper body"));
            assert!(!told || outer.pattern != Pattern::Plain, "{prompt}, {style:?}: {:?}", found.texture_words);
        }
    }
}

#[test]
fn parts_have_their_colours() {
    let mut look = sailor();
    look.top_cloth.colour = [214, 160, 36];
    look.bottom_cloth.colour = [31, 42, 82];
    let found = measured(&picture(&look, Style::Flat, 512, &Defects::default()));
    let of = |part: &str| found.parts.iter().find(|known| known.part == part).map(|part| part.name.as_str());
    assert_eq!((of("upper body"), of("legs")), (Some("mustard yellow"), Some("navy blue")), "{:?}", found.parts);
    assert!(found.palette.iter().take(3).any(|colour| colour.name == "mustard yellow"), "{:?}", found.palette);
    let shares: f64 = found.palette.iter().map(|colour| colour.share).sum();
    assert!(shares <= 1.0 + 1e-9 && shares > 0.8, "{shares}");
    let words = found.prompt_words();
    assert!(words.contains("mustard yellow upper body") && words.contains("navy blue legs"), "{words}");
    assert!(words.contains("heads tall") && words.ends_with("flat tones"), "{words}");
}

#[test]
fn the_backdrop_is_no_colour_of_the_figure() {
    for (prompt, _, found) in cast(Style::Soft, 384) {
        assert!(found.palette.iter().all(|colour| colour.hex != "#e2e2de"), "{prompt}: {:?}", found.palette);
        assert!((2..=6).contains(&found.palette.len()), "{prompt}: {:?}", found.palette);
        let mut names: Vec<_> = found.palette.iter().map(|colour| &colour.name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), found.palette.len(), "{prompt}");
    }
}

/// Short or no hair, no hat: otherwise the outline's head is not the skull.
#[test]
fn heads_are_counted() {
    for (prompt, seed) in
        [("a bald man in a blue suit", 3), ("a bald monk in trousers", 8), ("a bald boy in shorts", 9)]
    {
        let look = Look::from_prompt(prompt, seed);
        let found = measured(&picture(&look, Style::Soft, 512, &Defects::default()));
        let heads = found.head_to_body_ratio.unwrap();
        assert!((heads / look.build.heads).ln().abs() < 0.15, "{prompt}: {heads}, drawn with {}", look.build.heads);
    }
}

#[test]
fn what_changed_is_said_and_what_did_not_is_not() {
    let look = sailor();
    let before = measured(&picture(&look, Style::Soft, 512, &Defects::default()));
    assert_eq!(before.differences(&before), Vec::<String>::new());
    let smaller = picture(&look, Style::Soft, 512, &Defects { height_scale: 0.85, ..Defects::default() });
    assert_eq!(before.differences(&measured(&smaller)), Vec::<String>::new());

    let mut other = look.clone();
    other.top_cloth.colour = [190, 50, 40];
    let said = before.differences(&measured(&picture(&other, Style::Soft, 512, &Defects::default())));
    assert!(said.iter().any(|words| words.starts_with("upper body: ") && words.contains(", was ")), "{said:?}");

    let mut child = look.clone();
    child.build.heads = 4.2;
    let said = before.differences(&measured(&picture(&child, Style::Soft, 512, &Defects::default())));
    assert!(said.iter().any(|words| words.contains("heads tall, was")), "{said:?}");

    let cartoon = measured(&picture(&look, Style::Flat, 512, &Defects::default()));
    assert!(before.differences(&cartoon).contains(&"flat tones, was soft shading".to_owned()));
}

#[test]
fn a_specification_is_stored_and_read() {
    let found = measured(&picture(&sailor(), Style::Soft, 384, &Defects::default()));
    let stored = serde_json::to_string(&found).unwrap();
    assert!(stored.contains("\"headToBodyRatio\":") && stored.contains("\"textureWords\":"), "{stored}");
    assert_eq!(serde_json::from_str::<Specification>(&stored).unwrap(), found);
}

#[test]
fn a_thing_has_neither_head_nor_legs() {
    let canvas = Canvas { width: 400, height: 400, background: [226, 226, 222] };
    let image = likeness_figures::draw_prop("a blue teapot with a white lid", 3, &canvas);
    let found = Figure::of(&Picture::from_rgb(400, 400, image.into_raw())).unwrap();
    let thing = measure(&found.clone().as_thing());
    let said =
        format!("{} {}", thing.prompt_words(), thing.parts.iter().map(|part| part.part.as_str()).collect::<String>());
    for word in ["head", "body", "waist", "legs", "feet"] {
        assert!(!said.contains(word), "{said}");
    }
    assert!(said.contains("as wide as high"), "{said}");
    assert_eq!((thing.head_to_body_ratio, thing.landmarks), (None, super::Heights::default()));
    assert!(measure(&found).width_to_height.is_none());
    // As it was stored before things had words of their own.
    let mut stored = serde_json::to_value(&thing).unwrap();
    stored.as_object_mut().unwrap().remove("widthToHeight");
    assert!(serde_json::from_value::<Specification>(stored).unwrap().width_to_height.is_none());
    let wider = Specification { width_to_height: thing.width_to_height.map(|width| 1.5 * width), ..thing.clone() };
    assert!(thing.differences(&wider).iter().any(|difference| difference.contains("as high, was")), "{said}");
}

#[test]
fn widths_are_said_in_words() {
    let words = [(1.0, "as wide as high"), (2.0, "twice as wide as high"), (0.5, "half as wide as high")];
    for (ratio, expected) in words {
        assert_eq!(super::wide_as_high(ratio), expected);
    }
    assert_eq!(super::wide_as_high(0.74), "0.7 times as wide as high");
}
