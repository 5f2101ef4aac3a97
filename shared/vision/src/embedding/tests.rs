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

/// Of every 1,960th value of the eighth map: the checkpoint's own 32-bit weights, and the same as int8, both computed with
/// numpy.
const CHECKPOINT: [f32; 16] = [
    6.8031, -5.9095, -10.9675, -13.6551, 8.5766, -2.4615, -10.157, -10.8633, 5.6209, 2.1942, -5.0798, -10.8501, 3.5881,
    4.0596, -3.9481, -11.7492,
];
const INT8: [f32; 16] = [
    6.6804, -6.6008, -11.3841, -13.654, 7.8923, -2.7966, -10.8771, -11.0139, 5.0848, 2.2755, -6.8034, -11.2038, 2.8829,
    3.9939, -6.3032, -12.1939,
];

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    product(a, b) / (product(a, a) * product(b, b)).sqrt()
}

/// What int8 changes is a tenth of a map's spread; of an embedding it leaves a cosine of 0.994.
#[test]
fn the_network_computes_what_its_checkpoint_does() {
    let embedding = embedder().embed(&pattern(), Window::WHOLE);
    let strongest = (0..1280).max_by(|&a, &b| embedding.0[a].total_cmp(&embedding.0[b])).unwrap();
    assert_eq!(strongest, 113);
    assert!((embedding.0[113] - 0.34106).abs() < 0.02, "{}", embedding.0[113]);
    let eighth = embedder().maps(&pattern(), 224, 224).eighth;
    assert_eq!((eighth.width, eighth.height, eighth.channels), (28, 28, 40));
    let picked: Vec<f32> = eighth.values.iter().step_by(1960).copied().collect();
    assert!(picked.iter().zip(INT8).all(|(value, expected)| (value - expected).abs() < 0.01), "{picked:?}");
    assert!(cosine(&picked, &CHECKPOINT) > 0.98, "{picked:?}");
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
