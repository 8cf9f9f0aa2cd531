//! Files of environment variables, as `cargo lambda watch --env-file` takes them: `NAME=VALUE` in a line, comments,
//! empty lines, `export`, and quotes around a value, which may then go over several lines.

use std::fmt;

/// Why a file of environment variables can't be read. Holds no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvFileError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It is no `NAME=VALUE`.
    NoVariable,
    /// A quote is opened and not closed.
    OpenQuote,
    /// Something comes behind a closing quote.
    BehindQuote,
    /// The variable was there before; the first line of it.
    Twice(String, usize),
}

impl fmt::Display for EnvFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match &self.problem {
            Problem::NoVariable => f.write_str("is not NAME=VALUE, a comment or empty"),
            Problem::OpenQuote => f.write_str("opens a quote that is not closed"),
            Problem::BehindQuote => f.write_str("has something behind the closing quote"),
            Problem::Twice(name, first) => write!(f, "{name} is there twice, at first in line {first}"),
        }
    }
}

impl std::error::Error for EnvFileError {}

/// The variables of a file, in its order.
///
/// Without quotes a value ends with its line, or at a space with a `#` behind it. With quotes (`"`, `'` or a
/// backtick) it ends at the next of the same kind without a backslash before it, and `\n` in it is a line break.
///
/// # Errors
/// [`EnvFileError`] for the first line that can't be read, and for a variable that is there twice: which of the two
/// counts differs from tool to tool.
pub fn parse(text: &str) -> Result<Vec<(String, String)>, EnvFileError> {
    let mut variables: Vec<(String, String)> = Vec::new();
    let mut first_lines: Vec<usize> = Vec::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut line = 1;
    while !rest.is_empty() {
        let error = |problem| EnvFileError { line, problem };
        let (variable, behind) = variable(rest).map_err(error)?;
        if let Some((name, value)) = variable {
            if let Some((_, first)) = variables.iter().zip(&first_lines).find(|((other, _), _)| other == name) {
                return Err(error(Problem::Twice(name.to_owned(), *first)));
            }
            variables.push((name.to_owned(), value));
            first_lines.push(line);
        }
        line += rest.matches('\n').count() - behind.matches('\n').count();
        rest = behind;
    }
    Ok(variables)
}

/// A name and its value.
type Variable<'a> = (&'a str, String);

/// The variable that a string begins with, unless its first line is a comment or empty; and what is behind its line.
fn variable(text: &str) -> Result<(Option<Variable<'_>>, &str), Problem> {
    let (line, behind) = text.split_once('\n').unwrap_or((text, ""));
    if is_empty_or_comment(line) {
        return Ok((None, behind));
    }
    let (name, value) = line.split_once('=').ok_or(Problem::NoVariable)?;
    let name = name_of(name).ok_or(Problem::NoVariable)?;
    let Some(quote) = value.trim_start().chars().next().filter(|first| QUOTES.contains(first)) else {
        return Ok((Some((name, unquoted(value).to_owned())), behind));
    };
    // The name has no quotes in it, so the first one opens the value.
    let opened = text.split_once(quote).map_or("", |(_, opened)| opened);
    let (value, tail) = quoted(opened, quote).ok_or(Problem::OpenQuote)?;
    let (end, behind) = tail.split_once('\n').unwrap_or((tail, ""));
    if !is_empty_or_comment(end) {
        return Err(Problem::BehindQuote);
    }
    Ok((Some((name, value)), behind))
}

fn is_empty_or_comment(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

const QUOTES: [char; 3] = ['"', '\'', '`'];

/// A name without whitespace and quotes, after an `export` that means nothing here.
fn name_of(text: &str) -> Option<&str> {
    let text = text.trim();
    let name = match text.split_once(char::is_whitespace) {
        Some(("export", name)) => name.trim_start(),
        _ => text,
    };
    let is_name = !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || QUOTES.contains(&c) || c == '#');
    is_name.then_some(name)
}

fn unquoted(value: &str) -> &str {
    let is_comment = |(at, _): &(usize, &str)| {
        value.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with(char::is_whitespace))
    };
    let end = value.match_indices('#').find(is_comment).map_or(value.len(), |(at, _)| at);
    value.get(..end).unwrap_or_default().trim()
}

/// The string up to the closing quote, and what is behind that.
fn quoted(text: &str, quote: char) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text.chars();
    while let Some(next) = rest.next() {
        match next {
            '\\' if rest.as_str().starts_with(quote) => {
                rest.next();
                value.push(quote);
            }
            '\\' if rest.as_str().starts_with('n') => {
                rest.next();
                value.push('\n');
            }
            end if end == quote => return Some((value, rest.as_str())),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(line: &str) -> Result<(String, String), EnvFileError> {
        parse(line).map(|mut variables| variables.pop().unwrap())
    }

    #[test]
    fn lines() {
        for (line, name, value) in [
            ("A=b", "A", "b"),
            ("A=", "A", ""),
            (" A = b c \r\n", "A", "b c"),
            ("export A=b", "A", "b"),
            ("export\tA=b", "A", "b"),
            ("export=b", "export", "b"),
            ("A=b # c", "A", "b"),
            ("A= # c", "A", ""),
            ("A=#c", "A", ""),
            ("A=b#c", "A", "b#c"),
            ("A=b=c", "A", "b=c"),
            ("A=it's", "A", "it's"),
            ("A=\"b # c\"", "A", "b # c"),
            ("A='b \"c\"' # d", "A", "b \"c\""),
            ("A=`b`", "A", "b"),
            ("A=\" b \"", "A", " b "),
            (r#"A="b\"c\nd\\e""#, "A", "b\"c\nd\\\\e"),
            ("A=''", "A", ""),
            ("\u{feff}A=b", "A", "b"),
        ] {
            assert_eq!(one(line), Ok((name.to_owned(), value.to_owned())), "{line}");
        }
    }

    #[test]
    fn a_file() {
        let file = "\n# the pools\nA=1\n\nB='{\n \"keys\": []\n}'\n  # end\nexport C=3";
        let expected = [("A", "1"), ("B", "{\n \"keys\": []\n}"), ("C", "3")];
        assert_eq!(parse(file).unwrap(), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(parse(""), Ok(Vec::new()));
    }

    #[test]
    fn what_can_not_be_read_is_named_by_its_line_and_not_shown() {
        for (file, line, problem) in [
            ("A=1\nsecret", 2, Problem::NoVariable),
            ("=secret", 1, Problem::NoVariable),
            ("A B=secret", 1, Problem::NoVariable),
            ("A='1\n2'\nB=\"secret\n\n", 3, Problem::OpenQuote),
            ("A='1' secret", 1, Problem::BehindQuote),
            ("A='1\n2'\nB=2\nA=secret", 4, Problem::Twice("A".to_owned(), 1)),
        ] {
            let error = parse(file).unwrap_err();
            assert_eq!(error, EnvFileError { line, problem }, "{file}");
            assert!(!error.to_string().contains("secret"));
        }
    }
}
