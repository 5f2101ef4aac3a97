//! Amazon Rekognition: whether two pictures show one person's face. Off unless configured, because pictures leave the
//! account's own services for it and each comparison costs.

use aws_sdk_rekognition::{
    Client,
    error::{ProvideErrorMetadata, SdkError},
    operation::compare_faces::CompareFacesError,
    primitives::Blob,
    types::{Image, QualityFilter},
};
use bytes::Bytes;

use crate::{clients::aws, config::FaceMatchConfig, telemetry::causes};

/// The most bytes that Rekognition takes of a picture within a request.
const MOST_BYTES: usize = 5 * 1024 * 1024;

/// What comparing two faces says.
#[derive(Debug, Clone, PartialEq)]
pub enum FaceMatched {
    /// How alike they are, 0 to 1, and whether that is enough.
    Compared {
        /// 0 where no face in the picture is like the reference's.
        similarity: f64,
        /// It is as high as was asked for.
        passed: bool,
    },
    /// They were not compared: never a fail.
    NotJudged {
        /// Why, in a sentence's words.
        reason: String,
    },
}

/// The comparison of faces.
#[derive(Debug, Clone)]
pub struct FaceMatch {
    client: Client,
    least: f32,
}

impl FaceMatch {
    /// A client; nothing is contacted before the first call.
    #[must_use]
    pub fn new(config: FaceMatchConfig) -> Self {
        Self { client: Client::new(&aws::sdk_config(config.aws)), least: config.least }
    }

    /// Compares the largest face of `reference` with those of `picture`. Whatever goes wrong is no verdict: a check that
    /// may be off must not hold up a job.
    pub async fn compare(&self, reference: Bytes, picture: Bytes) -> FaceMatched {
        if let Some(reason) = [&reference, &picture].into_iter().find_map(|bytes| untakable(bytes)) {
            return FaceMatched::NotJudged { reason: reason.to_owned() };
        }
        let image = |bytes: Bytes| Image::builder().bytes(Blob::new(bytes)).build();
        let compared = self
            .client
            .compare_faces()
            .source_image(image(reference))
            .target_image(image(picture))
            // All that it finds, however unlike, so that the report has a figure.
            .similarity_threshold(0.0)
            .quality_filter(QualityFilter::Auto)
            .send()
            .await;
        match compared {
            Ok(answer) => {
                let matches = answer.face_matches.unwrap_or_default();
                let unmatched = answer.unmatched_faces.unwrap_or_default();
                if matches.is_empty() && unmatched.is_empty() {
                    return FaceMatched::NotJudged { reason: "no face was found in the picture".to_owned() };
                }
                let best = matches.iter().filter_map(|found| found.similarity).fold(0.0, f32::max) / 100.0;
                FaceMatched::Compared { similarity: f64::from(best), passed: best >= self.least }
            }
            Err(error) => {
                tracing::warn!(event = "face_check_skipped", error = causes(&error), "faces not compared");
                FaceMatched::NotJudged { reason: reason(&error).to_owned() }
            }
        }
    }
}

/// What Rekognition would refuse, found out without sending a face anywhere.
fn untakable(bytes: &[u8]) -> Option<&'static str> {
    let known = bytes.starts_with(b"\x89PNG\r\n\x1a\n") || bytes.starts_with(b"\xff\xd8\xff");
    match bytes.len() {
        length if length > MOST_BYTES => Some("Rekognition takes no picture of more than 5 MB"),
        _ if !known => Some("Rekognition takes PNG and JPEG only"),
        _ => None,
    }
}

fn reason(error: &SdkError<CompareFacesError>) -> &'static str {
    match error.as_service_error() {
        Some(error) if error.is_access_denied_exception() => "this function may not use Rekognition",
        // It has no name of its own for this.
        Some(error) if error.is_invalid_parameter_exception() => "no face was found in the reference",
        Some(error) if error.is_throttling_exception() || error.is_provisioned_throughput_exceeded_exception() => {
            "Rekognition had too many requests"
        }
        Some(error) if error.code() == Some("UnrecognizedClientException") => "this function may not use Rekognition",
        Some(_) => "Rekognition refused the pictures",
        None => "Rekognition did not answer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rekognition_does_not_take_is_not_sent() {
        assert_eq!(untakable(b"\x89PNG\r\n\x1a\n...."), None);
        assert_eq!(untakable(b"\xff\xd8\xff\xe0"), None);
        assert!(untakable(b"RIFF....WEBP").is_some());
        assert!(untakable(&[b"\xff\xd8\xff".as_slice(), &vec![0; MOST_BYTES]].concat()).is_some());
    }
}
