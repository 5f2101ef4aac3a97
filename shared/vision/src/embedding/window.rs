//! The part of a picture that is looked at.

use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::U8x3;
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};

use super::network::Map;
use crate::picture::Picture;

/// A part of a picture as shares of its width and height.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(missing_docs, reason = "the words say it")]
pub struct Window {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
}

impl Window {
    /// All of it.
    pub const WHOLE: Self = Self { left: 0.0, top: 0.0, width: 1.0, height: 1.0 };

    /// What the network takes: the window stretched to `width` x `height`, each channel as (value - 127) / 128.
    pub(super) fn tensor(self, picture: &Picture, width: u32, height: u32) -> Map {
        let rgb = picture.rgb();
        // Of one pixel type: what takes any is compiled for all fifteen, which takes minutes.
        let source =
            TypedImageRef::<U8x3>::from_buffer(picture.width(), picture.height(), &rgb).expect("lengths agree");
        let mut small = TypedImage::<U8x3>::new(width, height);
        let [left, top, right, bottom] = self.pixels(picture);
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear)).crop(
            left,
            top,
            right - left,
            bottom - top,
        );
        Resizer::new().resize_typed(&source, &mut small, &options).expect("the window lies in the picture");
        let values = small.pixels().iter().flat_map(|pixel| pixel.0).map(|value| (f32::from(value) - 127.0) / 128.0);
        let values = values.collect();
        Map { width: width as usize, height: height as usize, channels: 3, values }
    }

    /// Left, top, right, bottom within the picture, at least one pixel wide and high.
    fn pixels(self, picture: &Picture) -> [f64; 4] {
        let side = |from: f64, length: f64, whole: u32| {
            let whole = f64::from(whole);
            let from = (from * whole).clamp(0.0, whole - 1.0);
            (from, (from + (length * whole).max(1.0)).min(whole))
        };
        let (left, right) = side(self.left, self.width, picture.width());
        let (top, bottom) = side(self.top, self.height, picture.height());
        [left, top, right, bottom]
    }
}
