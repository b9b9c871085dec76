//! What types cannot say: names that must exist, rules among steps, files, expressions.
//!
//! Every check adds to one list. Where a part could not be read, the checks that would accuse others of it are left out.

mod clusters;
mod expectations;
mod expressions;
mod faults;
mod files;
mod flyte;
mod identity;
mod invariants;
mod kinds;
mod namespaces;
mod objects;
mod outputs;
mod quarantine;
mod releases;
mod shares;
mod steps;

use std::collections::BTreeMap;

use yaml::tree::Step as PathStep;
use yaml::{Diagnostic, Diagnostics, Sources, Span, Spanned, suggest};

use crate::expression::OPEN;
use crate::parse::Parsed;
use crate::select::Selector;
use crate::verb::Submit;
use crate::{Given, Kinds, OneOrMany, Scenario};

/// Checks a scenario as far as it could be read.
pub(crate) fn check(parsed: &Parsed, (file, text): (&str, &str), given: &Given, sources: &mut Sources, diagnostics: &mut Diagnostics) {
    let mut context = Context {
        parsed,
        kinds: given.kinds,
        scenario: &parsed.scenario,
        file,
        text,
        sources,
        diagnostics,
        submits: BTreeMap::new(),
    };
    clusters::check(&mut context);
    quarantine::check(&mut context);
    namespaces::check(&mut context);
    steps::check(&mut context);
    expressions::check(&mut context);
    files::check(&mut context);
}

const ROLES: [&str; 3] = ["controlplane", "dataplane", "other"];

/// What the checks share.
struct Context<'c> {
    parsed: &'c Parsed,
    /// What is known of objects' kinds.
    kinds: Option<&'static dyn Kinds>,
    scenario: &'c Scenario,
    file: &'c str,
    text: &'c str,
    sources: &'c mut Sources,
    diagnostics: &'c mut Diagnostics,
    /// The `submit` steps so far, by id.
    submits: BTreeMap<&'c str, &'c Submit>,
}

/// The step under check: its position in the scenario and the way to its fields, `["expect", "placement"]`.
#[derive(Clone, Copy)]
struct At<'p> {
    step: usize,
    path: &'p [&'p str],
}

impl<'c> Context<'c> {
    fn push(&mut self, diagnostic: Diagnostic) {
        // What an expression will be is not known; that it must not stand there, or is faulty, its own check says.
        if diagnostic.code == "invalid-name" && diagnostic.message.contains(OPEN) {
            return;
        }
        self.diagnostics.push(diagnostic);
    }

    fn error(&self, code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(code, message).at(self.file, span)
    }

    /// The place of a field's key, or of the step.
    fn field(&self, at: At<'_>, field: &str) -> Span {
        let steps = ["steps".into(), self.parsed.step_index[at.step].into()];
        let path = steps.into_iter().chain(at.path.iter().map(|key| PathStep::Key(key)));
        let entry = self.parsed.root.at(path).and_then(|node| node.entry(field));
        entry.map_or(self.scenario.steps[at.step].span, |entry| entry.key_span)
    }

    /// Demands that exactly one of some fields is there.
    fn exactly_one(&mut self, at: At<'_>, fields: &[(&str, bool)]) {
        let names: Vec<String> = fields.iter().map(|(name, _)| format!("`{name}`")).collect();
        let names = names.join(", ");
        let given: Vec<&str> = fields.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
        match given[..] {
            [_] => {}
            [] => self.push(self.error("one-of", self.scenario.steps[at.step].span, format!("one of {names} is needed"))),
            [_, second, ..] => {
                self.push(self.error("one-of", self.field(at, second), format!("only one of {names} can be given")));
            }
        }
    }

    /// Demands that a cluster exists.
    fn cluster(&mut self, id: &Spanned<String>) {
        // What an expression may stand for, `expressions` checks.
        if !id.value.contains(OPEN) {
            self.cluster_named(&id.value, id.span);
        }
    }

    fn cluster_named(&mut self, id: &str, span: Span) {
        if !self.parsed.clusters_complete || self.scenario.clusters.contains_key(id) {
            return;
        }
        let known: Vec<&String> = self.scenario.clusters.keys().collect();
        let (message, help) = match Selector::of(id) {
            None => (format!("unknown cluster `{id}`"), suggest::help(id, &known)),
            Some(Selector::Role(role, None)) => (format!("unknown role `{role}`"), suggest::help(role, &ROLES)),
            Some(Selector::Pattern(None)) => (
                format!("`{id}` is no pattern"),
                "`*` stands for any characters, `?` for one".to_owned(),
            ),
            Some(_) => (format!("no cluster matches `{id}`"), suggest::help(id, &known)),
        };
        self.push(self.error("unknown-cluster", span, message).help(help));
    }

    /// Demands that clusters exist and that none is named twice.
    fn clusters(&mut self, ids: &OneOrMany<String>) {
        let mut seen = Vec::new();
        for id in ids.iter() {
            if ids.iter().count() > 1 && id.value.contains(OPEN) {
                let message = "a cluster that is known only when the step runs stands alone: it may be one of the others";
                self.push(self.error("expression-place", id.span, message));
            }
            self.cluster(id);
            if seen.contains(&&id.value) {
                self.push(self.error("duplicate-cluster", id.span, format!("`{}` is named twice", id.value)));
            }
            seen.push(&id.value);
        }
    }

    /// The earlier `submit` that an `of` names.
    fn submit(&mut self, of: &Spanned<String>) -> Option<&'c Submit> {
        let found = self.submits.get(of.value.as_str()).copied();
        if found.is_none() && self.parsed.steps_complete {
            let known: Vec<&&str> = self.submits.keys().collect();
            let diagnostic = self.error("unknown-submit", of.span, format!("no earlier `submit` has the id `{}`", of.value));
            self.push(diagnostic.help(suggest::help(&of.value, &known)));
        }
        found
    }
}
