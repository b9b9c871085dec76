//! The search: the same seed is the same history, and faults of upstream are found.

use std::num::NonZeroUsize;

use multiplane::search::{Action, Fault, Found, History, Invariant, Limits, Planes, Ran, Timed, WorldError, run, search, shrink};
use scenario::verb::CrashPoint;
use tokio_util::sync::CancellationToken;

fn at(at: u64, action: Action) -> Timed {
    Timed { at, action }
}

fn submit(name: &str, label: usize, retry: bool) -> Action {
    Action::Submit {
        name: name.to_owned(),
        label: Some(label),
        long: false,
        retry,
    }
}

fn crash(at: CrashPoint) -> Action {
    Action::Fault {
        seconds: 30,
        fault: Fault::Crash { at, times: 1 },
    }
}

fn history(upstream: bool, actions: Vec<Timed>) -> History {
    History {
        seed: 1,
        planes: 2,
        upstream,
        actions,
    }
}

fn shown(ran: &Ran) -> String {
    ran.trace
        .iter()
        .map(|happened| format!("{} {}\n", happened.at, happened.what))
        .collect()
}

#[test]
fn the_same_seed_is_the_same_history_byte_for_byte() {
    let planes = Planes { least: 5, most: 9 };
    for seed in [3, 4] {
        let history = History::draw(seed, planes, false);
        let (one, other) = (run(&history).unwrap(), run(&history).unwrap());
        assert_eq!(serde_json::to_string(&one).unwrap(), serde_json::to_string(&other).unwrap());
        assert!(one.trace.len() > history.actions.len(), "{}", shown(&one));
    }
}

#[test]
fn what_happens_without_faults_holds() {
    let ran = run(&history(
        false,
        vec![
            at(0, submit("one", 1, false)),
            at(0, submit("two", 2, false)),
            at(1, Action::Terminate { name: "two".to_owned() }),
            at(5, Action::Project { id: "team2".to_owned() }),
        ],
    ))
    .unwrap();
    assert!(ran.violations.is_empty(), "{}", shown(&ran));
    assert!(shown(&ran).contains("two is terminated: OK"), "{}", shown(&ran));
}

#[test]
fn a_cluster_that_was_away_lacks_namespaces_upstream_and_gets_them_with_the_switch() {
    let actions = vec![
        at(
            0,
            Action::Fault {
                seconds: 90,
                fault: Fault::Traffic {
                    plane: 2,
                    way: multiplane::search::Way::Both,
                    effect: multiplane::search::Effect::Refused,
                },
            },
        ),
        at(2, Action::Project { id: "team2".to_owned() }),
        at(3, submit("one", 1, false)),
        at(4, Action::Restart(multiplane::search::Program::Propeller(1))),
    ];
    let upstream = history(true, actions.clone());
    let ran = run(&upstream).unwrap();
    assert!(ran.breaks(Invariant::Namespaces), "{}", shown(&ran));
    let (smallest, tries) = shrink(&upstream, Invariant::Namespaces, &|| true);
    assert_eq!(smallest.actions.len(), 2, "{smallest:?} after {tries} tries");
    assert!(run(&smallest).unwrap().breaks(Invariant::Namespaces));
    let ran = run(&history(false, actions)).unwrap();
    assert!(ran.violations.is_empty(), "{}", shown(&ran));
}

/// It counts as made when the user asks again, and flytepropeller has tried all along to begin it.
#[test]
fn an_object_before_its_record_is_worked_on_once_it_is_recorded() {
    let ran = run(&history(
        false,
        vec![at(0, crash(CrashPoint::ObjectMade)), at(1, submit("one", 1, true))],
    ))
    .unwrap();
    assert!(shown(&ran).contains("1 kills"), "{}", shown(&ran));
    assert!(ran.violations.is_empty(), "{}", shown(&ran));
}

#[test]
fn a_search_is_the_same_with_any_number_of_jobs() {
    let with = |jobs| -> Found {
        let limits = Limits {
            seed: 100,
            histories: Some(4),
            time: None,
            planes: Planes { least: 1, most: 3 },
            upstream: true,
            jobs: NonZeroUsize::new(jobs).unwrap(),
        };
        let each = |_: &History, _: &Result<Ran, WorldError>| {};
        search(&limits, &CancellationToken::new(), &each)
    };
    let (one, three) = (with(1), with(3));
    assert_eq!(one.histories, 4);
    assert_eq!(one.failed, three.failed);
    assert_eq!(one.broken, three.broken);
}
