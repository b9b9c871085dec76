//! The `multiplane` command.
fn main() {}
