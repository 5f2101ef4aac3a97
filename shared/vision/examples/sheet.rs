//! Draws a character from twelve sides, spoils two of them, and writes the sheet of the report:
//! `cargo run --release -p likeness-vision --example sheet -- sheet.svg [pair.svg]`.

use std::process::ExitCode;

use likeness_figures::{Canvas, Defects, Look, Style, View, draw_character};
use likeness_vision::Picture;
use likeness_vision::consistency::{Figure, NoFigure, Relation, compare, verify_set};
use likeness_vision::sheet::{pair_sheet, set_sheet};

const SPOILT: [u16; 2] = [60, 180];

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(target) = arguments.next() else {
        eprintln!("say where to write the sheet");
        return ExitCode::FAILURE;
    };
    let (set, pair) = match sheets() {
        Ok(sheets) => sheets,
        Err(error) => {
            eprintln!("no sheet: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("set {} KB, pair {} KB", set.len() / 1024, pair.len() / 1024);
    let written =
        std::fs::write(target, set).and_then(|()| arguments.next().map_or(Ok(()), |path| std::fs::write(path, pair)));
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write: {error}");
            ExitCode::FAILURE
        }
    }
}

fn sheets() -> Result<(String, String), NoFigure> {
    let look = Look::from_prompt("an old woman with glasses and a green coat", 7);
    let canvas = Canvas { width: 768, height: 768, background: [226, 226, 222] };
    let drawn = |angle: u16| {
        // Other clothes, and a front where the back should be.
        let defects = Defects {
            hue_shift_degrees: if angle == SPOILT[0] { 120.0 } else { 0.0 },
            mirrored_back: angle == SPOILT[1],
            ..Defects::default()
        };
        let image = draw_character(&look, View::level(f64::from(angle)), Style::Soft, &canvas, &defects);
        Picture::from_rgb(768, 768, image.into_raw())
    };
    let pictures: Vec<(u16, Picture)> = (0..12).map(|step| (step * 30, drawn(step * 30))).collect();
    let master = &pictures[0].1;
    let figures: Vec<(u16, Figure)> =
        pictures.iter().map(|(angle, picture)| Ok((*angle, Figure::of(picture)?))).collect::<Result<_, NoFigure>>()?;
    let report = verify_set(&Figure::of(master)?, &figures);
    let views: Vec<(u16, &Picture)> = pictures.iter().map(|(angle, picture)| (*angle, picture)).collect();
    let set = set_sheet(master, &views, &report);

    let defects = Defects { hue_shift_degrees: 90.0, leg_scale: 1.2, ..Defects::default() };
    let image = draw_character(&look, View::level(0.0), Style::Soft, &canvas, &defects);
    let candidate = Picture::from_rgb(768, 768, image.into_raw());
    let compared = compare(&Figure::of(master)?, &Figure::of(&candidate)?, Relation::Same);
    Ok((set, pair_sheet(master, &candidate, &compared)))
}
