use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::json;

use super::*;

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    name: String,
    kind: Colour,
    #[serde(default)]
    seeds: Vec<u16>,
    guidance: Option<f64>,
    inner: Option<Inner>,
    #[serde(default)]
    tags: BTreeSet<Colour>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Colour {
    Red,
    Green,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[derive(Default)]
struct Inner {
    is_on: bool,
    words: Option<String>,
}

fn errors(document: &Value) -> Vec<String> {
    let mut errors = Errors::default();
    let _read: Option<Body> = read(document, &mut errors);
    errors.into_found().into_iter().map(|error| format!("{} {}", error.pointer, error.detail)).collect()
}

#[test]
fn every_fault_is_told_at_once_in_the_words_of_the_request() {
    let found = errors(&json!({
        "kind": "blue", "seeds": [1, -1, 2.5, "x", null, 70_000], "guidance": "7", "extra": 1,
        "inner": { "isOn": "yes", "word": "x" }, "tags": ["red", 7],
    }));
    insta::assert_snapshot!(found.join("\n"), @r"
    /extra is not a known field; known are name, kind, seeds, guidance, inner, tags
    /guidance must be a number, not a text
    /inner/word is not a known field; known are isOn, words
    /inner/isOn must be true or false, not a text
    /kind must be one of red, green
    /seeds/1 must be a whole number from 0 to 65535
    /seeds/2 must be a whole number from 0 to 65535
    /seeds/3 must be a whole number, not a text
    /seeds/4 must be a whole number, not null
    /seeds/5 must be a whole number from 0 to 65535
    /tags/1 must be one of red, green, not a number
    /name is missing
    ");
}

#[test]
fn a_list_is_no_object_and_a_rust_type_is_never_named() {
    assert_eq!(errors(&json!(["a", "red"])), [" must be an object, not a list"]);
    assert_eq!(errors(&json!(null)), [" must be an object, not null"]);
    let listed = errors(&json!({ "name": "a", "kind": "red", "inner": [true, null] }));
    assert_eq!(listed, ["/inner must be an object, not a list"]);
    let wrong = errors(&json!({ "name": 1, "kind": ["red"] }));
    assert_eq!(wrong, ["/kind must be one of red, green, not a list", "/name must be a text, not a number"]);
}

#[test]
fn whole_numbers_may_have_a_point_and_null_is_left_out() {
    let mut errors = Errors::default();
    let document = json!({ "name": "a", "kind": "green", "seeds": [2.0, 7e0, 1e2], "tags": null, "inner": null });
    let body: Body = read(&document, &mut errors).unwrap();
    assert!(errors.is_empty());
    assert_eq!((body.seeds, body.kind), (vec![2, 7, 100], Colour::Green));
    assert_eq!(self::errors(&json!({ "name": null, "kind": "red" })), ["/name is missing"]);
}
