//! Whether a face is the reference's, by the service that is configured for it.

use likeness_core::clients::rekognition::FaceMatched;
use likeness_domain::report::content::FaceContent;

use super::look::Looked;
use crate::app::App;

/// How far a face may be turned away and still be compared.
const MOST_TURNED: u16 = 60;

/// Compares the faces; `None` where that is switched off.
pub(crate) async fn compare(app: &App, reference: &Looked, examined: &Looked) -> Option<FaceContent> {
    let faces = app.faces.as_ref()?;
    let (Some(reference), Some(picture)) = (&reference.bytes, &examined.bytes) else { return None };
    let turned = examined.angle.unwrap_or(0);
    if turned.min(360 - turned.min(360)) > MOST_TURNED {
        return Some(FaceContent::NotJudged { reason: "the face is turned away".to_owned() });
    }
    // Both bodies are in memory twice, as text.
    let _permit = app.decode_permits.acquire().await;
    Some(match faces.compare(reference.clone(), picture.clone()).await {
        FaceMatched::Compared { similarity, passed } => FaceContent::Judged { similarity, passed },
        FaceMatched::NotJudged { reason } => FaceContent::NotJudged { reason },
    })
}
