//! A folder for each resource, a file for each route, named for what it does. What the routes of a resource share
//! stands in the resource's own file; what a body looks like in `request/`, what an answer looks like in `views/`.

pub(crate) mod catalogue;
pub(crate) mod collections;
pub(crate) mod first_api;
pub(crate) mod generate;
pub(crate) mod healthz;
pub(crate) mod images;
pub(crate) mod jobs;
pub(crate) mod keys;
pub(crate) mod limits;
pub(crate) mod loras;
pub(crate) mod me;
pub(crate) mod people;
pub(crate) mod projects;
pub(crate) mod queues;
pub(crate) mod reports;
pub(crate) mod subjects;
pub(crate) mod workflows;
