//! Amazon Rekognition: whether two pictures show one person's face. Off unless configured, because pictures leave the
//! account's own services for it and each comparison costs.
//!
//! One operation of one service, so it is one signed request instead of a client crate that takes minutes to compile.

mod request;

use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use super::http::http_builder;
use crate::{config::FaceMatchConfig, telemetry::causes};
use likeness_domain::clock::Clock;
use request::{NotCompared, Signed};

/// The most bytes that Rekognition takes of a picture within a request.
const MOST_BYTES: usize = 5 * 1024 * 1024;
/// Tries of one comparison, and the pause before the second; before the third it is twice as long.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(200);

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
    http: reqwest::Client,
    config: FaceMatchConfig,
    clock: Clock,
}

/// What Rekognition found: similarities in percent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    #[serde(default)]
    face_matches: Vec<Match>,
    #[serde(default)]
    unmatched_faces: Vec<serde::de::IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Match {
    similarity: Option<f32>,
}

impl FaceMatch {
    /// A client; nothing is contacted before the first call.
    ///
    /// # Errors
    /// The machine has no usable TLS roots.
    pub fn new(config: FaceMatchConfig, clock: Clock) -> Result<Self, reqwest::Error> {
        let http =
            http_builder().timeout(Duration::from_secs(8)).redirect(reqwest::redirect::Policy::none()).build()?;
        Ok(Self { http, config, clock })
    }

    /// Compares the largest face of `reference` with those of `picture`. Whatever goes wrong is no verdict: a check
    /// that may be off must not hold up a job.
    pub async fn compare(&self, reference: Bytes, picture: Bytes) -> FaceMatched {
        if let Some(reason) = [&reference, &picture].into_iter().find_map(|bytes| untakable(bytes)) {
            return FaceMatched::NotJudged { reason: reason.to_owned() };
        }
        match self.asked(&request::body(&reference, &picture)).await {
            Ok(Found { face_matches, unmatched_faces }) if face_matches.is_empty() && unmatched_faces.is_empty() => {
                FaceMatched::NotJudged { reason: "no face was found in the picture".to_owned() }
            }
            Ok(Found { face_matches, .. }) => {
                let best = face_matches.iter().filter_map(|found| found.similarity).fold(0.0, f32::max) / 100.0;
                FaceMatched::Compared { similarity: f64::from(best), passed: best >= self.config.least }
            }
            Err(error) => {
                tracing::warn!(event = "face_check_skipped", error = causes(&error), "faces not compared");
                FaceMatched::NotJudged { reason: error.reason().to_owned() }
            }
        }
    }

    async fn asked(&self, body: &Bytes) -> Result<Found, NotCompared> {
        let mut tried = 1;
        loop {
            match self.asked_once(body).await {
                Err(error) if tried < TRIES && error.may_pass() => tokio::time::sleep(PAUSE * tried).await,
                answered => return answered,
            }
            tried += 1;
        }
    }

    async fn asked_once(&self, body: &Bytes) -> Result<Found, NotCompared> {
        // Signed anew for each try: a signature holds for some minutes.
        let Signed { url, headers } = request::signed(&self.config.aws, body, self.clock.now())?;
        let answer = self.http.post(url).headers(headers).body(body.clone()).send().await?;
        let (status, kind) = (answer.status(), request::kind_header(answer.headers()));
        let body = answer.bytes().await?;
        if status.is_success() {
            return serde_json::from_slice(&body).map_err(NotCompared::Unreadable);
        }
        Err(NotCompared::Refused { status, kind: kind.or_else(|| request::kind_in(&body)).unwrap_or_default() })
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
