use likeness_figures::{Canvas, Defects, Look, Style, View, draw_character, draw_location};

use super::Segment;
use crate::consistency::{Backdrop, NoFigure};
use crate::picture::Picture;

const SIDE: u32 = 320;
const WALL: [u8; 3] = [226, 226, 222];

fn drawn(prompt: &str) -> Picture {
    let canvas = Canvas { width: SIDE, height: SIDE, background: WALL };
    let look = Look::from_prompt(prompt, 7);
    let image = draw_character(&look, View::level(0.0), Style::Soft, &canvas, &Defects::default());
    Picture::from_rgb(SIDE, SIDE, image.into_raw())
}

fn knight() -> Picture {
    drawn("a red-haired knight with a blue cape")
}

fn mask(picture: &Picture) -> Vec<bool> {
    Segment::of(picture, None).unwrap().inside
}

/// The same figure where `ground` gives the colour of what is around it.
fn before(figure: &Picture, ground: impl Fn(u32, u32) -> [u8; 3]) -> Picture {
    let inside = mask(figure);
    let rgb = figure.rgb();
    let pixel = |at: usize| match inside[at] {
        true => [0, 1, 2].map(|channel| rgb[at * 3 + channel]),
        false => ground(at as u32 % SIDE, at as u32 / SIDE),
    };
    Picture::from_rgb(SIDE, SIDE, (0..inside.len()).flat_map(pixel).collect())
}

/// How far two masks agree: what is in both by what is in either.
fn overlap(a: &[bool], b: &[bool]) -> f64 {
    let count = |of: fn(bool, bool) -> bool| a.iter().zip(b).filter(|(a, b)| of(**a, **b)).count() as f64;
    count(|a, b| a && b) / count(|a, b| a || b)
}

fn grey(value: f64) -> [u8; 3] {
    [value as u8; 3]
}

#[test]
fn a_studio_wall_may_fade_and_meet_a_floor() {
    let knight = knight();
    let own = mask(&knight);
    let share = |at: u32| f64::from(at) / f64::from(SIDE);
    let ramp = before(&knight, |_, y| grey(220.0 - 80.0 * share(y)));
    let vignette = before(&knight, |x, y| grey(240.0 - 120.0 * ((share(x) - 0.5).powi(2) + (share(y) - 0.5).powi(2))));
    let floor = before(&knight, |_, y| grey(if share(y) < 0.8 { 235.0 } else { 170.0 }));
    for (name, picture) in [("ramp", ramp), ("vignette", vignette), ("floor", floor)] {
        let found = Segment::of(&picture, None).unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(found.backdrop, Backdrop::Plain, "{name}");
        assert!(overlap(&found.inside, &own) > 0.93, "{name}: {}", overlap(&found.inside, &own));
    }
}

#[cfg(feature = "weights")]
mod with_the_network {
    use super::*;
    use crate::consistency::{Figure, Relation, compare};
    use crate::embedding::Embedder;

    fn in_room(figure: &Picture, room: &str) -> Picture {
        let canvas = Canvas { width: SIDE, height: SIDE, background: WALL };
        let room = draw_location(room, 7, &canvas).into_raw();
        before(figure, |x, y| [0, 1, 2].map(|channel| room[((y * SIDE + x) * 3 + channel) as usize]))
    }

    #[test]
    fn a_figure_is_found_in_a_room_by_the_network_alone() {
        let embedder = Embedder::load();
        let knight = knight();
        let room = in_room(&knight, "a cosy library room");
        assert_eq!(Segment::of(&room, None).map(|_| ()).unwrap_err(), NoFigure::BackdropNotPlain);
        let found = Segment::of(&room, embedder.as_ref()).unwrap();
        assert_eq!(found.backdrop, Backdrop::Busy);
        let overlap = overlap(&found.inside, &mask(&knight));
        assert!(overlap > 0.7, "{overlap}");
    }

    #[test]
    fn before_a_plain_wall_the_network_changes_nothing() {
        let embedder = Embedder::load();
        let found = Segment::of(&knight(), embedder.as_ref()).unwrap();
        assert_eq!((found.backdrop, found.inside), (Backdrop::Plain, mask(&knight())));
    }

    #[test]
    fn in_other_surroundings_it_is_the_same_figure_and_another_is_not() {
        let embedder = Embedder::load();
        let seen = |picture: &Picture| Figure::seen(picture, embedder.as_ref()).unwrap();
        let other = drawn("an old woman with glasses and a green coat");
        let (own, elsewhere) = (seen(&in_room(&knight(), "a cosy library room")), seen(&in_room(&knight(), "a beach")));
        let other = seen(&in_room(&other, "a beach"));
        let (same, stranger) = (compare(&own, &elsewhere, Relation::Same), compare(&own, &other, Relation::Same));
        assert!(same.passed, "{same:?}");
        assert!(stranger.overall < same.overall, "{stranger:?}");
        // Heights are not told from an outline that was cut out.
        assert_eq!(same.proportion.score(), None);
    }
}
