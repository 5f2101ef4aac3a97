//! Journeys live in `it/`.
