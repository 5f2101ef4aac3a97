//! The peak memory of judging a set of twelve 1024 x 1024 views, beyond their pixels (Linux):
//! `cargo run --release -p likeness-vision --example memory`.
//!
//! The pixels are drawn by another process, so that what drawing left behind is not counted, or reused unseen.

use std::io::{Read, Write};
use std::process::{Command, ExitCode, Stdio};

use likeness_figures::{Canvas, Defects, Look, Style, View, draw_character};
use likeness_vision::Picture;
use likeness_vision::consistency::{Figure, verify_set};
use likeness_vision::sheet::set_sheet;
use likeness_vision::specification::measure;

const SIDE: u32 = 1024;
const VIEWS: u16 = 12;
/// Over the pixels, in MiB.
const GOAL: f64 = 64.0;

fn main() -> ExitCode {
    let done = if std::env::args().nth(1).as_deref() == Some("draw") { draw() } else { judge() };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("not measured: {error}");
            ExitCode::FAILURE
        }
    }
}

fn draw() -> std::io::Result<()> {
    let look = Look::from_prompt("a red-haired knight with a blue cape", 7);
    let canvas = Canvas { width: SIDE, height: SIDE, background: [226, 226, 222] };
    for step in 0..VIEWS {
        let view = View::level(f64::from(step) * 30.0);
        // One bad view, so that there are issues and a heat map.
        let defects = Defects { hue_shift_degrees: if step == 4 { 120.0 } else { 0.0 }, ..Defects::default() };
        std::io::stdout().write_all(&draw_character(&look, view, Style::Soft, &canvas, &defects))?;
    }
    Ok(())
}

fn judge() -> std::io::Result<()> {
    let mut child = Command::new(std::env::current_exe()?).arg("draw").stdout(Stdio::piped()).spawn()?;
    let mut pictures = Vec::new();
    if let Some(mut pixels) = child.stdout.take() {
        for step in 0..VIEWS {
            let mut view = vec![0; (SIDE * SIDE * 3) as usize];
            pixels.read_exact(&mut view)?;
            pictures.push((step * 30, Picture::from_rgb(SIDE, SIDE, view)));
        }
    }
    child.wait()?;
    let before = resident("VmRSS:")?;
    // Starts the peak anew.
    std::fs::write("/proc/self/clear_refs", "5")?;
    let figures: Vec<(u16, Figure)> = pictures
        .iter()
        .filter_map(|(angle, picture)| Figure::of(picture).ok().map(|figure| (*angle, figure)))
        .collect();
    println!("12 figures measured: {:.1} MiB over the pixels at its peak", resident("VmHWM:")? - before);
    let Some((_, master)) = figures.first() else { return Err(std::io::Error::other("no figure")) };
    let report = verify_set(master, &figures);
    let over = resident("VmHWM:")? - before;
    println!(
        "and judged, {} of {} passed: {over:.1} MiB (goal {GOAL})",
        report.angles.iter().filter(|a| a.passed).count(),
        report.angles.len()
    );
    let parts = measure(master).parts.len();
    println!("and specified ({parts} parts): {:.1} MiB", resident("VmHWM:")? - before);
    let views: Vec<(u16, &Picture)> = pictures.iter().map(|(angle, picture)| (*angle, picture)).collect();
    let sheet = set_sheet(&pictures[0].1, &views, &report);
    println!("and drawn as a sheet of {} KB: {:.1} MiB", sheet.len() / 1024, resident("VmHWM:")? - before);
    if over > GOAL { Err(std::io::Error::other("more than the goal")) } else { Ok(()) }
}

/// A line of the process's status, in MiB.
fn resident(line: &str) -> std::io::Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let kib = status.lines().find_map(|l| l.strip_prefix(line)?.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    kib.map(|kib| kib / 1024.0).ok_or_else(|| std::io::Error::other("no such line"))
}
