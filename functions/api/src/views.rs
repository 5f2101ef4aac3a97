//! Answers: what clients see of a record.

pub(crate) mod check;
pub(crate) mod collection;
pub(crate) mod consistency;
pub(crate) mod image;
pub(crate) mod job;
pub(crate) mod key;
pub(crate) mod limits;
pub(crate) mod lora;
pub(crate) mod me;
pub(crate) mod member;
pub(crate) mod person;
pub(crate) mod project;
pub(crate) mod quote;
pub(crate) mod recipe;
pub(crate) mod report;
pub(crate) mod result;
pub(crate) mod subject;
pub(crate) mod time;
pub(crate) mod upload;
pub(crate) mod workflow;
