//! Files of environment variables, as `cargo lambda watch --env-file` takes them: `NAME=VALUE` in a line, comments,
//! empty lines, `export`, and quotes around a value, which may then go over several lines.

/// The variables of a file, in its order. An error names the line, and shows no value.
///
/// Without quotes a value ends with its line, or at a space with a `#` behind it. With quotes (`"`, `'` or a
/// backtick) it ends at the next of the same kind without a backslash before it, and `\n` in it is a line break.
///
/// A variable that is there twice is an error: which of the two counts differs from tool to tool.
pub fn parse(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut variables: Vec<(String, String)> = Vec::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut line = 1;
    while !rest.is_empty() {
        let (variable, behind) = variable(rest).map_err(|problem| format!("line {line}: {problem}"))?;
        if let Some((name, value)) = variable {
            if variables.iter().any(|(other, _)| other == name) {
                return Err(format!("line {line}: {name} is there twice"));
            }
            variables.push((name.to_owned(), value));
        }
        line += rest.matches('\n').count() - behind.matches('\n').count();
        rest = behind;
    }
    Ok(variables)
}

type Variable<'a> = (&'a str, String);

/// The variable that a string begins with, unless its first line is a comment or empty; and what is behind its line.
fn variable(text: &str) -> Result<(Option<Variable<'_>>, &str), &'static str> {
    let (line, behind) = text.split_once('\n').unwrap_or((text, ""));
    if is_empty_or_comment(line) {
        return Ok((None, behind));
    }
    let (name, value) = line
        .split_once('=')
        .and_then(|(name, value)| Some((name_of(name)?, value)))
        .ok_or("is not NAME=VALUE, a comment or empty")?;
    let Some(quote) = value.trim_start().chars().next().filter(|first| QUOTES.contains(first)) else {
        return Ok((Some((name, unquoted(value).to_owned())), behind));
    };
    // The name has no quotes in it, so the first one opens the value.
    let opened = text.split_once(quote).map_or("", |(_, opened)| opened);
    let (value, tail) = quoted(opened, quote).ok_or("opens a quote that is not closed")?;
    let (end, behind) = tail.split_once('\n').unwrap_or((tail, ""));
    if !is_empty_or_comment(end) {
        return Err("has something behind the closing quote");
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
    loop {
        let (next, behind) = (rest.next()?, rest.as_str());
        match (next, behind.chars().next()) {
            ('\\', Some(escaped)) if escaped == quote || escaped == 'n' => {
                value.push(if escaped == 'n' { '\n' } else { quote });
                rest.next();
            }
            (end, _) if end == quote => return Some((value, behind)),
            (other, _) => value.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(parse(line), Ok(vec![(name.to_owned(), value.to_owned())]), "{line}");
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
        for (file, problem) in [
            ("A=1\nsecret", "line 2: is not NAME=VALUE, a comment or empty"),
            ("=secret", "line 1: is not NAME=VALUE, a comment or empty"),
            ("A B=secret", "line 1: is not NAME=VALUE, a comment or empty"),
            ("A='1\n2'\nB=\"secret\n\n", "line 3: opens a quote that is not closed"),
            ("A='1' secret", "line 1: has something behind the closing quote"),
            ("A='1\n2'\nB=2\nA=secret", "line 4: A is there twice"),
        ] {
            assert_eq!(parse(file), Err(problem.to_owned()), "{file}");
        }
    }
}
