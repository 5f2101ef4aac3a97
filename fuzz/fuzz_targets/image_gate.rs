//! Bytes that a file host served as an image, through everything that is done with an image that passes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use likeness_vision::{Limits, decode, inspect, palette, quality};

fuzz_target!(|bytes: &[u8]| {
    // Small, so that a run sees many files: what grows with the pixels is `tests/bombs.rs`'s matter.
    let limits = Limits { max_pixels: 1 << 14, max_side: 1024, ..Limits::default() };
    let header = inspect(bytes, &limits);
    let Ok(picture) = decode(bytes, &limits) else { return };
    let header = header.expect("what is decoded has a header");
    let sides = [picture.width(), picture.height()];
    assert!(sides == [header.width, header.height] || sides == [header.height, header.width], "{header:?}: {sides:?}");
    assert!((0.0..=1.0).contains(&quality(&picture).score));
    assert!(palette(&picture, 6).len() <= 6);
    assert!(inspect(&picture.thumbnail(64).to_webp(), &limits).is_ok());
});
