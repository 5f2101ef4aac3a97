//! A receipt handle: which delivery of which message. Opaque to callers, readable to us, so none has to be stored.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

use super::error::SqsError;

/// One delivery of one message.
#[derive(Debug, PartialEq)]
pub(super) struct Receipt {
    pub(super) queue: String,
    pub(super) seq: i64,
    /// Counts the message's deliveries; an older one is stale.
    pub(super) delivery: i64,
}

impl Receipt {
    pub(super) fn to_handle(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(format!("{}/{}/{}", self.queue, self.seq, self.delivery))
    }

    /// The receipt in `handle`, if it came from `queue`.
    pub(super) fn from_handle(handle: &str, queue: &str) -> Result<Self, SqsError> {
        Self::parse(handle).filter(|receipt| receipt.queue == queue).ok_or(SqsError::ReceiptHandleIsInvalid)
    }

    fn parse(handle: &str) -> Option<Self> {
        let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(handle).ok()?).ok()?;
        let mut parts = text.split('/');
        let receipt = Self {
            queue: parts.next()?.to_owned(),
            seq: parts.next()?.parse().ok()?,
            delivery: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(receipt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_reads_back_for_its_own_queue_only() {
        let receipt = Receipt { queue: "shots".to_owned(), seq: 7, delivery: 2 };
        let handle = receipt.to_handle();
        assert_eq!(Receipt::from_handle(&handle, "shots").unwrap(), receipt);
        assert!(Receipt::from_handle(&handle, "others").is_err());
        assert!(Receipt::from_handle("nonsense", "shots").is_err());
    }
}
