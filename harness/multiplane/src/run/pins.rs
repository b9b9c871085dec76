//! A cell of the matrix: what `--matrix k=v` holds fixed for a run.

use std::collections::BTreeMap;

use super::kinds::known_to;
use scenario::verb::Expect;
use scenario::{Duration, Given, InvalidDuration, Scenario, Verb};
use thiserror::Error;
use yaml::Spanned;

use super::plan::Plan;

/// What the command line holds fixed, by key: `kubernetes`, `longest-hold`, `vars.<name>`, and `set.<release>.<path>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins(BTreeMap<String, (Pin, String)>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Pin {
    Kubernetes(String),
    LongestHold(Duration),
    Var { name: String, value: String },
    Set { release: String, value: String },
}

/// Why a pin is of no use.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PinError {
    /// No key and value.
    #[error("`--matrix {0}`: a pin is written key=value, for example kubernetes=1.36")]
    Form(String),
    /// An unknown key.
    #[error("`--matrix {0}=...`: known keys are `kubernetes`, `longest-hold`, `vars.<name>` and `set.<release>.<path>`")]
    Key(String),
    /// One key, several values.
    #[error("`--matrix {0}` is given twice")]
    Twice(String),
    /// A version that is none.
    #[error("`--matrix kubernetes={0}`: a version is written major.minor, for example 1.36")]
    Version(String),
    /// A duration that is none.
    #[error("`--matrix longest-hold`: {0}")]
    Duration(#[from] InvalidDuration),
    /// Nothing to set.
    #[error("`--matrix set.{0}...=...`: none of the scenarios deploys a release `{0}`")]
    NoRelease(String),
    /// Nothing to set.
    #[error("`--matrix vars.{0}=...`: none of the scenarios has a variable `{0}`")]
    NoVariable(String),
}

impl Pins {
    /// Reads `key=value` texts.
    ///
    /// # Errors
    /// If one cannot be used, whatever the scenarios are.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, PinError> {
        let mut pins = BTreeMap::new();
        for text in texts {
            let (key, value) = text.split_once('=').ok_or_else(|| PinError::Form(text.to_owned()))?;
            let pin = Pin::parse(key, value)?;
            if pins.insert(key.to_owned(), (pin, value.to_owned())).is_some() {
                return Err(PinError::Twice(key.to_owned()));
            }
        }
        Ok(Self(pins))
    }

    /// What a scenario file is to be read with, for a run.
    pub fn given(&self, run: &str) -> Given {
        let vars = self.0.values().filter_map(|(pin, _)| match pin {
            Pin::Var { name, value } => Some((name.clone(), value.clone())),
            _ => None,
        });
        Given {
            vars: vars.collect(),
            ..known_to(run)
        }
    }

    /// Applies the pins to scenarios that were read with what is [`given`](Self::given). `kubernetes` is the version of every cluster whose scenario names none (a scenario about version skew keeps its
    /// own); `longest-hold` shortens what is watched for longer; `vars.<name>` is another value of that variable, and the cells with it of a matrix;
    /// `set.<release>.<path>` is one more value of that release's chart.
    ///
    /// # Errors
    /// If a variable or a release is in none of the scenarios.
    pub fn apply(&self, plans: &mut [Plan]) -> Result<(), PinError> {
        for (pin, _) in self.0.values() {
            let mut used = false;
            for plan in &mut *plans {
                used |= pin.apply(&mut plan.loaded.scenario);
            }
            match pin {
                Pin::Var { name, .. } if !used && !plans.is_empty() => return Err(PinError::NoVariable(name.clone())),
                Pin::Set { release, .. } if !used && !plans.is_empty() => return Err(PinError::NoRelease(release.clone())),
                _ => {}
            }
        }
        let fixed = self.0.iter().map(|(key, (_, value))| (key.clone(), value.clone()));
        let fixed: BTreeMap<String, String> = fixed.collect();
        for plan in plans {
            plan.matrix = plan.loaded.cell.clone();
            plan.matrix.extend(fixed.clone());
        }
        Ok(())
    }
}

impl Pin {
    fn parse(key: &str, value: &str) -> Result<Self, PinError> {
        let unknown = || PinError::Key(key.to_owned());
        let value = value.to_owned();
        if let Some(name) = key.strip_prefix("vars.") {
            let name = Some(name.to_owned()).filter(|name| !name.is_empty()).ok_or_else(unknown)?;
            return Ok(Self::Var { name, value });
        }
        if let Some(rest) = key.strip_prefix("set.") {
            let (release, path) = rest.split_once('.').ok_or_else(unknown)?;
            if release.is_empty() || path.is_empty() {
                return Err(unknown());
            }
            let (release, value) = (release.to_owned(), format!("{path}={value}"));
            return Ok(Self::Set { release, value });
        }
        match key {
            "kubernetes" if is_version(&value) => Ok(Self::Kubernetes(value)),
            "kubernetes" => Err(PinError::Version(value)),
            "longest-hold" => Ok(Self::LongestHold(value.parse()?)),
            _ => Err(unknown()),
        }
    }

    /// Whether the scenario has what the pin is about.
    fn apply(&self, scenario: &mut Scenario) -> bool {
        match self {
            Self::Kubernetes(version) => {
                for cluster in scenario.clusters.values_mut().filter(|cluster| cluster.kubernetes.is_none()) {
                    cluster.kubernetes = Some(Spanned::made(version.clone()));
                }
                true
            }
            Self::LongestHold(longest) => {
                for step in &mut scenario.steps {
                    if let Verb::Expect(expect) = &mut step.verb {
                        shorten(expect, *longest);
                    }
                }
                true
            }
            // The file was read with it.
            Self::Var { name, .. } => scenario.vars.contains_key(name),
            Self::Set { release, value } => {
                let mut used = false;
                for step in &mut scenario.steps {
                    match &mut step.verb {
                        Verb::Deploy(deploy) | Verb::Upgrade(deploy) if deploy.release.value == *release => {
                            deploy.set.push(value.clone());
                            used = true;
                        }
                        _ => {}
                    }
                }
                used
            }
        }
    }
}

/// Lets an expectation hold no longer than this.
fn shorten(expect: &mut Expect, longest: Duration) {
    let hold = match expect {
        Expect::Placement(placement) => &mut placement.hold,
        Expect::Pods(pods) => &mut pods.hold,
        Expect::Resources(resources) => &mut resources.hold,
        Expect::AssumeRole(_) | Expect::ObjectAccess(_) => return,
    };
    *hold = hold.map(|hold| hold.min(longest));
}

/// `major.minor`, as scenario files write it.
fn is_version(text: &str) -> bool {
    let minor = text.strip_prefix("1.").unwrap_or_default();
    !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rstest::rstest;

    use super::*;

    const SCENARIO: &str = "\
apiVersion: multiplane.dev/v1alpha1
kind: Scenario
metadata: {name: skew}
vars: {size: small}
clusters:
  a: {role: other}
  b: {role: other, kubernetes: '1.30'}
steps:
  - wait: {for: 1s}
";

    fn plan() -> Plan {
        Plan::of_text(Path::new("scenario.yaml"), SCENARIO, None, "r").unwrap()
    }

    #[test]
    fn a_version_is_for_clusters_without_one_and_a_variable_is_replaced() {
        let pins = Pins::parse(["kubernetes=1.36", "vars.size=a=b"]).unwrap();
        let mut plans = Plan::all_of_text(Path::new("scenario.yaml"), SCENARIO, None, &pins.given("r")).unwrap();
        pins.apply(&mut plans).unwrap();
        let scenario = &plans[0].loaded.scenario;
        let versions: Vec<&str> = scenario
            .clusters
            .values()
            .map(|c| c.kubernetes.as_ref().unwrap().as_str())
            .collect();
        assert_eq!(versions, ["1.36", "1.30"]);
        assert_eq!(scenario.vars["size"], "a=b");
        assert_eq!(plans[0].matrix["kubernetes"], "1.36");
    }

    #[test]
    fn a_variable_that_no_scenario_has_is_refused() {
        let pins = Pins::parse(["vars.siez=big"]).unwrap();
        assert_eq!(pins.apply(&mut [plan()]), Err(PinError::NoVariable("siez".into())));
    }

    const LONG: &str = "\
apiVersion: multiplane.dev/v1alpha1
kind: Scenario
metadata: {name: long}
clusters: {a: {role: other}}
steps:
  - expect: {resources: {on: a, apiVersion: v1, kind: Namespace, name: b, absent: true, within: 1m, hold: 10m}}
  - expect: {resources: {on: a, apiVersion: v1, kind: Namespace, name: b, absent: true, within: 1m, hold: 1s}}
";

    #[test]
    fn what_is_watched_for_long_is_watched_for_less() {
        let mut plans = [Plan::of_text(Path::new("scenario.yaml"), LONG, None, "r").unwrap()];
        Pins::parse(["longest-hold=30s"]).unwrap().apply(&mut plans).unwrap();
        let steps = &plans[0].loaded.scenario.steps;
        let holds: Vec<String> = steps
            .iter()
            .map(|step| match &step.verb {
                Verb::Expect(expect) => match expect.as_ref() {
                    Expect::Resources(resources) => resources.hold.unwrap().to_string(),
                    _ => String::new(),
                },
                _ => String::new(),
            })
            .collect();
        assert_eq!(holds, ["30s", "1s"]);
        assert_eq!(plans[0].matrix["longest-hold"], "30s");
        let refused = Pins::parse(["longest-hold=30"]).unwrap_err().to_string();
        assert!(refused.contains("write for example 30s"), "{refused}");
    }

    #[test]
    fn a_chart_value_is_for_one_release() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios/guide/project-and-domain/scenario.yaml");
        let mut plans = [Plan::new(&file, None, "r").unwrap()];
        Pins::parse(["set.flyte-core.a.b=c=d"]).unwrap().apply(&mut plans).unwrap();
        let sets = plans[0].loaded.scenario.steps.iter().filter_map(|step| match &step.verb {
            Verb::Deploy(deploy) => Some((deploy.release.value.as_str(), deploy.set.clone())),
            _ => None,
        });
        assert_eq!(
            sets.collect::<Vec<_>>(),
            [("flyte-core-data", vec![]), ("flyte-core", vec!["a.b=c=d".to_owned()])]
        );
        let pins = Pins::parse(["set.flyte.a=b"]).unwrap();
        assert_eq!(pins.apply(&mut plans), Err(PinError::NoRelease("flyte".into())));
    }

    #[rstest]
    #[case("kubernetes", PinError::Form("kubernetes".into()))]
    #[case("kubernetes=v1.36", PinError::Version("v1.36".into()))]
    #[case("kubernetes=1.36.2", PinError::Version("1.36.2".into()))]
    #[case("helm=4", PinError::Key("helm".into()))]
    #[case("set.flyte-core=4", PinError::Key("set.flyte-core".into()))]
    #[case("set.flyte-core.=4", PinError::Key("set.flyte-core.".into()))]
    #[case("vars.=4", PinError::Key("vars.".into()))]
    fn what_is_no_pin(#[case] text: &str, #[case] error: PinError) {
        assert_eq!(Pins::parse([text]), Err(error));
        assert_eq!(Pins::parse(["vars.a=1", "vars.a=2"]), Err(PinError::Twice("vars.a".into())));
    }
}
