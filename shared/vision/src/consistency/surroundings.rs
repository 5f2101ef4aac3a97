//! Two figures of which one was cut out of its surroundings, as in a photograph: pose, light and distance are others, and its
//! outline is not exact. Nothing is laid over anything: identity and colours are judged.

use std::collections::BTreeMap;

use super::figure::{Backdrop, Figure};
use super::identity;
use super::report::{Evidence, Issue, Report, Severity, Verdict};
use super::weights;

/// The most that `stranger` and `colours` may be. On photographs of 15 things and pets, each before many backgrounds, 6 % of
/// the pairs of one subject are above one of the two, and 1.3 % of those of two subjects below both.
const STRANGER: f64 = 0.5;
const COLOURS: f64 = 0.72;

/// `None` where both stand before a wall, or where the network did not look: then the measures of the outline judge.
pub(super) fn report(reference: &Figure, candidate: &Figure) -> Option<Report> {
    if reference.backdrop == Backdrop::Plain && candidate.backdrop == Backdrop::Plain {
        return None;
    }
    let measures = identity::measures(reference, candidate)?;
    let judged = |name: &str, most: f64, what: &str, suggestion: &str| {
        let score = weights::score(measures[name] / most);
        let details = BTreeMap::from([(name.to_owned(), measures[name])]);
        let place = Some(Evidence::on(candidate, [0.0, 0.0, 1.0, 1.0]));
        let issue =
            Issue { severity: Severity::of(score), what: what.to_owned(), place, suggestion: suggestion.to_owned() };
        Verdict::of(score, details, || Some(issue))
    };
    let checks = [
        judged("colours", COLOURS, "whole figure: other colours", "name the colours in the prompt"),
        Verdict::not_judged("it was cut out of its surroundings, where heights and widths are not exact"),
        judged(
            "stranger",
            STRANGER,
            "whole figure: looks like another subject",
            "generate it again with the reference image",
        ),
        Verdict::not_judged("it was cut out of its surroundings, which the manner of drawing is not told from"),
    ];
    Some(Report::of(checks, None, || ("features", None)))
}
