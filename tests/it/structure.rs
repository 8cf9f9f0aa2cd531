//! The rules of the code that a search can hold.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let inner = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_str().unwrap().to_owned();
            found.extend(sources(&inner));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push((path.clone(), fs::read_to_string(path).unwrap()));
        }
    }
    assert!(!found.is_empty(), "{folder}");
    found
}

/// The files under `src` whose code, comments and tests left out, has this in it.
fn files_with(needle: &str) -> Vec<String> {
    let mut files: Vec<String> = sources("src")
        .iter()
        .filter(|(_, text)| {
            let code = text.split("#[cfg(test)]").next().unwrap();
            code.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(needle))
        })
        .map(|(path, _)| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    files.sort();
    files
}

#[test]
fn the_edges_are_where_they_should_be() {
    assert_eq!(files_with("reqwest"), ["http.rs"]);
    assert_eq!(files_with("aws_sdk_"), ["aws.rs"]);
    assert_eq!(files_with("aws_config"), ["aws.rs"]);
    assert_eq!(files_with("lambda_runtime"), ["main.rs"]);
}

#[test]
fn the_environment_is_read_in_one_place() {
    assert_eq!(files_with("std::env"), ["main.rs"]);
    assert_eq!(files_with("env::var"), ["main.rs"]);
}

#[test]
fn decisions_are_pure() {
    for (path, text) in sources("src") {
        let name = path.file_name().unwrap().to_str().unwrap();
        if ["policy.rs", "arn.rs", "answer.rs", "event.rs", "credential.rs", "error.rs", "principal.rs"].contains(&name)
        {
            for needle in ["async", "tokio", "std::fs", "std::net", "SystemTime::now", "HttpClient"] {
                assert!(!text.contains(needle), "{name} has {needle}");
            }
        }
    }
}

#[test]
fn the_wall_clock_is_handed_in() {
    assert_eq!(files_with("SystemTime::now"), ["lookup.rs", "main.rs"]);
}

#[test]
fn verified_things_are_made_where_they_are_verified() {
    assert_eq!(files_with("VerifiedToken {"), ["token.rs"]);
    assert_eq!(files_with("VerifiedService {"), ["service.rs"]);
}

#[test]
fn nothing_is_left_to_do() {
    for (path, text) in sources("src").into_iter().chain(sources("local/src")) {
        for needle in ["todo!", "unimplemented!", "FIXME", "XXX", "TODO"] {
            assert!(!text.contains(needle), "{path:?} has {needle}");
        }
    }
}
