//! The documentation is true as far as a test can tell: every command in it is run or has a place where it is, its
//! output is the real one, every link leads somewhere, every JSON is JSON.
//!
//! To show a command: put it into a `console` block behind `$ `, and below it what it prints. `cargo local ...` is run
//! here and compared; a line `...` stands for any lines, and `...` within a line for the rest of it. A command that can't be run
//! here goes into [`ELSEWHERE`], with the place where it is run, or with the reason why it can't be.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::root;

/// Where a command is run that is not run here.
enum Place {
    /// A script or a test holds this text, which runs it.
    In(&'static str, &'static str),
    /// Nowhere: this is what it needs.
    Nowhere(&'static str),
}

use Place::{In, Nowhere};

/// Commands that are not run here, by their beginnings.
const ELSEWHERE: &[(&str, Place)] = &[
    ("cargo test --workspace", In(".ci/run", "cargo test --workspace")),
    ("cargo fmt --all", In(".ci/run", "cargo fmt --all")),
    ("cargo clippy", In(".ci/run", "cargo clippy")),
    ("cargo doc", In(".ci/run", "cargo doc")),
    ("cargo run", In(".ci/run", "cargo run --manifest-path examples/embed/Cargo.toml")),
    ("cargo bench", In(".ci/run", "cargo bench")),
    ("python3 benches/curves.py", Nowhere("what cargo bench has estimated")),
    ("cargo local aws", In("tests/reality/harness.py", r#"cargo_local("aws""#)),
    ("cargo local serve", In("tests/reality/page.py", r#"SERVE = ["cargo", "local", "serve"]"#)),
    ("curl ", In("tests/reality/page.py", "def curl_as_the_help_says")),
    ("cargo local token | cargo local explain", In("local/tests/it/explain.rs", "token | cargo local explain")),
    ("cargo local check --env-file", In("local/tests/it/explain.rs", "cargo local check --env-file prod.env")),
    ("cargo measure load", In(".ci/run", "cargo measure load")),
    ("cargo measure flood", In(".ci/run", "cargo measure flood")),
    ("cargo measure bench", In(".ci/run", "cargo measure bench")),
    ("cargo lambda watch", In("tests/reality/cargo_lambda.py", r#"["cargo", "lambda", "watch", "--env-file"]"#)),
    ("cargo lambda invoke", In("tests/reality/cargo_lambda.py", r#"["cargo", "lambda", "invoke", "#)),
    ("cargo lambda build", In(".ci/run", "sam build")),
    ("sam build", In(".ci/run", "sam build")),
    ("sam deploy", Nowhere("an AWS account")),
    ("sam local invoke", In("tests/reality/sam_local.py", r#"ENV_VARS = "local/sam.json""#)),
    ("npm ci --prefix tests/reality/oidc", In(".ci/run", "npm ci --prefix tests/reality/oidc")),
    ("python tests/reality/oidc_provider.py", In(".ci/run", "python tests/reality/oidc_provider.py")),
    ("python tests/reality/oidc_users.py", In(".ci/run", "python tests/reality/oidc_users.py")),
    ("python tests/reality/differential.py", In(".ci/run", "python tests/reality/differential.py")),
    ("aws ", Nowhere("an AWS account")),
    (".ci/run", Nowhere("it is what runs everything")),
    (".ci/fuzz", In(".ci/run", ".ci/fuzz")),
    (".ci/mutants", Nowhere("an hour or two")),
    (".ci/coverage", Nowhere("some minutes, for a build of its own")),
    (".ci/instructions", In(".ci/run", ".ci/instructions")),
];

/// The documents by their paths from the root: those at the top, and all below `docs/` and `examples/`.
fn documents() -> BTreeMap<PathBuf, String> {
    fn collect(folder: &Path, is_deep: bool, found: &mut BTreeMap<PathBuf, String>) {
        for entry in fs::read_dir(root().join(folder)).into_iter().flatten() {
            let path = folder.join(entry.unwrap().file_name());
            if root().join(&path).is_dir() {
                // What somebody installed in `node_modules` is not ours.
                if is_deep && !path.ends_with("node_modules") {
                    collect(&path, true, found);
                }
            } else if path.extension().is_some_and(|extension| extension == "md") {
                found.insert(path.clone(), fs::read_to_string(root().join(&path)).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    for (folder, is_deep) in [("", false), ("docs", true), ("examples", true)] {
        collect(Path::new(folder), is_deep, &mut found);
    }
    assert!(found.contains_key(Path::new("README.md")) && found.contains_key(Path::new("docs/performance.md")));
    found
}

/// The code blocks of this language, each with the number of its first line. In a list a block is indented.
fn blocks<'t>(text: &'t str, language: &str) -> Vec<(usize, Vec<&'t str>)> {
    let mut found = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some((indent, info)) = line.split_once("```") else { continue };
        if !indent.trim().is_empty() {
            continue;
        }
        let inner = lines.by_ref().map(|(_, line)| line.strip_prefix(indent).unwrap_or(line));
        let inner: Vec<_> = inner.take_while(|line| !line.starts_with("```")).collect();
        if info.trim() == language {
            found.push((number + 2, inner));
        }
    }
    found
}

/// The text without its code blocks.
fn prose(text: &str) -> Vec<&str> {
    let mut is_code = false;
    let is_prose = |line: &&str| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        !is_code && !is_fence
    };
    text.lines().filter(is_prose).collect()
}

/// A command as it is shown, and the output below it.
struct Shown {
    place: String,
    command: String,
    output: Vec<String>,
}

fn shown() -> Vec<Shown> {
    let mut all: Vec<Shown> = Vec::new();
    for (path, text) in documents() {
        for (first, lines) in blocks(&text, "console") {
            let mut is_continued = false;
            for (offset, line) in lines.into_iter().enumerate() {
                let place = format!("{}:{}", path.display(), first + offset);
                let command = if is_continued { Some(line.trim_start()) } else { line.strip_prefix("$ ") };
                match (command, is_continued) {
                    (Some(more), true) => all.last_mut().unwrap().command.push_str(more),
                    (Some(command), false) => {
                        all.push(Shown { place, command: command.to_owned(), output: Vec::new() });
                    }
                    (None, _) if offset == 0 => panic!("{place}: a console block begins with `$ ` and a command"),
                    (None, _) => all.last_mut().unwrap().output.push(line.to_owned()),
                }
                is_continued = command.is_some_and(|command| command.ends_with('\\'));
                if is_continued {
                    all.last_mut().unwrap().command.pop();
                }
            }
        }
    }
    all
}

fn elsewhere(command: &str) -> Option<&'static (&'static str, Place)> {
    ELSEWHERE.iter().find(|(start, _)| {
        command.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ') || start.ends_with(' '))
    })
}

#[test]
fn every_command_is_run_here_or_somewhere_else() {
    let mut used = BTreeSet::new();
    let mut wrong = Vec::new();
    for Shown { place, command, output } in shown() {
        let is_local = command.strip_prefix("cargo local ");
        let result = match (elsewhere(&command), is_local) {
            (Some((start, _)), is_local) => {
                used.insert(*start);
                // It is not run here, but its options are looked at; those of several at once are their test's business.
                let arguments = is_local.filter(|arguments| !arguments.contains('|'));
                arguments.map_or(Ok(()), |arguments| run(&format!("{arguments} --help"), &[]))
            }
            (None, Some(arguments)) => run(arguments, &output),
            (None, None) => {
                Err("nobody knows whether this works: add it to ELSEWHERE in local/tests/it/docs.rs, with the \
                script or test that runs it, or with what it needs that a test can't have"
                    .to_owned())
            }
        };
        wrong.extend(result.err().map(|problem| format!("{place}: $ {command}\n{problem}")));
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n\n"));
    let unused: Vec<_> = ELSEWHERE.iter().map(|(start, _)| *start).filter(|start| !used.contains(start)).collect();
    assert!(unused.is_empty(), "no document shows these any longer, so take them from ELSEWHERE: {unused:?}");
}

#[test]
fn what_is_run_elsewhere_is_run_there() {
    for (command, place) in ELSEWHERE {
        match place {
            In(file, text) => {
                let there = fs::read_to_string(root().join(file)).unwrap();
                assert!(there.contains(text), "{file} does not run {command}: it has no {text}");
            }
            Nowhere(reason) => assert!(!reason.is_empty(), "{command}"),
        }
    }
}

/// Runs `cargo local` with these arguments, and compares what it prints, if that is shown.
fn run(arguments: &str, shown: &[String]) -> Result<(), String> {
    let (arguments, redirection) = arguments.split_once(" > ").unwrap_or((arguments, ""));
    let mut command = Command::new(env!("CARGO_BIN_EXE_smac-local"));
    let output = command.args(words(arguments)).current_dir(root()).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    // 0 is allowed, 1 is refused; a fault, and bad usage, must be meant: then they are shown.
    if !matches!(output.status.code(), Some(0 | 1)) && shown.is_empty() {
        return Err(format!("ended with {}:\n{printed}{errors}", output.status));
    }
    if printed.is_empty() && errors.is_empty() {
        return Err("printed nothing".to_owned());
    }
    if shown.is_empty() || !redirection.is_empty() {
        return Ok(());
    }
    let printed: Vec<String> = printed.lines().chain(errors.lines()).map(normal).collect();
    let shown: Vec<String> = shown.iter().map(|line| normal(line)).collect();
    if matches(&shown, &printed) {
        return Ok(());
    }
    Err(format!("prints\n{}\nbut this is shown\n{}", printed.join("\n"), shown.join("\n")))
}

/// A command's words, as a shell makes them of quotes and spaces.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in text.trim().chars() {
        match (character, quote) {
            ('\'' | '"', None) => quote = Some(character),
            (end, Some(begin)) if end == begin => quote = None,
            (' ', None) => words.push(String::new()),
            (other, _) => words.last_mut().unwrap().push(other),
        }
    }
    words.retain(|word| !word.is_empty());
    words
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

#[test]
fn every_link_leads_somewhere() {
    let documents = documents();
    let mut wrong = Vec::new();
    for (path, text) in &documents {
        for target in links(text) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((&target, ""));
            let file = if file.is_empty() { path.clone() } else { resolve(path.parent().unwrap(), file) };
            let has_anchor = |text: &String| headings(text).iter().any(|heading| heading == anchor);
            if !root().join(&file).exists() || (!anchor.is_empty() && !documents.get(&file).is_some_and(has_anchor)) {
                wrong.push(format!("{}: there is no {target}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// The targets of the links and pictures in the text.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in prose(text) {
        // What is between backticks is shown, and no link.
        let outside: String = line.split('`').step_by(2).collect();
        let targets = outside.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
        found.extend(targets.map(|(target, _)| target.to_owned()));
    }
    found
}

/// The path from the root, without `.` and `..`.
fn resolve(folder: &Path, target: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for part in folder.join(target).components() {
        match part {
            Component::ParentDir => assert!(path.pop(), "{target} leads out of the repository"),
            Component::Normal(name) => path.push(name),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    path
}

/// The anchors of the headings, as GitHub makes them.
fn headings(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let lines = prose(text);
    for title in lines.iter().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim()) {
        let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        let anchor: String = kept.collect::<String>().to_lowercase().replace(' ', "-");
        let earlier = found.iter().filter(|other| **other == anchor).count();
        found.push(if earlier == 0 { anchor } else { format!("{anchor}-{earlier}") });
    }
    found
}

#[test]
fn every_json_is_json() {
    let mut count = 0;
    for (path, text) in documents() {
        for (line, block) in blocks(&text, "json") {
            let parsed = serde_json::from_str::<Value>(&block.join("\n"));
            assert!(parsed.is_ok(), "{}:{line}: {parsed:?}", path.display());
            count += 1;
        }
    }
    assert!(count > 0);
}

/// `SECURITY.md` names the tests that show what it says: behind a file's name, those of its tests.
#[test]
fn the_tests_that_security_is_shown_by_are_there() {
    let document = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let mut count = 0;
    for row in document.lines().filter(|line| line.starts_with('|')) {
        let mut code = String::new();
        for name in row.rsplit(" | ").next().unwrap().split('`').skip(1).step_by(2) {
            if name.ends_with(".rs") {
                code = fs::read_to_string(root().join(name)).unwrap();
            } else if !code.is_empty() {
                assert!(code.contains(&format!("fn {name}(")), "there is no {name}: {row}");
                count += 1;
            }
        }
    }
    assert!(count > 30, "{count}");
}

/// So that a test here that finds nothing is not one that looks at nothing.
#[test]
fn the_tests_themselves_can_fail() {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert!(matches(&lines("a\n...\nd"), &lines("a\nb\nc\nd")));
    assert!(matches(&lines("a b..."), &lines("a b c")));
    assert!(!matches(&lines("a\n...\nd"), &lines("a\nb\nc")));
    assert!(!matches(&lines("a"), &lines("a\nb")));
    assert!(run("invoke events/refused-expired.json", &lines("request   something else")).is_err());
    assert!(run("invoke events/none.json", &[]).is_err());
    assert!(run("conjure events/none.json", &[]).is_err());
    assert_eq!(words("a --b 'c \"d\" e'  f"), ["a", "--b", "c \"d\" e", "f"]);
    assert_eq!(normal("x eyJhbGci.eyJ-a_b.c \"DecisionTime\":12,"), "x eyJ \"DecisionTime\":,");
    assert_eq!(links("[a](b.md#c) `[d](e)` ![f](g.svg)"), ["b.md#c", "g.svg"]);
    let text = "# The \"why\", in short\n## A `B__C`\n## A `B__C`";
    assert_eq!(headings(text), ["the-why-in-short", "a-b__c", "a-b__c-1"]);
    assert!(elsewhere("sam buildings").is_none() && elsewhere("sam build --x").is_some());
}
