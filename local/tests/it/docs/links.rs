//! Every link leads somewhere, and every picture says what it shows.

use std::path::{Component, Path, PathBuf};

use super::{documents, prose};
use crate::support::root;

#[test]
fn every_link_leads_somewhere() {
    let documents = documents();
    let mut wrong = Vec::new();
    for (path, text) in &documents {
        for (_, target) in links(text) {
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

#[test]
fn every_picture_says_what_it_shows() {
    let mut count = 0;
    for (path, text) in documents() {
        for (title, target) in links(&text).iter().filter(|(_, target)| target.ends_with(".svg")) {
            assert!(title.len() > 10, "{}: {target} needs words for those who can't see it", path.display());
            count += 1;
        }
    }
    assert!(count > 3, "{count}");
}

/// The titles and targets of the links and pictures in the text.
pub fn links(text: &str) -> Vec<(String, String)> {
    // What is between backticks is shown, and no link. A title may go over a line's end.
    let outside: String = prose(text).join("\n").split('`').step_by(2).collect();
    let mut found = Vec::new();
    let mut before = String::new();
    for part in outside.split("](") {
        if let Some((target, _)) = part.split_once(')').filter(|_| !before.is_empty()) {
            found.push((before.rsplit('[').next().unwrap().to_owned(), target.to_owned()));
        }
        part.clone_into(&mut before);
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
fn links_and_headings_are_found() {
    let found = links("[a](b.md#c) `[d](e)` ![f\ng](g.svg) [`h`](i)");
    let found: Vec<_> = found.iter().map(|(title, target)| (title.as_str(), target.as_str())).collect();
    assert_eq!(found, [("a", "b.md#c"), ("f\ng", "g.svg"), ("", "i")]);
    let text = "# The \"why\", in short\n## A `B__C`\n## A `B__C`";
    assert_eq!(headings(text), ["the-why-in-short", "a-b__c", "a-b__c-1"]);
}
