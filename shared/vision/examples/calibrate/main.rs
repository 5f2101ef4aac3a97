//! Fits the consistency models on rendered figures and prints how good they are on other ones:
//! `cargo run --release -p likeness-vision --example calibrate` writes `data/consistency.json` and the figures;
//! with `--check` nothing is fitted or written, and it fails where a figure is worse than the committed one. The scenes
//! come first, with their own files; with `--scenes` alone.
//!
//! The characters are split into two halves. Weights and thresholds come from the calibration half only, the table
//! from the test half only.

mod cast;
mod chance;
mod damage;
mod fit;
mod profiles;
mod samples;
mod scenes;
mod speed;
mod table;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use likeness_vision::consistency::Weights;

fn main() -> ExitCode {
    let check = std::env::args().any(|argument| argument == "--check");
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let scenes = scenes::print(check, &data);
    if scenes != ExitCode::SUCCESS || std::env::args().any(|argument| argument == "--scenes") {
        return scenes;
    }
    let samples = samples::all();
    eprintln!("{} pairs, {} figures", samples.pairs.len(), samples.sides.len());
    let weights = if check { Weights::committed().clone() } else { fit::weights(&samples) };
    let mut figures = table::print(&samples, &weights);
    figures.extend(profiles::print(&weights));
    speed::print();
    let (weights_file, figures_file): (PathBuf, PathBuf) =
        (data.join("consistency.json"), data.join("calibration.json"));
    if check {
        return table::no_worse(&figures, &figures_file);
    }
    let written = write(&weights_file, &weights).and_then(|()| write(&figures_file, &figures));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write to {}: {error}", data.display());
            ExitCode::FAILURE
        }
    }
}

pub(crate) fn write(path: &Path, value: &impl serde::Serialize) -> std::io::Result<()> {
    let mut text = serde_json::to_string_pretty(value)?;
    text.push('\n');
    std::fs::write(path, text)
}
