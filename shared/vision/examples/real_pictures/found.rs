//! In how many pictures a figure is found, family by family; with a folder for it, contact sheets of what was found.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::time::Instant;

use likeness_vision::Picture;
use likeness_vision::consistency::{Backdrop, Mask, NoFigure, mask};
use likeness_vision::embedding::Embedder;

use crate::folder;

/// Pictures of a contact sheet: across, down, and the side of each in pixels.
const ACROSS: usize = 8;
const DOWN: usize = 6;
const TILE: usize = 160;

#[derive(Default)]
struct Tally {
    plain: usize,
    busy: usize,
    none: BTreeMap<String, usize>,
}

pub(crate) fn table(at: &Path, sheets: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let embedder = Embedder::load();
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut tiles: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
    let (mut spent, mut count) = (0.0, 0_u32);
    for labels in folder::labels(at)? {
        // An illustration's variant is a sentence.
        let variant = if labels.family == "render" { &labels.variant } else { "" };
        let family = format!("{} {variant}", labels.family);
        let picture = folder::picture(at, &labels)?;
        let began = Instant::now();
        let found = mask(&picture, embedder.as_ref());
        spent += began.elapsed().as_secs_f64();
        count += 1;
        let tally = tallies.entry(family.clone()).or_default();
        match &found {
            Ok(Mask { backdrop: Backdrop::Plain, .. }) => tally.plain += 1,
            Ok(Mask { backdrop: Backdrop::Busy, .. }) => tally.busy += 1,
            Err(why) => *tally.none.entry(why.to_string()).or_default() += 1,
        }
        if let Some(sheets) = sheets {
            if let Ok(mask) = &found {
                fs::write(sheets.join(format!("{}.mask", labels.file)), written(mask))?;
            }
            tiles.entry(family.trim().replace(' ', "-")).or_default().push(tile(&picture, &found));
        }
    }
    println!("found: {count} pictures, {:.0} ms each\n", spent * 1000.0 / f64::from(count));
    println!("| pictures | found | before a wall | cut out | otherwise |\n| --- | --- | --- | --- | --- |");
    for (family, Tally { plain, busy, none }) in &tallies {
        let all = plain + busy + none.values().sum::<usize>();
        let why = none.iter().map(|(why, count)| format!("{why} {count}")).collect::<Vec<_>>().join(", ");
        println!("| {family} | {} of {all} | {plain} | {busy} | {why} |", plain + busy);
    }
    println!();
    for (family, tiles) in &tiles {
        for (page, tiles) in tiles.chunks(ACROSS * DOWN).enumerate() {
            let sheet = sheets.unwrap_or(at).join(format!("{family}-{page}.png"));
            fs::write(sheet, laid_out(tiles).to_png())?;
        }
    }
    Ok(())
}

/// Width and height as text, then a byte for each pixel.
fn written(mask: &Mask) -> Vec<u8> {
    let mut bytes = format!("{} {}\n", mask.width, mask.height).into_bytes();
    bytes.extend(mask.inside.iter().map(|&inside| u8::from(inside)));
    bytes
}

/// The picture in its colours where it is figure, dim and red elsewhere; blue-framed where it was cut out, all dim
/// where nothing was found.
fn tile(picture: &Picture, found: &Result<Mask, NoFigure>) -> Vec<u8> {
    let small = picture.thumbnail(TILE as u32);
    let (width, height) = (small.width() as usize, small.height() as usize);
    let rgb = small.rgb();
    let mut tile = vec![40_u8; TILE * TILE * 3];
    for y in 0..height {
        for x in 0..width {
            let inside = found
                .as_ref()
                .is_ok_and(|mask| mask.inside[(y * mask.height / height) * mask.width + x * mask.width / width]);
            let busy = found.as_ref().is_ok_and(|mask| mask.backdrop == Backdrop::Busy);
            let from = &rgb[(y * width + x) * 3..][..3];
            let to = &mut tile[(y * TILE + x) * 3..][..3];
            if busy && (x < 3 || y < 3) {
                to.copy_from_slice(&[40, 90, 255]);
            } else if inside {
                to.copy_from_slice(from);
            } else {
                to.copy_from_slice(&[150_u8.saturating_add(from[0] / 4), from[1] / 3, from[2] / 3]);
            }
        }
    }
    tile
}

fn laid_out(tiles: &[Vec<u8>]) -> Picture {
    let (width, height) = (ACROSS * TILE, tiles.len().div_ceil(ACROSS) * TILE);
    let mut pixels = vec![0_u8; width * height * 3];
    for (at, tile) in tiles.iter().enumerate() {
        for (row, line) in tile.chunks_exact(TILE * 3).enumerate() {
            let to = ((at / ACROSS * TILE + row) * width + at % ACROSS * TILE) * 3;
            pixels[to..to + TILE * 3].copy_from_slice(line);
        }
    }
    Picture::from_rgb(width as u32, height as u32, pixels)
}
