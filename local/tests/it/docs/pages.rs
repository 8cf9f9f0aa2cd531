//! What the pages must have: a short README, a place in the book, settings and tests that there are.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use smac_lambda_authorizer::tools::{PREFIX, SETTINGS};
use smac_lambda_authorizer::{Fault, Forbidden, Unauthorized};

use super::links::links;
use super::{documents, prose};
use crate::support::root;

#[test]
fn the_readme_is_short() {
    let lines = documents()[Path::new("README.md")].lines().count();
    assert!(lines <= 150, "{lines} lines: move what not every new user needs to a page of docs/");
}

#[test]
fn every_page_is_once_in_the_book() {
    let documents = documents();
    let listed: Vec<_> = links(&documents[Path::new("docs/SUMMARY.md")]);
    let mut listed: Vec<_> = listed.into_iter().map(|(_, target)| target).collect();
    let pages = documents.keys().filter_map(|path| path.strip_prefix("docs").ok()).filter_map(Path::to_str);
    let mut pages: Vec<_> = pages.filter(|page| *page != "SUMMARY.md").collect();
    listed.sort();
    pages.sort_unstable();
    assert_eq!(listed, pages, "docs/SUMMARY.md");
}

#[test]
fn the_decisions_are_listed() {
    let documents = documents();
    let (index, pages): (Vec<_>, Vec<_>) = documents
        .iter()
        .filter(|(path, _)| path.starts_with("docs/decisions"))
        .partition(|(path, _)| path.ends_with("README.md"));
    let rows: Vec<_> = index[0].1.lines().filter(|line| line.starts_with("| [")).collect();
    let expected: Vec<_> = pages
        .iter()
        .map(|(path, text)| {
            let (number, title) = text.lines().next().unwrap().strip_prefix("# ").unwrap().split_once(". ").unwrap();
            let date = text.split("\nDate: ").nth(1).unwrap().split('.').next().unwrap();
            for heading in ["Why it came up", "What was decided", "Instead of", "The price"] {
                assert!(text.contains(&format!("\n## {heading}\n\n")), "{number}: {heading}");
            }
            format!("| [{number}]({}) | {title} | {date} |", path.file_name().unwrap().to_str().unwrap())
        })
        .collect();
    assert!(expected.len() > 10);
    assert_eq!(rows, expected);
}

#[test]
fn what_comes_out_has_each_reason() {
    let documents = documents();
    let text = &documents[Path::new("docs/answers.md")];
    let section = text.split("\n## The reasons\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<Vec<_>> = section
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'))
        .map(|line| line.split('`').skip(1).step_by(2).collect())
        .collect();
    let codes: [Vec<_>; 3] = [
        Unauthorized::ALL.iter().map(|reason| reason.code()).collect(),
        Forbidden::ALL.iter().map(|reason| reason.code()).collect(),
        Fault::ALL.iter().map(|reason| reason.code()).collect(),
    ];
    assert_eq!(rows, codes);
}

/// A name with `__` in it is a setting, the end of one, or the beginning of several.
#[test]
fn every_setting_that_is_named_is_there() {
    let known: Vec<_> = SETTINGS.iter().map(|setting| setting.full_name("<NAME>")).collect();
    let aliases: Vec<_> = SETTINGS.iter().filter_map(|setting| setting.alias).collect();
    let is_known = |name: &str| {
        let name = name.strip_prefix(PREFIX).unwrap_or(name).split('=').next().unwrap();
        let (name, is_start) = name.strip_suffix('*').map_or((name, name.ends_with("__")), |name| (name, true));
        let mut all = known.iter().map(String::as_str).chain(aliases.iter().copied());
        all.any(|known| if is_start { known.contains(name) } else { known.ends_with(name) })
    };
    let (mut count, mut wrong) = (0, BTreeSet::new());
    for (path, text) in documents() {
        // It also names those of earlier versions.
        if path.ends_with("CHANGELOG.md") {
            continue;
        }
        let text = prose(&text).join("\n");
        for name in text.split('`').skip(1).step_by(2) {
            let is_setting = name.split('=').next().is_some_and(|name| {
                name.contains("__") && name.chars().all(|c| c.is_ascii_uppercase() || "_*<>".contains(c))
            });
            // A section's own name stands for `<NAME>`.
            let general = name.replace("__PRIMARY__", "__<NAME>__").replace("__SECONDARY__", "__<NAME>__");
            count += usize::from(is_setting);
            if is_setting && !is_known(&general) {
                wrong.insert(format!("{}: {name}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(count > 100, "{count}");
    assert!(is_known("JWT__HEADER_NAME=x") && is_known("PROVIDER_COGNITO__*") && !is_known("JWT__HEADER"));
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

/// The words behind `start` at the beginnings of a file's lines.
fn listed(file: &str, start: &str) -> Vec<String> {
    let text = fs::read_to_string(root().join(file)).unwrap();
    text.lines().filter_map(|line| line.trim().strip_prefix(start)).map(|rest| rest.trim().to_owned()).collect()
}

#[test]
fn githubs_jobs_are_the_steps_of_the_local_whole() {
    let mut steps: Vec<_> = listed(".ci/run", "step ");
    let workflow = fs::read_to_string(root().join(".github/workflows/ci.yml")).unwrap();
    let matrix = workflow.split("        step:\n").nth(1).unwrap().split("    env:").next().unwrap();
    let mut jobs: Vec<_> = matrix.lines().filter_map(|line| line.trim().strip_prefix("- ")).collect();
    for step in &steps {
        let script = root().join(".ci").join(step.split(' ').next().unwrap());
        assert!(script.exists(), "there is no {}", script.display());
    }
    steps.sort();
    jobs.sort_unstable();
    assert_eq!(jobs, steps);
    assert!(steps.len() > 10);
}

#[test]
fn recipes_and_workflows_call_scripts_that_are_there() {
    let files =
        ["justfile", ".github/workflows/ci.yml", ".github/workflows/scheduled.yml", ".github/PULL_REQUEST_TEMPLATE.md"];
    let mut count = 0;
    for file in files {
        let text = fs::read_to_string(root().join(file)).unwrap();
        for rest in text.split(".ci/").skip(1) {
            let name: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
            // The job's own name is put there by GitHub.
            if !name.is_empty() {
                assert!(root().join(".ci").join(&name).exists(), "{file}: there is no .ci/{name}");
                count += 1;
            }
        }
    }
    assert!(count > 10, "{count}");
}
