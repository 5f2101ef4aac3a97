//! Why a shot or job ended without its image, in words that a caller can act on.

use serde::{Deserialize, Serialize};

/// The stable name of a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureCode {
    /// fal's content policy or safety checker refused it. Not an outage, not charged.
    ContentRefused,
    /// fal refused the input.
    InvalidInput,
    /// fal went on answering "too many requests".
    ProviderRateLimited,
    /// The model, and what stands in for it, stayed unavailable.
    ProviderUnavailable,
    /// fal went on failing by itself.
    ProviderError,
    /// fal took too long, also with fewer steps.
    GenerationTimeout,
    /// fal refuses our key.
    ProviderAuthentication,
    /// fal has locked our account, for example for lack of balance.
    ProviderAccountLocked,
    /// fal never let us know whether it took the request, repeatedly.
    SubmitLost,
    /// fal no longer knows the request, or gives an answer that cannot be read.
    ProviderProtocol,
    /// fal could not fetch a file that the request goes by: our bucket, or the host of a reference, was away.
    ReferenceUnreachable,
    /// The image could not be downloaded.
    ImageUnreachable,
    /// What was delivered is larger than `IMAGE_MAX_SIZE_MB`.
    ImageTooLarge,
    /// What was delivered is no PNG, JPEG or WebP.
    NotAnImage,
    /// The image has more pixels than may be decoded.
    TooManyPixels,
    /// The image cannot be decoded whole.
    CorruptImage,
    /// It was taken back before it was made.
    Canceled,
    /// It was not made by its deadline.
    Deadline,
    /// What was made does not match its references.
    Inconsistent,
    /// A step of a workflow could not begin, because what it needs was not made.
    StepFailed,
}

impl FailureCode {
    /// The name used in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ContentRefused => "content_refused",
            Self::InvalidInput => "invalid_input",
            Self::ProviderRateLimited => "provider_rate_limited",
            Self::ProviderUnavailable => "provider_unavailable",
            Self::ProviderError => "provider_error",
            Self::GenerationTimeout => "generation_timeout",
            Self::ProviderAuthentication => "provider_authentication",
            Self::ProviderAccountLocked => "provider_account_locked",
            Self::SubmitLost => "submit_lost",
            Self::ProviderProtocol => "provider_protocol",
            Self::ReferenceUnreachable => "reference_unreachable",
            Self::ImageUnreachable => "image_unreachable",
            Self::ImageTooLarge => "image_too_large",
            Self::NotAnImage => "not_an_image",
            Self::TooManyPixels => "too_many_pixels",
            Self::CorruptImage => "corrupt_image",
            Self::Canceled => "canceled",
            Self::Deadline => "deadline",
            Self::Inconsistent => "inconsistent",
            Self::StepFailed => "step_failed",
        }
    }

    /// Whether the same request may succeed later without a change.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        match self {
            Self::ProviderRateLimited
            | Self::ProviderUnavailable
            | Self::ProviderError
            | Self::GenerationTimeout
            | Self::ProviderAuthentication
            | Self::ProviderAccountLocked
            | Self::SubmitLost
            | Self::ProviderProtocol
            | Self::ReferenceUnreachable
            | Self::ImageUnreachable
            | Self::CorruptImage
            | Self::NotAnImage
            | Self::Canceled
            | Self::Deadline
            | Self::Inconsistent
            | Self::StepFailed => true,
            Self::ContentRefused | Self::InvalidInput | Self::ImageTooLarge | Self::TooManyPixels => false,
        }
    }
}

/// A reason with its particulars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The stable name.
    pub code: FailureCode,
    /// One sentence for people, which may hold fal's words. Never its echo of the input.
    pub detail: String,
}

impl Failure {
    /// A reason.
    #[must_use]
    pub fn new(code: FailureCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into() }
    }
}
