//! `run --watch`: runs again what stands on a file as soon as that file changes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use multiplane::exit::Exit;
use multiplane::run::Plan;
use tokio_util::sync::CancellationToken;

use super::exit::Failure;
use super::output::{Output, complain};
use super::run::Run;
use super::signals::Signals;
use folders::Folders;

/// How long files must have been quiet: editors save in more than one step.
const QUIET: Duration = Duration::from_millis(50);

/// Runs everything, and then what changes, until a signal. The exit code is that of the last run.
pub(crate) fn watch(run: &Run, output: &mut Output) -> Result<Exit, Failure> {
    let signals = Signals::watch(Duration::MAX)?;
    let stop = signals.stop();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let _guard = runtime.enter();
    let mut folders = Folders::new()?;
    // Everything, at first.
    let mut changed = None;
    loop {
        // From before the run reads them, so that no change is missed.
        let files = run.files();
        files.iter().for_each(|file| folders.add(file));
        run.paths.iter().for_each(|path| folders.add(&real(path)));
        let last = match run.once(&signals, changed.as_ref(), output) {
            Ok(exit) => {
                changed = Some(BTreeSet::new());
                exit
            }
            // What has changed is still to be run when the mistake is mended.
            Err(failure) => failure.report(),
        };
        if !stop.is_cancelled() {
            complain("waiting for a change; Ctrl-C ends");
        }
        match runtime.block_on(next(&mut folders, &files, &stop))? {
            Some(more) => {
                complain(&format!("\nchanged: {}", names(&more)));
                changed.iter_mut().for_each(|changed| changed.extend(more.iter().cloned()));
            }
            None => return Ok(last),
        }
    }
}

/// The next files to change that scenarios stand on, or that are new scenarios; `None` once it is to end.
async fn next(folders: &mut Folders, files: &BTreeSet<PathBuf>, stop: &CancellationToken) -> Result<Option<BTreeSet<PathBuf>>, Failure> {
    let mut found = BTreeSet::new();
    loop {
        let quiet = async {
            match found.is_empty() {
                true => std::future::pending().await,
                false => tokio::time::sleep(QUIET).await,
            }
        };
        let changed = tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(None),
            changed = folders.changed() => changed?,
            () = quiet => return Ok(Some(found)),
        };
        let scenarios = changed.into_iter().map(|path| match path.join(scenario::FILE_NAME) {
            // A new folder: its scenario is what is new.
            file if file.is_file() => file,
            _ => path,
        });
        let new = |path: &Path| path.file_name().is_some_and(|name| name == scenario::FILE_NAME);
        found.extend(scenarios.filter(|path| new(path) || is_below(path, files)));
    }
}

/// The files and folders that a plan stands on.
pub(crate) fn inputs(plan: &Plan) -> impl Iterator<Item = PathBuf> {
    let scenario = &plan.loaded.scenario;
    [scenario.file.clone()].into_iter().chain(scenario.inputs()).map(|path| real(&path))
}

/// Whether a plan stands on one of these files.
pub(crate) fn stands_on(plan: &Plan, changed: &BTreeSet<PathBuf>) -> bool {
    let inputs = inputs(plan).collect();
    changed.iter().any(|path| is_below(path, &inputs))
}

fn is_below(path: &Path, files: &BTreeSet<PathBuf>) -> bool {
    path.ancestors().any(|above| files.contains(above))
}

/// A path as the system has it, also of a file that is gone.
pub(crate) fn real(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let folder = whole.parent().and_then(|folder| folder.canonicalize().ok());
    match (folder, whole.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => whole.canonicalize().unwrap_or(whole),
    }
}

/// Files for a person, from where they stand.
fn names(files: &BTreeSet<PathBuf>) -> String {
    let here = std::env::current_dir()
        .ok()
        .and_then(|here| here.canonicalize().ok())
        .unwrap_or_default();
    let names = files
        .iter()
        .map(|file| file.strip_prefix(&here).unwrap_or(file).display().to_string());
    names.collect::<Vec<_>>().join(", ")
}

#[cfg(target_os = "linux")]
mod folders {
    use std::collections::BTreeMap;
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    use rustix::fs::inotify::{self, CreateFlags, Reader, WatchFlags};
    use rustix::io::Errno;
    use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

    /// The number of a watch, and the file in its folder.
    type Told = io::Result<(i32, Option<PathBuf>)>;

    /// Folders whose files are watched. Folders, since editors put a new file in the place of the old one.
    pub(super) struct Folders {
        inotify: Arc<OwnedFd>,
        by_watch: BTreeMap<i32, PathBuf>,
        told: UnboundedReceiver<Told>,
    }

    impl Folders {
        pub(super) fn new() -> io::Result<Self> {
            let inotify = Arc::new(inotify::init(CreateFlags::CLOEXEC)?);
            let (tell, told) = unbounded_channel();
            let read = inotify.clone();
            // It reads for as long as the process lives.
            std::thread::Builder::new()
                .name("watch".to_owned())
                .spawn(move || listen(&read, &tell))?;
            Ok(Self {
                inotify,
                by_watch: BTreeMap::new(),
                told,
            })
        }

        /// Watches the folder of a file; a folder with all that is below it, and the one that it stands in. What cannot be watched is not there.
        pub(super) fn add(&mut self, path: &Path) {
            path.parent().into_iter().for_each(|folder| self.watch(folder));
            self.below(path);
        }

        fn below(&mut self, folder: &Path) {
            let Ok(entries) = std::fs::read_dir(folder) else { return };
            self.watch(folder);
            for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
                self.below(&entry.path());
            }
        }

        fn watch(&mut self, folder: &Path) {
            let written = WatchFlags::CLOSE_WRITE | WatchFlags::CREATE | WatchFlags::DELETE | WatchFlags::MOVED_FROM | WatchFlags::MOVED_TO;
            if let Ok(watch) = inotify::add_watch(&*self.inotify, folder, written | WatchFlags::ONLYDIR) {
                self.by_watch.insert(watch, folder.to_owned());
            }
        }

        /// Waits until files change, and tells which.
        pub(super) async fn changed(&mut self) -> io::Result<Vec<PathBuf>> {
            let told = self.told.recv().await;
            let (watch, name) = told.unwrap_or_else(|| Err(io::ErrorKind::BrokenPipe.into()))?;
            let changed = match (self.by_watch.get(&watch), name) {
                (Some(folder), Some(name)) => vec![folder.join(name)],
                // The folder itself is gone.
                (Some(_), None) => Vec::new(),
                // Too much changed at once to be told: every folder has.
                (None, _) => self.by_watch.values().cloned().collect(),
            };
            // A new folder may have files already.
            changed.iter().for_each(|path| self.below(path));
            Ok(changed)
        }
    }

    fn listen(inotify: &OwnedFd, tell: &UnboundedSender<Told>) {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = Reader::new(inotify, &mut buffer);
        loop {
            let told = match reader.next() {
                Ok(event) => Ok((event.wd(), event.file_name().map(|name| name.to_string_lossy().as_ref().into()))),
                Err(Errno::INTR) => continue,
                Err(error) => Err(error.into()),
            };
            let failed = told.is_err();
            if tell.send(told).is_err() || failed {
                return;
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod folders {
    use std::io;
    use std::path::{Path, PathBuf};

    /// Nothing is watched here.
    pub(super) struct Folders;

    impl Folders {
        pub(super) fn new() -> io::Result<Self> {
            Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "--watch: files are watched on Linux only",
            ))
        }

        pub(super) fn add(&mut self, _: &Path) {}

        pub(super) async fn changed(&mut self) -> io::Result<Vec<PathBuf>> {
            std::future::pending().await
        }
    }
}
