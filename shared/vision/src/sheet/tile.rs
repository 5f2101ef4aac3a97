//! One view: its thumbnail with what differs on it, and a score per check. Passed, failed and not judged differ in word
//! and shape, not in colour alone.

use super::heat::Heat;
use super::paper::{Anchor, Paper, number};
use crate::consistency::{Evidence, PASS, Report, Verdict};
use crate::picture::Picture;

/// A tile's size, with its thumbnail's side and the space around.
pub(super) const WIDTH: f64 = 176.0;
pub(super) const HEIGHT: f64 = 298.0;
const THUMB: f64 = 160.0;
const PAD: f64 = 8.0;

/// What became of a view, a check, a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Passed,
    Failed,
    NotJudged,
}

impl State {
    pub(super) fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Judged(check) if check.passed => Self::Passed,
            Verdict::Judged(_) => Self::Failed,
            Verdict::NotJudged { .. } => Self::NotJudged,
        }
    }

    pub(super) fn of_report(passed: bool, overall: Option<f64>) -> Self {
        match (passed, overall) {
            (true, _) => Self::Passed,
            (false, Some(_)) => Self::Failed,
            (false, None) => Self::NotJudged,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotJudged => "not judged",
        }
    }

    fn class(self) -> &'static str {
        match self {
            Self::Passed => "pass",
            Self::Failed => "fail",
            Self::NotJudged => "soft",
        }
    }
}

/// What a tile shows.
pub(super) struct Tile<'a> {
    pub(super) name: String,
    pub(super) picture: Option<&'a Picture>,
    pub(super) state: State,
    pub(super) report: Option<&'a Report>,
    /// A wrong orientation, or why nothing was judged.
    pub(super) note: Option<String>,
    /// Where the numbered issues are.
    pub(super) evidence: Vec<(usize, Evidence)>,
    pub(super) heat: Option<Heat>,
}

impl Tile<'_> {
    /// Around a middle.
    pub(super) fn draw(&self, paper: &mut Paper, (x, y): (f64, f64)) {
        let (left, top) = (x - WIDTH / 2.0, y - HEIGHT / 2.0);
        paper.rect([left, top, WIDTH, HEIGHT], 10.0, "card", "");
        match self.state {
            State::Failed => paper.rect([left, top, WIDTH, HEIGHT], 10.0, "edge-fail", " stroke-width=\"2.5\""),
            State::NotJudged => paper.rect([left, top, WIDTH, HEIGHT], 10.0, "edge-none", " stroke-dasharray=\"5 4\""),
            State::Passed => {}
        }
        paper.text((left + PAD, top + 21.0), Anchor::Start, (15.0, 700), "", &self.name);
        state(paper, (left + WIDTH - PAD, top + 21.0), self.state, 12.0);
        let thumb = [left + PAD, top + 30.0, THUMB, THUMB];
        paper.rect(thumb, 4.0, "well", "");
        self.draw_thumbnail(paper, (x, top + 30.0 + THUMB / 2.0));
        let below = top + 30.0 + THUMB;
        if let Some(report) = self.report {
            bars(paper, (left + PAD, below + 18.0), WIDTH - 2.0 * PAD, report);
        }
        if let Some(note) = &self.note {
            let class = if self.state == State::Failed { "fail" } else { "soft" };
            let lines = super::paper::wrapped(note, 23);
            let first = if self.report.is_some() { top + HEIGHT - 27.0 } else { below + 20.0 };
            for (line, words) in lines.iter().enumerate() {
                paper.text((left + PAD, first + 14.0 * line as f64), Anchor::Start, (11.0, 600), class, words);
            }
        }
    }

    fn draw_thumbnail(&self, paper: &mut Paper, middle: (f64, f64)) {
        let Some(picture) = self.picture else {
            paper.text((middle.0, middle.1 + 4.0), Anchor::Middle, (11.0, 400), "soft", "no picture");
            return;
        };
        let place = paper.thumbnail(picture, middle, THUMB);
        overlays(paper, place, self.heat.as_ref(), &self.evidence);
    }
}

/// Heat map and evidence over a picture that fills `place`.
pub(super) fn overlays(paper: &mut Paper, place: [f64; 4], heat: Option<&Heat>, evidence: &[(usize, Evidence)]) {
    let [left, top, width, height] = place;
    if let Some(Heat { png, frame: [x, y, w, h] }) = heat {
        // The figure's own frame may reach beyond its picture.
        let [cx, cy, cw, ch] = place.map(number);
        paper.add(format_args!("<svg x=\"{cx}\" y=\"{cy}\" width=\"{cw}\" height=\"{ch}\" viewBox=\"0 0 {cw} {ch}\">"));
        paper.image([x * width, y * height, w * width, h * height], "image/png", png);
        paper.add("</svg>");
    }
    for (nth, (issue, Evidence { x, y, width: w, height: h })) in evidence.iter().enumerate() {
        let area = [left + x * width, top + y * height, w * width, h * height];
        paper.rect(area, 2.0, "", " fill=\"none\" stroke=\"#ffffff\" stroke-width=\"3.5\"");
        paper.rect(area, 2.0, "", " fill=\"none\" stroke=\"#b01818\" stroke-width=\"1.8\" stroke-dasharray=\"5 3\"");
        // At another corner each, as boxes often begin at the same place.
        let (aside, down) = [(0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)][nth % 4];
        let corner = (area[0] + aside * area[2], area[1] + down * area[3]);
        let within = |at: f64, from: f64, length: f64| at.clamp(from + 9.0, from + (length - 9.0).max(9.0));
        badge(paper, (within(corner.0, left, width), within(corner.1, top, height)), *issue);
    }
}

/// The number under which an issue is listed.
pub(super) fn badge(paper: &mut Paper, (x, y): (f64, f64), issue: usize) {
    let (cx, cy) = (number(x), number(y));
    paper.add(format_args!("<circle cx=\"{cx}\" cy=\"{cy}\" r=\"8.5\" fill=\"#b01818\" stroke=\"#ffffff\"/>"));
    paper.text((x, y + 3.8), Anchor::Middle, (10.5, 700), "on", &issue.to_string());
}

/// The word with its mark, ending at `x`.
pub(super) fn state(paper: &mut Paper, (x, y): (f64, f64), state: State, size: f64) {
    mark(paper, (x - size * 0.65, y - size * 0.36), size * 0.65, state);
    paper.text((x - size * 1.65, y), Anchor::End, (size, 600), state.class(), state.word());
}

/// A tick, a cross or a dash on a disc.
pub(super) fn mark(paper: &mut Paper, (x, y): (f64, f64), radius: f64, state: State) {
    let (class, strokes) = match state {
        State::Passed => ("mark-pass", "M-4.4 .3L-1.3 3.4L4.6 -3.2"),
        State::Failed => ("mark-fail", "M-3.4 -3.4L3.4 3.4M3.4 -3.4L-3.4 3.4"),
        State::NotJudged => ("mark-none", "M-4 0L4 0"),
    };
    let (x, y, scale) = (number(x), number(y), number(radius * 10.0 / 8.0) / 10.0);
    paper.add(format_args!(
        "<g transform=\"translate({x} {y}) scale({scale})\"><circle r=\"8\" class=\"{class}\"/>\
         <path d=\"{strokes}\" fill=\"none\" stroke=\"#ffffff\" stroke-width=\"2.2\" stroke-linecap=\"round\"/></g>"
    ));
}

/// The four checks, one below the other.
pub(super) fn bars(paper: &mut Paper, (x, y): (f64, f64), width: f64, report: &Report) {
    for (line, (name, verdict)) in report.checks().into_iter().enumerate() {
        let y = y + 15.0 * line as f64;
        paper.text((x, y), Anchor::Start, (11.0, 400), "", name);
        let state = State::of(verdict);
        match verdict.score() {
            Some(score) => {
                bar(paper, [x + 69.0, y - 7.5, width - 69.0 - 46.0, 7.0], score);
                paper.text((x + width - 16.0, y), Anchor::End, (11.0, 600), state.class(), &format!("{score:.2}"));
            }
            None => paper.text((x + width - 16.0, y), Anchor::End, (11.0, 400), "soft", "not judged"),
        }
        mark(paper, (x + width - 6.0, y - 4.0), 5.2, state);
    }
}

/// From 0 to 1, with a line where it passes.
pub(super) fn bar(paper: &mut Paper, [x, y, width, height]: [f64; 4], score: f64) {
    let radius = height / 2.0;
    paper.rect([x, y, width, height], radius, "track", "");
    let class = if score >= PASS { "bar-pass" } else { "bar-fail" };
    paper.rect([x, y, (width * score.clamp(0.0, 1.0)).max(height), height], radius, class, "");
    let (limit, top, bottom) = (number(x + PASS * width), number(y - 1.5), number(y + height + 1.5));
    paper.add(format_args!("<path d=\"M{limit} {top}V{bottom}\" class=\"limit\" stroke-width=\"1.2\"/>"));
}
