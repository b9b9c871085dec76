//! The control plane's core against the table of recorded behaviour, with member clusters that answer as told.

mod cases;
mod support;
