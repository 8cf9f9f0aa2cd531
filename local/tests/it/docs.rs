//! The documentation is true as far as a test can tell: every command in it is run or has a place where it is, its
//! output is the real one, every link leads somewhere, every JSON is JSON.
//!
//! To show a command: put it into a `console` block behind `$ `, and below it what it prints. `cargo local ...` is run
//! here and compared; a line `...` stands for any lines, and `...` within a line for the rest of it. Two marks, as comments
//! before a block:
//!
//! - `<!-- file: NAME -->`: the block is the file that commands of this document call `NAME`;
//! - `<!-- serve: OPTIONS -->`: the block's commands are for a running `cargo local serve OPTIONS`: assignments and `curl`.
//!
//! A command that can't be run here goes into [`elsewhere`], with the place where it is run, or with the reason why it
//! can't be.

mod commands;
mod elsewhere;
mod links;
mod pages;
mod shell;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::root;

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
    for (folder, is_deep) in [("", false), ("docs", true), ("examples", true), (".github", true)] {
        collect(Path::new(folder), is_deep, &mut found);
    }
    assert!(found.contains_key(Path::new("README.md")) && found.contains_key(Path::new("docs/performance.md")));
    found
}

/// A code block.
struct Block<'t> {
    language: &'t str,
    /// The number of its first line.
    line: usize,
    lines: Vec<&'t str>,
    /// What the comment before it says, such as `file: prod.env`.
    mark: Option<&'t str>,
}

impl<'t> Block<'t> {
    /// The value of its mark, if that has this name.
    fn marked(&self, name: &str) -> Option<&'t str> {
        self.mark?.strip_prefix(name)?.strip_prefix(':').map(str::trim)
    }
}

/// The code blocks. In a list a block is indented.
fn blocks(text: &str) -> Vec<Block<'_>> {
    let mut found = Vec::new();
    let mut mark = None;
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let fence = line.split_once("```").filter(|(indent, _)| indent.trim().is_empty());
        let Some((indent, info)) = fence else {
            let comment = line.trim().strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->"));
            // An empty line leaves it standing.
            if comment.is_some() || !line.trim().is_empty() {
                mark = comment;
            }
            continue;
        };
        let inner = lines.by_ref().map(|(_, line)| line.strip_prefix(indent).unwrap_or(line));
        let inner: Vec<_> = inner.take_while(|line| !line.starts_with("```")).collect();
        found.push(Block { language: info.trim(), line: number + 2, lines: inner, mark: mark.take() });
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

#[test]
fn every_json_is_json() {
    let mut count = 0;
    for (path, text) in documents() {
        for block in blocks(&text).iter().filter(|block| block.language == "json") {
            let parsed = serde_json::from_str::<serde_json::Value>(&block.lines.join("\n"));
            assert!(parsed.is_ok(), "{}:{}: {parsed:?}", path.display(), block.line);
            count += 1;
        }
    }
    assert!(count > 0);
}

#[test]
fn blocks_have_their_marks() {
    let text = "<!-- file: a.env -->\n\n```ini\nA=1\n```\n\nwords\n\n  ```console\n  $ b\n  ```\n<!-- serve: -->\nx\n```text\n```";
    let found = blocks(text);
    let found: Vec<_> = found.iter().map(|block| (block.language, block.line, &*block.lines, block.mark)).collect();
    assert_eq!(
        found,
        [
            ("ini", 4, &["A=1"][..], Some("file: a.env")),
            ("console", 10, &["$ b"], None),
            // Words are between the mark and the block.
            ("text", 15, &[], None)
        ]
    );
    assert_eq!(blocks(text)[0].marked("file"), Some("a.env"));
    assert_eq!(blocks(text)[0].marked("serve"), None);
    assert_eq!(prose(text), ["<!-- file: a.env -->", "", "", "words", "", "<!-- serve: -->", "x"]);
}
