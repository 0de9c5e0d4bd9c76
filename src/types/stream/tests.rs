//! Streams against a model.
