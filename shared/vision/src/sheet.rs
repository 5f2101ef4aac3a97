//! Reports drawn as one self-contained SVG: no scripts, no links, thumbnails and heat maps inside it. The same report
//! and pictures give the same text, to the byte.
//!
//! Not here: judging (`consistency`), and turning the drawing into pixels.

mod pair;
mod set;

mod issues;
mod tile;

mod heat;
mod paper;

pub use pair::pair_sheet;
pub use set::set_sheet;

#[cfg(test)]
mod tests;
