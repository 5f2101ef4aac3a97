//! EfficientNet-Lite0 without its classifier, one picture at a time. Values lie by place, then channel: a convolution
//! of one pixel is then one product of matrices, and a depthwise one runs along the channels.

use ndarray::{ArrayView2, ArrayViewMut2, linalg::general_mat_mul};

use super::depthwise;
use super::stored::{BadWeights, Convolution, Reader};

/// Values by row, column and channel.
#[derive(Debug, Clone)]
pub(crate) struct Map {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) channels: usize,
    pub(crate) values: Vec<f32>,
}

/// What the network made of a picture, from fine to coarse.
pub(crate) struct Maps {
    /// One place for 8 x 8 pixels; 40 channels.
    pub(crate) eighth: Map,
    /// One for 16 x 16; 112 channels.
    pub(crate) sixteenth: Map,
    /// One for 32 x 32; 320 channels.
    pub(crate) last: Map,
    /// The same places; 1,280 channels.
    pub(crate) head: Map,
}

/// A stage: repeats, kernel, stride of the first, channels. All but the first widen their channels by [`WIDER`].
const STAGES: [(usize, usize, usize, usize); 7] =
    [(1, 3, 1, 16), (2, 3, 2, 24), (2, 5, 2, 40), (3, 3, 2, 80), (3, 5, 1, 112), (4, 5, 2, 192), (1, 3, 1, 320)];
const WIDER: usize = 6;
const STEM: usize = 32;
const HEAD: usize = 1280;

#[derive(Debug)]
pub(super) struct Network {
    stem: Convolution,
    stages: Vec<Vec<Block>>,
    head: Convolution,
}

#[derive(Debug)]
struct Block {
    widen: Option<Convolution>,
    depthwise: Convolution,
    kernel: usize,
    stride: usize,
    project: Convolution,
    /// What comes in is added to what goes out.
    residual: bool,
}

impl Network {
    pub(super) fn of(stored: &[u8]) -> Result<Self, BadWeights> {
        let mut reader = Reader::of(stored)?;
        let stem = reader.convolution(3 * 3 * 3, STEM)?;
        let mut channels = STEM;
        let mut stages = Vec::new();
        for (at, (repeats, kernel, stride, outs)) in STAGES.into_iter().enumerate() {
            let mut blocks = Vec::new();
            for repeat in 0..repeats {
                let stride = if repeat == 0 { stride } else { 1 };
                let wide = if at == 0 { channels } else { channels * WIDER };
                let widen = if at == 0 { None } else { Some(reader.convolution(channels, wide)?) };
                let depthwise = reader.convolution(kernel * kernel, wide)?;
                let project = reader.convolution(wide, outs)?;
                blocks.push(Block { widen, depthwise, kernel, stride, project, residual: repeat > 0 });
                channels = outs;
            }
            stages.push(blocks);
        }
        let head = reader.convolution(channels, HEAD)?;
        reader.end()?;
        Ok(Self { stem, stages, head })
    }

    /// Of a picture's channels as [`super::Window`] prepares them.
    pub(super) fn run(&self, picture: &Map) -> Maps {
        let mut map = pointwise(&self.stem, &depthwise::patches(picture), true);
        let (fine, middle, coarse) = (&self.stages[..3], &self.stages[3..5], &self.stages[5..]);
        let through = |stages: &[Vec<Block>], map: Map| stages.iter().flatten().fold(map, |map, block| block.run(&map));
        map = through(fine, map);
        let eighth = map.clone();
        map = through(middle, map);
        let sixteenth = map.clone();
        let last = through(coarse, map);
        let head = pointwise(&self.head, &last, true);
        Maps { eighth, sixteenth, last, head }
    }
}

impl Block {
    fn run(&self, map: &Map) -> Map {
        let wide = match &self.widen {
            Some(widen) => &pointwise(widen, map, true),
            None => map,
        };
        let seen = depthwise::convolve(&self.depthwise, wide, self.kernel, self.stride);
        let mut out = pointwise(&self.project, &seen, false);
        if self.residual {
            for (value, before) in out.values.iter_mut().zip(&map.values) {
                *value += before;
            }
        }
        out
    }
}

/// A convolution of single pixels; `clipped` to 0-6, as all are but those that end a block.
fn pointwise(convolution: &Convolution, map: &Map, clipped: bool) -> Map {
    let (places, outs) = (map.width * map.height, convolution.outs);
    let mut values = convolution.biases.repeat(places);
    let whole = "lengths follow from the shapes";
    let input = ArrayView2::from_shape((places, map.channels), &map.values).expect(whole);
    let weights = ArrayView2::from_shape((map.channels, outs), &convolution.weights).expect(whole);
    let mut output = ArrayViewMut2::from_shape((places, outs), &mut values).expect(whole);
    general_mat_mul(1.0, &input, &weights, 1.0, &mut output);
    if clipped {
        for value in &mut values {
            *value = value.clamp(0.0, 6.0);
        }
    }
    Map { width: map.width, height: map.height, channels: outs, values }
}
