//! Every command is run, here or somewhere else, and prints what is shown.

use std::collections::BTreeSet;

use super::elsewhere::{all_but, elsewhere};
use super::shell::{Gateway, Shell};
use super::{Block, blocks, documents};
use crate::support::{self, run};

/// A command as it is shown, and the output below it.
struct Shown {
    place: String,
    command: String,
    output: Vec<String>,
}

/// The commands of a `console` block.
fn shown(path: &str, block: &Block<'_>) -> Vec<Shown> {
    let mut all: Vec<Shown> = Vec::new();
    let mut is_continued = false;
    for (offset, line) in block.lines.iter().enumerate() {
        let place = format!("{path}:{}", block.line + offset);
        let command = if is_continued { Some(line.trim_start()) } else { line.strip_prefix("$ ") };
        match (command, is_continued) {
            (Some(more), true) => all.last_mut().unwrap().command.push_str(more),
            (Some(command), false) => all.push(Shown { place, command: command.to_owned(), output: Vec::new() }),
            (None, _) if offset == 0 => panic!("{place}: a console block begins with `$ ` and a command"),
            (None, _) => all.last_mut().unwrap().output.push((*line).to_owned()),
        }
        is_continued = command.is_some_and(|command| command.ends_with('\\'));
        if is_continued {
            all.last_mut().unwrap().command.pop();
        }
    }
    all
}

#[test]
fn every_command_is_run_here_or_somewhere_else() {
    let mut used = BTreeSet::new();
    let mut wrong = Vec::new();
    for (path, text) in documents() {
        let blocks = blocks(&text);
        let named = blocks.iter().filter_map(|block| Some((block.marked("file")?.to_owned(), block.lines.join("\n"))));
        let mut shell = Shell::default();
        shell.files = named.map(|(name, content)| (name.clone(), support::file(&name, &content))).collect();
        for block in blocks.iter().filter(|block| block.language == "console") {
            shell.gateway = block.marked("serve").map(Gateway::start);
            for Shown { place, command, output } in shown(path.to_str().unwrap(), block) {
                let result = match (elsewhere(&command), command.strip_prefix("cargo local serve")) {
                    (Some(start), _) => {
                        used.insert(start);
                        options_are_known(&command)
                    }
                    (None, Some(options)) => compared(&output, &Gateway::start(options).lines.join("\n")),
                    (None, None) => prints(&mut shell, &command, &output),
                };
                wrong.extend(result.err().map(|problem| format!("{place}: $ {command}\n{problem}")));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n\n"));
    let unused = all_but(&used);
    assert!(unused.is_empty(), "no document shows these any longer, so take them from ELSEWHERE: {unused:?}");
}

/// A command of ours that is run elsewhere has options that there are.
fn options_are_known(command: &str) -> Result<(), String> {
    let Some(arguments) = command.strip_prefix("cargo local ") else { return Ok(()) };
    let arguments = super::shell::words(arguments);
    let output = run(&arguments.iter().map(String::as_str).chain(["--help"]).collect::<Vec<_>>(), "");
    if output.code == 0 { Ok(()) } else { Err(output.stderr) }
}

/// Runs the command, and compares what it prints, if that is shown.
fn prints(shell: &mut Shell, command: &str, shown: &[String]) -> Result<(), String> {
    let output = shell.run(command).map_err(|problem| {
        format!(
            "{problem}: add it to local/tests/it/docs/elsewhere.rs, with the script or test that runs it, or with what \
             it needs that a test can't have"
        )
    })?;
    // 0 is allowed, 1 is refused; a fault, and bad usage, must be meant: then they are shown.
    if !matches!(output.code, 0 | 1) && shown.is_empty() {
        return Err(format!("ended with {}:\n{}{}", output.code, output.stdout, output.stderr));
    }
    compared(shown, &format!("{}{}", output.stdout, output.stderr))
}

fn compared(shown: &[String], printed: &str) -> Result<(), String> {
    let printed: Vec<String> = printed.lines().map(normal).collect();
    let shown: Vec<String> = shown.iter().map(|line| normal(line)).collect();
    if shown.is_empty() || matches(&shown, &printed) {
        return Ok(());
    }
    Err(format!("prints\n{}\nbut this is shown\n{}", printed.join("\n"), shown.join("\n")))
}

/// The line without what is different each time: tokens, times, ports.
fn normal(line: &str) -> String {
    let mut line = line.trim_end().to_owned();
    for (start, is_volatile) in [
        ("eyJ", (|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) as fn(char) -> bool),
        ("\"Timestamp\":", |c| c.is_ascii_digit()),
        ("\"DecisionTime\":", |c| c.is_ascii_digit()),
        ("127.0.0.1:", |c| c.is_ascii_digit()),
    ] {
        let mut normal = String::new();
        let mut rest = line.as_str();
        while let Some((before, behind)) = rest.split_once(start) {
            normal.extend([before, start]);
            rest = behind.trim_start_matches(is_volatile);
        }
        normal.push_str(rest);
        line = normal;
    }
    line
}

/// Whether the lines are those that are shown; a line `...` stands for any lines, and `...` at an end for any rest.
fn matches(shown: &[String], printed: &[String]) -> bool {
    match (shown.split_first(), printed.split_first()) {
        (None, None) => true,
        (Some((line, rest)), _) if line == "..." => {
            (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..]))
        }
        (Some((line, rest)), Some((other, others))) => {
            let is_same = line.strip_suffix("...").map_or(line == other, |start| other.starts_with(start));
            is_same && matches(rest, others)
        }
        (None, Some(_)) | (Some(_), None) => false,
    }
}

/// So that a test here that finds nothing is not one that looks at nothing.
#[test]
fn the_tests_themselves_can_fail() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(matches(&lines("a\n...\nd"), &lines("a\nb\nc\nd")));
    assert!(matches(&lines("a b..."), &lines("a b c")));
    assert!(!matches(&lines("a\n...\nd"), &lines("a\nb\nc")));
    assert!(!matches(&lines("a"), &lines("a\nb")));
    let prints = |command: &str, output: &str| prints(&mut Shell::default(), command, &lines(output));
    assert!(prints("cargo local invoke events/refused-expired.json", "request   something else").is_err());
    assert!(prints("cargo local invoke events/none.json", "").is_err());
    assert!(prints("cargo local conjure events/none.json", "").is_err());
    assert!(prints("conjure", "").is_err());
    assert!(options_are_known("cargo local aws --env-file x").is_ok());
    assert!(options_are_known("cargo local aws --lively x").is_err());
    assert_eq!(normal("x eyJhbGci.eyJ-a_b.c \"DecisionTime\":12,"), "x eyJ \"DecisionTime\":,");
}
