//! A cell of the matrix: what `--matrix k=v` holds fixed for a run.

use std::collections::BTreeMap;

use thiserror::Error;
use yaml::Spanned;

use super::plan::Plan;

/// What the command line holds fixed, by key: `kubernetes`, and `vars.<name>`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pins(BTreeMap<String, String>);

/// Why a pin is of no use.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PinError {
    /// No key and value.
    #[error("`--matrix {0}`: a pin is written key=value, for example kubernetes=1.36")]
    Form(String),
    /// An unknown key.
    #[error("`--matrix {0}=...`: known keys are `kubernetes` and `vars.<name>`")]
    Key(String),
    /// One key, several values.
    #[error("`--matrix {0}` is given twice")]
    Twice(String),
    /// A version that is none.
    #[error("`--matrix kubernetes={0}`: a version is written major.minor, for example 1.36")]
    Version(String),
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
            match key.strip_prefix("vars.") {
                Some(name) if !name.is_empty() => {}
                None if key == "kubernetes" && is_version(value) => {}
                None if key == "kubernetes" => return Err(PinError::Version(value.to_owned())),
                _ => return Err(PinError::Key(key.to_owned())),
            }
            if pins.insert(key.to_owned(), value.to_owned()).is_some() {
                return Err(PinError::Twice(key.to_owned()));
            }
        }
        Ok(Self(pins))
    }

    /// Applies the pins. `kubernetes` is the version of every cluster whose scenario names none (a scenario about version skew keeps its
    /// own); `vars.<name>` replaces that variable in the scenarios that have it.
    ///
    /// # Errors
    /// If a variable is in none of the scenarios.
    pub fn apply(&self, plans: &mut [Plan]) -> Result<(), PinError> {
        for (key, value) in &self.0 {
            let mut used = false;
            for plan in &mut *plans {
                let scenario = &mut plan.loaded.scenario;
                if let Some(name) = key.strip_prefix("vars.") {
                    if let Some(var) = scenario.vars.get_mut(name) {
                        var.clone_from(value);
                        used = true;
                    }
                } else {
                    used = true;
                    for cluster in scenario.clusters.values_mut().filter(|cluster| cluster.kubernetes.is_none()) {
                        cluster.kubernetes = Some(Spanned::made(value.clone()));
                    }
                }
            }
            if !used && !plans.is_empty() {
                return Err(PinError::NoVariable(key.trim_start_matches("vars.").to_owned()));
            }
        }
        for plan in plans {
            plan.matrix.clone_from(&self.0);
        }
        Ok(())
    }
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
        let mut plans = [plan()];
        let pins = Pins::parse(["kubernetes=1.36", "vars.size=a=b"]).unwrap();
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

    #[rstest]
    #[case("kubernetes", PinError::Form("kubernetes".into()))]
    #[case("kubernetes=v1.36", PinError::Version("v1.36".into()))]
    #[case("kubernetes=1.36.2", PinError::Version("1.36.2".into()))]
    #[case("helm=4", PinError::Key("helm".into()))]
    #[case("vars.=4", PinError::Key("vars.".into()))]
    fn what_is_no_pin(#[case] text: &str, #[case] error: PinError) {
        assert_eq!(Pins::parse([text]), Err(error));
        assert_eq!(Pins::parse(["vars.a=1", "vars.a=2"]), Err(PinError::Twice("vars.a".into())));
    }
}
