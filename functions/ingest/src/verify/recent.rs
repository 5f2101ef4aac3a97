//! What the last pictures were seen to show. A view that was made again is judged among the same others, and a master beside
//! every set of its views: none of them is worked on anew while the sandbox lives.

use std::{
    num::NonZeroUsize,
    sync::{Mutex, PoisonError},
};

use likeness_vision::{
    Picture,
    consistency::{Figure, NoFigure},
};
use lru::LruCache;
use sha2::{Digest, Sha256};

/// A master and its twelve views, and a few more; about 1.7 MB each.
const MOST: NonZeroUsize = NonZeroUsize::new(16).unwrap();

/// The figure of a picture, or why there is none, and the picture in small.
pub(crate) type SeenPicture = (Result<Figure, NoFigure>, Picture);

/// By the hash of a picture's bytes: whatever lies under a key now, the same bytes show the same.
#[derive(Debug)]
pub(crate) struct RecentFigures(Mutex<LruCache<[u8; 32], SeenPicture>>);

impl Default for RecentFigures {
    fn default() -> Self {
        Self(Mutex::new(LruCache::new(MOST)))
    }
}

impl RecentFigures {
    pub(crate) fn of(&self, bytes: &[u8]) -> Option<SeenPicture> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&hash(bytes)).cloned()
    }

    pub(crate) fn keep(&self, bytes: &[u8], seen: SeenPicture) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).put(hash(bytes), seen);
    }
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(grey: u8) -> SeenPicture {
        let picture = Picture::from_rgb(2, 1, vec![grey; 6]);
        (Figure::of(&picture), picture)
    }

    #[test]
    fn the_same_bytes_are_found_again_and_what_is_asked_for_stays_longest() {
        let recent = RecentFigures::default();
        assert!(recent.of(b"0").is_none());
        for number in 0..MOST.get() + 3 {
            let byte = u8::try_from(number).unwrap();
            recent.keep(&[byte], seen(byte));
            // A master, beside every view.
            let (figure, thumbnail) = recent.of(&[0]).expect("what was just asked for is kept");
            assert!(figure.is_err());
            assert_eq!(thumbnail.rgb()[0], 0);
        }
        assert!(recent.of(&[1]).is_none() && recent.of(&[3]).is_none(), "the oldest make room");
        assert!(recent.of(&[4]).is_some());
    }
}
