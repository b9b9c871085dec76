//! The `multiplane` command.

mod cli;

/// Worlds are many small objects; the system's allocator is the slower one for them.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cli::main()
}
