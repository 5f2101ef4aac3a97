//! What vision makes of pictures that were not drawn by this project.
//!
//! `cargo run --release -p likeness-vision --example real_pictures -- FOLDER [PART ...]` prints a table for each part; without
//! parts, all of them. `found sheets:DIR` also writes contact sheets of what was found. FOLDER holds pictures and
//! `labels.tsv` (file, family, subject, variant, angle).

mod folder;
mod found;
mod identity;
mod judging;
mod photographs;

use std::error::Error;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("usage: real_pictures FOLDER [PART ...]")?);
    let parts: Vec<String> = arguments.map(|part| part.to_string_lossy().into_owned()).collect();
    let asked = |part: &str| parts.is_empty() || parts.iter().any(|asked| asked == part);
    if asked("found") {
        let sheets = parts.iter().find_map(|part| part.strip_prefix("sheets:"));
        found::table(&folder, sheets.map(Path::new))?;
    }
    if asked("identity") {
        identity::table(&folder)?;
    }
    if asked("photographs") {
        photographs::table(&folder)?;
    }
    if asked("judging") {
        let said = |word: &str| parts.iter().any(|part| part == word);
        judging::tables(&folder, said("fresh"), said("write"))?;
    }
    Ok(())
}
