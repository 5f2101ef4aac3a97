//! Whether a face is the reference's, by the service that is configured for it.

use likeness_core::faces::FaceVerdict;
use serde::Serialize;

use super::look::Looked;
use crate::app::App;

/// How far a face may be turned away and still be compared.
const MOST_TURNED: u16 = 60;

/// What is said of a face.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "camelCase")]
pub(crate) enum FaceContent {
    /// It was compared.
    Judged {
        /// 0 to 1.
        similarity: f64,
        /// It is alike enough.
        passed: bool,
    },
    /// It was not: never a fail.
    NotJudged {
        /// Why.
        reason: String,
    },
}

impl FaceContent {
    pub(crate) fn failed(&self) -> bool {
        matches!(self, Self::Judged { passed: false, .. })
    }
}

/// Compares the faces; `None` where that is switched off.
pub(crate) async fn compare(app: &App, reference: &Looked, examined: &Looked) -> Option<FaceContent> {
    let faces = app.faces.as_ref()?;
    let (Some(reference), Some(picture)) = (&reference.bytes, &examined.bytes) else { return None };
    let turned = examined.angle.unwrap_or(0);
    if turned.min(360 - turned.min(360)) > MOST_TURNED {
        return Some(FaceContent::NotJudged { reason: "the face is turned away".to_owned() });
    }
    // Both bodies are in memory twice, as text.
    let _desk = app.desks.acquire().await;
    Some(match faces.compare(reference.clone(), picture.clone()).await {
        FaceVerdict::Compared { similarity, passed } => FaceContent::Judged { similarity, passed },
        FaceVerdict::NotJudged { reason } => FaceContent::NotJudged { reason },
    })
}
