//! Chance without a generator's state: every trait draws from its own name, so that fixing one leaves the others alone.

/// A stable source of choices.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chance(u64);

impl Chance {
    /// Of a text and a number; the same on every machine and in every version.
    pub(crate) fn of(text: &str, seed: u64) -> Self {
        Self(scatter(fnv(text) ^ scatter(seed)))
    }

    /// 0 up to 1, without 1.
    pub(crate) fn share(self, name: &str) -> f64 {
        (scatter(self.0 ^ fnv(name)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn between(self, name: &str, least: f64, most: f64) -> f64 {
        least + (most - least) * self.share(name)
    }

    pub(crate) fn one_in(self, name: &str, chances: f64) -> bool {
        self.share(name) * chances < 1.0
    }

    pub(crate) fn pick<T: Copy, const N: usize>(self, name: &str, from: [T; N]) -> T {
        from[(self.share(name) * N as f64) as usize]
    }

    /// An independent source for the `index`th of several equal things.
    pub(crate) fn nth(self, index: usize) -> Self {
        Self(scatter(self.0 ^ scatter(index as u64 + 1)))
    }
}

/// 0 up to 1 for a point of an integer grid.
pub(crate) fn grain(x: i64, y: i64, salt: u64) -> f64 {
    let mixed = (x as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (y as u64).wrapping_mul(0xc2b2_ae3d_27d4_eb4f) ^ salt;
    (scatter(mixed) >> 11) as f64 / (1_u64 << 53) as f64
}

/// Smooth noise 0-1 with features of size 1.
pub(crate) fn cloud(x: f64, y: f64, salt: u64) -> f64 {
    let (left, top) = (x.floor(), y.floor());
    let ease = |t: f64| t * t * (3.0 - 2.0 * t);
    let (u, v) = (ease(x - left), ease(y - top));
    let at = |dx: i64, dy: i64| grain(left as i64 + dx, top as i64 + dy, salt);
    let row = |dy: i64| at(0, dy) + (at(1, dy) - at(0, dy)) * u;
    row(0) + (row(1) - row(0)) * v
}

/// Four octaves of [`cloud`], 0-1.
pub(crate) fn fractal(x: f64, y: f64, salt: u64) -> f64 {
    (0..4)
        .map(|octave| {
            let scale = f64::from(1 << octave);
            cloud(x * scale, y * scale, salt + octave as u64) / scale
        })
        .sum::<f64>()
        / 1.875
}

fn fnv(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// The finisher of `SplitMix64`.
fn scatter(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
