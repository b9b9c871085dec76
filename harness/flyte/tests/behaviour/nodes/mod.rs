//! Nodes that are more than a task: branches, arrays, gates, what runs after a failure, and workflows that tasks write.

mod build;
mod cached;
mod limits;
mod recovered;
mod scene;
mod shapes;
mod tasks;
