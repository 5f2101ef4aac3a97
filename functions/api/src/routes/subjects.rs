//! Characters, places and props.

pub(crate) mod get_subject;
pub(crate) mod list_subjects;
pub(crate) mod put_subject;
