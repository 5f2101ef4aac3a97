//! An update that is put together from parts, with names of attributes that an expression cannot spell.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::number;

/// The parts of one update.
#[derive(Debug, Clone, Default)]
pub(super) struct Update {
    set: Vec<String>,
    add: Vec<String>,
    remove: Vec<String>,
    demands: Vec<String>,
    pub(super) names: HashMap<String, String>,
    pub(super) values: HashMap<String, AttributeValue>,
}

impl Update {
    pub(super) fn is_empty(&self) -> bool {
        self.set.is_empty() && self.add.is_empty() && self.remove.is_empty()
    }

    pub(super) fn set(&mut self, name: &str, value: AttributeValue) {
        let part = format!("{} = {}", self.name(name), self.value(value));
        self.set.push(part);
    }

    /// The same for a part of a record.
    pub(super) fn set_in(&mut self, record: &str, name: &str, value: AttributeValue) {
        let part = format!("{}.{} = {}", self.name(record), self.name(name), self.value(value));
        self.set.push(part);
    }

    /// Adds to a number, which is 0 where it is absent.
    pub(super) fn add(&mut self, name: &str, value: AttributeValue) {
        let part = format!("{} {}", self.name(name), self.value(value));
        self.add.push(part);
    }

    pub(super) fn remove(&mut self, name: &str) {
        let name = self.name(name);
        self.remove.push(name);
    }

    /// Puts a list before a list, which is empty where it is absent.
    pub(super) fn prepend(&mut self, name: &str, list: AttributeValue) {
        let (name, list, none) = (self.name(name), self.value(list), self.value(AttributeValue::L(Vec::new())));
        self.set.push(format!("{name} = list_append({list}, if_not_exists({name}, {none}))"));
    }

    /// Demands that a number, or the element of a list at `index` (`[3]`), is absent or at most `value`.
    pub(super) fn demand_at_most(&mut self, index: &str, name: &str, value: AttributeValue) {
        let (name, value) = (self.name(name), self.value(value));
        self.demands.push(format!("(attribute_not_exists({name}{index}) OR {name}{index} <= {value})"));
    }

    pub(super) fn demand_exists(&mut self, name: &str) {
        let name = self.name(name);
        self.demands.push(format!("attribute_exists({name})"));
    }

    /// Demands that a list has so many elements.
    pub(super) fn demand_size(&mut self, name: &str, size: usize) {
        let (name, size) = (self.name(name), self.value(number(size)));
        self.demands.push(format!("size({name}) = {size}"));
    }

    /// Demands that a list begins so.
    pub(super) fn demand_first(&mut self, name: &str, first: i64) {
        let (name, first) = (self.name(name), self.value(number(first)));
        self.demands.push(format!("{name}[0] = {first}"));
    }

    /// As DynamoDB reads it.
    pub(super) fn expression(&self) -> String {
        let clauses = [("SET", &self.set), ("ADD", &self.add), ("REMOVE", &self.remove)];
        let clauses = clauses.into_iter().filter(|(_, parts)| !parts.is_empty());
        clauses.map(|(verb, parts)| format!("{verb} {}", parts.join(", "))).collect::<Vec<_>>().join(" ")
    }

    /// What it demands of the item; `None`: nothing.
    pub(super) fn condition(&self) -> Option<String> {
        (!self.demands.is_empty()).then(|| self.demands.join(" AND "))
    }

    fn name(&mut self, name: &str) -> String {
        if let Some(placeholder) = self.names.iter().find(|(_, known)| *known == name).map(|(key, _)| key.clone()) {
            return placeholder;
        }
        let placeholder = format!("#n{}", self.names.len());
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }
}
