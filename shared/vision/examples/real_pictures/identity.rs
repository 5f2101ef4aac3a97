//! Whether embeddings tell the same subject from others, family by family.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use likeness_vision::consistency::{Figure, identity_measures};
use likeness_vision::embedding::Embedder;

use crate::folder::{self, Labels};

/// A figure with its picture's labels.
struct Seen {
    labels: Labels,
    figure: Figure,
}

/// Which pairs are asked about: families, variant and angle of the one, variants of the other, degrees between them.
struct Question {
    name: &'static str,
    families: &'static [&'static str],
    one: (Option<&'static str>, Option<u16>),
    other: Option<&'static str>,
    apart: Option<u16>,
}

const RENDER: &[&str] = &["render"];
const SHEETS: &[&str] = &["generated", "anime3d"];
const QUESTIONS: [Question; 11] = [
    Question { name: "photographs", families: &["photo"], one: (None, None), other: None, apart: None },
    render("renders, re-lit", "regen", 0, 0),
    render("renders at 30", "base", 0, 30),
    render("renders at 90", "base", 0, 90),
    render("renders at 90, re-lit", "regen", 0, 90),
    render("renders at 180", "base", 0, 180),
    render("renders at 180, re-lit", "regen", 0, 180),
    render("renders, other pose", "pose", 0, 0),
    render("renders, other pose, backs", "pose", 180, 0),
    Question { name: "sheets at 90", families: SHEETS, one: (None, None), other: None, apart: Some(90) },
    Question { name: "sheets at 180", families: SHEETS, one: (None, None), other: None, apart: Some(180) },
];

const fn render(name: &'static str, other: &'static str, angle: u16, apart: u16) -> Question {
    Question { name, families: RENDER, one: (Some("base"), Some(angle)), other: Some(other), apart: Some(apart) }
}

pub(crate) fn table(at: &Path) -> Result<(), Box<dyn Error>> {
    let embedder = Embedder::load().ok_or("built without the feature `weights`")?;
    let (mut seen, mut spent, mut count) = (Vec::new(), 0.0, 0_u32);
    for labels in folder::labels(at)? {
        let picture = folder::picture(at, &labels)?;
        let began = Instant::now();
        let figure = Figure::seen(&picture, Some(&embedder));
        spent += began.elapsed().as_secs_f64();
        count += 1;
        seen.extend(figure.ok().map(|figure| Seen { labels, figure }));
    }
    println!(
        "identity: {} figures of {count} pictures, {:.0} ms each\n",
        seen.len(),
        spent * 1000.0 / f64::from(count)
    );
    println!(
        "| pairs (same / other) | network | colours | network + colours | TPR at 1 % FPR |\n| --- | --- | --- | --- | --- |"
    );
    for question in &QUESTIONS {
        row(question, &seen);
    }
    println!();
    Ok(())
}

fn row(question: &Question, seen: &[Seen]) {
    // Network, colours, both; of the same subject, of others.
    let mut scores: [[Vec<f64>; 2]; 3] = Default::default();
    for (at, one) in seen.iter().enumerate() {
        for (place, other) in seen.iter().enumerate() {
            // A pair without an order is asked about once.
            let twice = question.other.is_none() && place <= at;
            if at == place || twice || !question.asks(&one.labels, &other.labels) {
                continue;
            }
            let Some(measures) = identity_measures(&one.figure, &other.figure) else { continue };
            let (network, colours) = (1.0 - measures["stranger"], 1.0 - measures["colours"]);
            let side = usize::from(one.labels.subject != other.labels.subject);
            for (scores, value) in scores.iter_mut().zip([network, colours, network + 0.5 * colours]) {
                scores[side].push(value);
            }
        }
    }
    let [same, others] = [0, 1].map(|side| scores[0][side].len());
    let [network, colours, both] = [0, 1, 2].map(|at| auc(&scores[at][0], &scores[at][1]));
    let found = caught(&scores[2][0], &mut scores[2][1].clone());
    println!("| {} ({same} / {others}) | {network:.3} | {colours:.3} | {both:.3} | {found:.2} |", question.name);
}

impl Question {
    fn asks(&self, one: &Labels, other: &Labels) -> bool {
        let family = |labels: &Labels| self.families.contains(&labels.family.as_str());
        let of = |variant: Option<&str>, labels: &Labels| variant.is_none_or(|variant| variant == labels.variant);
        let apart = match (self.apart, one.angle, other.angle) {
            (None, _, _) => true,
            (Some(apart), Some(from), Some(to)) => {
                let turned = (i32::from(from) - i32::from(to)).rem_euclid(360);
                turned.min(360 - turned) == i32::from(apart)
            }
            (Some(_), None, _) | (Some(_), _, None) => false,
        };
        let (variant, angle) = self.one;
        let first = of(variant, one) && angle.is_none_or(|angle| one.angle == Some(angle));
        family(one) && family(other) && first && of(self.other, other) && apart
    }
}

/// How often a score of the same is above one of others.
fn auc(same: &[f64], others: &[f64]) -> f64 {
    let above =
        |same: f64| others.iter().map(|&other| f64::from(same > other) + 0.5 * f64::from(same == other)).sum::<f64>();
    same.iter().map(|&same| above(same)).sum::<f64>() / (same.len() * others.len()).max(1) as f64
}

/// How many of the same lie above all but 1 % of the others.
fn caught(same: &[f64], others: &mut [f64]) -> f64 {
    others.sort_by(f64::total_cmp);
    let line = others.get(others.len() * 99 / 100).copied().unwrap_or_default();
    same.iter().filter(|&&same| same > line).count() as f64 / same.len().max(1) as f64
}
