//! Programs: what runs in place of a container.

mod context;
mod crash;
mod disk;
mod exit;
mod files;
mod folder;
mod folders;
mod glob;
mod log;
mod probes;
mod process;
mod registry;
mod tasks;

pub use context::{ContainerContext, PodInfo};
pub use crash::{Crash, CrashPoints, CrashSite, Crashing};
pub use exit::ExitStatus;
pub use files::Files;
pub use log::Log;
pub use probes::Probes;
pub use process::Process;
pub use registry::{Program, Programs};
pub use tasks::Tasks;

pub(crate) use files::Mount;
pub(crate) use folder::Folder;
pub(crate) use folders::Entry;
pub(crate) use log::{LogBuffer, LogLine};
