//! Fits the consistency models on rendered figures and prints how good they are on other ones:
//! `cargo run --release -p likeness-vision --example calibrate` writes `data/consistency.json`. With `--table` nothing is
//! fitted or written. With `--check` neither, and it fails where a figure is worse than that of `data/calibration.json`,
//! which is of a third of the tested characters, one in each style, and of a third of the scenes: a gate that runs in two
//! minutes without a release build. `--gate --views` writes the characters' figures. The scenes come first, with their own files; `--scenes` stops there, and
//! `--views` leaves them out.
//!
//! Weights and thresholds come from one cast only, the table from another. `--sets` keeps the models of pairs and fits
//! the rest. `--develop` draws the first cast only, fits to two thirds of it, prints the table for the rest and writes
//! nothing. `--export` measures half of the first cast for `examples/real_pictures`: what is committed was fitted by that, to
//! real pictures too, from models of single checks that this made.

mod cast;
mod chance;
mod damage;
mod export;
mod fit;
mod fit_sets;
#[path = "../real_pictures/judging/kept.rs"]
mod kept;
mod logistic;
mod profiles;
mod samples;
mod scenes;
mod sets;
mod speed;
mod table;
mod turning;

use std::path::Path;
use std::process::ExitCode;

use likeness_vision::consistency::Weights;

use crate::cast::{Cast, Character};

fn main() -> ExitCode {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let said = |word: &str| std::env::args().any(|argument| argument == word);
    let (weights_file, figures_file) = (data.join("consistency.json"), data.join("calibration.json"));
    // Read, not built in: trying other weights then costs no compilation.
    let mut weights: Weights = read(&weights_file).expect("the committed weights are valid");
    if said("--export") {
        return ended(export::written(&weights));
    }
    if !said("--views") {
        let scenes = scenes::print(said("--check"), &data);
        if scenes != ExitCode::SUCCESS || said("--scenes") {
            return scenes;
        }
    }
    let part = match (said("--check") || said("--gate"), said("--table"), said("--develop")) {
        (true, ..) => Cast::Gate,
        (false, true, _) => Cast::Test,
        (false, false, true) => Cast::Develop,
        (false, false, false) => Cast::Both,
    };
    let cast = cast::characters(part);
    let tested = matches!(part, Cast::Test | Cast::Gate);
    let pairs_kept = tested || said("--sets");
    let paired: Vec<&Character> = cast.iter().filter(|character| character.test || !pairs_kept).collect();
    let samples = samples::all(&paired);
    eprintln!("{} pairs, {} figures", samples.pairs.len(), samples.sides.len());
    if !pairs_kept {
        weights.checks = fit::checks(&samples);
    }
    if !tested {
        let views = sets::views(&cast, &weights);
        weights.sets = fit_sets::checks(&views);
        weights.orientation = fit_sets::orientation(&views);
    }
    let mut figures = table::print(&samples, &weights);
    figures.extend(profiles::print(&cast, &weights));
    if !said("--check") {
        speed::print();
    }
    match part {
        Cast::Gate if said("--check") => table::no_worse(&figures, &figures_file),
        Cast::Gate => ended(write(&figures_file, &figures)),
        Cast::Test | Cast::Develop => ExitCode::SUCCESS,
        Cast::Both => ended(write(&weights_file, &weights)),
    }
}

fn ended(written: std::io::Result<()>) -> ExitCode {
    written.map_or_else(
        |error| {
            eprintln!("cannot write: {error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}

fn read(path: &Path) -> std::io::Result<Weights> {
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}

pub(crate) fn write(path: &Path, value: &impl serde::Serialize) -> std::io::Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    std::fs::write(path, text)
}
