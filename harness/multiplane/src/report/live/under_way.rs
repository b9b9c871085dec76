//! One scenario that is under way.

use std::time::{Duration, Instant};

use crate::journal::Event;
use crate::report::text::duration;

/// What is known of it.
pub(super) struct UnderWay {
    began: Instant,
    steps: usize,
    /// With the milliseconds that each took to start.
    clusters: Vec<(String, Option<u64>)>,
    step: Option<Step>,
}

struct Step {
    began: Instant,
    number: usize,
    title: String,
    /// What it waits for, as it was seen last.
    waits: Vec<String>,
}

impl UnderWay {
    pub(super) fn new(clusters: &[String], steps: usize, now: Instant) -> Self {
        Self {
            began: now,
            steps,
            clusters: clusters.iter().map(|cluster| (cluster.clone(), None)).collect(),
            step: None,
        }
    }

    /// How long it has been going on.
    pub(super) fn lasts(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.began)
    }

    pub(super) fn take(&mut self, event: &Event, cluster: Option<&str>, step: Option<usize>, now: Instant) {
        match (event, step) {
            (Event::ClusterReady { millis }, _) => {
                let ready = self.clusters.iter_mut().find(|(id, _)| Some(id.as_str()) == cluster);
                ready.into_iter().for_each(|(_, took)| *took = Some(*millis));
            }
            (Event::StepStarted { title, .. }, Some(index)) => {
                self.step = Some(Step {
                    began: now,
                    number: index + 1,
                    title: title.clone(),
                    waits: Vec::new(),
                });
            }
            _ => {}
        }
    }

    /// Takes what the step waits for.
    pub(super) fn glimpse(&mut self, seen: &[String]) {
        self.step.iter_mut().for_each(|step| step.waits = seen.to_vec());
    }

    fn starts(&self) -> bool {
        self.step.is_none() && self.clusters.iter().any(|(_, took)| took.is_none())
    }

    /// What it does, and for how long it has been at that.
    pub(super) fn headline(&self, name: &str, now: Instant) -> String {
        let since = |began: Instant| match now.saturating_duration_since(began).as_secs() {
            seconds @ 0..60 => format!("{seconds} s"),
            seconds => duration(seconds * 1000),
        };
        match &self.step {
            Some(step) => format!("… {name} {}/{} {}  {}", step.number, self.steps, step.title, since(step.began)),
            None if self.starts() => {
                let ready = self.clusters.iter().filter(|(_, took)| took.is_some()).count();
                format!("… {name} {ready} of {} clusters ready  {}", self.clusters.len(), since(self.began))
            }
            None => format!("… {name} prepares its clusters  {}", since(self.began)),
        }
    }

    /// A line for each cluster that starts, and for all that the step waits for.
    pub(super) fn details(&self) -> Vec<String> {
        if let Some(step) = &self.step {
            let lines = step.waits.iter().filter_map(|wait| wait.lines().next());
            return lines.map(str::to_owned).collect();
        }
        let clusters = self.clusters.iter().filter(|_| self.starts());
        let lines = clusters.map(|(cluster, took)| match took {
            Some(millis) => format!("{cluster}: ready in {}", duration(*millis)),
            None => format!("{cluster}: starting"),
        });
        lines.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_tells_of_clusters_that_start_then_of_the_step_and_what_that_waits_for() {
        let began = super::super::now();
        let mut scenario = UnderWay::new(&["a".to_owned(), "b".to_owned()], 9, began);
        scenario.take(&Event::ClusterReady { millis: 3200 }, Some("b"), None, began);
        let later = began + Duration::from_secs(75);
        assert_eq!(scenario.headline("s", later), "… s 1 of 2 clusters ready  1m15s");
        assert_eq!(scenario.details(), ["a: starting", "b: ready in 3.20 s"]);
        let step = Event::StepStarted {
            verb: "deploy".into(),
            title: "deploy x on a, b".into(),
            line: 3,
        };
        scenario.take(&step, None, Some(1), later);
        scenario.glimpse(&["a: Deployment x is not ready\nmore".to_owned()]);
        assert_eq!(
            scenario.headline("s", later + Duration::from_millis(4900)),
            "… s 2/9 deploy x on a, b  4 s"
        );
        assert_eq!(scenario.details(), ["a: Deployment x is not ready"]);
    }
}
