//! What is under way, on a terminal: a few lines below all others, which are taken away again.

mod under_way;

use std::io::{self, IsTerminal, Stdout, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use console::{Term, truncate_str};
use indexmap::IndexMap;
use indicatif::{ProgressBar, ProgressStyle};

use super::text::Style;
use crate::journal::{Event, Fold, Record};
use under_way::UnderWay;

/// Between two looks whether there is something else to show.
const LOOK: Duration = Duration::from_millis(200);
/// What takes less long is not shown: lines that come and go are harder to read than none.
const SHORT: Duration = Duration::from_millis(600);
/// Scenarios that are shown at once.
const MOST: usize = 8;

/// The lines, which all that print to the terminal must know of: see [`above`](Self::above).
#[derive(Clone)]
pub struct Live(Arc<Mutex<Block>>);

#[derive(Default)]
struct Block {
    scenarios: IndexMap<String, UnderWay>,
    /// Only while there is something to show.
    bar: Option<ProgressBar>,
    shown: String,
}

/// The machine's time, which people see pass.
#[expect(clippy::disallowed_methods, reason = "shown to a person, whatever the world's time is")]
fn now() -> Instant {
    Instant::now()
}

impl Live {
    /// Lines on the standard error output; `None` where that or the standard output is no terminal that lines can be taken away from.
    pub fn on_terminal() -> Option<Self> {
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        let terminal = io::stdout().is_terminal() && io::stderr().is_terminal() && !dumb;
        terminal.then(Self::start).flatten()
    }

    #[expect(clippy::disallowed_methods, reason = "a thread of its own, which belongs to no world")]
    fn start() -> Option<Self> {
        let live = Self(Arc::default());
        let block = Arc::downgrade(&live.0);
        let follow = move || {
            while let Some(block) = block.upgrade() {
                block.lock().unwrap_or_else(PoisonError::into_inner).draw();
                drop(block);
                thread::sleep(LOOK);
            }
        };
        thread::Builder::new().name("live".to_owned()).spawn(follow).ok().map(|_| live)
    }

    /// Prints something where the lines are, which come again below it, with what is so then.
    pub fn above<T>(&self, print: impl FnOnce() -> T) -> T {
        let mut block = self.lock();
        block.clear();
        print()
    }

    /// Takes the lines away for good.
    pub fn end(&self) {
        let mut block = self.lock();
        block.scenarios.clear();
        block.draw();
    }

    fn lock(&self) -> MutexGuard<'_, Block> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Block {
    fn clear(&mut self) {
        self.bar.take().iter().for_each(ProgressBar::finish_and_clear);
        self.shown.clear();
    }

    fn draw(&mut self) {
        let width = usize::from(Term::stderr().size().1).saturating_sub(1);
        let text = text(&self.scenarios, now(), width);
        if text == self.shown {
            return;
        }
        match (text.is_empty(), &self.bar) {
            (true, _) => self.clear(),
            (false, Some(bar)) => bar.set_message(text.clone()),
            (false, None) => {
                let bar = ProgressBar::new_spinner().with_message(text.clone());
                bar.set_style(ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner()));
                bar.tick();
                self.bar = Some(bar);
            }
        }
        self.shown = text;
    }
}

/// The lines, none longer than `width`.
fn text(scenarios: &IndexMap<String, UnderWay>, now: Instant, width: usize) -> String {
    let style = Style::stdout();
    let slow: Vec<_> = scenarios.iter().filter(|(_, scenario)| scenario.lasts(now) >= SHORT).collect();
    let alone = slow.len() == 1;
    let mut lines: Vec<String> = Vec::new();
    for (name, scenario) in slow.iter().take(MOST) {
        lines.push(truncate_str(&scenario.headline(name, now), width, "…").into_owned());
        // Of several there is only room for what each does.
        for line in scenario.details().iter().filter(|_| alone) {
            lines.push(style.dim(&truncate_str(&format!("    {line}"), width, "…")));
        }
    }
    if slow.len() > MOST {
        lines.push(style.dim(&format!("and {} more scenarios", slow.len() - MOST)));
    }
    lines.join("\n")
}

impl Fold for Live {
    fn record(&mut self, record: &Record) {
        let mut block = self.lock();
        let name = record.scenario.as_deref().unwrap_or_default();
        match &record.event {
            Event::ScenarioStarted { clusters, steps, .. } => {
                block.scenarios.insert(name.to_owned(), UnderWay::new(clusters, *steps, now()));
            }
            Event::ScenarioFinished { .. } => {
                block.scenarios.shift_remove(name);
                block.draw();
            }
            Event::RunFinished { .. } => {
                block.scenarios.clear();
                block.draw();
            }
            event => {
                if let Some(scenario) = block.scenarios.get_mut(name) {
                    scenario.take(event, record.cluster.as_deref(), record.step, now());
                }
            }
        }
    }

    fn follows(&self) -> bool {
        true
    }

    fn glimpse(&mut self, scenario: &str, seen: &[String]) {
        if let Some(scenario) = self.lock().scenarios.get_mut(scenario) {
            scenario.glimpse(seen);
        }
    }
}

/// The standard output above the lines.
pub struct Above {
    live: Live,
    out: Stdout,
}

impl Above {
    pub(super) fn new(live: &Live) -> Self {
        Self {
            live: live.clone(),
            out: io::stdout(),
        }
    }
}

impl Write for Above {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let out = &mut self.out;
        self.live.above(|| out.write_all(bytes).and_then(|()| out.flush()))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
