//! The draw for one execution.

use serde::Serialize;

use super::go_random::{self, GoRandom};
use crate::naming::fnv::fnv1a64;

/// A draw, step by step. It depends on the execution's name alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Draw {
    /// 64-bit FNV-1a of the name; as a signed number it is the seed of Go's generator.
    pub fnv1a64: u64,
    /// The seed as the generator takes it: modulo 2^31-1, positive.
    pub seed_modulo: i64,
    /// The generator's first `Float32()`, in [0, 1).
    pub float32: f32,
}

/// The draw of the execution called `name`.
#[must_use]
pub fn seeded_draw(name: &str) -> Draw {
    let hash = fnv1a64(name.as_bytes());
    let seed = hash.cast_signed();
    Draw {
        fnv1a64: hash,
        seed_modulo: go_random::seed_modulo(seed),
        float32: GoRandom::new(seed).float32(),
    }
}
