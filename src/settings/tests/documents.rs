//! The documents list the variables that the code reads.

use std::collections::BTreeSet;

use super::super::SETTINGS;
use super::warnings::{WARNED_ABOUT, WARNED_ABOUT_OIDC, WARNED_ABOUT_WITH_MACHINE_TOKENS};

/// Every variable and its default, as the code has them.
fn known() -> Vec<(String, String)> {
    let mut known: Vec<(String, String)> =
        SETTINGS.iter().map(|setting| (setting.full_name("<NAME>"), setting.default.shown().to_owned())).collect();
    known.sort();
    known
}

#[test]
fn the_readmes_table_has_what_is_required_as_the_code_has_it() {
    let readme = include_str!("../../../README.md");
    let listed: Vec<(String, String)> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` | "))
        .filter_map(|(name, rest)| Some((name.to_owned(), rest.split(" | ").next()?.replace('`', ""))))
        .filter(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase() || "_<>".contains(c)))
        .filter(|(name, _)| !name.starts_with("AWS_"))
        .collect();
    let known = known();
    for setting in &listed {
        assert!(known.contains(setting), "{setting:?}");
    }
    for setting in known.iter().filter(|(_, default)| default == "required") {
        assert!(listed.contains(setting), "{setting:?}");
    }
}

#[test]
fn the_documents_sections_are_what_the_code_reads() {
    let document = include_str!("../../../docs/configuration.md");
    let mut listed: Vec<(String, String)> = document
        .split("\n### `")
        .skip(1)
        .map(|section| {
            let (name, text) = section.split_once("`\n\n").unwrap();
            let default = text.strip_prefix("Default: ").unwrap_or_else(|| panic!("{name} has no default"));
            (name.to_owned(), default.split('.').next().unwrap().replace('`', ""))
        })
        .collect();
    listed.sort();
    assert_eq!(listed, known());
}

#[test]
fn the_document_says_what_is_warned_about() {
    // The sections have names of our variables; Lambda's and AWS's have a table.
    let sections = || include_str!("../../../docs/configuration.md").split("\n### `").skip(1);
    let says: BTreeSet<&str> = sections()
        .map(|section| section.split("\n## ").next().unwrap())
        .filter(|section| section.split_whitespace().collect::<Vec<_>>().join(" ").contains("Warns: "))
        .map(|section| section.split('`').next().unwrap())
        .collect();
    // A section has the setting's name, not its other one.
    let name_of = |alias: &str| {
        let setting = SETTINGS.iter().find(|setting| setting.alias == Some(alias));
        setting.map_or_else(|| alias.to_owned(), |setting| setting.name.to_owned())
    };
    let is_said: BTreeSet<String> = WARNED_ABOUT
        .iter()
        .chain(WARNED_ABOUT_OIDC)
        .map(|(changes, _, _)| changes.last().unwrap().0)
        .chain([WARNED_ABOUT_WITH_MACHINE_TOKENS])
        .map(|name| name_of(name).replace("__PRIMARY__", "__<NAME>__").replace("__SECOND__", "__<NAME>__"))
        .map(|name| name.replace("__ONE__", "__<NAME>__").replace("__TWO__", "__<NAME>__"))
        .filter(|name| !name.starts_with("AWS_"))
        .collect();
    assert_eq!(says, is_said.iter().map(String::as_str).collect());
}
