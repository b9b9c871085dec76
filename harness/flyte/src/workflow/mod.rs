//! Workflow files: tasks with a scripted course, workflows of them, launch plans.
//!
//! A small stand-in for a Python project that `pyflyte register` would send: everything that placement depends on, and
//! tasks that take as long and end as the file says. Every workflow gets an active launch plan of its own name.

mod error;
mod file;
mod requests;
mod types;

pub use error::WorkflowFileError;
pub use file::{Cache, LaunchPlan, Node, Output, Source, Task, Workflow, WorkflowFile};
pub use requests::Registration;
pub use types::Type;

/// The image whose program runs tasks of these files.
pub const TASK_IMAGE: &str = "multiplane.dev/multiplane-task:v1";
