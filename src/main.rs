//! The `greenlane` program.
fn main() {}
