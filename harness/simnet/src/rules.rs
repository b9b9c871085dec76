//! What is done to traffic between zones.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// What happens to traffic that a [`Rule`] matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Nothing arrives: new connections time out, bytes of open ones wait until the rule is gone.
    Drop,
    /// New connections are refused at once, and open ones break with their next byte, as when the program at the other end is gone. A
    /// connection counts as traffic from the zone that opened it.
    Refuse,
    /// Bytes arrive this much later, in each direction that matches.
    Delay(Duration),
}

/// Traffic from one zone to another, and its [`Effect`]. `None` stands for every other zone; traffic inside a zone is never touched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Zone that sends.
    pub from: Option<String>,
    /// Zone that receives.
    pub to: Option<String>,
    /// What is done.
    pub effect: Effect,
}

impl Rule {
    fn matches(&self, from: &str, to: &str) -> bool {
        let side = |rule: &Option<String>, zone: &str| rule.as_deref().is_none_or(|name| name == zone);
        from != to && side(&self.from, from) && side(&self.to, to)
    }
}

/// Names a rule for its removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleId(u64);

/// The rules in force. Cheap to clone; all clones are one set.
#[derive(Clone, Debug)]
pub struct Rules(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    rules: Mutex<BTreeMap<RuleId, Rule>>,
    /// Number of rules, so that a world without any pays one load a read.
    count: AtomicUsize,
    changed: watch::Sender<u64>,
}

/// The sum of all rules for one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) dropped: bool,
    pub(crate) refused: bool,
    pub(crate) delay: Duration,
}

impl Rules {
    pub(crate) fn new() -> Self {
        let changed = watch::Sender::new(0);
        Self(Arc::new(Inner {
            rules: Mutex::default(),
            count: AtomicUsize::new(0),
            changed,
        }))
    }

    /// Puts a rule in force, for open connections too.
    pub fn add(&self, rule: Rule) -> RuleId {
        let mut id = RuleId(0);
        self.0.changed.send_modify(|generation| {
            *generation += 1;
            id = RuleId(*generation);
            let mut rules = self.0.rules.lock().unwrap_or_else(PoisonError::into_inner);
            rules.insert(id, rule);
            self.0.count.store(rules.len(), Ordering::Release);
        });
        id
    }

    /// Takes a rule out of force; false if it was not.
    pub fn remove(&self, id: RuleId) -> bool {
        let mut removed = false;
        self.0.changed.send_modify(|generation| {
            *generation += 1;
            let mut rules = self.0.rules.lock().unwrap_or_else(PoisonError::into_inner);
            removed = rules.remove(&id).is_some();
            self.0.count.store(rules.len(), Ordering::Release);
        });
        removed
    }

    pub(crate) fn verdict(&self, from: &str, to: &str) -> Verdict {
        if self.0.count.load(Ordering::Acquire) == 0 {
            return Verdict::default();
        }
        let rules = self.0.rules.lock().unwrap_or_else(PoisonError::into_inner);
        let mut verdict = Verdict::default();
        for rule in rules.values().filter(|rule| rule.matches(from, to)) {
            match rule.effect {
                Effect::Drop => verdict.dropped = true,
                Effect::Refuse => verdict.refused = true,
                Effect::Delay(by) => verdict.delay += by,
            }
        }
        verdict
    }

    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.changed.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn rule(from: Option<&str>, to: Option<&str>) -> Rule {
        Rule {
            from: from.map(Into::into),
            to: to.map(Into::into),
            effect: Effect::Drop,
        }
    }

    #[rstest]
    #[case(Some("a"), Some("b"), "a", "b", true)]
    #[case(Some("a"), Some("b"), "b", "a", false)]
    #[case(None, Some("b"), "c", "b", true)]
    #[case(Some("a"), None, "a", "c", true)]
    #[case(None, None, "a", "a", false)]
    fn matching(#[case] from: Option<&str>, #[case] to: Option<&str>, #[case] a: &str, #[case] b: &str, #[case] dropped: bool) {
        let rules = Rules::new();
        let id = rules.add(rule(from, to));
        assert_eq!(rules.verdict(a, b).dropped, dropped);
        assert!(rules.remove(id));
        assert!(!rules.remove(id));
        assert_eq!(rules.verdict(a, b), Verdict::default());
    }
}
