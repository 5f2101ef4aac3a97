//! The file of weights, as `weights/make.py` writes it.

const MAGIC: &[u8] = b"LKEFNET1";

/// The file does not hold what the network needs.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadWeights {
    #[error("the weights do not begin as they should")]
    Magic,
    #[error("the weights end too early")]
    Short,
    #[error("the weights go on after the last convolution")]
    Long,
}

/// One convolution: `taps` x `ins` rows of `outs` weights, the bias of each output channel.
#[derive(Debug)]
pub(super) struct Convolution {
    pub(super) outs: usize,
    pub(super) weights: Vec<f32>,
    pub(super) biases: Vec<f32>,
}

pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn of(stored: &'a [u8]) -> Result<Self, BadWeights> {
        stored.strip_prefix(MAGIC).map(Self).ok_or(BadWeights::Magic)
    }

    pub(super) fn convolution(&mut self, rows: usize, outs: usize) -> Result<Convolution, BadWeights> {
        let scales = self.floats(outs)?;
        let biases = self.floats(outs)?;
        let stored = self.take(rows * outs)?;
        let row = |row: &[u8]| row.iter().zip(&scales).map(|(&byte, scale)| f32::from(byte as i8) * scale).collect();
        let weights = stored.chunks_exact(outs).flat_map(|stored| -> Vec<f32> { row(stored) }).collect();
        Ok(Convolution { outs, weights, biases })
    }

    pub(super) fn end(self) -> Result<(), BadWeights> {
        if self.0.is_empty() { Ok(()) } else { Err(BadWeights::Long) }
    }

    fn floats(&mut self, count: usize) -> Result<Vec<f32>, BadWeights> {
        let bytes = self.take(count * 4)?;
        Ok(bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], BadWeights> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(BadWeights::Short)?;
        self.0 = rest;
        Ok(taken)
    }
}
