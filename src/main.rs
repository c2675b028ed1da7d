//! The `greenlane` program.

use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use greenlane::cli::calendar;

#[derive(Parser)]
#[command(name = "greenlane", version, about = "绿色通道引擎: the green-channel approval of major projects")]
struct Program {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Working days, due days and holidays.
    #[command(subcommand_required = true, arg_required_else_help = true)]
    Calendar(calendar::Args),
}

fn main() -> ExitCode {
    let outcome = match Program::parse().verb {
        Verb::Calendar(args) => calendar::run(&args, &mut io::stdin().lock(), &mut io::stdout().lock()),
    };
    outcome.unwrap_or_else(|failure| {
        anstream::eprintln!("{failure}");
        ExitCode::FAILURE
    })
}
