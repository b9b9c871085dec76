//! The state that all templates of one rendering share.

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

use super::exec::Exec;
use super::fault::FaultKind;
use super::parse::{Tree, parse};
use super::{Fault, Result, Value};

/// Nested `include` calls of one name that Helm allows.
const MAX_INCLUDES: usize = 1001;
/// Nested calls of all kinds. Go ends `template` at 100000 and has no end for `tpl`; here each level costs stack.
const MAX_DEPTH: usize = 5000;
/// Stack that a level may need, and what is added where less is left.
const RED_ZONE: usize = 256 << 10;
const MORE_STACK: usize = 4 << 20;

/// Answers to `lookup`, and what was asked without having one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lookups {
    pub(crate) answers: BTreeMap<crate::LookupKey, serde_json::Value>,
    pub(crate) missing: Vec<crate::LookupKey>,
}

/// What a rendering takes from outside.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) now: jiff::Timestamp,
    pub(crate) seed: u64,
}

/// Templates, random numbers, time and lookups of one rendering.
pub(crate) struct Engine {
    templates: BTreeMap<String, Rc<Tree>>,
    pub(crate) now: jiff::Timestamp,
    pub(crate) rng: ChaCha8Rng,
    pub(crate) lookups: Lookups,
    depth: usize,
    /// How often each name is being included.
    included: HashMap<String, usize>,
}

impl Engine {
    pub(crate) fn new(settings: &Settings, lookups: Lookups) -> Self {
        Engine {
            templates: BTreeMap::new(),
            now: settings.now,
            rng: ChaCha8Rng::seed_from_u64(settings.seed),
            lookups,
            depth: 0,
            included: HashMap::new(),
        }
    }

    /// Adds a file and its defines; a later definition of a name wins, an empty
    /// one does not replace one that has content.
    ///
    /// # Errors
    /// The source does not parse.
    pub(crate) fn add(&mut self, name: &str, source: &str) -> Result<()> {
        self.add_as(name, name, source)
    }

    fn add_as(&mut self, file: &str, name: &str, source: &str) -> Result<()> {
        for tree in parse(file, name, source)? {
            if tree.is_empty() && self.templates.contains_key(&tree.name) {
                continue;
            }
            self.templates.insert(tree.name.clone(), Rc::new(tree));
        }
        Ok(())
    }

    /// Runs a template and returns its text.
    ///
    /// # Errors
    /// No such template, or a fault while it runs.
    pub(crate) fn run(&mut self, name: &str, data: &Value) -> Result<String> {
        let tree = self
            .templates
            .get(name)
            .cloned()
            .ok_or_else(|| Fault::new(format!("template: no template {name:?} associated with template \"gotpl\"")))?;
        if self.depth >= MAX_DEPTH {
            return Err(Fault::new(format!("exceeded maximum template depth ({MAX_DEPTH})")));
        }
        self.depth += 1;
        let result = stacker::maybe_grow(RED_ZONE, MORE_STACK, || Exec::new(self, tree, data).run());
        self.depth -= 1;
        result
    }

    /// `include`: runs a template unless it is being included too often.
    ///
    /// # Errors
    /// As [`run`](Self::run), or no end.
    pub(crate) fn include(&mut self, name: &str, data: &Value) -> Result<String> {
        let count = self.included.entry(name.to_owned()).or_default();
        if *count >= MAX_INCLUDES {
            return Err(Fault::call(format!(
                "rendering template has a nested reference name: {name}: unable to execute template"
            )));
        }
        *count += 1;
        let result = self.run(name, data);
        if let Some(count) = self.included.get_mut(name) {
            *count -= 1;
        }
        result
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.templates.contains_key(name)
    }

    /// `tpl`: runs text as a template that sees all others; what it defines is
    /// gone afterwards.
    ///
    /// # Errors
    /// As [`run`](Self::run), in Helm's words.
    pub(crate) fn run_text(&mut self, text: &str, data: &Value) -> Result<String> {
        let saved = self.templates.clone();
        let result = match self.add_as("gotpl", "gotpl", text) {
            Ok(()) => self.run("gotpl", data),
            Err(fault) => Err(fault),
        };
        self.templates = saved;
        let wrap = |mut fault: Fault| {
            let quoted = super::quoted(text);
            match (fault.kind, fault.frames.last_mut()) {
                (FaultKind::Run, Some(frame)) => {
                    frame.preface = format!("error during tpl function execution for {quoted}: ");
                    fault.one_line = true;
                }
                (FaultKind::Parse, Some(frame)) => {
                    let message = &fault.message;
                    return Fault::call(format!("cannot parse template {quoted}: template: gotpl:{}: {message}", frame.line));
                }
                _ => {}
            }
            fault
        };
        Ok(result.map_err(wrap)?.replace("<no value>", ""))
    }
}
