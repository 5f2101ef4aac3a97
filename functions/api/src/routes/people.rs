//! People, of which portraits are made.

pub(crate) mod get_person;
pub(crate) mod list_people;
pub(crate) mod put_person;
