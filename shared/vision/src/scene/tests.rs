use likeness_figures::{Canvas, Defects, Look, Placed, Style, View, draw_character, draw_location, draw_scene};

use super::{SceneReport, SlotState, Wanted, find_in_scene};
use crate::consistency::{Evidence, Figure, Verdict};
use crate::picture::Picture;

const KNIGHT: &str = "a red-haired knight with a blue cape";
const KEEPER: &str = "a lighthouse keeper in a yellow raincoat";
const QUEEN: &str = "a queen in a purple gown with a crown";
const CANVAS: Canvas = Canvas { width: 480, height: 320, background: [226, 226, 222] };

fn reference(prompt: &str) -> Figure {
    let canvas = Canvas { width: 320, height: 320, ..CANVAS };
    let look = Look::from_prompt(prompt, 7);
    let image = draw_character(&look, View::level(0.0), Style::Soft, &canvas, &Defects::default());
    Figure::of(&Picture::from_rgb(320, 320, image.into_raw())).unwrap()
}

/// Who stands where, from left to right as shares of the width.
fn scene(figures: &[(&str, f64)]) -> Picture {
    let placed: Vec<Placed> = figures
        .iter()
        .map(|(prompt, x)| Placed {
            look: Look::from_prompt(prompt, 7),
            view: View::level(12.0),
            x: *x,
            y: 0.94,
            scale: 0.66,
        })
        .collect();
    Picture::from_rgb(480, 320, draw_scene("a harbour at dawn", &placed, 3, &CANVAS).into_raw())
}

fn wanted(figure: &Figure, x: f64) -> Wanted<'_> {
    Wanted { figure, at: Some([x, 0.6]) }
}

fn states(report: &SceneReport) -> Vec<&SlotState> {
    report.slots.iter().map(|slot| &slot.state).collect()
}

fn middle(place: Option<Evidence>) -> f64 {
    let place = place.unwrap();
    place.x + place.width / 2.0
}

#[test]
fn everybody_is_found_where_they_stand() {
    let (knight, queen) = (reference(KNIGHT), reference(QUEEN));
    let picture = scene(&[(KNIGHT, 0.25), (QUEEN, 0.7)]);
    let report = find_in_scene(&picture, &[wanted(&queen, 0.7), Wanted { figure: &knight, at: None }]);
    assert_eq!(states(&report), [&SlotState::Found, &SlotState::Found]);
    assert!(report.passed && report.extra.is_empty(), "{report:?}");
    assert!(report.overall.unwrap() >= 0.7);
    assert!((middle(report.slots[0].place) - 0.7).abs() < 0.03, "{report:?}");
    assert!((middle(report.slots[1].place) - 0.25).abs() < 0.03, "{report:?}");
    let place = report.slots[1].place.unwrap();
    // The feet are at 0.94, the body is 0.66 high.
    assert!((place.y - 0.28).abs() < 0.06 && (place.height - 0.66).abs() < 0.08, "{place:?}");
    assert!(matches!(report.slots[0].checks.color, Verdict::Judged(_)));
    assert!(matches!(report.slots[0].checks.features, Verdict::NotJudged { .. }));
    let again = find_in_scene(&picture, &[wanted(&queen, 0.7), Wanted { figure: &knight, at: None }]);
    assert_eq!(serde_json::to_string(&again).unwrap(), serde_json::to_string(&report).unwrap());
}

#[test]
fn who_is_not_there_is_missing() {
    let (knight, queen) = (reference(KNIGHT), reference(QUEEN));
    let report = find_in_scene(&scene(&[(QUEEN, 0.7)]), &[wanted(&knight, 0.3), wanted(&queen, 0.7)]);
    assert_eq!(states(&report), [&SlotState::Missing, &SlotState::Found]);
    assert!(!report.passed && report.slots[0].place.is_none() && report.slots[0].score.is_none());
    assert!(report.overall.unwrap() < 0.7);
    let canvas = Canvas { background: [240; 3], ..CANVAS };
    let nobody = Picture::from_rgb(480, 320, draw_location("a forest", 5, &canvas).into_raw());
    let report = find_in_scene(&nobody, &[wanted(&knight, 0.3)]);
    assert_eq!((states(&report), report.overall), (vec![&SlotState::Missing], Some(0.0)));
}

#[test]
fn two_at_each_others_places_are_swapped() {
    let (knight, queen) = (reference(KNIGHT), reference(QUEEN));
    let picture = scene(&[(KNIGHT, 0.3), (QUEEN, 0.7)]);
    let report = find_in_scene(&picture, &[wanted(&queen, 0.3), wanted(&knight, 0.7)]);
    assert_eq!(states(&report), [&SlotState::Swapped { with: 1 }, &SlotState::Swapped { with: 0 }]);
    assert!(!report.passed);
    // Without places there is nothing to swap.
    let anywhere = |figure| Wanted { figure, at: None };
    assert!(find_in_scene(&picture, &[anywhere(&queen), anywhere(&knight)]).passed);
}

#[test]
fn two_alike_take_two_places_and_one_wanted_twice_is_missing_once() {
    let (knight, twin) = (reference(KNIGHT), reference(KNIGHT));
    let both = scene(&[(KNIGHT, 0.3), (KNIGHT, 0.7)]);
    for other in [&twin, &knight] {
        let report = find_in_scene(&both, &[wanted(other, 0.7), wanted(&knight, 0.3)]);
        assert!(report.passed, "{report:?}");
        assert!(middle(report.slots[0].place) > 0.6 && middle(report.slots[1].place) < 0.4);
    }
    let one = find_in_scene(&scene(&[(KNIGHT, 0.3)]), &[wanted(&knight, 0.7), wanted(&knight, 0.3)]);
    assert_eq!(states(&one), [&SlotState::Missing, &SlotState::Found]);
}

#[test]
fn a_double_that_nobody_asked_for_is_extra() {
    let keeper = reference(KEEPER);
    let report = find_in_scene(&scene(&[(KEEPER, 0.25), (KEEPER, 0.75)]), &[wanted(&keeper, 0.25)]);
    assert_eq!(states(&report), [&SlotState::Found]);
    assert_eq!(report.extra.len(), 1, "{report:?}");
    assert!(!report.passed && (middle(report.extra.first().copied()) - 0.75).abs() < 0.04);
}

#[test]
fn most_figures_with_anothers_clothes_are_blended() {
    let cast = [KNIGHT, KEEPER, QUEEN];
    let mut named = 0;
    for (own, other) in [(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)] {
        let (one, clothed) = (Look::from_prompt(cast[own], 7), Look::from_prompt(cast[other], 7));
        let Look { skin, face, hair, hat, build, .. } = one;
        let mixed = Look { skin, face, hair, hat, build, ..clothed.clone() };
        let stand = |look: Look, x: f64| Placed { look, view: View::level(0.0), x, y: 0.94, scale: 0.66 };
        let image = draw_scene("a harbour at dawn", &[stand(mixed, 0.3), stand(clothed, 0.7)], 3, &CANVAS);
        let picture = Picture::from_rgb(480, 320, image.into_raw());
        let figures = [reference(cast[own]), reference(cast[other])];
        let report = find_in_scene(&picture, &[wanted(&figures[0], 0.3), wanted(&figures[1], 0.7)]);
        assert!(!report.passed, "{report:?}");
        named += u32::from(report.slots[0].state == SlotState::Blended { with: 1 });
    }
    assert!(named >= 3, "{named} of 6");
}

#[test]
fn a_picture_in_which_nothing_can_be_found_is_not_judged() {
    let knight = reference(KNIGHT);
    let flat = Picture::from_rgb(300, 300, vec![120; 270_000]);
    let clear = Picture::from_rgba(300, 300, vec![0; 360_000]);
    let thread = Picture::from_rgb(8000, 3, (0..72_000_u32).map(|at| (at * 37 % 251) as u8).collect());
    for picture in [flat, clear, thread, Picture::from_rgb(1, 1, vec![9, 9, 9])] {
        let report = find_in_scene(&picture, &[wanted(&knight, 0.5)]);
        assert!(matches!(report.slots[0].state, SlotState::NotJudged { .. }), "{report:?}");
        assert!(report.overall.is_none() && !report.passed && report.slots[0].score.is_none());
    }
    assert_eq!(find_in_scene(&scene(&[(KNIGHT, 0.5)]), &[]).overall, None);
}

#[test]
fn ink_on_paper_is_no_reference() {
    let canvas = Canvas { width: 320, height: 320, ..CANVAS };
    let look = Look::from_prompt(KNIGHT, 7);
    let image = draw_character(&look, View::level(0.0), Style::Line, &canvas, &Defects::default());
    let drawing = Figure::of(&Picture::from_rgb(320, 320, image.into_raw())).unwrap();
    let report = find_in_scene(&scene(&[(KNIGHT, 0.5)]), &[wanted(&drawing, 0.5)]);
    assert!(matches!(report.slots[0].state, SlotState::NotJudged { .. }), "{report:?}");
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["slots"][0]["state"], "notJudged");
}
