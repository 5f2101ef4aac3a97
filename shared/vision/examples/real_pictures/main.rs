//! What vision makes of pictures that were not drawn by this project:
//! `cargo run --release -p likeness-vision --example real_pictures -- FOLDER` prints tables by family. FOLDER holds pictures and
//! `labels.tsv` (file, family, subject, variant, angle).
//!
//! Lines and weights are fitted to four fifths of the subjects and judged on the rest, five times. `--write` fits to all of
//! them and writes `data/consistency.json`. What is measured of the pictures is kept in `target/real-pictures.json`, and
//! measured again with `--fresh`; what `calibrate --export` measured of drawn figures, in `target/drawn-figures.json`, is
//! fitted beside it.

mod cases;
mod fit;
mod folder;
#[path = "../calibrate/logistic.rs"]
mod logistic;
mod table;
#[path = "../calibrate/turning.rs"]
mod turning;

use std::error::Error;
use std::path::{Path, PathBuf};

use likeness_vision::consistency::Weights;

use crate::cases::Cases;
use crate::fit::Learnt;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args_os().nth(1).ok_or("usage: real_pictures FOLDER [--fresh] [--write]")?);
    let said = |word: &str| std::env::args().any(|argument| argument == word);
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (kept, drawn) =
        (here.join("../../target/real-pictures.json"), here.join("../../target/drawn-figures.json"));
    let cases = if kept.exists() && !said("--fresh") { read(&kept)? } else { measured(&folder, &kept)? };
    let drawn = if drawn.exists() { Some(read(&drawn)?) } else { None };
    let base = Weights::committed();
    table::print(base, &cases, drawn.as_ref());
    if said("--write") {
        let learnt = Learnt {
            pairs: cases.pairs.iter().collect(),
            sets: cases.sets.iter().collect(),
            drawn: drawn.as_ref(),
        };
        let mut text = serde_json::to_string_pretty(&fit::weights(base, &learnt))?;
        text.push('\n');
        std::fs::write(here.join("data/consistency.json"), text)?;
    }
    Ok(())
}

fn read(file: &Path) -> Result<Cases, Box<dyn Error>> {
    Ok(serde_json::from_slice(&std::fs::read(file)?)?)
}

fn measured(folder: &Path, kept: &Path) -> Result<Cases, Box<dyn Error>> {
    let pictures = folder::read(folder, |_| true)?;
    let found = pictures.iter().filter(|picture| picture.figure.is_some()).count();
    eprintln!("{found} of {} pictures have a figure", pictures.len());
    let cases = cases::all(&pictures);
    std::fs::write(kept, serde_json::to_vec(&cases)?)?;
    Ok(cases)
}
