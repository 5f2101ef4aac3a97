//! Where a shot stands, and what is known there.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{failure::Failure, fal_error::FalError, id::MediaId};

/// A state carries what is known in it, and nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShotState {
    /// For admission; not before the given time after a failed attempt.
    Waiting {
        /// The end of the pause after a failed attempt.
        not_before: Option<Timestamp>,
    },
    /// It has a slot, and the request may or may not have reached fal. Never resent before the lease ends.
    Submitting(ProviderRequest),
    /// fal has the request.
    Submitted {
        /// The slot that it holds.
        in_flight: ProviderRequest,
        /// How to ask for it.
        request: Box<FalRequest>,
        /// When the reconciler asks fal if nothing was heard.
        check_at: Timestamp,
        /// What a callback said, until the result was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        told: Option<Box<Told>>,
        /// Since when fal's answers say nothing that can be believed at once.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unclear: Option<Unclear>,
    },
    /// fal is done and the slot is free; the images are still at fal.
    Delivered {
        /// What fal delivered.
        delivery: Delivery,
        /// When the reconciler reminds ingest of it.
        check_at: Timestamp,
        /// How often it did.
        reminders: u32,
    },
    /// The images are in the bucket and recorded.
    Stored {
        /// The records.
        media: Vec<MediaId>,
    },
    /// Given up.
    Failed(Failure),
    /// Taken back before its image was made: it was never sent, or fal did not make it.
    Canceled,
}

/// What a callback said of a request, before its result was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// It is done.
    Images(Delivery),
    /// It failed.
    Failed(FalError),
}

/// A run of answers of one sort, none of which is an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unclear {
    /// Whether they say something of the request that is believed once it lasts, rather than nothing at all.
    pub doubt: bool,
    /// When the first of them came.
    pub since: Timestamp,
    /// How many.
    pub times: u32,
}

/// The right to have one request in flight at fal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderRequest {
    /// Which slot.
    pub slot: u16,
    /// When the slot frees itself, and an unanswered submit counts as lost.
    pub lease_until: Timestamp,
    /// Whether what is in flight is still wanted, and in time.
    #[serde(default, skip_serializing_if = "CancelAtProvider::is_no")]
    pub cancel_at_provider: CancelAtProvider,
}

/// Whether a request in flight is called off. From then on no error of it leads to another attempt; its images, if they
/// come all the same, are paid for and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelAtProvider {
    /// It is wanted.
    #[default]
    No,
    /// It was taken back, and fal is to be asked to drop it as soon as its id is known.
    Due,
    /// fal was asked.
    Asked,
    /// It is wanted, takes longer than it is given, and fal was asked to drop it: it is tried otherwise.
    Late,
}

impl CancelAtProvider {
    /// Whether fal was asked to drop it.
    #[must_use]
    pub fn fal_was_asked(self) -> bool {
        match self {
            Self::Asked | Self::Late => true,
            Self::No | Self::Due => false,
        }
    }

    fn is_no(&self) -> bool {
        *self == Self::No
    }
}

/// How to ask fal for a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FalRequest {
    /// fal's id of the request.
    pub id: String,
    /// The endpoint that it was sent to.
    pub endpoint: String,
    /// Where fal says its status is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_url: Option<Url>,
    /// Where fal says its result is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_url: Option<Url>,
    /// Where fal says it is cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancel_url: Option<Url>,
}

impl FalRequest {
    /// A request whose addresses are the documented ones, because fal's answer with its own was lost.
    #[must_use]
    pub fn documented(id: &str, endpoint: String) -> Self {
        Self { id: id.to_owned(), endpoint, status_url: None, response_url: None, cancel_url: None }
    }
}

/// What fal delivered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// fal's id of the request.
    pub request_id: String,
    /// The images, in fal's order.
    pub images: Vec<GeneratedImage>,
    /// The seed that fal says it used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// Billable units where fal told them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billable_units: Option<f64>,
    /// fal ran it more than once: the picture may not be the seed's.
    pub provider_retried: bool,
    /// How many images came beyond those that were asked for; they are left at fal.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub surplus: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl Delivery {
    /// How many of the images fal's safety checker flagged.
    #[must_use]
    pub fn flagged(&self) -> usize {
        self.images.iter().filter(|image| image.flagged).count()
    }
}

/// An image at fal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeneratedImage {
    /// Where its bytes are.
    pub url: String,
    /// fal's safety checker flagged it: it is a black frame.
    pub flagged: bool,
}
