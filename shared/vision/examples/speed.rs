//! What each stage costs on one 1024 x 1024 figure: `cargo run --release -p likeness-vision --example speed`.

use std::hint::black_box;
use std::time::Instant;

use likeness_figures::{Canvas, Defects, Look, Style, View, draw_character};
use likeness_vision::consistency::Figure;
use likeness_vision::specification::measure;
use likeness_vision::{Limits, Picture, decode, inspect, palette, quality};

const ROUNDS: u32 = 20;

fn main() {
    let canvas = Canvas { width: 1024, height: 1024, background: [226, 226, 222] };
    let look = Look::from_prompt("a lighthouse keeper in a yellow raincoat", 7);
    let draw = || draw_character(&look, View::level(-20.0), Style::Photo, &canvas, &Defects::default());
    let picture = Picture::from_rgb(1024, 1024, draw().into_raw());
    let limits = Limits::default();
    let (png, webp) = (picture.to_png(), picture.to_webp());
    println!("png {} KB, webp {} KB", png.len() / 1024, webp.len() / 1024);

    stage("inspect png", || black_box(inspect(&png, &limits)).is_ok());
    stage("decode png", || black_box(decode(&png, &limits)).is_ok());
    stage("decode webp", || black_box(decode(&webp, &limits)).is_ok());
    stage("to_webp", || !black_box(picture.to_webp()).is_empty());
    let unseen = || Picture::from_rgb(1024, 1024, picture.rgb().into_owned());
    fresh("thumbnail 256", unseen, |picture| black_box(picture.thumbnail(256)).width() == 256);
    fresh("quality", unseen, |picture| black_box(quality(picture)).score > 0.0);
    fresh("palette 5", unseen, |picture| !black_box(palette(picture, 5)).is_empty());
    fresh("figure, specification", unseen, |picture| {
        Figure::of(picture).is_ok_and(|figure| !black_box(measure(&figure)).palette.is_empty())
    });
    fresh("all of a picture", unseen, |picture| {
        let figure = Figure::of(picture).is_ok_and(|figure| !black_box(measure(&figure)).palette.is_empty());
        figure && black_box(quality(picture)).score > 0.0 && !black_box(palette(picture, 6)).is_empty()
    });
    stage("draw_character", || black_box(draw()).width() == 1024);
}

/// The fastest of several rounds: what the work costs when nothing else runs.
fn stage(name: &str, work: impl Fn() -> bool) {
    fresh(name, || (), |()| work());
}

/// The same where a first look leaves something behind for the next: each round begins with what `make` gives.
fn fresh<T>(name: &str, make: impl Fn() -> T, work: impl Fn(&T) -> bool) {
    let fastest = (0..ROUNDS).map(|_| {
        let given = make();
        let started = Instant::now();
        assert!(work(&given), "{name} gave nothing");
        started.elapsed()
    });
    let milliseconds = fastest.min().unwrap_or_default().as_secs_f64() * 1000.0;
    println!("{name:24}{milliseconds:8.2} ms");
}
