//! What the last pictures were seen to show. A view that was made again is judged among the same others, and a master beside
//! every set of its views: none of them is worked on anew while the sandbox lives.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
#[derive(Debug, Clone)]
pub(crate) struct RecentFigures(Arc<Mutex<LruCache<[u8; 32], SeenPicture>>>);

impl Default for RecentFigures {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(LruCache::new(MOST))))
    }
}

impl RecentFigures {
    /// What `bytes` showed lately, else what `see` makes of them. A picture that is rejected is not kept.
    pub(crate) fn seen<E>(&self, bytes: &[u8], see: impl FnOnce() -> Result<SeenPicture, E>) -> Result<SeenPicture, E> {
        let hash = Sha256::digest(bytes).into();
        if let Some(seen) = self.kept().get(&hash) {
            return Ok(seen.clone());
        }
        let seen = see()?;
        self.kept().put(hash, seen.clone());
        Ok(seen)
    }

    fn kept(&self) -> MutexGuard<'_, LruCache<[u8; 32], SeenPicture>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(byte: u8) -> SeenPicture {
        let picture = Picture::from_rgb(2, 1, vec![byte; 6]);
        (Figure::of(&picture), picture)
    }

    /// What is kept of the picture whose one byte is `byte`, if something is.
    fn kept(recent: &RecentFigures, byte: u8) -> Option<SeenPicture> {
        recent.seen(&[byte], || Err(())).ok()
    }

    #[test]
    fn the_same_bytes_are_found_again_and_what_is_asked_for_stays_longest() {
        let recent = RecentFigures::default();
        assert!(kept(&recent, 0).is_none());
        for number in 0..MOST.get() + 3 {
            let byte = u8::try_from(number).unwrap();
            let _seen = recent.seen(&[byte], || Ok::<_, ()>(grey(byte))).unwrap();
            // A master, beside every view.
            let (figure, thumbnail) = kept(&recent, 0).expect("what was just asked for is kept");
            assert!(figure.is_err());
            assert_eq!(thumbnail.rgb()[0], 0);
        }
        assert!(kept(&recent, 1).is_none() && kept(&recent, 3).is_none(), "the oldest make room");
        assert!(kept(&recent, 4).is_some());
    }
}
