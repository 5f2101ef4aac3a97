//! Draws deterministic synthetic characters, places and props: numbers in, pixels out.
//!
//! The fal emulator serves these pictures, so that a turnaround really turns; the consistency checks are calibrated on
//! them, because here the truth is known. A character is solids (ellipsoids, round cones, frusta, boxes) seen by an
//! orbiting orthographic camera; a place is painted flat. The same inputs give the same bytes. Not here: files,
//! prompts' templates, and judging pictures (`likeness-vision`).
//!
//! A figure stands on `y = 0`, is 1 high (an adult), and looks along `+z`; its left hand is at `+x`.
#![warn(missing_docs)]

// Who, from where, on what: what callers say.
mod draw;
mod look;
mod view;

// What is made of it: solids with paint.
mod face;
mod figure;
mod paint;
mod prop;
mod skeleton;
mod solid;

// How it becomes pixels.
mod cast;
mod light;
mod render;

// What stands behind.
mod brush;
mod place;
mod studio;

mod chance;
mod colour;
mod vector;
mod words;

pub use draw::{
    Canvas, Defects, Placed, Portrait, Style, Subject, draw_character, draw_location, draw_portrait, draw_prop,
    draw_scene,
};
pub use look::{Bag, Bottom, Build, Cloth, Face, Hair, HairStyle, Hat, HatKind, Look, Pattern, Rgb, Side, Top};
pub use view::View;
