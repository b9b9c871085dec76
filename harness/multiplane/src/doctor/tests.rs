//! A table of machines.

use rstest::rstest;

use super::*;

const GIB: u64 = 1 << 30;

fn engine() -> DockerFacts {
    DockerFacts {
        socket: "/var/run/docker.sock".into(),
        version: "28.3.3".into(),
        api: "1.51".into(),
        driver: "overlay2".into(),
        containerd_images: false,
        cgroups: "2".into(),
        rootless: false,
        memory: 16 * GIB,
        root: "/var/lib/docker".into(),
        node_image: "multiplane:dev".into(),
        has_node_image: true,
        pools: subnets::pools(&serde_json::Value::Null),
        networks: Vec::new(),
        space: Some(Space {
            path: "/var/lib/docker".into(),
            free: 40 * GIB,
        }),
    }
}

/// A machine that can do everything.
fn good() -> Facts {
    Facts {
        kernel: Some("6.8.0-31-generic".into()),
        embedded: Started::Millis(12),
        docker: Docker::Answers(Box::new(engine())),
        binaries: Programs::Found {
            what: "Kubernetes v1.36.2 (/k8s/kube-apiserver), without kube-controller-manager".into(),
            kubernetes: "1.36".into(),
        },
        kind: Some("/usr/local/bin/kind".into()),
        inotify_watches: Some(524_288),
        inotify_instances: Some(512),
        files: Some(FileLimit {
            soft: 1024,
            hard: 1_048_576,
        }),
        temporary: Some(Space {
            path: "/tmp".into(),
            free: 4 * GIB,
        }),
        memory: Some(Memory {
            available: 8 * GIB,
            allowed: None,
        }),
        routes: Vec::new(),
        ports: Ports {
            refused: None,
            range: Some((32768, 60999)),
            taken: 12,
        },
        planned: Planned::default(),
    }
}

fn with_engine(change: impl FnOnce(&mut DockerFacts)) -> impl FnOnce(&mut Facts) {
    |facts| {
        if let Docker::Answers(engine) = &mut facts.docker {
            change(engine);
        }
    }
}

fn planned(clusters: u64, kubernetes: &[&str]) -> Planned {
    Planned {
        scenario: Some("guide".into()),
        clusters,
        nodes: clusters,
        kubernetes: kubernetes.iter().map(|version| (*version).to_owned()).collect(),
    }
}

fn built() -> Vec<String> {
    Target::ALL.map(|target| target.name().to_owned()).to_vec()
}

/// The checks that are not ok, and the backends that cannot run.
fn verdict(change: impl FnOnce(&mut Facts)) -> (Vec<(&'static str, Level)>, Vec<Target>) {
    let mut facts = good();
    change(&mut facts);
    let examination = examine(&facts, &built());
    let bad = examination.checks.iter().filter(|check| check.level != Level::Ok);
    for check in bad.clone() {
        assert!(check.mend.is_some(), "no mend: {check:?}");
    }
    let out = examination.backends.iter().filter(|readiness| !readiness.usable);
    (
        bad.map(|check| (check.id, check.level)).collect(),
        out.map(|readiness| readiness.backend).collect(),
    )
}

#[test]
fn a_good_machine_can_do_everything() {
    assert_eq!(verdict(|_| {}), (vec![], vec![]));
}

#[rstest]
#[case::missing(Docker::Missing { socket: "/s".into() })]
#[case::denied(Docker::Denied { socket: "/s".into() })]
#[case::silent(Docker::Silent { socket: "/s".into(), why: "refused".into() })]
#[case::remote(Docker::Elsewhere { host: "tcp://h:2376".into() })]
fn without_docker_only_embedded_clusters(#[case] docker: Docker) {
    let (bad, out) = verdict(|facts| facts.docker = docker);
    assert_eq!((bad, out), (vec![("docker", Level::Fail)], Target::DOCKER.to_vec()));
}

#[test]
fn clusters_in_containers_need_their_image() {
    let without = with_engine(|engine| engine.has_node_image = false);
    assert_eq!(verdict(without), (vec![("image", Level::Fail)], vec![Target::Container]));
}

#[rstest]
#[case::all_taken(&["172.16.0.0/12", "192.168.0.0/16"], Some(Level::Fail))]
#[case::nearly_all(&["172.16.0.0/12", "192.168.0.0/17", "192.168.128.0/18", "192.168.192.0/20"], Some(Level::Warn))]
#[case::a_vpn(&["172.16.0.0/12"], None)]
fn worlds_need_networks_of_their_own(#[case] routes: &[&str], #[case] level: Option<Level>) {
    let (bad, out) = verdict(|facts| facts.routes = routes.iter().filter_map(|route| Subnet::parse(route)).collect());
    assert_eq!(bad, level.map(|level| ("networks", level)).into_iter().collect::<Vec<_>>());
    assert_eq!(out.is_empty(), level != Some(Level::Fail));
}

#[test]
fn what_kind_needs_does_not_keep_containers_from_running() {
    let kind = vec![Target::Kind];
    assert_eq!(verdict(|facts| facts.kind = None), (vec![("kind", Level::Fail)], kind.clone()));
    assert_eq!(
        verdict(with_engine(|engine| engine.api = "1.40".into())),
        (vec![("docker", Level::Fail)], kind.clone())
    );
    let rootless = with_engine(|engine| (engine.rootless, engine.cgroups) = (true, "1".into()));
    let (bad, out) = verdict(rootless);
    assert_eq!((bad[0], out), (("docker", Level::Fail), kind));
}

#[rstest]
#[case::default(&[], Level::Warn)]
#[case::new(&["1.34", "1.35"], Level::Warn)]
#[case::old(&["1.34"], Level::Ok)]
fn control_groups_v1_depend_on_the_kubernetes_version(#[case] versions: &[&str], #[case] level: Level) {
    let mut facts = good();
    facts.planned = planned(1, versions);
    with_engine(|engine| engine.cgroups = "1".into())(&mut facts);
    let examination = examine(&facts, &built());
    let check = examination.checks.iter().find(|check| check.id == "cgroups").unwrap();
    assert_eq!(check.level, level);
    assert!(!check.means.contains("1.34, 1.35"), "{}", check.means);
    assert!(examination.usable(Target::Kind));
}

#[test]
fn containerds_image_store_is_a_warning() {
    let (bad, out) = verdict(with_engine(|engine| engine.containerd_images = true));
    assert_eq!((bad, out), (vec![("images", Level::Warn)], vec![]));
}

#[rstest]
#[case(
    192_536,
    128,
    Some("sudo sysctl -w fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512   #")
)]
#[case(524_288, 128, Some("sudo sysctl -w fs.inotify.max_user_instances=512   #"))]
#[case(524_288, 512, None)]
fn inotify_mends_name_only_what_is_low(#[case] watches: u64, #[case] instances: u64, #[case] mend: Option<&str>) {
    let mut facts = good();
    (facts.inotify_watches, facts.inotify_instances) = (Some(watches), Some(instances));
    let examination = examine(&facts, &built());
    let check = examination.checks.iter().find(|check| check.id == "inotify").unwrap();
    match mend {
        Some(mend) => assert!(check.mend.as_ref().unwrap().starts_with(mend), "{check:?}"),
        None => assert_eq!(check.level, Level::Ok),
    }
}

#[rstest]
#[case::three_fit(3, 2000, vec![])]
#[case::four_do_not(4, 2000, vec![Target::Kind])]
fn three_fit_four_do_not(#[case] clusters: u64, #[case] free: u64, #[case] out: Vec<Target>) {
    let (_, found) = verdict(|facts| {
        facts.memory = Some(Memory {
            available: free << 20,
            allowed: None,
        });
        facts.planned = planned(clusters, &[]);
    });
    assert_eq!(found, out);
}

#[test]
fn workers_only_warn() {
    let (bad, out) = verdict(|facts| {
        facts.memory = Some(Memory {
            available: 2 * GIB,
            allowed: None,
        });
        facts.planned = planned(3, &[]);
        facts.planned.nodes = 9;
    });
    assert_eq!((bad, out), (vec![("clusters", Level::Warn)], vec![]));
}

#[test]
fn the_least_memory_counts() {
    let allowed = |mebibytes: u64| Memory {
        available: 8 * GIB,
        allowed: Some(mebibytes << 20),
    };
    let (bad, out) = verdict(|facts| facts.memory = Some(allowed(100)));
    assert_eq!(bad, [("memory", Level::Fail), ("clusters", Level::Fail)]);
    assert_eq!(out, [Target::Embedded, Target::Kind]);
    // Docker in a small virtual machine.
    let (bad, _) = verdict(with_engine(|engine| engine.memory = GIB / 2));
    assert_eq!(bad, [("clusters", Level::Fail)]);
}

#[test]
fn limits_of_the_machine() {
    let low = FileLimit { soft: 256, hard: 4096 };
    assert_eq!(verdict(|facts| facts.files = Some(low)).0, [("files", Level::Warn)]);
    assert_eq!(verdict(|facts| facts.kernel = Some("5.4.0".into())).0, [("kernel", Level::Warn)]);
    assert_eq!(verdict(|facts| facts.ports.taken = 28_000).0, [("ports", Level::Warn)]);
    let (bad, out) = verdict(|facts| facts.ports.refused = Some("no".into()));
    assert_eq!((bad, out), (vec![("ports", Level::Fail)], Target::DOCKER.to_vec()));
    let space = |free| {
        with_engine(move |engine: &mut DockerFacts| {
            let path = "/d".into();
            engine.space = Some(Space { path, free });
        })
    };
    assert_eq!(verdict(space(5 * GIB)), (vec![("disk", Level::Warn)], vec![]));
    assert_eq!(verdict(space(GIB)), (vec![("disk", Level::Fail)], Target::DOCKER.to_vec()));
    let broken = verdict(|facts| facts.embedded = Started::Failed("no entropy".into()));
    assert_eq!(broken, (vec![("embedded", Level::Fail)], vec![Target::Embedded]));
}

#[test]
fn programs_of_a_real_control_plane() {
    let missing = verdict(|facts| {
        facts.binaries = Programs::Missing {
            why: "no etcd in PATH".into(),
            mend: "setup-envtest use".into(),
        };
    });
    assert_eq!(missing, (vec![("programs", Level::Fail)], vec![Target::Binaries]));
    assert_eq!(verdict(|facts| facts.planned = planned(1, &["1.36"])), (vec![], vec![]));
    let (bad, out) = verdict(|facts| facts.planned = planned(1, &["1.35"]));
    assert_eq!((bad, out), (vec![("programs", Level::Fail)], vec![Target::Binaries]));
}

#[test]
fn what_cannot_be_read_is_not_judged() {
    let (bad, out) = verdict(|facts| {
        (facts.inotify_watches, facts.files, facts.memory, facts.temporary) = (None, None, None, None);
        facts.ports.range = None;
    });
    assert_eq!((bad, out), (vec![], vec![]));
}

#[test]
fn a_backend_that_this_build_lacks_is_not_usable() {
    let examination = examine(&good(), &["embedded".to_owned()]);
    assert!(examination.usable(Target::Embedded) && !examination.usable(Target::Kind));
    let kind = examination
        .backends
        .iter()
        .find(|readiness| readiness.backend == Target::Kind)
        .unwrap();
    assert!(!kind.in_this_build && kind.because.is_empty());
}
