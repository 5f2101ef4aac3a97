//! Writes contact sheets to look at: `cargo run -p likeness-figures --example cast_sheet -- figures`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use image::{RgbImage, imageops};
use likeness_figures::{
    Canvas, Defects, Look, Placed, Style, View, draw_character, draw_location, draw_prop, draw_scene,
};

const CHARACTERS: [&str; 6] = [
    "a lighthouse keeper in a yellow raincoat",
    "an 8-year-old girl dressed as a witch",
    "a red-haired knight with a blue cape",
    "an old woman with glasses and a green coat",
    "a young woman with long hair in a blue dress with a red scarf",
    "a curly-haired explorer with a leather bag and a hat",
];
const STYLES: [Style; 6] = [Style::Soft, Style::Photo, Style::Painted, Style::Cel, Style::Flat, Style::Line];

fn main() -> image::ImageResult<()> {
    let folder: PathBuf = std::env::args_os().nth(1).map_or_else(|| "/tmp/figures".into(), PathBuf::from);
    std::fs::create_dir_all(&folder)?;
    for (number, prompt) in CHARACTERS.iter().enumerate() {
        turnaround(prompt).save(folder.join(format!("turnaround-{number}.png")))?;
    }
    crowd().save(folder.join("crowd.png"))?;
    styles().save(folder.join("styles.png"))?;
    places_and_props(&folder)?;
    speed();
    Ok(())
}

fn canvas(side: u32) -> Canvas {
    Canvas { width: side, height: side, background: [226, 226, 222] }
}

fn sheet(columns: u32, pictures: &[RgbImage]) -> RgbImage {
    let (width, height) = pictures.first().map_or((1, 1), RgbImage::dimensions);
    let mut sheet = RgbImage::new(columns * width, (pictures.len() as u32).div_ceil(columns) * height);
    for (number, picture) in pictures.iter().enumerate() {
        let number = number as u32;
        imageops::replace(&mut sheet, picture, (number % columns * width).into(), (number / columns * height).into());
    }
    sheet
}

/// Twelve views, 30 degrees apart.
fn turnaround(prompt: &str) -> RgbImage {
    let look = Look::from_prompt(prompt, 7);
    let view = |step: u32| View::level(f64::from(step) * 30.0);
    let draw = |step| draw_character(&look, view(step), Style::Soft, &canvas(340), &Defects::default());
    sheet(6, &(0..12).map(draw).collect::<Vec<_>>())
}

/// One prompt that says nothing, twelve seeds.
fn crowd() -> RgbImage {
    let draw = |seed| {
        let look = Look::from_prompt("a friendly neighbour", seed);
        draw_character(&look, View::level(-20.0), Style::Soft, &canvas(340), &Defects::default())
    };
    sheet(6, &(0..12).map(draw).collect::<Vec<_>>())
}

fn styles() -> RgbImage {
    let look = Look::from_prompt(CHARACTERS[2], 7);
    let draw = |style| draw_character(&look, View::level(-25.0), style, &canvas(512), &Defects::default());
    sheet(3, &STYLES.map(draw))
}

fn places_and_props(folder: &Path) -> image::ImageResult<()> {
    let wide = Canvas { width: 640, height: 360, background: [226, 226, 222] };
    let places = [
        "a misty harbour at dawn",
        "a pine forest",
        "a city street at night",
        "a cosy library room",
        "snowy mountains",
        "a desert at sunset",
    ];
    sheet(2, &places.map(|prompt| draw_location(prompt, 7, &wide))).save(folder.join("places.png"))?;
    let props =
        ["a brass lantern", "a red leather book", "a silver sword", "a blue cup", "a wooden chest", "an unknown thing"];
    sheet(3, &props.map(|prompt| draw_prop(prompt, 7, &canvas(360)))).save(folder.join("props.png"))?;
    let placed = |prompt: &str, azimuth, x| Placed {
        look: Look::from_prompt(prompt, 7),
        view: View::level(azimuth),
        x,
        y: 0.93,
        scale: 0.62,
    };
    let figures = [placed(CHARACTERS[0], -30.0, 0.35), placed(CHARACTERS[1], 35.0, 0.62)];
    draw_scene(places[0], &figures, 7, &Canvas { width: 1280, height: 720, ..wide }).save(folder.join("scene.png"))
}

fn speed() {
    let look = Look::from_prompt(CHARACTERS[2], 7);
    for side in [256, 512, 1024] {
        let started = Instant::now();
        draw_character(&look, View::level(30.0), Style::Soft, &canvas(side), &Defects::default());
        println!("{side} x {side}: {:.0} ms", started.elapsed().as_secs_f64() * 1000.0);
    }
}
