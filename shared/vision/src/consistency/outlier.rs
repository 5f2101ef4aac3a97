//! How far one view is from its set: what most others say of it, check by check. A set tells the same thing many times,
//! so one bad view among good ones is plainer than any pair shows it, and bad ones do not spoil the good.

use std::collections::BTreeMap;

use super::cells::{ACROSS, DOWN, Patch};
use super::company::{Company, Sight, apart};
use super::landmarks::Outline;
use super::proportion;
use super::style::quantile;

type Measures = BTreeMap<String, f64>;

/// The fewest others that make a company: below, pairs are judged.
pub(super) const COMPANY: usize = 3;

/// Of all members but the master, by check.
pub(super) fn measures(company: &Company<'_>) -> Vec<BTreeMap<String, Measures>> {
    let views = 1..company.members.len();
    let mut all: Vec<[Measures; 6]> = views
        .map(|at| {
            [
                color(company, at),
                proportion(company, at),
                style(company, at),
                pairs(company, at, |sight| sight.hues),
                pairs(company, at, |sight| sight.hues_by_height),
                pairs(company, at, |sight| sight.stranger.unwrap_or_default()),
            ]
        })
        .collect();
    for check in 0..6 {
        for name in ["novel", "typical"] {
            let values: Vec<f64> = all.iter().map(|measures| measures[check][name]).collect();
            let usual = median(values.clone());
            for (measures, value) in all.iter_mut().zip(values) {
                measures[check].insert(format!("{name}Excess"), (value - usual).max(0.0));
            }
        }
        // All views drifting from the master together.
        let drift = median(all.iter().map(|measures| measures[check]["master"]).collect());
        for measures in &mut all {
            measures[check].insert("drift".to_owned(), drift);
        }
    }
    let named = |[color, proportion, style, hues, by_height, stranger]: [Measures; 6]| {
        BTreeMap::from([
            ("color".to_owned(), color),
            ("proportion".to_owned(), proportion),
            ("style".to_owned(), style),
            ("hues".to_owned(), hues),
            ("huesByHeight".to_owned(), by_height),
            ("stranger".to_owned(), stranger),
        ])
    };
    all.into_iter().map(named).collect()
}

fn pairs(company: &Company<'_>, at: usize, bad: impl Fn(&Sight) -> f64) -> Measures {
    let all: Vec<f64> = company.sights_of(at).map(|(_, sight)| bad(sight)).collect();
    let near: Vec<f64> = company
        .sights_of(at)
        .filter(|(other, _)| apart(company.members[*other].angle, company.members[at].angle) <= 60)
        .map(|(_, sight)| bad(sight))
        .collect();
    let master = company.sights[at][0].as_ref().map_or(0.0, &bad);
    BTreeMap::from([
        ("master".to_owned(), master),
        ("novel".to_owned(), second(all.clone())),
        ("typical".to_owned(), median(all)),
        ("neighbours".to_owned(), median(near)),
    ])
}

fn color(company: &Company<'_>, at: usize) -> Measures {
    let mut measures = pairs(company, at, |sight| sight.color);
    let own = &company.members[at].figure.cells;
    let cell = |index: usize| {
        if own.0[index].is_none() {
            return 0.0;
        }
        let mut seen: Vec<f32> = company.sights_of(at).map(|(_, sight)| sight.strange[index]).collect();
        seen.sort_by(f32::total_cmp);
        seen[1.min(seen.len() - 1)]
    };
    // What hardly any other view has at its height.
    let strange: Vec<f32> = (0..DOWN * ACROSS).map(cell).collect();
    let mut sorted = strange.clone();
    sorted.sort_by(f32::total_cmp);
    let figure = &sorted[sorted.len() - own.covered().min(sorted.len())..];
    measures.insert("strangeMean".to_owned(), mean(figure));
    measures.insert("strangeMuch".to_owned(), quantile(figure, 0.85));
    measures.insert("strangeMost".to_owned(), quantile(figure, 0.97));
    let patch = Patch::heaviest(&strange, ACROSS, 0.02).weight / own.covered().max(1) as f64;
    measures.insert("strangePatch".to_owned(), 10.0 * patch);
    // What it lacks of the views around it, and of most.
    let lacks = |other: usize| {
        let count = company.members[other].figure.cells.covered().max(1);
        company.sights[other][at]
            .as_ref()
            .map_or(0.0, |sight| sight.strange.iter().map(|&d| f64::from(d)).sum::<f64>() / count as f64)
    };
    let all: Vec<f64> = company.sights_of(at).map(|(other, _)| lacks(other)).collect();
    measures.insert("lacks".to_owned(), second(all.clone()));
    measures.insert("lacksTypical".to_owned(), median(all));
    measures
}

fn proportion(company: &Company<'_>, at: usize) -> Measures {
    const PARTS: usize = 16;
    let mut measures = pairs(company, at, |sight| sight.proportion);
    // What all others say moves a row the same way is no chance.
    let moved: Vec<f64> = (0..PARTS)
        .map(|part| {
            let of = |(_, sight): (usize, &Sight)| {
                let rows = sight.moved.len() / PARTS;
                mean(&sight.moved[part * rows..(part + 1) * rows])
            };
            median(company.sights_of(at).map(of).collect())
        })
        .collect();
    measures.insert("bent".to_owned(), moved.iter().map(|m| m.abs()).sum::<f64>() / PARTS as f64);
    measures.insert("bentMost".to_owned(), moved.iter().map(|m| m.abs()).fold(0.0, f64::max));
    measures.insert("shifted".to_owned(), moved.iter().sum::<f64>().abs() / PARTS as f64);
    let own = company.members[at].figure.landmarks.named();
    for (index, (name, height)) in own.into_iter().enumerate() {
        let others: Vec<f64> =
            company.sights_of(at).filter_map(|(o, _)| company.members[o].figure.landmarks.named()[index].1).collect();
        let off = height.filter(|_| others.len() >= 3).map_or(0.0, |height| (height - median(others)).abs());
        measures.insert(name.to_owned(), off.min(0.06));
    }
    measures.extend(silhouette(company, at));
    measures
}

/// Against views whose silhouette is alike: the same angle, the mirrored one, and those behind.
fn silhouette(company: &Company<'_>, at: usize) -> Measures {
    let (angle, own) = (company.members[at].angle, &company.members[at].figure.outline);
    let mirror = (360 - angle) % 360;
    let mut found: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (other, _) in company.sights_of(at) {
        let member = company.members[other];
        let near = |angle: u16| apart(member.angle, angle) <= 10;
        let alike: Outline = if near(angle) || near(mirror + 180) {
            member.figure.outline.clone()
        } else if near(mirror) || near(angle + 180) {
            member.figure.outline.mirrored()
        } else {
            continue;
        };
        for (name, value) in proportion::outline(&alike, own) {
            found.entry(name).or_default().push(value);
        }
    }
    found
        .into_iter()
        .map(|(name, values)| (name, if values.len() >= 3 { second(values) } else { least(values) }))
        .collect()
}

fn style(company: &Company<'_>, at: usize) -> Measures {
    let mut measures = pairs(company, at, |sight| sight.style);
    let scaled = |at: usize| -> Vec<(&'static str, f64)> { company.members[at].figure.manner.scaled().collect() };
    let others: Vec<Vec<(&'static str, f64)>> = company.sights_of(at).map(|(other, _)| scaled(other)).collect();
    for (index, (name, value)) in scaled(at).into_iter().enumerate() {
        let theirs: Vec<f64> = others.iter().map(|other| other[index].1).collect();
        let middle = median(theirs.clone());
        let spread = median(theirs.iter().map(|their| (their - middle).abs()).collect());
        let closest = second(theirs.iter().map(|their| (their - value).abs()).collect());
        measures.insert(format!("{name}Beyond"), ((value - middle).abs() - 2.0 * spread).max(0.0));
        measures.insert(format!("{name}Closest"), closest);
    }
    measures
}

pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let (middle, even) = (values.len() / 2, values.len().is_multiple_of(2));
    match values.get(middle) {
        Some(upper) if even => (values[middle - 1] + upper) / 2.0,
        Some(only) => *only,
        None => 0.0,
    }
}

/// The second smallest: one alike may be as bad itself.
fn second(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(1).or(values.first()).copied().unwrap_or(0.0)
}

fn least(values: Vec<f64>) -> f64 {
    values.into_iter().fold(f64::INFINITY, f64::min)
}

fn mean(values: &[f32]) -> f64 {
    values.iter().map(|&value| f64::from(value)).sum::<f64>() / values.len().max(1) as f64
}
