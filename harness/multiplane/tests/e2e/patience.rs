//! How long a scenario may wait, where time is real.

use scenario::verb::Expect;
use scenario::{Duration, Scenario, Verb};

/// What a test may wait for; `MULTIPLANE_E2E_LONGEST` is another time, such as `2h`.
const LONGEST: Duration = Duration::from_secs(900);

/// The longest time that the scenario gives to one thing, where that is too long for a test.
pub(crate) fn too_long(scenario: &Scenario) -> Option<Duration> {
    let given = std::env::var("MULTIPLANE_E2E_LONGEST").ok();
    let longest = given.and_then(|text| text.parse().ok()).unwrap_or(LONGEST);
    let waits = scenario.steps.iter().filter_map(|step| match &step.verb {
        Verb::Expect(expect) => match expect.as_ref() {
            Expect::Placement(placement) => placement.within,
            Expect::Pods(pods) => pods.within,
            Expect::Resources(resources) => resources.within,
            // Decided at once.
            Expect::AssumeRole(_) | Expect::ObjectAccess(_) => None,
        },
        Verb::Deploy(deploy) | Verb::Upgrade(deploy) => deploy.wait,
        Verb::Wait(wait) => wait.duration,
        _ => None,
    });
    waits.max().filter(|wait| *wait > longest)
}
