//! A history: what users, operators and misfortune do to a world, and when. Drawn from a seed, and as JSON run again.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use scenario::verb::CrashPoint;
use serde::{Deserialize, Serialize};

/// Seconds within which everything begins.
const BEGINS: u64 = 180;
/// Names of new projects.
const PROJECTS: [&str; 3] = ["team2", "team3", "team4"];

/// How many data planes a world may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Planes {
    /// At least.
    pub least: usize,
    /// At most.
    pub most: usize,
}

/// What happens in a world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct History {
    /// The seed of all that is random in the world; what is drawn from it is in `actions`.
    pub seed: u64,
    /// How many data planes there are: `dataplane_1` and so on. Label `label1` leads to the first.
    pub planes: usize,
    /// Whether flyteadmin behaves as upstream's, with all its switches off.
    pub upstream: bool,
    /// What happens, in the order of time.
    pub actions: Vec<Timed>,
}

/// Something that happens at a time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Timed {
    /// Seconds after the world is up.
    pub at: u64,
    /// What.
    pub action: Action,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Action {
    /// A user submits an execution.
    Submit {
        /// Its name.
        name: String,
        /// The label in the request: a number, from 1.
        label: Option<usize>,
        /// Whether its task takes a minute, not five seconds.
        long: bool,
        /// Whether the user tries again what failed.
        retry: bool,
    },
    /// A user terminates an execution, and tries again what failed.
    Terminate {
        /// Its name.
        name: String,
    },
    /// An operator makes a project.
    Project {
        /// Its id.
        id: String,
    },
    /// An operator points a label to another data plane, which is flyteadmin's configuration.
    Relabel {
        /// The label's number.
        label: usize,
        /// The data plane's number.
        plane: usize,
    },
    /// Pods are killed; new ones come.
    Restart(Program),
    /// All watches of a data plane's flytepropeller end.
    EndWatches {
        /// The data plane's number.
        plane: usize,
    },
    /// Something is broken for some time.
    Fault {
        /// How many seconds.
        seconds: u64,
        /// What.
        fault: Fault,
    },
}

/// A program of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Program {
    /// flyteadmin.
    Admin,
    /// The resource sync, which makes namespaces.
    Sync,
    /// The flytepropeller of a data plane, by number.
    Propeller(usize),
}

/// What is broken.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Fault {
    /// Traffic between the control plane and a data plane.
    Traffic {
        /// The data plane's number.
        plane: usize,
        /// Which way.
        way: Way,
        /// What becomes of it.
        effect: Effect,
    },
    /// A data plane's API server answers with errors.
    Errors {
        /// The data plane's number.
        plane: usize,
        /// Whether it is flytepropeller that gets them, not flyteadmin and the resource sync.
        propeller: bool,
        /// The HTTP status.
        code: u16,
        /// Part of the requests, in percent.
        percent: u8,
    },
    /// The token for a data plane is revoked; at the end a new one takes its place.
    TokenRevoked {
        /// The data plane's number.
        plane: usize,
    },
    /// The token for a data plane that the control plane has stored is spoilt.
    TokenSpoilt {
        /// The data plane's number.
        plane: usize,
        /// Cut in half, rather than with a newline at its end.
        truncated: bool,
    },
    /// A data plane is not enabled in flyteadmin's configuration.
    Disabled {
        /// The data plane's number.
        plane: usize,
    },
    /// flyteadmin is killed when it comes to this moment of its work.
    Crash {
        /// The moment.
        at: CrashPoint,
        /// How often.
        times: u32,
    },
}

/// A direction of traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Way {
    /// Both.
    Both,
    /// Of connections and bytes from the control plane.
    ToPlane,
    /// Of those to the control plane.
    FromPlane,
}

/// What becomes of traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Effect {
    /// Connections are refused.
    Refused,
    /// Nothing arrives.
    Dropped,
    /// All arrives two seconds later.
    Late,
}

impl History {
    /// The history of a seed.
    #[must_use]
    pub fn draw(seed: u64, planes: Planes, upstream: bool) -> Self {
        let mut draw = Draw(ChaCha8Rng::seed_from_u64(seed));
        // Small worlds are the most common: what needs many planes is rarer than what needs many histories.
        let part: f64 = draw.0.random();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            clippy::cast_sign_loss,
            reason = "a few dozen"
        )]
        let more = (part.powi(4) * (planes.most - planes.least + 1) as f64) as usize;
        let count = (planes.least + more).min(planes.most);
        let mut actions = draw.actions(count);
        actions.sort_by_key(|timed| timed.at);
        Self {
            seed,
            planes: count,
            upstream,
            actions,
        }
    }
}

/// The id of a data plane.
#[must_use]
pub(super) fn plane_id(number: usize) -> String {
    format!("dataplane_{number}")
}

struct Draw(ChaCha8Rng);

impl Draw {
    fn actions(&mut self, planes: usize) -> Vec<Timed> {
        let mut actions = Vec::new();
        let executions = self.0.random_range(2..=8);
        for number in 1..=executions {
            let at = self.0.random_range(0..BEGINS);
            let name = format!("run{number}");
            let label = self.chance(80).then(|| self.0.random_range(1..=planes));
            let action = Action::Submit {
                name: name.clone(),
                label,
                long: self.chance(50),
                retry: self.chance(60),
            };
            actions.push(Timed { at, action });
            if self.chance(35) {
                let at = at + self.0.random_range(1..60);
                actions.push(Timed {
                    at,
                    action: Action::Terminate { name },
                });
            }
        }
        if self.chance(50) {
            let id = PROJECTS[self.0.random_range(0..PROJECTS.len())].to_owned();
            self.push(&mut actions, Action::Project { id });
        }
        for _ in 0..self.0.random_range(1..=6) {
            let action = self.misfortune(planes);
            self.push(&mut actions, action);
        }
        actions
    }

    fn push(&mut self, actions: &mut Vec<Timed>, action: Action) {
        let at = self.0.random_range(0..BEGINS);
        actions.push(Timed { at, action });
    }

    fn misfortune(&mut self, planes: usize) -> Action {
        let plane = self.0.random_range(1..=planes);
        let fault = match self.0.random_range(0..10) {
            0 => return Action::Restart(self.program(plane)),
            1 => return Action::EndWatches { plane },
            2 => {
                let label = self.0.random_range(1..=planes);
                return Action::Relabel { label, plane };
            }
            3 | 4 => Fault::Traffic {
                plane,
                way: self.one_of([Way::Both, Way::ToPlane, Way::FromPlane]),
                effect: self.one_of([Effect::Refused, Effect::Dropped, Effect::Late]),
            },
            5 => Fault::Errors {
                plane,
                propeller: self.chance(40),
                code: self.one_of([429, 500, 503]),
                percent: self.one_of([25, 50, 100]),
            },
            6 => Fault::TokenRevoked { plane },
            7 => Fault::TokenSpoilt {
                plane,
                truncated: self.chance(50),
            },
            8 if planes > 1 => Fault::Disabled { plane },
            _ => Fault::Crash {
                at: self.one_of(CrashPoint::ALL),
                times: self.0.random_range(1..=2),
            },
        };
        Action::Fault {
            seconds: self.0.random_range(5..=90),
            fault,
        }
    }

    fn program(&mut self, plane: usize) -> Program {
        self.one_of([Program::Admin, Program::Sync, Program::Propeller(plane)])
    }

    fn chance(&mut self, percent: u8) -> bool {
        self.0.random_range(0..100) < percent
    }

    fn one_of<T: Copy, const N: usize>(&mut self, of: [T; N]) -> T {
        of[self.0.random_range(0..N)]
    }
}

#[cfg(test)]
mod tests {
    use scenario::verb::CrashPoint;

    use super::{Fault, History, Planes};

    const PLANES: Planes = Planes { least: 5, most: 50 };

    #[test]
    fn a_seed_is_a_history_and_json_keeps_it() {
        let history = History::draw(7, PLANES, false);
        assert_eq!(history, History::draw(7, PLANES, false));
        assert_ne!(history, History::draw(8, PLANES, false));
        let text = serde_json::to_string(&history).unwrap();
        assert_eq!(serde_json::from_str::<History>(&text).unwrap(), history);
    }

    #[test]
    fn every_kind_of_misfortune_and_size_is_drawn() {
        let histories: Vec<History> = (0..2000).map(|seed| History::draw(seed, PLANES, false)).collect();
        let text = serde_json::to_string(&histories).unwrap();
        for kind in [
            "restart",
            "endWatches",
            "relabel",
            "project",
            "terminate",
            "traffic",
            "errors",
            "tokenRevoked",
            "tokenSpoilt",
            "disabled",
        ] {
            assert!(text.contains(&format!("\"{kind}\":")), "{kind}");
        }
        for at in CrashPoint::ALL {
            let drawn = serde_json::to_string(&Fault::Crash { at, times: 1 }).unwrap();
            assert!(text.contains(&drawn), "{drawn}");
        }
        let sizes: Vec<usize> = histories.iter().map(|history| history.planes).collect();
        assert_eq!((sizes.iter().min(), sizes.iter().max()), (Some(&5), Some(&50)));
    }
}
