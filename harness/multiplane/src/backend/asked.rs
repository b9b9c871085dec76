//! What a scenario asks of its world by expressions, known before anything runs.

use std::cell::RefCell;

use scenario::expression::{Expression, Names};
use scenario::{Scenario, Verb};

use crate::run::step::{apply, deploy};

/// Stands for every name, and remembers which ones it was asked for.
#[derive(Default)]
pub(crate) struct Asked(RefCell<Vec<Expression>>);

impl Names for Asked {
    fn resolve(&self, expression: &Expression) -> Result<String, String> {
        self.0.borrow_mut().push(expression.clone());
        Ok(match expression {
            Expression::Api { .. } => "https://multiplane.invalid:443",
            Expression::Ingress { .. } | Expression::Service { .. } => "multiplane.invalid:443",
            Expression::Var(_) | Expression::RunId => "multiplane",
            Expression::RunSeed => "0",
        }
        .to_owned())
    }
}

/// All expressions of a scenario's steps and files. A file that cannot be read says so when its step runs.
pub(crate) fn expressions(scenario: &Scenario) -> Vec<Expression> {
    let asked = Asked::default();
    for step in &scenario.steps {
        match &step.verb {
            Verb::Deploy(step) | Verb::Upgrade(step) => drop(deploy::values(scenario, &asked, step)),
            Verb::Apply(step) => drop(apply::objects(scenario, &asked, step)),
            _ => {}
        }
    }
    asked.0.into_inner()
}
