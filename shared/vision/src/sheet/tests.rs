use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use likeness_figures::{Canvas, Defects, Look, Style, View, draw_character};

use super::{heat, pair_sheet, paper, set_sheet};
use crate::consistency::{Figure, Relation, SetReport, compare, verify_set};
use crate::gate::{Format, Limits, inspect};
use crate::picture::Picture;

fn drawn(angle: u16, defects: &Defects) -> Picture {
    let canvas = Canvas { width: 320, height: 320, background: [226, 226, 222] };
    let look = Look::from_prompt("a red-haired knight with a blue cape", 7);
    let image = draw_character(&look, View::level(f64::from(angle)), Style::Soft, &canvas, defects);
    Picture::from_rgb(320, 320, image.into_raw())
}

fn clean(angle: u16) -> Picture {
    drawn(angle, &Defects::default())
}

/// Twelve views, of which 60 has other colours and 180 is a mirrored front.
fn profile() -> (Vec<(u16, Picture)>, SetReport) {
    let spoilt = |angle: u16| match angle {
        60 => Defects { hue_shift_degrees: 120.0, ..Defects::default() },
        180 => Defects { mirrored_back: true, ..Defects::default() },
        _ => Defects::default(),
    };
    let pictures: Vec<_> = (0..12).map(|step| (step * 30, drawn(step * 30, &spoilt(step * 30)))).collect();
    let figures: Vec<_> = pictures.iter().map(|(angle, picture)| (*angle, Figure::of(picture).unwrap())).collect();
    let report = verify_set(&Figure::of(&clean(0)).unwrap(), &figures);
    (pictures, report)
}

fn borrowed(pictures: &[(u16, Picture)]) -> Vec<(u16, &Picture)> {
    pictures.iter().map(|(angle, picture)| (*angle, picture)).collect()
}

/// Well-formed as far as this writer could break it, and without anything that runs or loads.
#[track_caller]
fn assert_sound(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        assert!(!rest[..start].contains('>'), "a stray >");
        let end = rest[start..].find('>').expect("a tag ends") + start;
        let tag = &rest[start + 1..end];
        assert!(tag.matches('"').count().is_multiple_of(2) && !tag.contains('<'), "{tag}");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        match (tag.starts_with('/'), tag.ends_with('/')) {
            (true, _) => assert_eq!(open.pop(), Some(name)),
            (false, true) => {}
            (false, false) => open.push(name),
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?} {rest}");
    for (at, _) in svg.match_indices('&') {
        let entity = svg[at..].split(';').next().unwrap();
        assert!(["&amp", "&lt", "&gt", "&quot", "&#39"].contains(&entity), "{entity}");
    }
    // Between the pictures: any letters may stand in their data.
    let drawn: String = svg.split("href=\"").map(|part| part.split_once('"').map_or(part, |(_, rest)| rest)).collect();
    assert!(!drawn.contains("<script") && !drawn.contains("NaN") && !drawn.contains("inf\""));
    assert_eq!(svg.matches("http").count(), 2, "the namespaces only");
    assert_pictures_are_plain(svg);
    assert!(svg.starts_with("<svg ") && svg.contains("role=\"img\"") && svg.contains("viewBox=\"0 0 "));
    assert!(svg.contains("<title ") && svg.contains("<desc "));
}

/// Each picture is of a format and under a name that viewers without WebP and without SVG 2 know, and is what it says.
#[track_caller]
fn assert_pictures_are_plain(svg: &str) {
    let references: Vec<&str> = svg.match_indices("href=\"").map(|(at, _)| &svg[at - 6..]).collect();
    for reference in references {
        let data = reference.strip_prefix("xlink:href=\"data:").expect("the older name");
        let (media_type, rest) = data.split_once(";base64,").unwrap();
        let bytes = STANDARD.decode(rest.split('"').next().unwrap()).unwrap();
        let format = inspect(&bytes, &Limits::default()).unwrap().format;
        assert!(matches!(format, Format::Png | Format::Jpeg) && format.content_type() == media_type, "{media_type}");
    }
}

#[test]
fn a_profile_is_drawn_with_what_failed() {
    let (pictures, report) = profile();
    let failing: Vec<u16> = report.angles.iter().filter(|angle| !angle.passed).map(|angle| angle.angle).collect();
    assert!(failing.contains(&180), "{failing:?}");
    let svg = set_sheet(&clean(0), &borrowed(&pictures), &report);
    assert_sound(&svg);
    assert!(svg.len() < 400_000, "{} bytes", svg.len());
    assert_eq!(svg.matches("image/jpeg").count(), 13);
    assert!((1..=failing.len()).contains(&svg.matches("image/png").count()), "heat maps of failing views only");
    assert!(svg.contains("180°: failed") && svg.contains("shows the front, not the back"));
    for angle in &report.angles {
        let word = if angle.passed { "passed" } else { "failed" };
        assert!(svg.contains(&format!(" {}°: {word}", angle.angle)), "{} {word}", angle.angle);
    }
    for found in &report.issues {
        let first = paper::wrapped(&found.issue.what, 40).remove(0);
        assert!(svg.contains(&paper::escaped(&first)), "{first}");
    }
    assert_eq!(svg, set_sheet(&clean(0), &borrowed(&pictures), &report));
}

#[test]
fn what_was_not_judged_is_drawn_with_its_reason() {
    let (mut pictures, _) = profile();
    pictures[3].1 = Picture::from_rgb(200, 200, vec![120; 120_000]);
    let found = pictures.iter().filter_map(|(angle, picture)| Some((*angle, Figure::of(picture).ok()?)));
    let report = verify_set(&Figure::of(&clean(0)).unwrap(), &found.collect::<Vec<_>>());
    let svg = set_sheet(&clean(0), &borrowed(&pictures), &report);
    assert_sound(&svg);
    assert!(svg.contains("90°: not judged, there is no figure"), "{}", &svg[..3000]);
}

#[test]
fn small_large_and_empty_sets_are_drawn() {
    let master = clean(0);
    let report = |views: &[(u16, &Picture)]| {
        let figures: Vec<_> = views.iter().map(|(angle, picture)| (*angle, Figure::of(picture).unwrap())).collect();
        verify_set(&Figure::of(&master).unwrap(), &figures)
    };
    let none = set_sheet(&master, &[], &report(&[]));
    assert_sound(&none);
    assert!(none.contains("Not judged: "));
    let one = set_sheet(&master, &[(0, &master)], &report(&[(0, &master)]));
    assert_sound(&one);
    assert!(one.contains("1 view, none fails. Overall score 1.00."));
    let side = clean(90);
    let twins = [(90, &side), (90, &side), (450, &side)];
    assert_sound(&set_sheet(&master, &twins, &report(&twins)));
    // A report without its pictures, and pictures without any figure.
    assert_sound(&set_sheet(&master, &[], &report(&twins)));
    let blank = Picture::from_rgb(1, 1, vec![0, 0, 0]);
    assert_sound(&set_sheet(&blank, &[(0, &blank)], &report(&[])));
}

#[test]
fn a_pair_is_drawn_with_what_differs() {
    let (a, b) = (clean(0), drawn(0, &Defects { hue_shift_degrees: 120.0, ..Defects::default() }));
    let compared = |b: &Picture, relation| compare(&Figure::of(&a).unwrap(), &Figure::of(b).unwrap(), relation);
    let svg = pair_sheet(&a, &b, &compared(&b, Relation::Same));
    assert_sound(&svg);
    assert!(svg.contains("Comparison: failed") && svg.contains("expected #") && svg.contains("image/png"));
    let same = pair_sheet(&a, &a, &compared(&a, Relation::Same));
    assert_sound(&same);
    assert!(same.contains("Comparison: passed") && same.contains("No issues") && !same.contains("image/png"));
    let turned = pair_sheet(&a, &clean(90), &compared(&clean(90), Relation::Turned));
    assert!(turned.contains("features not judged"));
}

#[test]
fn hostile_words_stay_words() {
    let (a, b) = (clean(0), drawn(0, &Defects { hue_shift_degrees: 120.0, ..Defects::default() }));
    let mut report = compare(&Figure::of(&a).unwrap(), &Figure::of(&b).unwrap(), Relation::Same);
    let crate::consistency::Verdict::Judged(color) = &mut report.color else { panic!("not judged") };
    color.issues[0].what = "</text><script>alert('1')</script> & \"\u{1}\u{7f}".to_owned();
    color.issues[0].suggestion = "<image href=\"https://example.test/a.png\"/>".replace("https", "ftp");
    let svg = pair_sheet(&a, &b, &report);
    assert!(svg.contains("&lt;script&gt;alert(&#39;1&#39;)") && !svg.contains('\u{1}'));
    assert!(!svg.contains("<script") && svg.matches("<image ").count() == 3);
    assert_sound(&svg.replace("href=&quot;ftp", ""));
}

#[test]
fn heat_lies_where_the_difference_is() {
    let of = |picture: &Picture| Figure::of(picture).unwrap();
    let (a, b) = (of(&clean(0)), of(&drawn(0, &Defects { hue_shift_degrees: 120.0, ..Defects::default() })));
    assert!(heat::of(&a, &a, Relation::Same).is_none());
    let found = heat::of(&b, &a, Relation::Same).unwrap();
    let overlay = crate::decode(&found.png, &crate::Limits::default()).unwrap();
    assert!(overlay.has_alpha());
    // Over white, what is hot is not white: the clothes are, the face is not.
    let hot = |from: u32, to: u32| {
        let (width, rgb) = (overlay.width(), overlay.rgb());
        let rows = &rgb[(from * width * 3) as usize..(to * width * 3) as usize];
        rows.chunks_exact(3).filter(|pixel| pixel[1] < 200).count()
    };
    let height = overlay.height();
    assert!(
        hot(height / 4, height) > 8 * hot(0, height / 4).max(10),
        "{} {}",
        hot(height / 4, height),
        hot(0, height / 4)
    );
}
