//! Bodies, patches and selectors that mean no good: too large, too deep, or damaged.

#![expect(clippy::unwrap_used, reason = "tests")]

mod limits;
mod mutate;
mod mutations;
mod seeds;
mod world;
