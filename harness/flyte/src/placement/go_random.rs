//! Go's `math/rand` generator (version 1), to the extent that a draw needs it.
//!
//! An additive lagged Fibonacci generator of 607 64-bit words: y(n) = y(n-607) + y(n-273). A seed fills the words from
//! a Lehmer generator and mixes in a fixed table. That table is the generator's own state after 7.8e12 steps, so it is
//! computed here, once, by a jump: z^N modulo the characteristic polynomial.

use std::sync::LazyLock;

const LENGTH: usize = 607;
const LAG: usize = 273;
/// Where the feed index starts; the tap index starts at 0 and both count down.
const FEED: usize = LENGTH - LAG;
/// Steps from the start words to the table.
const TABLE_STEPS: u64 = 7_800_000_000_000;
/// Modulus of the Lehmer generator.
const LEHMER: i64 = (1 << 31) - 1;

static TABLE: LazyLock<Vec<u64>> = LazyLock::new(table);

/// The generator's source of words.
pub(super) struct GoRandom {
    words: Vec<u64>,
    tap: usize,
    feed: usize,
}

impl GoRandom {
    /// `rand.NewSource(seed)`.
    pub(super) fn new(seed: i64) -> Self {
        let mut words = start_words(seed_modulo(seed), [40, 20, 0]);
        for (word, mix) in words.iter_mut().zip(TABLE.iter()) {
            *word ^= mix;
        }
        Self { words, tap: 0, feed: FEED }
    }

    fn step(&mut self) -> u64 {
        self.tap = self.tap.checked_sub(1).unwrap_or(LENGTH - 1);
        self.feed = self.feed.checked_sub(1).unwrap_or(LENGTH - 1);
        let word = self.words[self.feed].wrapping_add(self.words[self.tap]);
        self.words[self.feed] = word;
        word
    }

    /// `rand.Float32()`: uniform in [0, 1).
    pub(super) fn float32(&mut self) -> f32 {
        loop {
            let int63 = self.step() & (u64::MAX >> 1);
            let float32 = (int63 as f64 / (1_u64 << 63) as f64) as f32;
            // A 1, of either precision, is drawn again.
            if float32 < 1.0 {
                return float32;
            }
        }
    }
}

/// The seed as the Lehmer generator takes it: modulo 2^31-1, positive.
pub(super) fn seed_modulo(seed: i64) -> i64 {
    match seed % LEHMER {
        0 => 89_482_311,
        negative if negative < 0 => negative + LEHMER,
        positive => positive,
    }
}

/// Fills the words from the Lehmer generator, three of its numbers to a word.
fn start_words(seed: i64, shifts: [u32; 3]) -> Vec<u64> {
    let mut x = seed;
    let mut next = || {
        x = 48_271 * x % LEHMER;
        x.unsigned_abs()
    };
    for _ in 0..20 {
        next();
    }
    (0..LENGTH)
        .map(|_| shifts.iter().fold(0, |word, shift| word ^ (next() << shift)))
        .collect()
}

/// Index of the word that holds term `m`, counted from the first step; negative terms are the start words.
fn index_of_term(m: i64) -> usize {
    (FEED as i64 - 1 - m).rem_euclid(LENGTH as i64) as usize
}

fn table() -> Vec<u64> {
    let start = start_words(1, [20, 10, 0]);
    // Terms -607..606, in this order.
    let length = LENGTH as i64;
    let mut terms: Vec<u64> = (-length..0).map(|m| start[index_of_term(m)]).collect();
    for n in LENGTH..2 * LENGTH - 1 {
        terms.push(terms[n - LENGTH].wrapping_add(terms[n - LAG]));
    }
    let jump = power_of_z(TABLE_STEPS);
    // Every term N later is the same combination of 607 consecutive terms.
    let mut table = vec![0; LENGTH];
    for (offset, window) in terms.windows(LENGTH).enumerate() {
        let m = (TABLE_STEPS as i64 - length) + offset as i64;
        table[index_of_term(m)] = jump
            .iter()
            .zip(window)
            .fold(0, |sum: u64, (c, term)| sum.wrapping_add(c.wrapping_mul(*term)));
    }
    table
}

/// z^`exponent` modulo z^607 - z^334 - 1, coefficients modulo 2^64, lowest first.
fn power_of_z(exponent: u64) -> Vec<u64> {
    let mut power = vec![0_u64; LENGTH];
    power[0] = 1;
    for bit in (0..u64::BITS - exponent.leading_zeros()).rev() {
        let mut square = vec![0_u64; 2 * LENGTH];
        for (i, a) in power.iter().enumerate().filter(|(_, a)| **a != 0) {
            for (sum, b) in square[i..].iter_mut().zip(&power) {
                *sum = sum.wrapping_add(a.wrapping_mul(*b));
            }
        }
        if exponent >> bit & 1 == 1 {
            square.rotate_right(1);
        }
        power = reduced(square);
    }
    power
}

/// Replaces z^607 by z^334 + 1, from the top down.
fn reduced(mut polynomial: Vec<u64>) -> Vec<u64> {
    for n in (LENGTH..polynomial.len()).rev() {
        let c = polynomial[n];
        polynomial[n - LENGTH] = polynomial[n - LENGTH].wrapping_add(c);
        polynomial[n - LAG] = polynomial[n - LAG].wrapping_add(c);
    }
    polynomial.truncate(LENGTH);
    polynomial
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn the_table_is_that_of_go() {
        assert_eq!(TABLE[0], 14_264_951_931_575_795_690);
        assert_eq!(TABLE[1], 13_869_761_123_581_321_051);
        assert_eq!(TABLE[606], 4_152_330_101_494_654_406);
        let bytes: Vec<u8> = TABLE.iter().flat_map(|word| word.to_le_bytes()).collect();
        let digest: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, "1928503b93a563e491119a5889baba73d1605b90b63634c14a408805797a7c7b");
    }

    #[test]
    fn seeds_are_made_positive() {
        assert_eq!(seed_modulo(0), 89_482_311);
        assert_eq!(seed_modulo(LEHMER), 89_482_311);
        assert_eq!(seed_modulo(-1), LEHMER - 1);
        assert_eq!(seed_modulo(5), 5);
    }
}
