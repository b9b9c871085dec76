//! The registry that says which program stands for which image.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures::future::BoxFuture;

use super::{ContainerContext, ExitStatus};
use crate::shell::{Console, Invocation};

/// A program that runs in place of a container's process.
///
/// It gets exactly what a container gets, keeps no statics, and leaves nothing behind: tasks go through
/// [`ContainerContext::tasks`], connections through [`ContainerContext::host`]. Once [`ContainerContext::stop`] is
/// cancelled it has the pod's grace period to return; then its future is dropped, which is the kill.
pub trait Program: Send + Sync {
    /// Runs one container once. A restarted container is another call.
    fn run(&self, context: ContainerContext) -> BoxFuture<'static, ExitStatus>;
}

/// Programs by image name.
///
/// The key is the last segment of the image's repository, without registry, tag and digest: `flyteadmin` stands for
/// `cr.flyte.org/flyteorg/flyteadmin:v1.16.8`.
#[derive(Clone, Default)]
pub struct Programs {
    by_name: BTreeMap<String, Arc<dyn Program>>,
    by_command: BTreeMap<String, Arc<dyn Program>>,
}

impl Programs {
    /// An empty registry.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers `program` for images named `name`, in place of an earlier one.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, program: Arc<dyn Program>) -> Self {
        self.by_name.insert(name.into(), program);
        self
    }

    /// Registers `program` for containers that start the executable `name`, whatever their image is; a program of the image comes first.
    #[must_use]
    pub fn with_command(mut self, name: impl Into<String>, program: Arc<dyn Program>) -> Self {
        self.by_command.insert(name.into(), program);
        self
    }

    /// Takes over all of `other`'s programs; for equal names the other's win.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.by_name.extend(other.by_name);
        self.by_command.extend(other.by_command);
        self
    }

    /// The program that stands for `image`, a reference as in a pod's spec.
    #[must_use]
    pub fn for_image(&self, image: &str) -> Option<Arc<dyn Program>> {
        self.by_name.get(image_name(image)).cloned()
    }

    /// The program that a command line starts in an image with all programs: the one that its first word names, or a shell.
    #[must_use]
    pub fn for_command(&self, words: &[String]) -> Option<Arc<dyn Program>> {
        if Invocation::is_shell(words.first()?) {
            return Some(Arc::new(Console::new(self.clone())));
        }
        self.by_name.get(executable(words.first()?)).cloned()
    }

    /// The program that a command of a shell starts.
    pub(crate) fn for_executable(&self, words: &[String]) -> Option<Arc<dyn Program>> {
        let name = executable(words.first()?);
        self.by_name.get(name).or_else(|| self.by_command.get(name)).cloned()
    }

    /// The names of all programs.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.keys().map(String::as_str)
    }

    /// The name of the program that stands for `image`.
    #[must_use]
    pub fn name_for_image(&self, image: &str) -> Option<&str> {
        self.by_name.get_key_value(image_name(image)).map(|(name, _)| name.as_str())
    }

    /// The program for a container: its image's, or a shell where the command starts one in such an image; else that of its command.
    pub(crate) fn for_container(&self, image: &str, command: &[String], args: &[String]) -> Option<Arc<dyn Program>> {
        let Some(program) = self.for_image(image) else {
            let first = command.iter().chain(args).next()?;
            return self.by_command.get(executable(first)).cloned();
        };
        let first = command.iter().chain(args).next();
        Some(match first.is_some_and(|first| Invocation::is_shell(first)) {
            true => Arc::new(Console::new(self.clone())),
            false => program,
        })
    }
}

/// The name of the file that a command line starts.
fn executable(word: &str) -> &str {
    word.rsplit_once('/').map_or(word, |(_, name)| name)
}

/// The last segment of an image reference's repository: no registry, tag or digest.
fn image_name(image: &str) -> &str {
    let repository = image.split_once('@').map_or(image, |(repository, _)| repository);
    let last = repository.rsplit_once('/').map_or(repository, |(_, last)| last);
    last.split_once(':').map_or(last, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::image_name;

    #[test]
    fn image_names_drop_registry_tag_and_digest() {
        for (image, name) in [
            ("flyteadmin", "flyteadmin"),
            ("cr.flyte.org/flyteorg/flyteadmin:v1.16.8", "flyteadmin"),
            ("localhost:5000/flyteadmin", "flyteadmin"),
            ("localhost:5000/a/task:1@sha256:00ff", "task"),
            ("task@sha256:00ff", "task"),
        ] {
            assert_eq!(image_name(image), name, "{image}");
        }
    }
}
