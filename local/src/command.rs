//! What the commands have in common: how they print, and how they fail.

use std::fmt::Display;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

/// What keeps a command from doing what it should, in words.
#[derive(Debug)]
pub struct Problem(pub String);

impl Problem {
    /// Something, and what is wrong with it.
    pub fn new(what: impl Display, why: impl Display) -> Self {
        Self(format!("{what}: {why}"))
    }

    /// Several things that are wrong, one a line.
    pub fn list(what: impl Display, all: impl IntoIterator<Item = impl Display>) -> Self {
        let lines: String = all.into_iter().map(|one| format!("\n  {one}")).collect();
        Self(format!("{what}{lines}"))
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

/// What a path stands for that is `-`.
pub const STANDARD_INPUT: &str = "standard input";

pub fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A path, as messages name it.
pub fn place(path: &Path) -> String {
    if is_standard_input(path) { STANDARD_INPUT.to_owned() } else { path.display().to_string() }
}

/// The content of a file, or of standard input for `-`.
pub fn read(path: &Path) -> Result<String, Problem> {
    let mut text = String::new();
    let read = match is_standard_input(path) {
        true => std::io::stdin().read_to_string(&mut text).map(drop),
        false => std::fs::read_to_string(path).map(|content| text = content),
    };
    read.about(place(path))?;
    Ok(text)
}

/// How something is meant. A terminal shows it as a colour, unless `NO_COLOR` is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Good,
    Doubtful,
    Bad,
    Quiet,
}

/// The string in the colour of its tone. Where colours do not fit, [`print()`] takes them away.
pub fn toned(tone: Tone, text: impl Display) -> String {
    let style = match tone {
        Tone::Good => AnsiColor::Green.on_default(),
        Tone::Doubtful => AnsiColor::Yellow.on_default(),
        Tone::Bad => AnsiColor::Red.on_default().bold(),
        Tone::Quiet => Style::new().dimmed(),
    };
    format!("{style}{text}{style:#}")
}

/// The exit status: 2 for a problem, which is printed.
pub fn exit_code(result: Result<ExitCode, Problem>) -> ExitCode {
    result.unwrap_or_else(|Problem(problem)| {
        let _ = writeln!(anstream::stderr(), "{} {problem}", toned(Tone::Bad, "error:"));
        ExitCode::from(2)
    })
}

/// Prints a line to standard output; with colours only where a terminal shows them.
pub fn print(line: &str) -> Result<ExitCode, Problem> {
    let mut stdout = anstream::stdout();
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

    #[test]
    fn several_problems_are_a_line_each() {
        assert_eq!(Problem::list("the settings", ["a", "b"]).0, "the settings\n  a\n  b");
    }
}
