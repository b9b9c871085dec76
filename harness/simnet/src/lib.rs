//! One network and one clock, simulated or real
