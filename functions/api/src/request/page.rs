//! The shell of every list: `limit` and `cursor` on the way in, `hasMore` and `nextCursor` on the way out.

use std::fmt;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use likeness_core::{
    cursor,
    store::{Page, Position},
};
use serde::{Deserialize, Serialize, Serializer, ser::SerializeMap};

use crate::problem::{ApiError, FieldError};

const DEFAULT_LIMIT: usize = 20;
const MOST: usize = 100;

/// The parameters of a list that has no filters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageQuery {
    pub(crate) limit: Option<String>,
    pub(crate) cursor: Option<String>,
}

/// Which list it is: its name, whose it is, and what it is filtered by. A cursor is good for the list that it came
/// from, so what stands here is part of the public interface, spelled out, and not what a type happens to print.
#[derive(Debug)]
pub(crate) struct ListName(String);

impl ListName {
    /// The list `name` of `owner`.
    pub(crate) fn new(name: &str, owner: impl fmt::Display) -> Self {
        Self(format!("{name} of {owner}"))
    }

    /// Only what has this `value` under the parameter `name`.
    pub(crate) fn where_is(mut self, name: &str, value: Option<impl fmt::Display>) -> Self {
        if let Some(value) = value {
            self.0 = format!("{} {name}={value}", self.0);
        }
        self
    }
}

/// A page that is asked for.
#[derive(Debug)]
pub(crate) struct Asked {
    list: ListName,
    pub(crate) limit: usize,
    pub(crate) after: Option<Position>,
}

impl Asked {
    /// Reads `limit` and `cursor`. A cursor of another list is refused, not misread.
    pub(crate) fn of(list: ListName, limit: Option<&str>, cursor: Option<&str>) -> Result<Self, ApiError> {
        let mut errors = Vec::new();
        let limit = match limit.map_or(Ok(DEFAULT_LIMIT), str::parse) {
            Ok(limit) if (1..=MOST).contains(&limit) => limit,
            Ok(_) | Err(_) => {
                errors.push(FieldError::query("limit", format!("must be a whole number from 1 to {MOST}")));
                DEFAULT_LIMIT
            }
        };
        let after = match cursor.map(|text| cursor::decode(&list.0, text)).transpose() {
            Ok(after) => after,
            Err(error) => {
                errors.push(FieldError::query("cursor", error.to_string()));
                None
            }
        };
        if errors.is_empty() { Ok(Self { list, limit, after }) } else { Err(ApiError::Invalid(errors)) }
    }

    /// The answer: `items` under `name`.
    pub(crate) fn answer<T, V>(&self, name: &'static str, page: Page<T>, view: impl FnMut(T) -> V) -> Listed<V> {
        self.listed(name, page.items.into_iter().map(view).collect(), page.next.as_ref())
    }

    /// The same of items that are views already.
    pub(crate) fn listed<V>(&self, name: &'static str, items: Vec<V>, next: Option<&Position>) -> Listed<V> {
        Listed { name, items, total: None, next: next.map(|next| cursor::encode(&self.list.0, next)) }
    }
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Listed<V> {
    name: &'static str,
    items: Vec<V>,
    total: Option<u64>,
    next: Option<String>,
}

impl<V> Listed<V> {
    /// With how many there are on all pages.
    pub(crate) fn with_total(self, total: u64) -> Self {
        Self { total: Some(total), ..self }
    }
}

impl<V: Serialize> Serialize for Listed<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(self.name, &self.items)?;
        if let Some(total) = self.total {
            map.serialize_entry("total", &total)?;
        }
        map.serialize_entry("hasMore", &self.next.is_some())?;
        map.serialize_entry("nextCursor", &self.next)?;
        map.end()
    }
}

impl<V: Serialize> IntoResponse for Listed<V> {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_and_cursor_are_both_told() {
        let list = || ListName::new("jobs", "isle").where_is("status", Some("failed")).where_is("type", None::<&str>);
        assert_eq!(list().0, "jobs of isle status=failed");
        assert_eq!(Asked::of(list(), None, None).unwrap().limit, DEFAULT_LIMIT);
        assert_eq!(Asked::of(list(), Some("100"), None).unwrap().limit, MOST);
        for bad in ["0", "101", "-1", "many", "1.5", ""] {
            assert!(Asked::of(list(), Some(bad), None).is_err(), "{bad}");
        }
        let Err(ApiError::Invalid(errors)) = Asked::of(list(), Some("0"), Some("x")) else { panic!("it is invalid") };
        assert_eq!(errors.len(), 2);
    }

    #[test]
    fn a_list_has_its_items_under_its_name() {
        let listed = Asked::of(ListName::new("jobs", "isle"), None, None).unwrap().listed("jobs", vec![1, 2], None);
        let json = serde_json::to_value(listed.with_total(2)).unwrap();
        assert_eq!(json, serde_json::json!({ "jobs": [1, 2], "total": 2, "hasMore": false, "nextCursor": null }));
    }
}
