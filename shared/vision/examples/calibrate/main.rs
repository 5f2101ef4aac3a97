//! Fits the consistency models on rendered figures and prints how good they are on other ones:
//! `cargo run --release -p likeness-vision --example calibrate` writes `data/consistency.json` and the figures;
//! with `--check` nothing is fitted or written, and it fails where a figure is worse than the committed one. The scenes
//! come first, with their own files; `--scenes` stops there, and `--views` leaves them out.
//!
//! Weights and thresholds come from one cast only, the table from another. `--sets` keeps the models of pairs and fits
//! the rest. `--develop` draws the first cast only, fits to two thirds of it, prints the table for the rest and writes
//! nothing.

mod cast;
mod chance;
mod damage;
mod fit;
mod fit_sets;
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
    if !said("--views") {
        let scenes = scenes::print(said("--check"), &data);
        if scenes != ExitCode::SUCCESS || said("--scenes") {
            return scenes;
        }
    }
    let part = match (said("--check"), said("--develop")) {
        (true, _) => Cast::Test,
        (false, true) => Cast::Develop,
        (false, false) => Cast::Both,
    };
    let cast = cast::characters(part);
    let pairs_kept = part == Cast::Test || said("--sets");
    let paired: Vec<&Character> = cast.iter().filter(|character| character.test || !pairs_kept).collect();
    let samples = samples::all(&paired);
    eprintln!("{} pairs, {} figures", samples.pairs.len(), samples.sides.len());
    let mut weights = Weights::committed().clone();
    if !pairs_kept {
        weights.checks = fit::checks(&samples);
    }
    if part != Cast::Test {
        let views = sets::views(&cast, &weights);
        weights.sets = fit_sets::checks(&views);
        weights.orientation = fit_sets::orientation(&views);
    }
    let mut figures = table::print(&samples, &weights);
    figures.extend(profiles::print(&cast, &weights));
    speed::print();
    let (weights_file, figures_file) = (data.join("consistency.json"), data.join("calibration.json"));
    match part {
        Cast::Test => table::no_worse(&figures, &figures_file),
        Cast::Develop => ExitCode::SUCCESS,
        Cast::Both => {
            let written = write(&weights_file, &weights).and_then(|()| write(&figures_file, &figures));
            written.map_or_else(
                |error| {
                    eprintln!("cannot write to {}: {error}", data.display());
                    ExitCode::FAILURE
                },
                |()| ExitCode::SUCCESS,
            )
        }
    }
}

pub(crate) fn write(path: &Path, value: &impl serde::Serialize) -> std::io::Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    std::fs::write(path, text)
}
