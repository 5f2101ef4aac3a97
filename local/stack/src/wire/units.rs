//! Capacity units of calls to the table: asked for in the request, read from the answer.

use bytes::Bytes;
use serde_json::Value;

/// The call with `ReturnConsumedCapacity` set, and how many items it writes.
pub(super) fn requested(body: Bytes, operation: &str) -> (Bytes, usize) {
    let Ok(Value::Object(mut call)) = serde_json::from_slice(&body) else { return (body, 0) };
    let items = match operation {
        "TransactWriteItems" => call.get("TransactItems").and_then(Value::as_array).map_or(0, Vec::len),
        "PutItem" | "UpdateItem" => 1,
        _ => 0,
    };
    call.insert("ReturnConsumedCapacity".to_owned(), "INDEXES".into());
    (Value::Object(call).to_string().into(), items)
}

/// All units of a call, and those of indexes among them.
pub(super) fn of(answer: &[u8]) -> (f64, f64) {
    let answer: Value = serde_json::from_slice(answer).unwrap_or_default();
    let tables = match &answer["ConsumedCapacity"] {
        Value::Array(tables) => tables.iter().collect(),
        table => vec![table],
    };
    let units = |of: &Value| of["CapacityUnits"].as_f64().unwrap_or_default();
    let indexes = tables.iter().filter_map(|table| table["GlobalSecondaryIndexes"].as_object());
    (tables.iter().map(|table| units(table)).sum(), indexes.flat_map(|indexes| indexes.values()).map(units).sum())
}
