//! Who is to be seen, by a learned network: EfficientNet-Lite0, trained on ImageNet, its weights in `weights/`.
//!
//! An [`Embedding`] tells one subject from another, also before another background and in another pose. It hardly sees
//! colour and not at all which side is left: it stands beside the measures of [`crate::consistency`], never in their
//! place. The network runs here, in safe Rust, as it is one fixed row of convolutions; matrices are multiplied by
//! `ndarray`. Not here: faces of real people, for which this network is useless.

mod depthwise;
mod network;
mod stored;
mod window;

use network::Network;
pub(crate) use network::{Map, Maps};
pub use window::Window;

use crate::picture::Picture;

/// The side of the square, in pixels, that an embedding is computed from: what the network was trained on.
const SIDE: u32 = 224;

/// The network with its weights, expanded to 32-bit floats: 13 MB, made in about 10 ms, shared by reference.
#[derive(Debug)]
pub struct Embedder {
    network: Network,
}

impl Embedder {
    /// With the committed weights; `None` in a build without the feature `weights`. Costs what expanding them costs: to
    /// be called when the first picture is judged, not when a function starts.
    pub fn load() -> Option<Self> {
        #[cfg(feature = "weights")]
        let stored: Option<&[u8]> = Some(include_bytes!("../weights/efficientnet-lite0.bin"));
        #[cfg(not(feature = "weights"))]
        let stored: Option<&[u8]> = None;
        stored.map(|stored| Self { network: Network::of(stored).expect("the committed weights are whole") })
    }

    /// What is in `window` of the picture.
    pub fn embed(&self, picture: &Picture, window: Window) -> Embedding {
        Embedding::of(&self.network.run(&window.tensor(picture, SIDE, SIDE)).head)
    }

    /// What is in a square of `side` pixels, of which `colour` gives each, from the top left; white where there is
    /// none.
    pub(crate) fn embed_square(&self, side: usize, colour: impl Fn(usize, usize) -> Option<[u8; 3]>) -> Embedding {
        let pixels = (0..side * side).flat_map(|at| colour(at % side, at / side).unwrap_or([u8::MAX; 3])).collect();
        self.embed(&Picture::from_rgb(side as u32, side as u32, pixels), Window::WHOLE)
    }

    /// All that the network sees in a picture stretched to `width` x `height`, both multiples of 32.
    pub(crate) fn maps(&self, picture: &Picture, width: u32, height: u32) -> Maps {
        self.network.run(&Window::WHOLE.tensor(picture, width, height))
    }
}

/// 1,280 numbers of length 1. Never stored: it is computed, compared and, at the latest with its process, dropped.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding(Vec<f32>);

impl Embedding {
    /// The mean of a map's places, brought to length 1.
    fn of(head: &Map) -> Self {
        let mut sums = vec![0.0_f32; head.channels];
        for place in head.values.chunks_exact(head.channels) {
            for (sum, value) in sums.iter_mut().zip(place) {
                *sum += value;
            }
        }
        let length = sums.iter().map(|sum| sum * sum).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        Self(sums.into_iter().map(|sum| sum / length).collect())
    }

    /// The cosine of the angle between two embeddings: 1 for the same picture, about 0.65 for two photographs of one
    /// thing, about 0.26 for two things; never below 0.
    pub fn similarity(&self, other: &Self) -> f64 {
        let product: f32 = self.0.iter().zip(&other.0).map(|(a, b)| a * b).sum();
        f64::from(product).clamp(0.0, 1.0)
    }
}

#[cfg(all(test, feature = "weights"))]
mod tests;
