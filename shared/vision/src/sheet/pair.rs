//! Two pictures side by side with what differs.

use super::heat;
use super::issues::{self, Listed};
use super::paper::{Anchor, Paper};
use super::tile::{self, State};
use crate::consistency::{Evidence, Figure, Issue, Relation, Report, Verdict};
use crate::picture::Picture;

const WIDTH: f64 = 960.0;
const MARGIN: f64 = 32.0;
const SIDE: f64 = 320.0;

/// Draws a report of [`crate::consistency::compare`].
pub fn pair_sheet(reference: &Picture, candidate: &Picture, report: &Report) -> String {
    let state = State::of_report(report.passed, report.overall);
    let listed: Vec<(&'static str, &Issue)> = report
        .checks()
        .into_iter()
        .flat_map(|(name, verdict)| {
            let issues: &[Issue] = match verdict {
                Verdict::Judged(check) => &check.issues,
                Verdict::NotJudged { .. } => &[],
            };
            issues.iter().map(move |issue| (name, issue))
        })
        .collect();

    let mut paper = Paper::new();
    paper.text((MARGIN, 48.0), Anchor::Start, (24.0, 700), "", "Comparison");
    tile::state(&mut paper, (WIDTH - MARGIN, 46.0), state, 20.0);
    let top = 72.0;
    for (column, (name, picture)) in [("Reference", reference), ("Candidate", candidate)].into_iter().enumerate() {
        let left = MARGIN + column as f64 * (SIDE + 36.0);
        paper.rect([left, top, SIDE + 20.0, SIDE + 52.0], 10.0, "card", "");
        paper.text((left + 10.0, top + 26.0), Anchor::Start, (15.0, 700), "", name);
        paper.rect([left + 10.0, top + 40.0, SIDE, SIDE], 4.0, "well", "");
        let place = paper.thumbnail(picture, (left + 10.0 + SIDE / 2.0, top + 40.0 + SIDE / 2.0), SIDE);
        if column == 1 {
            let evidence: Vec<(usize, Evidence)> = listed
                .iter()
                .enumerate()
                .filter_map(|(at, (_, issue))| issue.place.map(|place| (at + 1, place)))
                .collect();
            let heat = if report.passed { None } else { difference(reference, candidate, report) };
            tile::overlays(&mut paper, place, heat.as_ref(), &evidence);
        }
    }
    let left = MARGIN + 2.0 * (SIDE + 36.0);
    let overall = report.overall.map_or_else(|| "–".to_owned(), |score| format!("{score:.2}"));
    paper.text((left, top + 26.0), Anchor::Start, (15.0, 400), "soft", "overall");
    paper.text((left, top + 68.0), Anchor::Start, (38.0, 700), "", &overall);
    tile::bars(&mut paper, (left, top + 110.0), WIDTH - MARGIN - left, report);
    let reasons = report.checks().into_iter().filter_map(|(name, verdict)| match verdict {
        Verdict::NotJudged { reason } => Some(format!("{name}: {reason}")),
        Verdict::Judged(_) => None,
    });
    let lines = reasons.flat_map(|reason| super::paper::wrapped(&reason, 33));
    for (line, words) in lines.enumerate() {
        paper.text((left, top + 190.0 + 16.0 * line as f64), Anchor::Start, (11.0, 400), "soft", &words);
    }

    let below = top + SIDE + 52.0 + 24.0;
    let rows: Vec<Listed<'_>> =
        listed.iter().map(|(check, issue)| Listed { view: String::new(), check, issue }).collect();
    let height = issues::draw(&mut paper, (MARGIN, below), WIDTH - 2.0 * MARGIN, &rows);
    let description = description(report, &listed);
    paper.finished((WIDTH, below + height + MARGIN), &format!("Comparison: {}", state.word()), &description)
}

/// A report does not say how far apart its sides were, but features are judged from the same side only.
fn difference(reference: &Picture, candidate: &Picture, report: &Report) -> Option<heat::Heat> {
    let relation = match report.features {
        Verdict::Judged(_) => Relation::Same,
        Verdict::NotJudged { .. } => Relation::Turned,
    };
    heat::of(&Figure::of(candidate).ok()?, &Figure::of(reference).ok()?, relation)
}

fn description(report: &Report, listed: &[(&str, &Issue)]) -> String {
    let checks = report.checks().map(|(name, verdict)| match verdict.score() {
        Some(score) => format!("{name} {score:.2}, {}", State::of(verdict).word()),
        None => format!("{name} not judged"),
    });
    let issues = listed.iter().map(|(_, issue)| issue.what.clone());
    let overall =
        report.overall.map_or_else(|| "No overall score".to_owned(), |score| format!("Overall score {score:.2}"));
    [overall].into_iter().chain(checks).chain(issues).collect::<Vec<_>>().join(". ") + "."
}
