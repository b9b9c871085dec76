//! One scenario as a test suite.

use std::time::Duration;

use quick_junit::{NonSuccessKind, TestCase, TestRerun, TestSuite};

use super::case::{Place, case, failed, named};
use crate::journal::Outcome;
use crate::report::scenario::Scenario;
use crate::report::text::word;

pub(super) fn suite(name: &str, scenario: &Scenario) -> TestSuite {
    let mut suite = TestSuite::new(name.to_owned());
    suite.set_time(Duration::from_millis(scenario.millis()));
    suite.add_properties([
        ("multiplane", scenario.version.as_str()),
        ("run", &scenario.run),
        ("outcome", word(scenario.outcome())),
        ("virtual-seconds", &(scenario.virtual_millis() / 1000).to_string()),
    ]);
    if let Some(started) = scenario.started {
        suite
            .extra
            .insert("timestamp".into(), started.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into());
        suite.add_properties([
            ("backend", scenario.backend.as_str()),
            ("seed", &scenario.seed.to_string()),
            ("clusters", &scenario.clusters.join(", ")),
            ("again", scenario.again()),
        ]);
        suite.add_properties(scenario.matrix.iter().map(|(key, value)| (format!("matrix.{key}"), value.clone())));
    }
    if let Some(quarantine) = &scenario.quarantine {
        suite.add_properties([("quarantine", quarantine.as_str())]);
    }
    let reached = scenario.reached();
    if reached < scenario.planned {
        suite.set_system_out(format!("steps {} to {} were not reached", reached + 1, scenario.planned));
    }
    suite.add_test_cases(cases(name, scenario));
    suite
}

fn cases(name: &str, scenario: &Scenario) -> Vec<TestCase> {
    let outcome = scenario.outcome();
    // A scenario can end badly with no step to blame: then the step under way carries it, or the clusters that never came.
    let unexplained = scenario.is_unexplained();
    let place = Place {
        scenario: name,
        file: &scenario.file,
    };
    let fault = (unexplained && scenario.steps.is_empty()).then(|| (outcome, scenario.why()));
    let mut cases = vec![clusters_case(place, &scenario.ready, fault, &scenario.earlier)];
    let steps = scenario.steps.iter();
    cases.extend(steps.map(|(index, step)| case(step, place, *index, &scenario.clusters, (outcome, scenario.why()))));
    let open = scenario.steps.values().any(crate::report::step::Step::is_open);
    if unexplained && !open && !scenario.steps.is_empty() {
        cases.push(named(place, "scenario", 1, failed(outcome, None, &scenario.why(), &scenario.file)));
    }
    cases
}

fn clusters_case(place: Place<'_>, ready: &[(String, u64)], fault: Option<(Outcome, String)>, earlier: &[String]) -> TestCase {
    let mut status = fault.map_or_else(quick_junit::TestCaseStatus::success, |(outcome, why)| {
        failed(outcome, None, &why, place.file)
    });
    // A flake stays visible: earlier attempts are runs of this case that failed.
    for why in earlier {
        let mut run = TestRerun::new(NonSuccessKind::Error);
        run.set_type(word(Outcome::Environment).to_owned())
            .set_message(why.lines().next().unwrap_or_default().to_owned())
            .set_description(why.clone());
        status.add_rerun(run);
    }
    let mut case = named(place, "clusters", 1, status);
    // They start side by side.
    let slowest = ready.iter().map(|(_, millis)| *millis).max().unwrap_or_default();
    case.set_time(Duration::from_millis(slowest));
    if !ready.is_empty() {
        let lines: String = ready
            .iter()
            .map(|(cluster, millis)| format!("{cluster} ready in {millis} ms\n"))
            .collect();
        case.set_system_out(lines);
    }
    case
}
