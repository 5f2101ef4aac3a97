//! One module per outside thing. The table has a room of its own ([`crate::store`]), and so has fal ([`crate::fal`]).

pub(crate) mod aws;
pub mod bucket;
pub mod dns;
pub mod document;
pub mod http;
pub mod queue;
pub mod queue_admin;
pub mod rekognition;
pub(crate) mod tls;
