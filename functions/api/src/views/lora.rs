//! A LoRA as clients see it.

use std::collections::BTreeMap;

use likeness_domain::{
    id::{LoraId, PersonId},
    lora::{Lora, LoraState},
    safetensors::BaseModel,
};
use serde::Serialize;

use crate::views::time::Time;

/// A LoRA, without the place of its file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LoraView {
    lora_id: LoraId,
    person_id: PersonId,
    trigger_word: Option<String>,
    created_at: Time,
    #[serde(flatten)]
    state: StateView,
}

#[derive(Debug, Serialize)]
#[serde(tag = "status", rename_all = "lowercase", rename_all_fields = "camelCase")]
enum StateView {
    Uploading {
        bytes: u64,
        upload_until: Time,
    },
    Ready {
        bytes: u64,
        tensors: u32,
        /// `null` where the file does not tell.
        base_model: Option<BaseModel>,
        metadata: BTreeMap<String, String>,
        ready_at: Time,
    },
    Rejected {
        reason: String,
        rejected_at: Time,
    },
}

impl From<Lora> for LoraView {
    fn from(lora: Lora) -> Self {
        let state = match lora.state {
            LoraState::Uploading { bytes, upload_until } => {
                StateView::Uploading { bytes, upload_until: upload_until.into() }
            }
            LoraState::Ready { bytes, tensors, base_model, metadata, ready_at, etag: _ } => {
                StateView::Ready { bytes, tensors, base_model, metadata, ready_at: ready_at.into() }
            }
            LoraState::Rejected { reason, at } => StateView::Rejected { reason, rejected_at: at.into() },
        };
        Self {
            lora_id: lora.id,
            person_id: lora.person,
            trigger_word: lora.trigger_word,
            created_at: lora.created_at.into(),
            state,
        }
    }
}
