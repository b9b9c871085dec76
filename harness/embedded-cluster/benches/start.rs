//! What clusters cost: time and memory of starting many side by side, ready to answer, and of their first requests.
//!
//! Prints a table; the last columns are per cluster, so that growth other than linear shows. On a machine that does other work, too, go by the
//! time on the CPU.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

mod cpu;

use std::time::Instant;

use embedded_cluster::EmbeddedCluster;
use futures::future::try_join_all;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::Api;
use kube::api::{ObjectMeta, PostParams};

const COUNTS: [u64; 4] = [1, 10, 100, 1000];
const PAGE: u64 = 4096;

fn main() {
    // One cluster first: what is made once for the whole process is not counted to anybody.
    run(1);
    println!(
        "{:>8} {:>10} {:>12} {:>14} {:>14} {:>14}",
        "clusters", "start", "create+get", "start/cluster", "on the CPU", "memory/cluster"
    );
    for count in COUNTS {
        run(count).print(count);
    }
}

struct Cost {
    start_ms: f64,
    requests_ms: f64,
    cpu_ms: f64,
    bytes: u64,
}

impl Cost {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn print(&self, count: u64) {
        println!(
            "{count:>8} {:>7.1} ms {:>9.1} ms {:>11.2} ms {:>11.2} ms {:>10.2} MiB",
            self.start_ms,
            self.requests_ms,
            self.start_ms / count as f64,
            self.cpu_ms / count as f64,
            self.bytes as f64 / count as f64 / 1_048_576.0
        );
    }
}

fn run(count: u64) -> Cost {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let before = resident();
        let (begin, cpu) = (now(), cpu::spent());
        let clusters = try_join_all((0..count).map(|seed| EmbeddedCluster::builder(format!("c{seed}")).seed(seed).start()))
            .await
            .unwrap();
        // Controllers have settled once the default namespace's account is there.
        for cluster in &clusters {
            let accounts: Api<k8s_openapi::api::core::v1::ServiceAccount> = Api::default_namespaced(cluster.client());
            kube::runtime::wait::await_condition(accounts, "default", |account: Option<&_>| account.is_some())
                .await
                .unwrap();
        }
        let start_ms = millis(begin);
        let cpu_ms = (cpu::spent() - cpu).as_secs_f64() * 1000.0;
        let bytes = resident().saturating_sub(before);
        let begin = now();
        for cluster in &clusters {
            let maps: Api<ConfigMap> = Api::default_namespaced(cluster.client());
            let map = ConfigMap {
                metadata: ObjectMeta {
                    name: Some("a".to_owned()),
                    ..ObjectMeta::default()
                },
                ..ConfigMap::default()
            };
            maps.create(&PostParams::default(), &map).await.unwrap();
            maps.get("a").await.unwrap();
        }
        Cost {
            start_ms,
            requests_ms: millis(begin),
            cpu_ms,
            bytes,
        }
    })
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}

fn millis(begin: Instant) -> f64 {
    (now() - begin).as_secs_f64() * 1000.0
}

/// Resident memory of this process.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * PAGE
}
