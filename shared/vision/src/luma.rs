//! A picture's brightness as one plane, for the measures that need no colour.

use crate::picture::Picture;

/// Brightness 0-255 (BT.601), row by row.
pub(crate) struct Luma {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) values: Vec<i16>,
}

impl Luma {
    pub(crate) fn of(picture: &Picture) -> Self {
        let bright =
            |p: &[u8]| ((77 * u32::from(p[0]) + 150 * u32::from(p[1]) + 29 * u32::from(p[2]) + 128) >> 8) as i16;
        let values = picture.rgb().chunks_exact(3).map(bright).collect();
        Self { width: picture.width() as usize, height: picture.height() as usize, values }
    }

    pub(crate) fn row(&self, y: usize) -> &[i16] {
        &self.values[y * self.width..(y + 1) * self.width]
    }
}
