//! Tries of a write that others may be making at the same moment.

use std::time::Duration;

use likeness_core::entropy::Entropy;

/// Most tries. Of those that are at one record at once one succeeds each time, so that this is how many may be.
const MOST: u32 = 40;

/// How often a write was tried.
#[derive(Debug, Default)]
pub(crate) struct Tries(u32);

impl Tries {
    /// Waits for a moment of random length, longer with each try; false where it was tried often enough.
    pub(crate) async fn another(&mut self, entropy: &Entropy) -> bool {
        self.0 += 1;
        if self.0 >= MOST {
            return false;
        }
        let ceiling = 10_u64 << self.0.min(5);
        tokio::time::sleep(Duration::from_millis(entropy.range(1..=ceiling))).await;
        true
    }
}
