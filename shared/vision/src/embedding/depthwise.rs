//! Convolutions that look at neighbours.

use super::network::Map;
use super::stored::Convolution;

/// Channels that are summed up at once, in registers. All widths of the network are multiples of it.
const LANES: usize = 16;

/// Each channel by itself, clipped to 0-6. Beyond the border is 0; what is missing lies to the right and below first.
pub(super) fn convolve(convolution: &Convolution, map: &Map, kernel: usize, stride: usize) -> Map {
    let (width, left) = reach(map.width, kernel, stride);
    let (height, top) = reach(map.height, kernel, stride);
    let channels = map.channels;
    let mut values = vec![0.0; width * height * channels];
    let mut taps = Vec::with_capacity(kernel * kernel);
    for (place, out) in values.chunks_exact_mut(channels).enumerate() {
        let (x, y) = (place % width * stride, place / width * stride);
        taps.clear();
        for down in 0..kernel {
            for across in 0..kernel {
                let (column, row) = ((x + across).wrapping_sub(left), (y + down).wrapping_sub(top));
                if column < map.width && row < map.height {
                    taps.push(((row * map.width + column) * channels, (down * kernel + across) * channels));
                }
            }
        }
        for (at, out) in out.chunks_exact_mut(LANES).enumerate() {
            let from = at * LANES;
            let mut sums = [0.0_f32; LANES];
            sums.copy_from_slice(&convolution.biases[from..from + LANES]);
            for &(value, weight) in &taps {
                let values = &map.values[value + from..value + from + LANES];
                let weights = &convolution.weights[weight + from..weight + from + LANES];
                for lane in 0..LANES {
                    sums[lane] += values[lane] * weights[lane];
                }
            }
            for (out, sum) in out.iter_mut().zip(sums) {
                *out = sum.clamp(0.0, 6.0);
            }
        }
    }
    Map { width, height, channels, values }
}

/// The 3 x 3 neighbours of every second place as channels: the first convolution is then one of single places.
pub(super) fn patches(map: &Map) -> Map {
    let (width, left) = reach(map.width, 3, 2);
    let (height, top) = reach(map.height, 3, 2);
    let mut values = Vec::with_capacity(width * height * 9 * map.channels);
    for place in 0..width * height {
        let (x, y) = (place % width * 2, place / width * 2);
        for tap in 0..9 {
            let (column, row) = ((x + tap % 3).wrapping_sub(left), (y + tap / 3).wrapping_sub(top));
            if column < map.width && row < map.height {
                let at = (row * map.width + column) * map.channels;
                values.extend_from_slice(&map.values[at..at + map.channels]);
            } else {
                values.extend(std::iter::repeat_n(0.0, map.channels));
            }
        }
    }
    Map { width, height, channels: 9 * map.channels, values }
}

/// How many places a side has afterwards, and how many are missing before its first.
fn reach(side: usize, kernel: usize, stride: usize) -> (usize, usize) {
    let places = side.div_ceil(stride);
    (places, ((places - 1) * stride + kernel).saturating_sub(side) / 2)
}
