//! Steps that several functions take.

pub mod accept;
