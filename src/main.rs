//! The `callqr` program: everything is in the library, so that tests start what operators start.

use std::process::ExitCode;

fn main() -> ExitCode {
    callqr::cli::main()
}
