//! What a scenario asks of its world by expressions, known before anything runs.

use std::cell::RefCell;

use scenario::expression::{Bindings, Expression, Names};
use scenario::{Scenario, Step, Verb};
use serde_json::Value;

use crate::run::step::{apply, deploy};

/// Stands for every name, and remembers which ones it was asked for.
pub(crate) struct Asked {
    bindings: Bindings,
    expressions: RefCell<Vec<Expression>>,
}

impl Asked {
    /// By a step of the scenario.
    pub(crate) fn by(scenario: &Scenario, step: &Step) -> Self {
        Self {
            bindings: scenario.bindings_of(step),
            expressions: RefCell::default(),
        }
    }
}

impl Names for Asked {
    fn resolve(&self, expression: &Expression) -> Result<Value, String> {
        self.expressions.borrow_mut().push(expression.clone());
        let text = match expression {
            Expression::Api { .. } => "https://multiplane.invalid:443",
            Expression::Ingress { .. } | Expression::Service { .. } => "multiplane.invalid:443",
            Expression::Data(data) => return self.bindings.get(data).cloned().map_err(|unknown| unknown.message),
            Expression::Output(_) | Expression::RunId => "multiplane",
            Expression::RunSeed => "0",
        };
        Ok(text.into())
    }
}

/// All expressions of a scenario's steps and files. A file that cannot be read says so when its step runs.
pub(crate) fn expressions(scenario: &Scenario) -> Vec<Expression> {
    let by_step = scenario.steps.iter().flat_map(|step| {
        let asked = Asked::by(scenario, step);
        match &step.verb {
            Verb::Deploy(step) | Verb::Upgrade(step) => drop(deploy::values(scenario, &asked, step)),
            Verb::Apply(step) => drop(apply::objects(scenario, &asked, step)),
            _ => {}
        }
        asked.expressions.into_inner()
    });
    by_step.collect()
}
