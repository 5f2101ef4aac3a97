//! How pairs and sets are judged whose subjects were left out of the fit. Lines and weights are fitted to four fifths
//! of the subjects and judged on the rest, five times.
//!
//! What is measured of the pictures is kept in `target/real-pictures.json`; the part `fresh` measures again. What
//! `calibrate --export` measured of drawn figures, in `target/drawn-figures.json`, is fitted beside it. The part `write` fits to all
//! subjects and writes `data/consistency.json`.

mod cases;
mod fit;
mod kept;
#[path = "../calibrate/logistic.rs"]
mod logistic;
mod pictures;
mod sides;
mod table;
#[path = "../calibrate/turning.rs"]
mod turning;

use std::error::Error;
use std::path::Path;

use likeness_vision::consistency::Weights;

use fit::Learnt;
use kept::Cases;
pub(crate) use pictures::{Labelled, read};

pub(crate) fn tables(folder: &Path, fresh: bool, write: bool) -> Result<(), Box<dyn Error>> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (kept_real, drawn) =
        (here.join("../../target/real-pictures.json"), here.join("../../target/drawn-figures.json"));
    let cases = if kept_real.exists() && !fresh { stored(&kept_real)? } else { measured(folder, &kept_real)? };
    let drawn = if drawn.exists() { Some(stored(&drawn)?) } else { None };
    // Read, not built in: trying other weights then costs no compilation.
    let base: Weights = serde_json::from_slice(&std::fs::read(here.join("data/consistency.json"))?)?;
    table::print(&base, &cases, drawn.as_ref());
    if write {
        let learnt =
            Learnt { pairs: cases.pairs.iter().collect(), sets: cases.sets.iter().collect(), drawn: drawn.as_ref() };
        let mut text = serde_json::to_string_pretty(&fit::weights(&base, &learnt))?;
        text.push('\n');
        std::fs::write(here.join("data/consistency.json"), text)?;
    }
    Ok(())
}

fn stored(file: &Path) -> Result<Cases, Box<dyn Error>> {
    Ok(serde_json::from_slice(&std::fs::read(file)?)?)
}

fn measured(folder: &Path, kept: &Path) -> Result<Cases, Box<dyn Error>> {
    let pictures = pictures::read(folder, |picture| picture.family != "photo")?;
    let found = pictures.iter().filter(|picture| picture.figure.is_some()).count();
    eprintln!("{found} of {} pictures have a figure", pictures.len());
    let cases = cases::all(&pictures);
    std::fs::write(kept, serde_json::to_vec(&cases)?)?;
    Ok(cases)
}
