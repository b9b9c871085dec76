//! The double of `docker`.

use std::process::ExitCode;

use crate::world::World;

pub(crate) fn main() -> ExitCode {
    let world = World::of_double();
    world.call("docker");
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["version", ..] if world.scripted("docker-version").is_some() => {
            eprintln!("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?");
            ExitCode::FAILURE
        }
        ["version", ..] => {
            println!("20.10.24");
            ExitCode::SUCCESS
        }
        ["network", "create", .., name] => {
            std::fs::create_dir_all(world.network(name)).unwrap();
            println!("0123456789ab");
            ExitCode::SUCCESS
        }
        ["network", "rm", name] => {
            let used = world
                .clusters()
                .iter()
                .any(|cluster| std::fs::read_to_string(world.cluster(cluster).join("network")).is_ok_and(|network| network == *name));
            if used {
                eprintln!("Error response from daemon: error while removing network: network {name} has active endpoints");
                return ExitCode::FAILURE;
            }
            match std::fs::remove_dir(world.network(name)) {
                Ok(()) => {
                    println!("{name}");
                    ExitCode::SUCCESS
                }
                Err(_) => {
                    eprintln!("Error response from daemon: network {name} not found");
                    ExitCode::FAILURE
                }
            }
        }
        ["port", container] => ports(&world, container.strip_suffix("-control-plane").unwrap()),
        ["image", "inspect", ..] if world.scripted("docker-image").is_some() => {
            eprintln!("Error: No such image");
            ExitCode::FAILURE
        }
        ["image", "inspect", "--format", "{{.Id}}", image] => {
            println!("sha256:id-of-{image}");
            ExitCode::SUCCESS
        }
        ["save", image, "-o", file] => {
            crate::image::save(image, std::path::Path::new(file));
            ExitCode::SUCCESS
        }
        other => panic!("docker {other:?}"),
    }
}

fn ports(world: &World, cluster: &str) -> ExitCode {
    print!("{}", std::fs::read_to_string(world.cluster(cluster).join("ports")).unwrap());
    ExitCode::SUCCESS
}
