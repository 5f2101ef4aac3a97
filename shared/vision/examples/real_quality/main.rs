//! What the quality score says of real photographs and of copies that were spoilt:
//!
//! `cargo run --release -p likeness-vision --example real_quality -- FOLDER`
//!
//! FOLDER holds pictures and `labels.tsv` (file, family, subject, …). Two tables: how many are product-grade (0.90) by
//! damage, with the score as it is; and how well each damage is told by its own measure where the line is drawn by
//! other subjects than those it is tried on.
#![expect(clippy::print_stdout, reason = "a command")]

mod damage;
mod folds;

use std::error::Error;
use std::path::Path;

use damage::Damage;
use folds::Sample;
use image::RgbImage;
use likeness_vision::{Limits, Picture, decode, quality};

/// From here on a picture is product-grade.
const GRADE: f64 = 0.90;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("name the folder of pictures")?;
    let samples = samples(Path::new(&folder))?;
    println!("{} photographs; share with a score of {GRADE:.2} or more", samples.len() / Damage::ALL.len());
    let mut missed = 0;
    for damage in Damage::ALL {
        let scores: Vec<f64> = samples.iter().filter(|s| s.damage == damage).map(|s| s.quality.score).collect();
        let share = scores.iter().filter(|&&score| score >= GRADE).count() as f64 / scores.len() as f64;
        let met = if damage.is_fine() { share >= 0.95 } else { share <= 0.05 };
        missed += usize::from(!met);
        let (goal, word) = (if damage.is_fine() { ">= 95 %" } else { "<=  5 %" }, if met { "" } else { "   missed" });
        println!("{:12} {:5.1} %   goal {goal}{word}", damage.name(), 100.0 * share);
    }
    println!("\nclean photographs below:");
    for Sample { file, quality: q, .. } in
        samples.iter().filter(|s| s.damage == Damage::None && s.quality.score < GRADE)
    {
        println!(
            "{file:32} {:.2}: sharpness {:.2}, exposure {:.2}, noise {:.2}, blockiness {:.2}",
            q.score, q.sharpness, q.exposure, q.noise, q.blockiness
        );
    }
    folds::print(&samples);
    if missed > 0 { Err(format!("{missed} goals were missed").into()) } else { Ok(()) }
}

/// Each photograph in each state.
fn samples(folder: &Path) -> Result<Vec<Sample>, Box<dyn Error>> {
    let labels = std::fs::read_to_string(folder.join("labels.tsv"))?;
    let mut samples = Vec::new();
    for line in labels.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let &[file, "photo", subject, ..] = fields.as_slice() else { continue };
        let picture = decode(&std::fs::read(folder.join(file))?, &Limits::default())?;
        let image = RgbImage::from_raw(picture.width(), picture.height(), picture.rgb().into_owned());
        let image = image.ok_or("a picture has as many bytes as its size says")?;
        for damage in Damage::ALL {
            let spoilt = damage.applied(&image)?;
            let (width, height) = spoilt.dimensions();
            let quality = quality(&Picture::from_rgb(width, height, spoilt.into_raw()));
            samples.push(Sample { file: file.to_owned(), subject: subject.to_owned(), damage, quality });
        }
    }
    Ok(samples)
}
