//! A profile's sheet: the views in a ring around their master, the scores, the issues.

use super::heat::{self, Heat};
use super::issues::{self, Listed};
use super::paper::{Anchor, Paper};
use super::tile::{self, State, Tile};
use crate::consistency::{AngleReport, Evidence, Facing, Figure, Mistake, NoFigure, Relation, SetReport, compare};
use crate::picture::Picture;

/// The ring's half axes for up to twelve views; more views need a larger ring.
const ACROSS: f64 = 530.0;
const DOWN: f64 = 622.0;
const MARGIN: f64 = 32.0;
const TOP: f64 = 96.0;
/// The master's side.
const MASTER: f64 = 400.0;

/// Draws a report of [`crate::consistency::verify_set`]. `views` are the pictures that were judged with their angles;
/// one without a place in the report is drawn as not judged, with the reason. Figures are measured again for the heat
/// maps, which costs about as much as judging did.
pub fn set_sheet(master: &Picture, views: &[(u16, &Picture)], report: &SetReport) -> String {
    let seen = Seen::of(master, views, report);
    let factor = (seen.tiles.len() as f64 / 12.0).max(1.0);
    let (across, down) = (ACROSS * factor, DOWN * factor);
    let width = 2.0 * (across + MARGIN) + tile::WIDTH;
    let middle = (width / 2.0, TOP + down + tile::HEIGHT / 2.0);
    let state = State::of_report(report.passed, report.overall);

    let mut paper = Paper::new();
    paper.text((MARGIN, 48.0), Anchor::Start, (26.0, 700), "", "Consistency report");
    let failing = seen.tiles.iter().filter(|(_, tile)| tile.state == State::Failed).count();
    let unjudged = seen.tiles.iter().filter(|(_, tile)| tile.state == State::NotJudged).count();
    let summary = summary(seen.tiles.len(), failing, unjudged);
    paper.text((MARGIN, 74.0), Anchor::Start, (15.0, 400), "soft", &summary);
    tile::state(&mut paper, (width - MARGIN, 56.0), state, 24.0);
    draw_master(&mut paper, middle, master, report, seen.reason.as_deref());
    let count = seen.tiles.len().max(1) as f64;
    for (place, (_, tile)) in seen.tiles.iter().enumerate() {
        // The front on top, then as a clock goes.
        let turn = std::f64::consts::TAU * place as f64 / count;
        tile.draw(&mut paper, (middle.0 + across * turn.sin(), middle.1 - down * turn.cos()));
    }
    let below = middle.1 + down + tile::HEIGHT / 2.0 + 28.0;
    draw_scores(&mut paper, (MARGIN, below), width - 2.0 * MARGIN, report);
    let listed: Vec<Listed<'_>> = report
        .issues
        .iter()
        .map(|found| Listed { view: format!("{}°", found.angle), check: found.check, issue: &found.issue })
        .collect();
    let height = issues::draw(&mut paper, (MARGIN, below + 118.0), width - 2.0 * MARGIN, &listed);
    let legend = "Dashed boxes carry the number of their issue. Shaded magenta: where a failing view differs \
                  from the passing view that agrees with it most. The line in each bar is the score that passes, 0.70.";
    let end = below + 118.0 + height;
    for (line, words) in super::paper::wrapped(legend, 170).iter().enumerate() {
        paper.text((MARGIN, end + 26.0 + 17.0 * line as f64), Anchor::Start, (12.0, 400), "soft", words);
    }
    let title = format!("Consistency report: {}", state.word());
    paper.finished((width, end + 26.0 + 44.0), &title, &description(&summary, report, &seen))
}

/// The tiles by angle.
struct Seen<'a> {
    tiles: Vec<(u16, Tile<'a>)>,
    /// Why nothing could be judged.
    reason: Option<String>,
}

impl<'a> Seen<'a> {
    fn of(master: &Picture, views: &[(u16, &'a Picture)], report: &'a SetReport) -> Self {
        let figures: Vec<Result<Figure, NoFigure>> = views.iter().map(|(_, picture)| Figure::of(picture)).collect();
        // The report has only views with a figure, in the order given.
        let mut unclaimed: Vec<&AngleReport> = report.angles.iter().collect();
        let mut reports: Vec<Option<&AngleReport>> = Vec::new();
        for ((angle, _), figure) in views.iter().zip(&figures) {
            let claimed = unclaimed.iter().position(|judged| judged.angle == *angle).filter(|_| figure.is_ok());
            reports.push(claimed.map(|at| unclaimed.remove(at)));
        }
        let master = Figure::of(master);
        let reason = match (&master, report.overall) {
            (_, Some(_)) => None,
            (Err(reason), None) => Some(format!("the master: {reason}")),
            (Ok(_), None) => Some("no view could be compared".to_owned()),
        };
        let master = master.ok();
        let mut tiles: Vec<(u16, Tile<'a>)> = Vec::new();
        for (at, (angle, picture)) in views.iter().enumerate() {
            let tile = match reports[at] {
                Some(judged) => Tile {
                    picture: Some(picture),
                    heat: if judged.passed { None } else { heat(master.as_ref(), &figures, &reports, at) },
                    ..judged_tile(judged, report)
                },
                None => Tile {
                    name: format!("{angle}°"),
                    picture: Some(picture),
                    state: State::NotJudged,
                    report: None,
                    note: Some(match &figures[at] {
                        Err(reason) => reason.to_string(),
                        Ok(_) => "not in the report".to_owned(),
                    }),
                    evidence: Vec::new(),
                    heat: None,
                },
            };
            tiles.push((*angle, tile));
        }
        tiles.extend(unclaimed.into_iter().map(|judged| (judged.angle, judged_tile(judged, report))));
        tiles.sort_by_key(|(angle, _)| *angle);
        Self { tiles, reason }
    }
}

fn judged_tile<'a>(judged: &'a AngleReport, report: &SetReport) -> Tile<'a> {
    let numbered = report.issues.iter().enumerate().filter(|(_, found)| found.angle == judged.angle);
    let evidence: Vec<(usize, Evidence)> =
        numbered.filter_map(|(at, found)| found.issue.place.map(|place| (at + 1, place))).collect();
    let note = match &judged.orientation {
        Facing::Plausible { .. } => None,
        Facing::Wrong { mistake: Mistake::FrontForBack, .. } => Some("shows the front, not the back".to_owned()),
        Facing::Wrong { mistake: Mistake::Swapped, .. } => Some("left and right are swapped".to_owned()),
        Facing::Wrong { mistake: Mistake::OtherAngle, looks_like, .. } => {
            Some(format!("looks like {looks_like}°, not {}°", judged.angle))
        }
        Facing::NotJudged { .. } => Some("orientation not judged".to_owned()),
    };
    let state = if judged.passed { State::Passed } else { State::of_report(false, judged.report.overall) };
    // A wrong side is a fail even where no check could be judged.
    let state = if matches!(judged.orientation, Facing::Wrong { .. }) { State::Failed } else { state };
    let name = format!("{}°", judged.angle);
    Tile { name, picture: None, state, report: Some(&judged.report), note, evidence, heat: None }
}

/// Against the master or the passing neighbour or opposite that agrees most.
fn heat(
    master: Option<&Figure>,
    figures: &[Result<Figure, NoFigure>],
    reports: &[Option<&AngleReport>],
    at: usize,
) -> Option<Heat> {
    let (figure, own) = (figures[at].as_ref().ok()?, reports[at]?);
    let apart = |other: u16| Relation::of(f64::from(own.angle) - f64::from(other));
    let near = |other: u16| {
        let turned = (i32::from(own.angle) - i32::from(other)).rem_euclid(360);
        turned.min(360 - turned) <= 45 || (170..=190).contains(&turned)
    };
    let neighbours = figures.iter().zip(reports).enumerate().filter_map(|(other, (figure, report))| {
        let report = (*report).filter(|report| other != at && report.passed && near(report.angle))?;
        Some((figure.as_ref().ok()?, apart(report.angle)))
    });
    let all = master.map(|master| (master, apart(0))).into_iter().chain(neighbours);
    let judged =
        all.map(|(other, relation)| (compare(other, figure, relation).overall.unwrap_or(0.0), other, relation));
    let best = judged.fold(None, |best: Option<(f64, &Figure, Relation)>, next| match best {
        Some(best) if best.0 >= next.0 => Some(best),
        Some(_) | None => Some(next),
    });
    best.and_then(|(_, other, relation)| heat::of(figure, other, relation))
}

fn draw_master(paper: &mut Paper, (x, y): (f64, f64), master: &Picture, report: &SetReport, reason: Option<&str>) {
    let (width, height) = (MASTER + 24.0, MASTER + 130.0);
    let (left, top) = (x - width / 2.0, y - height / 2.0);
    paper.rect([left, top, width, height], 14.0, "card", "");
    paper.text((left + 12.0, top + 30.0), Anchor::Start, (18.0, 700), "", "Master");
    paper.rect([left + 12.0, top + 44.0, MASTER, MASTER], 6.0, "well", "");
    paper.thumbnail(master, (x, top + 44.0 + MASTER / 2.0), MASTER);
    let line = top + height - 34.0;
    paper.text((left + 12.0, line), Anchor::Start, (15.0, 400), "soft", "overall");
    let state = State::of_report(report.passed, report.overall);
    match report.overall {
        Some(score) => {
            paper.text((left + 70.0, line + 4.0), Anchor::Start, (32.0, 700), "", &format!("{score:.2}"));
            tile::bar(paper, [left + 168.0, line - 10.0, 116.0, 10.0], score);
        }
        None => {
            paper.text((left + 70.0, line), Anchor::Start, (15.0, 400), "soft", "not judged");
            let reason = reason.unwrap_or_default();
            paper.text((left + 12.0, line + 22.0), Anchor::Start, (12.5, 400), "soft", reason);
        }
    }
    tile::state(paper, (left + width - 12.0, line + 1.0), state, 16.0);
}

/// The set's four scores in a row, each with how many views fail the check.
fn draw_scores(paper: &mut Paper, (x, y): (f64, f64), width: f64, report: &SetReport) {
    const GAP: f64 = 14.0;
    let scores = [report.color, report.proportion, report.feature, report.style];
    let card = (width - 3.0 * GAP) / 4.0;
    for (at, score) in scores.into_iter().enumerate() {
        let left = x + at as f64 * (card + GAP);
        let checks = || report.angles.iter().map(|angle| angle.report.checks()[at]);
        let name = ["color", "proportion", "features", "style"][at];
        paper.rect([left, y, card, 100.0], 10.0, "card", "");
        paper.text((left + 18.0, y + 30.0), Anchor::Start, (15.0, 600), "", name);
        let failing = checks().filter(|(_, verdict)| verdict.failed()).count();
        let judged = checks().filter(|(_, verdict)| verdict.score().is_some()).count();
        let state = match (failing, judged) {
            (_, 0) => State::NotJudged,
            (0, _) => State::Passed,
            (_, _) => State::Failed,
        };
        tile::mark(paper, (left + card - 26.0, y + 25.0), 9.0, state);
        match score {
            Some(score) => {
                paper.text((left + 18.0, y + 62.0), Anchor::Start, (26.0, 700), "", &format!("{score:.2}"));
                tile::bar(paper, [left + 90.0, y + 48.0, card - 110.0, 9.0], score);
            }
            None => paper.text((left + 18.0, y + 62.0), Anchor::Start, (15.0, 400), "soft", "not judged"),
        }
        let words = match judged {
            0 => "no view could be judged".to_owned(),
            _ => format!("{failing} of {judged} judged views fail"),
        };
        paper.text((left + 18.0, y + 85.0), Anchor::Start, (12.5, 400), "soft", &words);
    }
}

fn summary(views: usize, failing: usize, unjudged: usize) -> String {
    let mut words = match (views, failing) {
        (1, 0) => "1 view".to_owned(),
        (_, 0) => format!("{views} views"),
        (_, 1) => format!("{views} views, 1 fails"),
        (_, _) => format!("{views} views, {failing} fail"),
    };
    if failing == 0 && unjudged < views {
        words.push_str(", none fails");
    }
    if unjudged > 0 {
        words.push_str(&format!(", {unjudged} not judged"));
    }
    words
}

/// What a screen reader says: the same as the drawing, in order.
fn description(summary: &str, report: &SetReport, seen: &Seen<'_>) -> String {
    let mut words = match report.overall {
        Some(score) => format!("{summary}. Overall score {score:.2}."),
        None => format!("{summary}. Not judged: {}.", seen.reason.as_deref().unwrap_or("nothing was compared")),
    };
    for (_, tile) in &seen.tiles {
        words.push_str(&format!(" {}: {}", tile.name, tile.state.word()));
        if let Some(report) = tile.report.filter(|_| tile.state == State::Failed) {
            for (name, verdict) in report.checks() {
                if let Some(score) = verdict.score().filter(|_| verdict.failed()) {
                    words.push_str(&format!(", {name} {score:.2}"));
                }
            }
        }
        if let Some(note) = &tile.note {
            words.push_str(&format!(", {note}"));
        }
        words.push('.');
    }
    words
}
