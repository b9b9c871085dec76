//! A shell, and the commands of a small userland: what images' commands, `kubectl exec` and ephemeral containers run by.
//!
//! | part | does |
//! |---|---|
//! | [`syntax`] | reads a script as a whole, and refuses by name what this shell does not know, before anything of it runs |
//! | [`expand`] | makes fields of words |
//! | [`interp`] | runs commands |
//! | [`builtins`] | the shell's own commands |
//! | [`known`] | whether all that a command line names is there |
//! | [`tools`] | what images with a small userland have beside it |
//! | [`streams`] | what commands read and write |
//! | [`console`] | a container's command |

mod builtins;
mod console;
mod expand;
mod interp;
mod known;
mod streams;
mod syntax;
#[cfg(test)]
mod tests;
pub(crate) mod tools;

pub(crate) use console::{Console, Stdin};
pub(crate) use interp::{Invocation, Shell};
pub(crate) use known::check;
pub(crate) use streams::{Input, Output, Streams, pipe};
