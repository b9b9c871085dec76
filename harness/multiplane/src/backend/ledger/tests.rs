use super::*;

fn network(name: &str) -> Resource {
    Resource::new(ResourceKind::Network, name)
}

/// The ledgers of dead runs, as `(run, [(resource, kept)])`.
fn standing(state: &State) -> Vec<(String, Vec<(String, bool)>)> {
    let all = left(state).unwrap();
    let shown = |left: &Left| (left.resource.name.clone(), left.kept);
    all.iter()
        .map(|leftover| (leftover.run.clone(), leftover.resources.iter().map(shown).collect()))
        .collect()
}

/// Makes the ledger look as if another process had written it, which is no more.
fn orphan(ledger: Ledger) {
    let file = ledger.file().to_owned();
    drop(ledger);
    let text = std::fs::read_to_string(&file).unwrap();
    let dead = text.replace(&format!("\"pid\":{}", std::process::id()), "\"pid\":4000000");
    std::fs::write(file, dead).unwrap();
}

#[test]
fn what_is_announced_and_not_struck_out_is_left_once_the_run_is_dead() {
    let folder = tempfile::tempdir().unwrap();
    let state = State::at(folder.path());
    assert_eq!(standing(&state), []);
    let ledger = Ledger::begin(&state, "r1").unwrap();
    for name in ["a", "b", "c", "a"] {
        ledger.announce(&network(name)).unwrap();
    }
    ledger.strike(&network("b")).unwrap();
    ledger.keep(&network("c")).unwrap();
    assert_eq!(standing(&state), [], "the run lives");
    assert!(!ledger.end().unwrap());
    orphan(ledger);
    let both = vec![("a".to_owned(), false), ("c".to_owned(), true)];
    assert_eq!(standing(&state), [("r1".to_owned(), both)]);
    for mut leftover in left(&state).unwrap() {
        leftover.strike(&network("a")).unwrap();
        leftover.end().unwrap();
    }
    assert_eq!(standing(&state), [("r1".to_owned(), vec![("c".to_owned(), true)])]);
}

#[test]
fn a_run_without_leftovers_leaves_no_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let state = State::at(folder.path());
    let ledger = Ledger::begin(&state, "r1").unwrap();
    ledger.announce(&network("a")).unwrap();
    ledger.strike(&network("a")).unwrap();
    assert!(ledger.end().unwrap());
    assert_eq!(std::fs::read_dir(state.ledger()).unwrap().count(), 0);
    assert!(Ledger::begin(&state, "r1").is_ok(), "the name is free again");
}

#[test]
fn a_line_cut_short_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let state = State::at(folder.path());
    let ledger = Ledger::begin(&state, "r1").unwrap();
    ledger.announce(&network("a")).unwrap();
    let file = ledger.file().to_owned();
    orphan(ledger);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{text}{{\"op\":\"create\",\"resou")).unwrap();
    assert_eq!(standing(&state), [("r1".to_owned(), vec![("a".to_owned(), false)])]);
}

#[test]
fn a_process_is_told_from_a_later_one_with_its_id() {
    let this = Life::of_this_process();
    assert_eq!(this.lives(), Some(true));
    let earlier = Life {
        started: this.started.as_ref().map(|started| format!("{started}1")),
        ..this
    };
    assert_eq!(earlier.lives(), Some(false));
}
