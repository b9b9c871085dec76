//! A smaller history that breaks the same invariant.

use super::history::{Action, History};
use super::judge::Invariant;
use super::run::run;

/// Leaves out what the broken invariant does not need: actions (many at once, then single ones), data planes, the size of what is left.
/// `goes_on` ends it early. Tells how many histories were tried.
pub fn shrink(history: &History, invariant: Invariant, goes_on: &dyn Fn() -> bool) -> (History, usize) {
    let mut search = Search {
        smallest: history.clone(),
        invariant,
        goes_on,
        tries: 0,
    };
    loop {
        let before = search.smallest.clone();
        search.fewer_actions();
        search.fewer_planes();
        search.simpler_actions();
        if search.smallest == before || !goes_on() {
            break;
        }
    }
    (search.smallest, search.tries)
}

struct Search<'a> {
    smallest: History,
    invariant: Invariant,
    goes_on: &'a dyn Fn() -> bool,
    tries: usize,
}

impl Search<'_> {
    /// Takes a candidate if it breaks the same invariant.
    fn take(&mut self, candidate: History) -> bool {
        if candidate == self.smallest || !(self.goes_on)() {
            return false;
        }
        self.tries += 1;
        let breaks = run(&candidate).is_ok_and(|ran| ran.breaks(self.invariant));
        if breaks {
            self.smallest = candidate;
        }
        breaks
    }

    fn fewer_actions(&mut self) {
        let mut size = self.smallest.actions.len().div_ceil(2);
        while size > 0 {
            let mut end = self.smallest.actions.len();
            while end > 0 {
                let start = end.saturating_sub(size);
                let mut candidate = self.smallest.clone();
                candidate.actions.drain(start..end);
                self.take(candidate);
                end = start.min(self.smallest.actions.len());
            }
            size /= 2;
        }
    }

    /// As few planes as are named, or half as many as long as that does.
    fn fewer_planes(&mut self) {
        while self.smallest.planes > 1 {
            let planes = self.smallest.planes;
            let smaller = [1, planes / 2, planes - 1].into_iter().any(|fewer| {
                let mut candidate = self.smallest.clone();
                candidate.planes = fewer;
                self.take(candidate)
            });
            if !smaller {
                break;
            }
        }
    }

    fn simpler_actions(&mut self) {
        for index in 0..self.smallest.actions.len() {
            for simpler in simpler(&self.smallest.actions[index].action) {
                let mut candidate = self.smallest.clone();
                candidate.actions[index].action = simpler;
                self.take(candidate);
            }
        }
    }
}

/// The same with less in it.
fn simpler(action: &Action) -> Vec<Action> {
    match action {
        Action::Submit { name, label, long, retry } => {
            let submit = |label, long, retry| Action::Submit {
                name: name.clone(),
                label,
                long,
                retry,
            };
            vec![
                submit(*label, *long, false),
                submit(*label, false, *retry),
                submit(None, *long, *retry),
            ]
        }
        Action::Fault { seconds, fault } if *seconds > 10 => vec![Action::Fault {
            seconds: seconds / 2,
            fault: *fault,
        }],
        _ => Vec::new(),
    }
}
