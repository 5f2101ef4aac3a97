//! Input that means harm: addresses that lead inwards, bodies and headers without end, names that would be keys,
//! cursors that were made up, pictures that are something else as well.

mod addresses;
mod bodies;
mod cursors;
mod names;
mod pictures;
