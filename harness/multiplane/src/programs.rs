//! What pods run: Flyte's reference planes, the probe, and the world's resident.

use std::sync::Arc;

use flyte::stores::Stores;
use virtual_node::Programs;

use crate::probe::ProbeProgram;
use crate::resident::{self, ResidentProgram};

/// The programs of one world, on durable state of its own.
pub(crate) fn programs() -> Programs {
    over(Stores::new())
}

/// The programs on this durable state.
pub(crate) fn over(stores: Stores) -> Programs {
    flyte::programs::programs(stores)
        .with("multiplane-probe", Arc::new(ProbeProgram))
        .with(resident::NAME, Arc::new(ResidentProgram))
}

/// The name of the program that stands for an image.
pub(crate) fn program_of(image: &str) -> Option<String> {
    programs().name_for_image(image).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::programs;

    /// Where a program's name is no file of the image, its containers do not start.
    #[test]
    fn the_image_has_a_link_for_every_program() {
        let script = include_str!("../../../fixtures/images/build.sh");
        let names = script
            .lines()
            .find_map(|line| line.strip_prefix("for program in ")?.strip_suffix("; do"));
        let mut links: Vec<&str> = names.unwrap().split(' ').collect();
        links.sort_unstable();
        let programs = programs();
        let mut expected: Vec<&str> = programs.names().chain(["sh"]).collect();
        expected.sort_unstable();
        assert_eq!(links, expected);
    }
}
