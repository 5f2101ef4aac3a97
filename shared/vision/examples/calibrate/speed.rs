//! What it costs at 1024 x 1024 on one core.

use std::hint::black_box;
use std::time::Instant;

use likeness_figures::{Canvas, Defects, Look, Style, View, draw_character};
use likeness_vision::Picture;
use likeness_vision::consistency::{Figure, Relation, compare, verify_set};

use crate::damage::picture;

pub(crate) fn print() {
    let look = Look::from_prompt("a red-haired knight with a blue cape", 7);
    let canvas = Canvas { width: 1024, height: 1024, background: [226, 226, 222] };
    let drawn = |angle: u16| -> Picture {
        picture(draw_character(&look, View::level(f64::from(angle)), Style::Soft, &canvas, &Defects::default()))
    };
    let pictures: Vec<(u16, Picture)> = (0..12).map(|step| (step * 30, drawn(step * 30))).collect();
    let figures: Vec<(u16, Figure)> = pictures
        .iter()
        .filter_map(|(angle, picture)| Figure::of(picture).ok().map(|figure| (*angle, figure)))
        .collect();
    let (Some(front), Some(beside)) = (figures.first(), figures.get(1)) else { return };
    println!("\n| 1024 x 1024, one core | ms |\n| --- | --- |");
    stage("extract once", 8, || drop(black_box(Figure::of(&pictures[0].1))));
    stage("compare, same view", 8, || drop(black_box(compare(&front.1, &beside.1, Relation::Same))));
    stage("compare, turned", 8, || drop(black_box(compare(&front.1, &beside.1, Relation::Turned))));
    stage("compare, opposite", 8, || drop(black_box(compare(&front.1, &beside.1, Relation::Opposite))));
    stage("a set of 12, extracted", 3, || drop(black_box(verify_set(&front.1, &figures))));
    stage("a set of 12 from pixels", 3, || {
        let views: Vec<(u16, Figure)> = pictures
            .iter()
            .filter_map(|(angle, picture)| Figure::of(picture).ok().map(|figure| (*angle, figure)))
            .collect();
        drop(black_box(verify_set(&front.1, &views)));
    });
}

fn stage(name: &str, rounds: u32, work: impl Fn()) {
    let round = |_| {
        let started = Instant::now();
        work();
        started.elapsed()
    };
    let fastest = (0..rounds).map(round).min().unwrap_or_default();
    println!("| {name} | {:.1} |", fastest.as_secs_f64() * 1000.0);
}
