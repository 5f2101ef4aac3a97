use super::*;

const WALL: [u8; 3] = [226, 226, 222];

fn canvas(side: u32) -> Canvas {
    Canvas { width: side, height: side, background: WALL }
}

fn drawn(look: &Look, azimuth: f64, defects: &Defects) -> RgbImage {
    draw_character(look, View::level(azimuth), Style::Flat, &canvas(160), defects)
}

fn right(look: &Look, azimuth: f64) -> RgbImage {
    drawn(look, azimuth, &Defects::default())
}

/// Mean difference per channel.
fn difference(a: &RgbImage, b: &RgbImage) -> f64 {
    let sum: u64 = a.iter().zip(b.iter()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.len() as f64
}

/// Where the picture is not wall or shadow, on a flat drawing.
fn silhouette(image: &RgbImage) -> Vec<bool> {
    // The shadow only dims the wall's grey; a figure's colours differ in hue or are far darker.
    image.pixels().map(|pixel| (0..3).any(|i| pixel[i].abs_diff(WALL[i]) > 34)).collect()
}

fn mirrored(image: &RgbImage) -> RgbImage {
    image::imageops::flip_horizontal(image)
}

fn disagreement(a: &[bool], b: &[bool]) -> f64 {
    let apart = a.iter().zip(b).filter(|(a, b)| a != b).count();
    apart as f64 / a.iter().filter(|inside| **inside).count() as f64
}

/// Rows from the top of the figure to its feet.
fn height(image: &RgbImage) -> u32 {
    let rows: Vec<u32> =
        silhouette(image).iter().enumerate().filter(|(_, s)| **s).map(|(at, _)| at as u32 / image.width()).collect();
    rows.last().unwrap() - rows.first().unwrap()
}

fn knight() -> Look {
    Look::from_prompt("a red-haired knight with a blue cape and a leather bag", 5)
}

#[test]
fn the_same_inputs_give_the_same_bytes() {
    for style in [Style::Soft, Style::Painted, Style::Photo] {
        let draw = || draw_character(&knight(), View::level(40.0), style, &canvas(96), &Defects::default());
        assert_eq!(draw(), draw());
    }
    let wide = Canvas { width: 160, height: 90, background: WALL };
    assert_eq!(draw_location("a misty harbour", 3, &wide), draw_location("a misty harbour", 3, &wide));
    assert_eq!(draw_prop("a brass lantern", 3, &wide), draw_prop("a brass lantern", 3, &wide));
}

#[test]
fn opposite_silhouettes_are_mirror_images() {
    for azimuth in [0.0, 30.0, 90.0, 135.0] {
        let (here, there) = (right(&knight(), azimuth), right(&knight(), azimuth + 180.0));
        let apart = disagreement(&silhouette(&here), &silhouette(&mirrored(&there)));
        assert!(apart < 0.02, "{azimuth}: {apart}");
    }
}

#[test]
fn the_figure_is_equally_high_from_every_side() {
    let look = Look::from_prompt("a girl in a green dress", 2);
    let heights: Vec<u32> = (0..12).map(|step| height(&right(&look, f64::from(step) * 30.0))).collect();
    assert!(heights.iter().max().unwrap() - heights.iter().min().unwrap() <= 1, "{heights:?}");
}

/// The right hip's bag is at the picture's left in front, and at its right from behind.
#[test]
fn a_bag_changes_sides_when_the_figure_turns() {
    let mut look = Look::from_prompt("a man in a white shirt and black trousers", 1);
    look.bag = Some(crate::Bag { colour: [255, 0, 255], side: crate::Side::Right });
    let middle_of_bag = |azimuth| {
        let image = right(&look, azimuth);
        let lower = image.enumerate_pixels().filter(|(_, y, p)| *y > 85 && p[0] > 150 && p[1] < 60 && p[2] > 150);
        let columns: Vec<u32> = lower.map(|(x, _, _)| x).collect();
        f64::from(columns.iter().sum::<u32>()) / columns.len() as f64
    };
    assert!(middle_of_bag(0.0) < 75.0, "{}", middle_of_bag(0.0));
    assert!(middle_of_bag(180.0) > 85.0, "{}", middle_of_bag(180.0));
}

#[test]
fn the_face_is_seen_from_the_front_half_only() {
    let mut look = Look::from_prompt("a woman with long black hair in a red dress", 4);
    look.face.eyes = [0, 255, 0];
    let irises = |azimuth| {
        let image = draw_character(&look, View::level(azimuth), Style::Flat, &canvas(320), &Defects::default());
        image.pixels().filter(|p| p[1] > 120 && p[0] < 60 && p[2] < 60).count()
    };
    assert!(irises(0.0) > 10);
    assert!(irises(-60.0) > 2);
    for azimuth in [120.0, 180.0, -120.0] {
        assert_eq!(irises(azimuth), 0, "{azimuth}");
    }
}

#[test]
fn a_mirrored_back_is_the_mirrored_front() {
    let defect = Defects { mirrored_back: true, ..Defects::default() };
    let look = knight();
    assert!(difference(&drawn(&look, 180.0, &defect), &mirrored(&right(&look, 0.0))) < 1.0);
    assert!(difference(&drawn(&look, 180.0, &defect), &right(&look, 180.0)) > 1.0);
    assert_eq!(drawn(&look, 90.0, &defect), right(&look, 90.0));
}

#[test]
fn each_defect_changes_what_it_says() {
    let look = Look::from_prompt("a bald man in a red shirt", 3);
    let with = |defects: Defects| drawn(&look, 0.0, &defects);
    let plain = right(&look, 0.0);
    let legs = with(Defects { leg_scale: 1.2, ..Defects::default() });
    let small = with(Defects { height_scale: 0.8, ..Defects::default() });
    assert!(height(&legs) > height(&plain) + 5);
    let ratio = f64::from(height(&small)) / f64::from(height(&plain));
    assert!((ratio - 0.8).abs() < 0.03, "{ratio}");
    let hue = with(Defects { hue_shift_degrees: 120.0, ..Defects::default() });
    assert!(disagreement(&silhouette(&plain), &silhouette(&hue)) < 0.05);
    assert!(difference(&plain, &hue) > 1.0);
    let black = with(Defects { black: true, ..Defects::default() });
    assert!(black.iter().all(|value| *value == 0));
    let line = with(Defects { style: Some(Style::Line), ..Defects::default() });
    assert_eq!(line, draw_character(&look, View::level(0.0), Style::Line, &canvas(160), &Defects::default()));
}

#[test]
fn a_character_stays_on_its_canvas() {
    let witch = Look::from_prompt("a witch child with a cape", 1);
    for (width, height) in [(200, 200), (120, 213), (213, 120)] {
        let canvas = Canvas { width, height, background: WALL };
        let image = draw_character(&witch, View::level(20.0), Style::Flat, &canvas, &Defects::default());
        let inside = silhouette(&image);
        let on_rim = |at: usize| {
            at < width as usize || at.is_multiple_of(width as usize) || at % width as usize == width as usize - 1
        };
        assert!(!inside.iter().enumerate().any(|(at, inside)| *inside && on_rim(at)), "{width} x {height}");
    }
}

#[test]
fn even_one_pixel_can_be_drawn() {
    let dot = Canvas { width: 1, height: 1, background: WALL };
    draw_character(&knight(), View::level(0.0), Style::Cel, &dot, &Defects::default());
    draw_location("a room", 0, &dot);
    draw_prop("a cup", 0, &dot);
}

#[test]
fn a_scene_holds_its_characters() {
    let wide = Canvas { width: 320, height: 180, background: WALL };
    let placed = |x| Placed { look: knight(), view: View::level(0.0), x, y: 0.95, scale: 0.6 };
    let empty = draw_location("a forest", 1, &wide);
    let full = draw_scene("a forest", &[placed(0.25), placed(0.75)], 1, &wide);
    for x in [80, 240] {
        assert_ne!(empty.get_pixel(x, 120), full.get_pixel(x, 120));
    }
    assert_eq!(draw_scene("a forest", &[], 1, &wide), empty);
}

#[test]
fn a_portrait_comes_nearer_and_cuts_no_head_off() {
    let look = Look::from_prompt("a lighthouse keeper", 1);
    let share = |image: &RgbImage| {
        let inside = silhouette(image);
        inside.iter().filter(|inside| **inside).count() as f64 / inside.len() as f64
    };
    let portrait = |near| draw_portrait(&look, View::level(0.0), Style::Flat, &canvas(160), near);
    let (upper, close) = (portrait(Portrait::UpperBody), portrait(Portrait::CloseUp));
    let shares = [share(&right(&look, 0.0)), share(&upper), share(&close)];
    assert!(shares.is_sorted() && shares[2] > 2.0 * shares[0], "{shares:?}");
    for image in [upper, close] {
        assert!(silhouette(&image).iter().take(160).all(|inside| !inside), "the head ends below the edge");
    }
}
