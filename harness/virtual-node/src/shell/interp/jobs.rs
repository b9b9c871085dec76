//! Commands in the background.

use tokio::task::JoinHandle;

/// The first process that a shell starts.
const FIRST: u32 = 7;
/// Ended by SIGTERM.
pub(crate) const TERMINATED: i32 = 128 + 15;

/// A shell's commands in the background. They end with it.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    all: Vec<Job>,
    started: u32,
}

#[derive(Debug)]
struct Job {
    pid: u32,
    state: State,
}

#[derive(Debug)]
enum State {
    Runs(JoinHandle<Option<i32>>),
    Ended(i32),
}

impl Jobs {
    pub(crate) fn add(&mut self, task: JoinHandle<Option<i32>>) -> u32 {
        let pid = FIRST + self.started;
        self.started += 1;
        let state = State::Runs(task);
        self.all.push(Job { pid, state });
        pid
    }

    /// The one that was started last.
    pub(crate) fn last(&self) -> Option<u32> {
        self.started.checked_sub(1).map(|last| FIRST + last)
    }

    /// Those that nobody has waited for.
    pub(crate) fn pids(&self) -> Vec<u32> {
        self.all.iter().map(|job| job.pid).collect()
    }

    /// Whether it runs; `None` if there is no such job.
    pub(crate) fn runs(&self, pid: u32) -> Option<bool> {
        let job = self.all.iter().find(|job| job.pid == pid)?;
        Some(matches!(&job.state, State::Runs(task) if !task.is_finished()))
    }

    /// Waits for a job; its exit code is told once. `None` if there is no such job.
    pub(crate) async fn wait(&mut self, pid: u32) -> Option<i32> {
        let at = self.all.iter().position(|job| job.pid == pid)?;
        let code = match &mut self.all[at].state {
            State::Runs(task) => task.await.ok().flatten().unwrap_or(TERMINATED),
            State::Ended(code) => *code,
        };
        self.all.remove(at);
        Some(code)
    }

    /// Ends a job by a signal; false if there is no such job.
    pub(crate) fn kill(&mut self, pid: u32, signal: i32) -> bool {
        let Some(job) = self.all.iter_mut().find(|job| job.pid == pid) else {
            return false;
        };
        if let State::Runs(task) = &job.state
            && !task.is_finished()
        {
            task.abort();
            job.state = State::Ended(128 + signal);
        }
        true
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        for job in &self.all {
            if let State::Runs(task) = &job.state {
                task.abort();
            }
        }
    }
}
