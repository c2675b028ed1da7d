//! What is said to whom: kinds, recipients, dedupe keys, context. Sends nothing.
