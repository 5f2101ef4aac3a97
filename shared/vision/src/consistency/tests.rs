use likeness_figures::{Canvas, Defects, Look, Style, View, draw_character, draw_location};

use super::{
    Facing, Figure, Mistake, NoFigure, Pose, Relation, Report, SetReport, Verdict, Weights, compare, compare_with,
    verify_set,
};
use crate::picture::Picture;

const WALL: [u8; 3] = [226, 226, 222];

fn drawn(prompt: &str, angle: u16, style: Style, defects: &Defects) -> Picture {
    let canvas = Canvas { width: 320, height: 320, background: WALL };
    let image = draw_character(&Look::from_prompt(prompt, 7), View::level(f64::from(angle)), style, &canvas, defects);
    Picture::from_rgb(320, 320, image.into_raw())
}

fn figure(angle: u16, defects: &Defects) -> Figure {
    Figure::of(&drawn("a red-haired knight with a blue cape", angle, Style::Soft, defects)).unwrap()
}

fn clean(angle: u16) -> Figure {
    figure(angle, &Defects::default())
}

/// Boxes on a plain ground: left, top, right, bottom.
fn boxes(width: u32, height: u32, boxes: &[[u32; 4]]) -> Picture {
    let pixel = |at: u32| {
        let (x, y) = (at % width, at / width);
        let within =
            boxes.iter().any(|[left, top, right, bottom]| x >= *left && x < *right && y >= *top && y < *bottom);
        if within { [60, 90, 160] } else { [230, 230, 230] }
    };
    Picture::from_rgb(width, height, (0..width * height).flat_map(pixel).collect())
}

fn json(report: &impl serde::Serialize) -> String {
    serde_json::to_string(report).unwrap()
}

fn scores(report: &Report) -> Vec<(&'static str, Option<f64>)> {
    report.checks().map(|(name, verdict)| (name, verdict.score())).to_vec()
}

#[test]
fn what_has_no_single_figure_is_named() {
    #[track_caller]
    fn none(picture: &Picture) -> NoFigure {
        Figure::of(picture).map(|_| ()).unwrap_err()
    }
    assert_eq!(none(&Picture::from_rgb(1, 1, vec![9, 9, 9])), NoFigure::TooSmall);
    assert_eq!(none(&Picture::from_rgb(300, 300, vec![120; 270_000])), NoFigure::Nothing);
    assert_eq!(none(&Picture::from_rgba(300, 300, vec![0; 360_000])), NoFigure::Nothing);
    assert_eq!(none(&Picture::from_rgb(8000, 3, vec![7; 72_000])), NoFigure::TooSmall);
    assert_eq!(none(&boxes(300, 300, &[[40, 50, 110, 280], [180, 50, 250, 280]])), NoFigure::SeveralFigures);
    assert_eq!(none(&boxes(300, 300, &[[140, 140, 148, 149]])), NoFigure::Nothing);
    assert_eq!(none(&boxes(300, 300, &[[100, 140, 200, 165]])), NoFigure::TooSmall);
    let canvas = Canvas { width: 300, height: 300, background: WALL };
    let room = draw_location("a cosy library room", 7, &canvas);
    assert_eq!(none(&Picture::from_rgb(300, 300, room.into_raw())), NoFigure::BackdropNotPlain);
    let noise = (0..270_000_u32)
        .map(|at| ((at ^ 0x9e37).wrapping_mul(2_654_435_761).rotate_left(13).wrapping_mul(0x85eb_ca6b) >> 24) as u8)
        .collect();
    assert_eq!(none(&Picture::from_rgb(300, 300, noise)), NoFigure::BackdropNotPlain);
}

#[test]
fn a_figure_without_a_face_in_8000_pixels_is_compared_all_the_same() {
    let huge = Figure::of(&boxes(8000, 2000, &[[3800, 100, 4200, 1900]])).unwrap();
    assert_eq!(compare(&huge, &huge, Relation::Same).overall, Some(1.0));
    // Touching the lower border, as a figure cut at the knees does.
    let cut = Figure::of(&boxes(200, 300, &[[70, 40, 130, 300]])).unwrap();
    assert!(compare(&cut, &cut, Relation::Turned).passed);
}

#[test]
fn a_figure_is_like_itself() {
    for angle in [0, 60, 180] {
        let report = compare(&clean(angle), &clean(angle), Relation::Same);
        assert_eq!(report.overall, Some(1.0), "{angle}: {:?}", scores(&report));
        assert!(report.passed && report.recommendations.is_empty() && report.issues().count() == 0);
    }
}

#[test]
fn the_same_pictures_give_the_same_report() {
    let defects = Defects { hue_shift_degrees: 90.0, ..Defects::default() };
    let pair = || json(&compare(&clean(0), &figure(0, &defects), Relation::Same));
    assert_eq!(pair(), pair());
    let set = || json(&verify_set(&clean(0), &[(90, clean(90)), (180, figure(180, &defects))]));
    assert_eq!(set(), set());
}

#[test]
fn other_colours_are_seen_and_said() {
    let spoilt = figure(0, &Defects { hue_shift_degrees: 100.0, ..Defects::default() });
    let report = compare(&clean(0), &spoilt, Relation::Same);
    let Verdict::Judged(color) = &report.color else { panic!("not judged") };
    assert!(!color.passed, "{}", color.score);
    let issue = &color.issues[0];
    assert!(issue.what.contains("expected #"), "{}", issue.what);
    let place = issue.place.unwrap();
    assert!(place.x >= 0.0 && place.y >= 0.0 && place.x + place.width <= 1.0 && place.y + place.height <= 1.0);
    assert!(!report.passed && !report.recommendations.is_empty());
    // From another side too.
    assert!(!compare(&clean(90), &spoilt, Relation::Turned).passed);
    assert!(compare(&clean(90), &clean(0), Relation::Turned).passed);
}

#[test]
fn other_legs_and_another_style_are_seen() {
    let long = figure(0, &Defects { leg_scale: 1.25, ..Defects::default() });
    let report = compare(&clean(0), &long, Relation::Same);
    // Real right pictures differ as much: it costs score and fails nothing.
    let cost = |score: Option<f64>| score.is_some_and(|score| score < 0.9);
    assert!(cost(report.proportion.score()) && cost(report.overall), "{:?}", scores(&report));
    for style in [Style::Line, Style::Flat] {
        let drawing = figure(0, &Defects { style: Some(style), ..Defects::default() });
        let report = compare(&clean(0), &drawing, Relation::Same);
        assert!(report.style.failed(), "{style:?}: {:?}", scores(&report));
    }
}

#[test]
fn another_pose_is_judged_as_another_side() {
    let long = figure(0, &Defects { leg_scale: 1.3, ..Defects::default() });
    let judged = |pose: Option<Pose>| {
        let weights = Weights { pose, ..Weights::committed().clone() };
        compare_with(&weights, &clean(0), &long, Relation::Same)
    };
    let posed = judged(Some(Pose { strain: 0.5, hues: 0.5 }));
    assert!(posed.proportion.score().is_none() && posed.features.score().is_none(), "{}", json(&posed));
    assert!(posed.color.score().is_some() && posed.style.score().is_some(), "{}", json(&posed));
    // Of other colours, or in an outline that other legs explain, it is none.
    for pose in [None, Some(Pose { strain: 0.5, hues: 0.0 }), Some(Pose { strain: 50.0, hues: 0.5 })] {
        assert!(judged(pose).proportion.score().is_some(), "{pose:?}");
    }
}

#[test]
fn another_character_fails() {
    let other = Figure::of(&drawn("an old woman with glasses and a green coat", 0, Style::Soft, &Defects::default()));
    let report = compare(&clean(0), &other.unwrap(), Relation::Same);
    assert!(report.color.failed() && !report.passed, "{:?}", scores(&report));
    assert!(report.features.score().is_some_and(|score| score < 0.8), "{:?}", scores(&report));
}

#[test]
fn heights_are_the_same_from_all_sides() {
    let front = clean(0).landmarks;
    for angle in [90, 180] {
        let turned = clean(angle).landmarks;
        for ((name, a), (_, b)) in front.named().into_iter().zip(turned.named()) {
            // Waist and knee are where colours change most: seen from the side, that is where the cape's do.
            if let Some((a, b)) = a.zip(b).filter(|_| ["chin", "hem"].contains(&name)) {
                assert!((a - b).abs() < 0.05, "{name} at {angle}: {a} and {b}");
            }
        }
    }
}

fn failing(report: &SetReport) -> Vec<u16> {
    report.angles.iter().filter(|angle| !angle.passed).map(|angle| angle.angle).collect()
}

fn profile(spoilt: &[(u16, Defects)]) -> Vec<(u16, Figure)> {
    let view = |angle: u16| match spoilt.iter().find(|(bad, _)| *bad == angle) {
        Some((_, defects)) => (angle, figure(angle, defects)),
        None => (angle, clean(angle)),
    };
    (0..12).map(|step| view(step * 30)).collect()
}

#[test]
fn a_right_profile_passes_and_its_back_is_not_asked_for_a_face() {
    for prompt in ["an old woman with glasses and a green coat", "a red-haired knight with a blue cape"] {
        let seen = |angle: u16| Figure::of(&drawn(prompt, angle, Style::Soft, &Defects::default())).unwrap();
        let views: Vec<(u16, Figure)> = (0..12).map(|step| (step * 30, seen(step * 30))).collect();
        let report = verify_set(&seen(0), &views);
        assert_eq!(failing(&report), Vec::<u16>::new(), "{:?}", report.issues);
        let back = report.angles.iter().find(|angle| angle.angle == 180).unwrap();
        assert!(matches!(back.report.features, Verdict::NotJudged { .. }));
        assert!(report.passed && report.overall.is_some_and(|overall| overall > 0.7));
    }
}

#[test]
fn spoilt_angles_of_a_profile_are_found_and_no_others() {
    let hue = Defects { hue_shift_degrees: 60.0, ..Defects::default() };
    let style = Defects { style: Some(Style::Line), ..Defects::default() };
    let report = verify_set(&clean(0), &profile(&[(90, hue), (210, style)]));
    assert_eq!(failing(&report), [90, 210], "{:?}", report.issues);
    let spoilt = report.angles.iter().find(|angle| angle.angle == 90).unwrap();
    assert!(spoilt.report.color.failed() && !spoilt.report.style.failed());
    let [right, bad] = [&report.angles[4], spoilt].map(|angle| angle.score.unwrap());
    assert!(bad < right, "the best of several attempts is chosen by score: {bad} and {right}");
    let issue = report.issues.iter().find(|found| found.angle == 90).unwrap();
    assert!(issue.check == "color" && issue.issue.what.contains("expected #"), "{issue:?}");
    assert!(issue.issue.place.is_some());
}

#[test]
fn a_view_from_another_side_is_named() {
    let turned = |claimed: usize, from: u16| {
        let mut views = profile(&[]);
        views[claimed / 30].1 = clean(from);
        verify_set(&clean(0), &views).angles.swap_remove(claimed / 30)
    };
    let swapped = turned(60, 300);
    assert!(
        matches!(swapped.orientation, Facing::Wrong { mistake: Mistake::Swapped, looks_like: 285..=315, .. }),
        "{:?}",
        swapped.orientation
    );
    let off = turned(90, 180);
    assert!(
        matches!(off.orientation, Facing::Wrong { mistake: Mistake::OtherAngle, .. }) && !off.passed,
        "{:?}",
        off.orientation
    );
}

#[test]
fn a_mirrored_front_is_no_back() {
    let mirrored = Defects { mirrored_back: true, ..Defects::default() };
    let report = verify_set(&clean(0), &profile(&[(180, mirrored)]));
    let back = &report.angles[6];
    assert!(matches!(back.orientation, Facing::Wrong { mistake: Mistake::FrontForBack, .. }), "{:?}", back.orientation);
    assert_eq!(failing(&report), [180]);
    assert!(report.issues.iter().any(|found| found.angle == 180 && found.check == "orientation"));
}

#[test]
fn small_sets_have_verdicts_too() {
    let none = verify_set(&clean(0), &[]);
    assert_eq!((none.overall, none.passed), (None, false));
    let one = verify_set(&clean(0), &[(0, clean(0))]);
    assert_eq!((one.overall, one.passed), (Some(1.0), true));
    // The same angle twice, and one beyond a turn.
    let odd = verify_set(&clean(0), &[(90, clean(90)), (90, clean(90)), (450, clean(90))]);
    assert_eq!(odd.angles.len(), 3);
}
