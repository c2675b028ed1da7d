//! Putting the parts together at start: configuration, store, writers, workers, listener.
