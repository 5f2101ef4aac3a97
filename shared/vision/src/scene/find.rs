//! The whole way from a scene to its report.

use super::assign::{assign, swaps};
use super::blend::{Mix, mix};
use super::difference::PARTS;
use super::ground::Ground;
use super::measure::{Seen, near, seen};
use super::place::{collide, shared};
use super::report::{SceneReport, Slot, SlotChecks, SlotState};
use super::search::Field;
use super::template::Template;
use super::weights::SceneWeights;
use crate::consistency::{Check, Evidence, Figure, Issue, PASS, Severity, Verdict};
use crate::oklab;
use crate::picture::Picture;

/// Figures with half of a reference's look reach this much of the presence model's threshold.
const HALF_THERE: f64 = 2.0;

/// A reference that should be in a scene.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Who.
    pub figure: &'a Figure,
    /// Where its middle was asked for, shares of width and height.
    pub at: Option<[f64; 2]>,
}

/// Looks for everybody, with the committed weights. The same inputs give the same report, to the byte.
pub fn find_in_scene(scene: &Picture, wanted: &[Wanted<'_>]) -> SceneReport {
    find_in_scene_with(SceneWeights::committed(), scene, wanted)
}

/// Looks for everybody with other weights: for calibration.
pub fn find_in_scene_with(weights: &SceneWeights, scene: &Picture, wanted: &[Wanted<'_>]) -> SceneReport {
    let ground = match Ground::of(scene) {
        Ok(ground) => ground,
        Err(reason) => return report(wanted.iter().map(|_| not_judged(reason)).collect(), Vec::new()),
    };
    let templates: Vec<Template> = wanted.iter().map(|one| Template::of(one.figure)).collect();
    let finder = Finder { weights, ground: &ground, templates: &templates, seen: places(&ground, &templates, wanted) };
    let asked: Vec<Option<[f64; 2]>> = wanted.iter().map(|one| one.at).collect();
    let picks = assign(weights, &finder.seen, &asked);
    let mut found: Vec<Option<Found>> = picks
        .iter()
        .enumerate()
        .map(|(slot, pick)| pick.map(|pick| Found { seen: finder.seen[slot][pick].clone(), blended: None }))
        .collect();
    finder.blends(&mut found);
    let boxes: Vec<Option<Evidence>> = found.iter().map(|found| Some(found.as_ref()?.seen.place)).collect();
    let extra = finder.extra(&boxes);
    let slots = found.iter().zip(swaps(&boxes, &asked)).enumerate().map(|(slot, (found, swapped))| {
        if !templates[slot].has_colours() {
            return not_judged("the reference has no colours to look for");
        }
        match found {
            Some(found) => finder.slot(slot, found, swapped),
            None => missing(),
        }
    });
    report(slots.collect(), extra)
}

fn places(ground: &Ground, templates: &[Template], wanted: &[Wanted<'_>]) -> Vec<Vec<Seen>> {
    let fields = Field::all(ground);
    let mut all: Vec<Vec<Seen>> = Vec::with_capacity(wanted.len());
    for (slot, template) in templates.iter().enumerate() {
        let twin = (0..slot).find(|&other| std::ptr::eq(wanted[other].figure, wanted[slot].figure));
        all.push(match twin {
            Some(twin) => all[twin].clone(),
            None if template.has_colours() => seen(ground, &fields, template),
            None => Vec::new(),
        });
    }
    all
}

struct Found {
    seen: Seen,
    /// With which other slot.
    blended: Option<usize>,
}

struct Finder<'a> {
    weights: &'a SceneWeights,
    ground: &'a Ground,
    templates: &'a [Template],
    seen: Vec<Vec<Seen>>,
}

impl Finder<'_> {
    /// Marks who is put together from two, and gives the missing the figures that have half of their look.
    fn blends(&self, found: &mut [Option<Found>]) {
        let limits = &self.weights.blending;
        let clear = |place: &Seen| mix(self.ground, self.templates, place).filter(|mix| mix.clear(limits));
        let other = |mix: Mix, slot: usize| match slot {
            slot if slot == mix.upper => Some(mix.lower),
            slot if slot == mix.lower => Some(mix.upper),
            _ => None,
        };
        for (slot, found) in found.iter_mut().enumerate() {
            if let Some(found) = found
                && found.seen.parts.iter().sum::<f64>() / 3.0 > limits.gain
            {
                found.blended = clear(&found.seen).and_then(|mix| other(mix, slot));
            }
        }
        for slot in 0..found.len() {
            if found[slot].is_some() || self.seen[slot].is_empty() {
                continue;
            }
            let free = self.free(found).into_iter().take(3);
            let blended = free.into_iter().find_map(|seen| Some((other(clear(seen)?, slot)?, seen.clone())));
            if let Some((with, seen)) = blended {
                let own = near(self.ground, &self.templates[slot], seen.at);
                found[slot] = Some(Found { seen: own.unwrap_or(seen), blended: Some(with) });
            }
        }
    }

    /// Places where a reference may be that nobody has taken.
    fn free(&self, found: &[Option<Found>]) -> Vec<&Seen> {
        let mut free: Vec<(f64, &Seen)> = self
            .seen
            .iter()
            .flatten()
            .map(|seen| (self.weights.absence(seen), seen))
            .filter(|(absence, seen)| {
                *absence < HALF_THERE && !found.iter().flatten().any(|taken| collide(&taken.seen.place, &seen.place))
            })
            .collect();
        free.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut apart: Vec<&Seen> = Vec::new();
        for (_, seen) in free {
            if !apart.iter().any(|other| collide(&other.place, &seen.place)) {
                apart.push(seen);
            }
        }
        apart
    }

    /// Further figures like one of those wanted.
    fn extra(&self, taken: &[Option<Evidence>]) -> Vec<Evidence> {
        let mut extra: Vec<(f64, Evidence)> = self
            .seen
            .iter()
            .flatten()
            .map(|seen| (self.weights.absence(seen), seen.place))
            .filter(|(absence, place)| {
                *absence < self.weights.extra && taken.iter().flatten().all(|taken| shared(taken, place) < 0.3)
            })
            .collect();
        extra.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut apart: Vec<Evidence> = Vec::new();
        for (_, place) in extra {
            if apart.iter().all(|other| shared(other, &place) < 0.3) {
                apart.push(place);
            }
        }
        apart
    }

    fn slot(&self, slot: usize, found: &Found, swapped: Option<usize>) -> Slot {
        let seen = &found.seen;
        let score = self.weights.likeness.score(&seen.measures);
        let passed = score >= PASS;
        let mut issues = Vec::new();
        if let Some(with) = found.blended {
            let what = format!("has parts of the look of character {}", with + 1);
            issues.push(issue(Severity::High, what, Some(seen.place), "describe each character's head and clothes"));
        }
        if let Some(with) = swapped {
            let what = format!("stands where character {} was wanted", with + 1);
            issues.push(issue(Severity::High, what, Some(seen.place), "name the places again, from left to right"));
        }
        let colours = if passed { Vec::new() } else { self.colours(slot, seen, score) };
        issues.extend(colours.iter().cloned());
        let state = match (found.blended, swapped) {
            (Some(with), _) => SlotState::Blended { with },
            (None, Some(with)) => SlotState::Swapped { with },
            (None, None) => SlotState::Found,
        };
        let check = Check { score, passed, details: seen.measures.clone(), issues: colours };
        let checks = SlotChecks::with(Verdict::Judged(check));
        Slot { state, place: Some(seen.place), score: Some(score), checks, issues }
    }

    /// The part that differs most.
    fn colours(&self, slot: usize, seen: &Seen, score: f64) -> Vec<Issue> {
        let worst = (0..PARTS.len()).max_by(|&a, &b| seen.parts[a].total_cmp(&seen.parts[b]));
        let Some(part) = worst else { return Vec::new() };
        let Some((expected, actual)) = seen.colours[part] else { return Vec::new() };
        let hex = |lab| {
            let [r, g, b] = oklab::to_rgb(lab);
            format!("#{r:02x}{g:02x}{b:02x}")
        };
        let (name, span) = PARTS[part];
        let what = format!("{name}: {} on the whole, expected {}", hex(actual), hex(expected));
        let severity = if score < 0.5 { Severity::High } else { Severity::Medium };
        let place = seen.at.slice(&self.templates[slot], self.ground, span);
        vec![issue(severity, what, Some(place), "name the colours of this character in the prompt")]
    }
}

fn missing() -> Slot {
    let what = "is not in the scene".to_owned();
    Slot {
        state: SlotState::Missing,
        place: None,
        score: None,
        checks: SlotChecks::none("the character was not found"),
        issues: vec![issue(Severity::Critical, what, None, "say in the prompt how many characters there are, and who")],
    }
}

fn not_judged(reason: &str) -> Slot {
    Slot {
        state: SlotState::NotJudged { reason: reason.to_owned() },
        place: None,
        score: None,
        checks: SlotChecks::none(reason),
        issues: Vec::new(),
    }
}

fn issue(severity: Severity, what: String, place: Option<Evidence>, suggestion: &str) -> Issue {
    Issue { severity, what, place, suggestion: suggestion.to_owned() }
}

fn report(slots: Vec<Slot>, extra: Vec<Evidence>) -> SceneReport {
    let judged: Vec<&Slot> = slots.iter().filter(|slot| !matches!(slot.state, SlotState::NotJudged { .. })).collect();
    let sum: f64 = judged.iter().filter_map(|slot| slot.score).sum();
    let overall = (!judged.is_empty()).then(|| sum / judged.len() as f64);
    let fine = |slot: &&Slot| slot.state == SlotState::Found && slot.score.is_some_and(|score| score >= PASS);
    let passed = overall.is_some() && extra.is_empty() && judged.iter().all(fine);
    SceneReport { slots, extra, passed, overall }
}
