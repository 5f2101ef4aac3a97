use super::{Embedder, Network, Window};
use crate::picture::Picture;

fn embedder() -> Embedder {
    Embedder::load().expect("the committed weights")
}

/// Slopes and stripes of 224 x 224 pixels, so that nothing is resized.
fn pattern() -> Picture {
    let pixel = |at: u32| {
        let (x, y) = (at % 224, at / 224);
        [((x + y) / 2) as u8, (x * 3) as u8, (y * 5 + x) as u8]
    };
    Picture::from_rgb(224, 224, (0..224 * 224).flat_map(pixel).collect())
}

/// The checkpoint's own 32-bit weights in onnxruntime gave these values: what is stored as int8 stays near them.
#[test]
fn the_network_computes_what_its_checkpoint_does() {
    let embedding = embedder().embed(&pattern(), Window::WHOLE);
    let strongest = (0..1280).max_by(|&a, &b| embedding.0[a].total_cmp(&embedding.0[b])).unwrap();
    assert_eq!(strongest, 113);
    assert!((embedding.0[113] - 0.34106).abs() < 0.02, "{}", embedding.0[113]);
    let eighth = embedder().maps(&pattern(), 224, 224).eighth;
    assert_eq!((eighth.width, eighth.height, eighth.channels), (28, 28, 40));
    let place = &eighth.values[(3 * 28 + 5) * 40..][..4];
    for (value, expected) in place.iter().zip([-7.86543, 1.35539, -8.12466, -8.21331]) {
        assert!((value - expected).abs() < 0.5, "{place:?}");
    }
}

#[test]
fn weights_that_are_not_whole_are_refused() {
    assert!(Network::of(b"").is_err() && Network::of(b"LKEFNET1").is_err());
    let mut longer = include_bytes!("../../weights/efficientnet-lite0.bin").to_vec();
    longer.push(0);
    assert!(Network::of(&longer).is_err());
}

#[test]
fn a_window_reaching_beyond_the_picture_and_a_single_pixel_are_looked_at() {
    let beyond = Window { left: 0.9, top: -0.5, width: 3.0, height: 9.0 };
    let embedder = embedder();
    let own = embedder.embed(&pattern(), beyond);
    assert!((own.similarity(&own) - 1.0).abs() < 1e-4);
    let dot = embedder.embed(&Picture::from_rgb(1, 1, vec![9, 9, 9]), Window::WHOLE);
    assert!((dot.similarity(&dot) - 1.0).abs() < 1e-4);
}
