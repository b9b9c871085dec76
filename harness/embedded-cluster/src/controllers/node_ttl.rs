//! `ttl-controller`: an annotation tells kubelets how long they may keep Secrets and ConfigMaps; the more nodes, the longer.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::BoxFuture;

use super::resources::NODES;
use super::runtime::{Change, Context, Controller, Key, Outcome};
use crate::client::Patch;
use crate::value::json;

const ANNOTATION: &str = "node.alpha.kubernetes.io/ttl";
/// Seconds, from one number of nodes up to another. The numbers overlap, so that one node more or less does not change all of them.
const STEPS: [(usize, usize, u32); 5] = [(0, 100, 0), (90, 500, 15), (450, 1000, 30), (900, 2000, 60), (1800, 10_000, 300)];

/// Keys are nodes.
pub(crate) struct NodeTtl {
    context: Context,
    step: AtomicUsize,
}

impl NodeTtl {
    /// A controller that acts in this context.
    pub(crate) fn new(context: Context) -> Self {
        Self {
            context,
            step: AtomicUsize::new(0),
        }
    }
}

impl Controller for NodeTtl {
    fn keys(&self, change: &Change) -> Vec<Key> {
        if !change.is(&NODES) || !(change.gone || change.old.is_none()) {
            return Vec::new();
        }
        let nodes = self.context.cache.all(&NODES);
        let before = self.step.load(Ordering::Relaxed);
        let now = step(before, nodes.len());
        self.step.store(now, Ordering::Relaxed);
        if now != before {
            return nodes.iter().map(|node| Key::of(node)).collect();
        }
        if change.gone { Vec::new() } else { vec![change.key()] }
    }

    fn reconcile<'a>(&'a self, key: &'a Key) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(node) = self.context.cache.get(&NODES, key) else {
                return Ok(None);
            };
            let wanted = STEPS[self.step.load(Ordering::Relaxed)].2.to_string();
            if node.annotation(ANNOTATION) != Some(wanted.as_str()) {
                let patch = Patch::Merge(json!({"metadata": {"annotations": {ANNOTATION: wanted}}}));
                self.context.client.patch(&NODES, None, &key.name, None, patch).await?;
            }
            Ok(None)
        })
    }
}

/// The step for a number of nodes, as near to the present one as the overlaps allow.
fn step(mut at: usize, nodes: usize) -> usize {
    while at > 0 && nodes < STEPS[at].0 {
        at -= 1;
    }
    while at + 1 < STEPS.len() && nodes > STEPS[at].1 {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[rstest::rstest]
    #[case::few(0, 100, 0)]
    #[case::more(0, 101, 1)]
    #[case::overlap(1, 95, 1)]
    #[case::fewer(1, 89, 0)]
    #[case::many_at_once(0, 5000, 4)]
    #[case::beyond(4, 20_000, 4)]
    fn steps(#[case] before: usize, #[case] nodes: usize, #[case] expected: usize) {
        assert_eq!(step(before, nodes), expected);
    }
}
