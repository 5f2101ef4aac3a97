//! The platform API as far as it concerns a customer: signing keys, prices, the addresses that webhooks come from.

use std::sync::Arc;

use axum::{
    Json,
    extract::{RawQuery, State},
};
use serde_json::{Value, json};

use super::{emulation::Emulation, signature};

/// `GET /.well-known/jwks.json`.
pub(super) async fn jwks() -> Json<Value> {
    Json(signature::jwks())
}

/// `GET /v1/models/pricing?endpoint_id=…`, repeated or with commas; all models without.
pub(super) async fn pricing(State(emulation): State<Arc<Emulation>>, RawQuery(query): RawQuery) -> Json<Value> {
    let query = query.unwrap_or_default();
    let asked: Vec<String> = url::form_urlencoded::parse(query.as_bytes())
        .filter(|(name, _)| name == "endpoint_id")
        .flat_map(|(_, ids)| ids.split(',').map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let prices: Vec<Value> = emulation
        .schemas
        .iter()
        .filter(|(id, _)| asked.is_empty() || asked.iter().any(|asked| asked == id))
        .map(|(id, model)| {
            json!({
                "endpoint_id": id,
                "unit_price": model.terms.price,
                "unit": model.terms.unit.name(),
                "currency": "USD",
            })
        })
        .collect();
    Json(json!({ "prices": prices, "has_more": false, "next_cursor": null }))
}

/// `GET /v1/meta`.
pub(super) async fn meta() -> Json<Value> {
    Json(json!({ "webhook_ip_ranges": ["127.0.0.1/32"] }))
}
