//! A search for what breaks: random histories of faults in virtual time, each the same for the same seed.
//!
//! [`History`] (drawn from a seed) -> [`run`] (a world of embedded clusters with the reference planes, deployed without charts; users,
//! operators and faults in it; what must hold) -> [`shrink`] (a smaller history that breaks the same). [`search`] is many of them side by side.

mod drive;
mod history;
mod judge;
mod many;
mod objects;
mod run;
mod shrink;
mod world;

pub use drive::Happened;
pub use history::{Action, Effect, Fault, History, Planes, Program, Timed, Way};
pub use judge::{Invariant, Violation};
pub use many::{Broken, Found, Limits, search};
pub use run::{Ran, run};
pub use shrink::shrink;
pub use world::WorldError;
