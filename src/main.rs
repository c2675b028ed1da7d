//! The `greenlane` program.

fn main() -> std::process::ExitCode {
    greenlane::cli::main()
}
