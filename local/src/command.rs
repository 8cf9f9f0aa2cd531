//! What the commands have in common: how they print, and how they fail.

use std::fmt::Display;
use std::io::{ErrorKind, Write as _};
use std::process::ExitCode;

/// What keeps a command from doing what it should, in words.
#[derive(Debug)]
pub struct Problem(pub String);

impl Problem {
    /// Something, and what is wrong with it.
    pub fn new(what: impl Display, why: impl Display) -> Self {
        Self(format!("{what}: {why}"))
    }
}

pub trait About<T> {
    fn about(self, what: impl Display) -> Result<T, Problem>;
}

impl<T, E: Display> About<T> for Result<T, E> {
    fn about(self, what: impl Display) -> Result<T, Problem> {
        self.map_err(|error| Problem::new(what, error))
    }
}

pub fn name_and_value(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The exit status: 2 for a problem, which is printed.
pub fn exit_code(result: Result<ExitCode, Problem>) -> ExitCode {
    result.unwrap_or_else(|Problem(problem)| {
        let _ = writeln!(std::io::stderr(), "error: {problem}");
        ExitCode::from(2)
    })
}

pub fn print(line: &str) -> Result<ExitCode, Problem> {
    let mut stdout = std::io::stdout();
    match writeln!(stdout, "{line}").and_then(|()| stdout.flush()) {
        // Whoever reads has read enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        written => written.map(|()| ExitCode::SUCCESS).about("standard output"),
    }
}

/// As much of a string from outside as is shown.
const MAX_SHOWN: usize = 200;

/// A string from outside as a terminal may get it: no control characters, and not more than a line of it.
pub fn shown(text: &str) -> String {
    let plain = |c: char| if c.is_control() { '?' } else { c };
    let mut shown: String = text.chars().take(MAX_SHOWN).map(plain).collect();
    if text.chars().count() > MAX_SHOWN {
        shown.push_str("...");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_gets_no_control_characters() {
        assert_eq!(shown("a\u{1b}[31m\nb"), "a?[31m?b");
        assert_eq!(shown(&"x".repeat(300)).len(), MAX_SHOWN + 3);
    }
}
