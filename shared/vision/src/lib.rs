//! Pixels in, numbers and pixels out.
//!
//! Everything that looks at the bytes of a picture is here: what may be decoded, decoding, WebP and thumbnails, the
//! quality score, the palette, the presence of colours. Not here: where bytes come from or go to, AWS, async, and
//! drawing (`likeness-figures`).
#![warn(missing_docs)]

mod gate;
mod picture;

mod colour;

mod palette;
mod presence;
mod quality;

pub mod consistency;
pub mod embedding;

pub mod scene;
pub mod sheet;
pub mod specification;

mod backdrop;
mod light;
mod luma;
mod oklab;

pub use gate::{Format, Header, Limits, Rejected, decode, inspect};
pub use palette::{Swatch, palette};
pub use picture::Picture;
pub use presence::colour_presence;
pub use quality::{Quality, quality};
