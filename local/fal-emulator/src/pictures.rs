//! The pictures that were drawn last. Drawing and encoding take longer than all else that the emulator does, and a
//! repeated request or journey asks for the same picture: it is drawn once.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use image::{DynamicImage, ImageError, ImageFormat};

use super::{
    drawing::{Drawing, draw},
    publish::encode,
    references::thumbnail_of,
};

/// Some 1 MB each.
const MOST: usize = 48;

/// Shared by all its clones, so that several emulators of one process draw a picture once between them.
#[derive(Clone, Default)]
pub struct Pictures(Arc<Mutex<VecDeque<Kept>>>);

/// What was drawn, as which format, and the picture.
type Kept = (Drawing, ImageFormat, Arc<Picture>);

/// An encoded picture, and what it is known by when it comes back as a reference.
pub(super) struct Picture {
    pub(super) bytes: Vec<u8>,
    pub(super) thumbnail: Vec<u8>,
}

impl Pictures {
    /// Draws and encodes, unless it is one of the last. CPU work of some tens of milliseconds per megapixel.
    pub(super) fn get(&self, drawing: &Drawing, format: ImageFormat) -> Result<Arc<Picture>, ImageError> {
        if let Some(kept) = self.kept(drawing, format) {
            return Ok(kept);
        }
        let image = DynamicImage::ImageRgb8(draw(drawing));
        let picture = Arc::new(Picture { bytes: encode(&image, format)?, thumbnail: thumbnail_of(&image) });
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.truncate(MOST - 1);
        last.push_front((drawing.clone(), format, picture.clone()));
        Ok(picture)
    }

    fn kept(&self, drawing: &Drawing, format: ImageFormat) -> Option<Arc<Picture>> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = last.iter().position(|(other, of, _)| other == drawing && *of == format)?;
        let found = last.remove(at)?;
        let picture = found.2.clone();
        last.push_front(found);
        Some(picture)
    }
}

impl std::fmt::Debug for Pictures {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Pictures")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{drawing::Origin, person::Framing, view::Angle};

    fn drawing(azimuth: f64) -> Drawing {
        Drawing {
            origin: Origin::from_prompt("a lighthouse keeper", 1),
            angle: Angle { azimuth, elevation: 0.0 },
            framing: Framing::Whole,
            width: 16,
            height: 16,
            faults: Vec::new(),
        }
    }

    #[test]
    fn the_last_are_drawn_once_and_others_again() {
        let pictures = Pictures::default();
        let front = pictures.get(&drawing(0.0), ImageFormat::Png).unwrap();
        assert!(Arc::ptr_eq(&front, &pictures.clone().get(&drawing(0.0), ImageFormat::Png).unwrap()));
        assert!(!Arc::ptr_eq(&front, &pictures.get(&drawing(0.0), ImageFormat::Jpeg).unwrap()));
        for other in 1..=MOST {
            assert_ne!(pictures.get(&drawing(other as f64), ImageFormat::Png).unwrap().bytes, Vec::<u8>::new());
        }
        let again = pictures.get(&drawing(0.0), ImageFormat::Png).unwrap();
        assert!(!Arc::ptr_eq(&front, &again));
        assert_eq!(front.bytes, again.bytes);
    }
}
