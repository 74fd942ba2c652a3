//! Questions at a terminal, and what replaces them without one.

use std::fs::OpenOptions;
use std::io::{self, BufRead as _, BufReader, ErrorKind, Read as _, Write as _};

use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use crate::domain::account::Password;
use crate::domain::{Error, Kind};
use crate::operator::{NewPassword, Refusal};

/// Reads a new password: one line of standard input, or typed twice at the terminal without echo.
///
/// # Errors
/// `usage` where there is no terminal, `passwords-differ`, `not-confirmed`.
pub fn new_password(of_stdin: bool) -> Result<NewPassword, Refusal> {
    if of_stdin {
        return of_standard_input();
    }
    let rule = format!("New password (at least {} characters): ", Password::MIN_CHARS);
    let password = ask(&rule)?;
    let again = ask("Repeat the password: ")?;
    if *password != *again {
        return Err(Error::invalid("passwords-differ", "The passwords do not match.")
            .hint("Nothing was changed. Try again.")
            .into());
    }
    Ok(NewPassword::new(password.to_string()))
}

/// Asks for confirmation, unless `yes` was given on the command line.
///
/// # Errors
/// `not-confirmed` for any other answer, `usage` without a terminal.
pub fn confirm(question: &str, yes: bool) -> Result<(), Refusal> {
    if yes {
        return Ok(());
    }
    let nobody =
        |_| usage("This command needs confirmation, but there is no terminal to ask at.", "Add --yes to confirm.");
    let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty").map_err(nobody)?;
    write!(terminal, "{question} [y/N] ").map_err(nobody)?;
    let mut answer = String::new();
    BufReader::new(terminal.take(64)).read_line(&mut answer).map_err(nobody)?;
    if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Error::new(Kind::Conflict, "not-confirmed", "Nothing was done.").into())
}

/// A command line error that clap cannot find.
pub fn usage(message: &str, hint: &str) -> Refusal {
    Error::invalid("usage", message).hint(hint).into()
}

/// Asks without showing what is typed. On Ctrl-C the library raises SIGINT before it restores the terminal; with a
/// handler the process lives long enough for that.
fn ask(question: &str) -> Result<Zeroizing<String>, Refusal> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
    let _entered = runtime.enter();
    let _handler = signal(SignalKind::interrupt()).map_err(Error::internal)?;
    rpassword::prompt_password(question).map(Zeroizing::new).map_err(no_password)
}

fn of_standard_input() -> Result<NewPassword, Refusal> {
    let mut text = Zeroizing::new(String::new());
    let most = Password::MAX_BYTES as u64 + 2;
    io::stdin().lock().take(most).read_to_string(&mut text).map_err(|error| {
        Error::invalid("password-unreadable", format!("The password cannot be read from standard input: {error}."))
    })?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.contains(['\n', '\r']) {
        return Err(Error::invalid("password-lines", "Standard input has more than one line.")
            .hint("Pass the password as one line.")
            .into());
    }
    Ok(NewPassword::new(line.to_owned()))
}

fn no_password(error: io::Error) -> Refusal {
    if matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::Interrupted) {
        return Error::new(Kind::Conflict, "not-confirmed", "No password was given. Nothing was changed.").into();
    }
    usage(
        "There is no terminal to ask for a password.",
        "Add --password-stdin and pass the password on standard input.",
    )
}
