//! The test half's figures.

use std::hint::black_box;
use std::time::Instant;

use likeness_figures::{Canvas, Placed, View, draw_scene};
use likeness_vision::consistency::PASS;
use likeness_vision::scene::{SceneReport, SceneWeights, SlotState, Wanted, find_in_scene_with};

use super::{Cast, Labelled, Wrong, in_two, overlap};
use crate::damage::picture;
use crate::table::Figures;

pub(super) fn print(cast: &Cast, labelled: &[Labelled], weights: &SceneWeights, timed: bool) -> Figures {
    let own: Vec<&Labelled> = labelled.iter().filter(|one| one.test).collect();
    let reports = in_two(&own, |one| find_in_scene_with(weights, &one.scene, &wanted(cast, one)));
    let judged: Vec<(&Labelled, SceneReport)> = own.into_iter().zip(reports).collect();
    println!("\n| scenes | |\n| --- | --- |");
    let figures = table(&judged);
    if timed {
        speed(cast, weights);
    }
    figures
}

fn wanted<'a>(cast: &'a Cast, one: &Labelled) -> Vec<Wanted<'a>> {
    one.wanted.iter().zip(&one.asked).filter_map(|(&who, &at)| Some(Wanted { figure: cast.figure(who)?, at })).collect()
}

fn table(judged: &[(&Labelled, SceneReport)]) -> Figures {
    let mut figures = Figures::new();
    let mut line = |name: &str, key: &str, hits: &[bool]| {
        let share = hits.iter().filter(|&&hit| hit).count() as f64 / hits.len().max(1) as f64;
        println!("| {name} | {:.1} % of {} |", 100.0 * share, hits.len());
        figures.insert(format!("{key} scene"), share);
    };
    let of = |wrong: Wrong| judged.iter().filter(move |(one, _)| one.wrong == wrong);
    let states = |report: &SceneReport, slots: &[usize], wanted: &dyn Fn(&SlotState) -> bool| {
        slots.iter().all(|&slot| wanted(&report.slots[slot].state))
    };
    let each = |wrong: Wrong, hit: &dyn Fn(&Labelled, &SceneReport) -> bool| -> Vec<bool> {
        of(wrong)
            .map(|(one, report)| {
                let hit = hit(one, report);
                if hit == (wrong == Wrong::Nothing) {
                    let states: Vec<_> = report.slots.iter().map(|slot| (&slot.state, slot.score)).collect();
                    eprintln!(
                        "{}: {:?} spoilt {:?}: {states:?} extra {}",
                        one.name,
                        one.wanted,
                        one.spoilt,
                        report.extra.len()
                    );
                }
                hit
            })
            .collect()
    };
    line("right scenes not passed", "false alarm", &each(Wrong::Nothing, &|_, report| !report.passed));
    let quiet = |wrong: Wrong, hit: &dyn Fn(&SceneReport) -> bool| -> Vec<bool> {
        of(wrong).map(|(_, report)| hit(report)).collect()
    };
    let lost = |report: &SceneReport| report.slots.iter().any(|slot| slot.state == SlotState::Missing);
    line("right: somebody called missing", "false missing", &quiet(Wrong::Nothing, &lost));
    let stray = |report: &SceneReport| report.slots.iter().any(|slot| matches!(slot.state, SlotState::Swapped { .. }));
    line("right: somebody called swapped", "false swapped", &quiet(Wrong::Nothing, &stray));
    let mixed = |report: &SceneReport| report.slots.iter().any(|slot| matches!(slot.state, SlotState::Blended { .. }));
    line("right: somebody called blended", "false blended", &quiet(Wrong::Nothing, &mixed));
    line("right: an extra figure", "false extra", &quiet(Wrong::Nothing, &|report| !report.extra.is_empty()));
    let unlike = |report: &SceneReport| report.slots.iter().any(|slot| slot.score.is_some_and(|score| score < PASS));
    line("right: other colours", "false colours", &quiet(Wrong::Nothing, &unlike));
    let missing = |one: &Labelled, report: &SceneReport| states(report, &one.spoilt, &|s| *s == SlotState::Missing);
    line("one missing, named", "caught missing", &each(Wrong::Missing, &missing));
    let swapped = |one: &Labelled, report: &SceneReport| {
        let [a, b] = [one.spoilt[0], one.spoilt[1]];
        report.slots[a].state == SlotState::Swapped { with: b }
            && report.slots[b].state == SlotState::Swapped { with: a }
    };
    line("two swapped, both named", "caught swapped", &each(Wrong::Swapped, &swapped));
    let blended = |one: &Labelled, report: &SceneReport| {
        states(report, &one.spoilt, &|state| matches!(state, SlotState::Blended { .. }))
    };
    line("blended, named", "caught blended", &each(Wrong::Blended, &blended));
    line("blended, not passed", "caught blended at all", &quiet(Wrong::Blended, &|report| !report.passed));
    line("a double, noticed", "caught double", &each(Wrong::Duplicate, &|_, report| !report.extra.is_empty()));
    line("recoloured, not passed", "caught recoloured", &each(Wrong::Recoloured, &|_, report| !report.passed));
    let there = |one: &Labelled, report: &SceneReport| states(report, &one.spoilt, &|state| *state == SlotState::Found);
    let there: Vec<bool> = of(Wrong::Recoloured).map(|(one, report)| there(one, report)).collect();
    line("recoloured, found all the same", "found recoloured", &there);
    let boxes: Vec<f64> = of(Wrong::Nothing)
        .flat_map(|(one, report)| {
            one.truth.iter().map(|(slot, truth)| report.slots[*slot].place.map_or(0.0, |place| overlap(&place, truth)))
        })
        .collect();
    let mean = boxes.iter().sum::<f64>() / boxes.len().max(1) as f64;
    println!("| boxes of right scenes, mean IoU with the truth | {mean:.3} of {} |", boxes.len());
    figures.insert("IoU scene".to_owned(), mean);
    figures
}

fn speed(cast: &Cast, weights: &SceneWeights) {
    let who: Vec<usize> = (0..cast.figures.len()).filter(|&number| cast.figures[number].is_some()).take(3).collect();
    let placed: Vec<Placed> = who
        .iter()
        .zip([0.2, 0.5, 0.8])
        .map(|(&number, x)| Placed {
            look: cast.characters[number].look.clone(),
            view: View::level(0.0),
            x,
            y: 0.92,
            scale: 0.6,
        })
        .collect();
    let canvas = Canvas { width: 1024, height: 1024, background: [240; 3] };
    let scene = picture(draw_scene("a harbour", &placed, 1, &canvas));
    let wanted: Vec<Wanted<'_>> =
        who.iter().filter_map(|&number| Some(Wanted { figure: cast.figure(number)?, at: None })).collect();
    let round = |_| {
        let started = Instant::now();
        drop(black_box(find_in_scene_with(weights, &scene, &wanted)));
        started.elapsed()
    };
    let fastest = (0..8).map(round).min().unwrap_or_default();
    println!("| 1024 x 1024, 3 references, one core, ms | {:.1} |", fastest.as_secs_f64() * 1000.0);
}
