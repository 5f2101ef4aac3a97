//! The list of what differs, numbered as in the pictures.

use super::paper::{Anchor, Paper, wrapped};
use super::tile::badge;
use crate::consistency::{Issue, Severity};

/// A line of the list.
pub(super) struct Listed<'a> {
    /// "90°", or nothing for a pair.
    pub(super) view: String,
    pub(super) check: &'a str,
    pub(super) issue: &'a Issue,
}

/// More are counted, not listed.
const MOST: usize = 30;

/// Draws the list into a card and gives its height.
pub(super) fn draw(paper: &mut Paper, (x, y): (f64, f64), width: f64, issues: &[Listed<'_>]) -> f64 {
    let characters = ((width - 330.0) / 7.4) as usize;
    let rows: Vec<(Vec<String>, Vec<String>)> = issues
        .iter()
        .take(MOST)
        .map(|listed| (wrapped(&listed.issue.what, characters), wrapped(&listed.issue.suggestion, characters)))
        .collect();
    let row_height =
        |(what, suggestion): &(Vec<String>, Vec<String>)| 17.0 * (what.len() + suggestion.len()) as f64 + 16.0;
    let more = issues.len().saturating_sub(MOST);
    let rows_height = rows.iter().map(row_height).sum::<f64>();
    let rest = if more > 0 || issues.is_empty() { 30.0 } else { 0.0 };
    let height = 52.0 + rows_height + rest + 6.0;
    paper.rect([x, y, width, height], 10.0, "card", "");
    let title = match issues.len() {
        0 => "No issues".to_owned(),
        1 => "1 issue".to_owned(),
        many => format!("{many} issues"),
    };
    paper.text((x + 20.0, y + 32.0), Anchor::Start, (17.0, 700), "", &title);
    if issues.is_empty() {
        paper.text((x + 20.0, y + 58.0), Anchor::Start, (13.0, 400), "soft", "Nothing differs beyond the thresholds.");
    }
    let mut top = y + 52.0;
    for (number, (listed, row)) in issues.iter().zip(&rows).enumerate() {
        let line = top + 18.0;
        paper.rect([x + 20.0, top, width - 40.0, 1.0], 0.0, "track", "");
        badge(paper, (x + 32.0, line - 4.0), number + 1);
        severity(paper, (x + 52.0, line), listed.issue.severity);
        paper.text((x + 156.0, line), Anchor::Start, (13.0, 600), "", &listed.view);
        paper.text((x + 206.0, line), Anchor::Start, (13.0, 400), "soft", listed.check);
        let (what, suggestion) = row;
        for (below, words) in what.iter().enumerate() {
            paper.text((x + 300.0, line + 17.0 * below as f64), Anchor::Start, (13.0, 600), "", words);
        }
        for (below, words) in suggestion.iter().enumerate() {
            let below = (what.len() + below) as f64;
            paper.text((x + 300.0, line + 17.0 * below), Anchor::Start, (13.0, 400), "soft", words);
        }
        top += row_height(row);
    }
    if more > 0 {
        paper.text((x + 20.0, top + 20.0), Anchor::Start, (13.0, 400), "soft", &format!("and {more} more"));
    }
    height
}

/// As many filled dots as it is severe, and the word.
fn severity(paper: &mut Paper, (x, y): (f64, f64), severity: Severity) {
    let (word, dots) = match severity {
        Severity::Critical => ("critical", 4),
        Severity::High => ("high", 3),
        Severity::Medium => ("medium", 2),
        Severity::Low => ("low", 1),
    };
    for dot in 0..4 {
        let class = if dot < dots { "mark-fail" } else { "track" };
        let (cx, cy) = (x + 3.0 + 7.0 * f64::from(dot), y - 4.5);
        paper.add(format_args!("<circle cx=\"{cx}\" cy=\"{cy}\" r=\"2.6\" class=\"{class}\"/>"));
    }
    paper.text((x + 32.0, y), Anchor::Start, (13.0, 400), "", word);
}
