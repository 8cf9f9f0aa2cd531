//! The rules of the code that a search can hold.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use smac_lambda_authorizer::tools as checks;

/// The files under a folder, as paths from the root of the repository, with their text.
fn sources(folder: &str) -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(root.join(folder)).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            found.extend(sources(&name));
        } else if name.ends_with(".rs") {
            found.insert(name, fs::read_to_string(path).unwrap());
        }
    }
    found
}

/// The code of a file, without comments and tests.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

/// The files of the library and the function without their tests.
fn library() -> BTreeMap<String, String> {
    let files =
        sources("src").into_iter().filter(|(file, _)| !file.ends_with("/tests.rs") && !file.contains("/tests/"));
    let files: BTreeMap<_, _> = files.collect();
    assert!(files.len() > 40, "the search finds files");
    files
}

/// The files under `src` whose code has this in it.
fn files_with(needle: &str) -> Vec<String> {
    library().into_iter().filter(|(_, text)| code(text).contains(needle)).map(|(name, _)| name).collect()
}

/// The rooms of the house from top to bottom, as the library's documentation draws them: floor, room.
fn floors() -> Vec<(String, String)> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let drawing = text.split("//! # Floors").nth(1).unwrap().split("//! ```").nth(1).unwrap();
    let mut floors = Vec::new();
    for line in drawing.lines().filter_map(|line| line.strip_prefix("//! ")) {
        let (floor, rooms) = line.split_at_checked(11).unwrap();
        floors.extend(rooms.split_whitespace().map(|room| (floor.trim().to_owned(), room.to_owned())));
    }
    floors
}

/// The room that a file of `src` belongs to: `src/settings/aws.rs` is in `settings`.
fn room(file: &str) -> &str {
    file.strip_prefix("src/").unwrap().split(['/', '.']).next().unwrap()
}

/// The rooms that a file imports from or names: `crate::x` and, in lists, `crate::{x, y::z}`.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for rest in code.split("crate::").skip(1) {
        let names = match rest.strip_prefix('{') {
            Some(list) => top_level_names(list),
            None => vec![rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap().to_owned()],
        };
        found.extend(names);
    }
    found
}

fn top_level_names(list: &str) -> Vec<String> {
    let (mut depth, mut names, mut name) = (0, Vec::new(), String::new());
    for c in list.chars() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(std::mem::take(&mut name)),
            _ if depth == 0 => name.push(c),
            _ => {}
        }
    }
    names.push(name);
    names
        .iter()
        .map(|name| name.trim().split("::").next().unwrap().to_owned())
        .filter(|name| !name.is_empty())
        .collect()
}

#[test]
fn imports_go_down_only() {
    let floors = floors();
    let height = |room: &str| floors.iter().position(|(_, other)| other == room);
    let outside = ["lib", "main", "tools"];
    for (file, text) in library() {
        let from = room(&file);
        if outside.contains(&from) {
            continue;
        }
        let own = height(from).unwrap_or_else(|| panic!("{file} stands on no floor"));
        for import in imports(&code(&text)) {
            // A room may be in several files.
            if import == from {
                continue;
            }
            let other = height(&import).unwrap_or_else(|| panic!("{file} imports {import}, which stands on no floor"));
            assert!(other > own, "{file} imports upward, from {import}");
        }
    }
    for (_, room) in &floors {
        assert!(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/{room}.rs")).exists(), "{room} does not exist");
    }
}

/// The file of a module path, from the root: the longest beginning of it that is a file.
fn file_of(path: &[&str], files: &BTreeMap<String, String>) -> Option<String> {
    (1..=path.len())
        .rev()
        .map(|length| format!("src/{}.rs", path[..length].join("/")))
        .find(|file| files.contains_key(file))
}

/// The files that a file imports from: by `crate::`, by `super::`, and, from its own children, by their names.
fn imported_files(file: &str, text: &str, files: &BTreeMap<String, String>) -> Vec<String> {
    let own: Vec<&str> = file.strip_prefix("src/").unwrap().strip_suffix(".rs").unwrap().split('/').collect();
    let parent = &own[..own.len() - 1];
    let code = code(text);
    let mut paths: Vec<Vec<String>> = Vec::new();
    for (marker, base) in [("crate::", &[][..]), ("super::", parent)] {
        for rest in code.split(marker).skip(1) {
            let path: String = rest.chars().take_while(|c| c.is_alphanumeric() || "_:".contains(*c)).collect();
            let names =
                if rest.starts_with('{') { top_level_names(rest.strip_prefix('{').unwrap()) } else { vec![path] };
            paths.extend(names.iter().map(|name| {
                base.iter().map(|part| (*part).to_owned()).chain(name.split("::").map(str::to_owned)).collect()
            }));
        }
    }
    // `mod child;` is the parent's way to its children, which must not go back.
    for line in code.lines() {
        if let Some(child) =
            line.trim().strip_suffix(';').and_then(|line| line.rsplit_once("mod ")).map(|(_, child)| child)
        {
            paths.push(own.iter().map(|part| (*part).to_owned()).chain([child.to_owned()]).collect());
        }
    }
    paths
        .iter()
        .filter_map(|path| file_of(&path.iter().map(String::as_str).collect::<Vec<_>>(), files))
        .filter(|other| other != file)
        .collect()
}

#[test]
fn files_import_each_other_in_no_circle() {
    let files: BTreeMap<_, _> =
        library().into_iter().filter(|(file, _)| !["lib", "main", "tools"].contains(&room(file))).collect();
    let imports: BTreeMap<&String, Vec<String>> =
        files.iter().map(|(file, text)| (file, imported_files(file, text, &files))).collect();
    assert!(imports.values().map(Vec::len).sum::<usize>() > files.len(), "the search finds imports");
    let mut left: Vec<&String> = files.keys().collect();
    // Whoever imports from nobody that is left is in no circle.
    loop {
        let before = left.len();
        let still = left.clone();
        left.retain(|file| imports[*file].iter().any(|other| still.contains(&other)));
        if left.len() == before {
            break;
        }
    }
    assert!(left.is_empty(), "in circles, or above one: {left:?}");
}

#[test]
fn the_documents_show_the_same_floors() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md")).unwrap();
    let table: Vec<&str> = text.lines().filter(|line| line.starts_with("| [`src/")).collect();
    let listed: Vec<&str> =
        table.iter().map(|line| line.split("[`src/").nth(1).unwrap().split(".rs`]").next().unwrap()).collect();
    let rooms: Vec<String> = floors().into_iter().map(|(_, room)| room).collect();
    assert_eq!(listed, rooms);
}

#[test]
fn the_documents_show_the_checks_in_their_order() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md")).unwrap();
    let table = text.split("## The checks").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |"))
        .map(|row| row.split('|').map(str::trim).collect())
        .skip(2)
        .collect();
    for (path, column) in [(checks::Path::Token, 1), (checks::Path::Pair, 2)] {
        let listed: Vec<_> = rows.iter().filter(|row| row[column] == "yes").map(|row| (row[0], row[3])).collect();
        let checks: Vec<_> = path.checks().iter().map(|check| (check.name(), check.rule())).collect();
        assert_eq!(listed, checks);
    }
}

#[test]
fn the_edges_are_where_they_should_be() {
    assert_eq!(files_with("reqwest"), ["src/http.rs"]);
    assert_eq!(files_with("aws_sdk_"), ["src/aws/sdk.rs"]);
    assert_eq!(files_with("aws_config"), ["src/aws/sdk.rs"]);
    assert_eq!(files_with("lambda_runtime"), ["src/main.rs"]);
}

#[test]
fn the_environment_is_read_in_one_place() {
    assert_eq!(files_with("std::env"), ["src/main.rs"]);
    assert_eq!(files_with("env::var"), ["src/main.rs"]);
}

#[test]
fn decisions_are_pure() {
    let pure = [
        "policy",
        "iam",
        "context",
        "arn",
        "answer",
        "event",
        "credential",
        "error",
        "principal",
        "jws",
        "claims",
        "check",
    ];
    for (file, text) in library().iter().filter(|(file, _)| pure.contains(&room(file))) {
        for needle in ["async", "tokio", "std::fs", "std::net", "SystemTime::now", "HttpClient"] {
            assert!(!text.contains(needle), "{file} has {needle}");
        }
    }
}

#[test]
fn the_wall_clock_is_handed_in() {
    assert_eq!(files_with("SystemTime::now"), ["src/clock.rs", "src/main.rs"]);
}

#[test]
fn verified_things_are_made_where_they_are_verified() {
    assert_eq!(files_with("Ok(SignedClaims {"), ["src/jws.rs"]);
    assert_eq!(files_with("VerifiedToken {"), ["src/token.rs"]);
    assert_eq!(files_with("VerifiedService {"), ["src/service.rs"]);
}

#[test]
fn no_wildcard_arm_decides() {
    assert!(!files_with("_ =>").contains(&"src/authorizer.rs".to_owned()));
}

#[test]
fn no_file_is_over_400_lines() {
    for folder in ["src", "local", "measure", "tests/it"] {
        for (file, text) in sources(folder) {
            let lines = text.lines().count();
            assert!(lines <= 400, "{file} has {lines} lines");
        }
    }
}

#[test]
fn nothing_is_left_to_do() {
    for (file, text) in sources("src").into_iter().chain(sources("local/src")) {
        for needle in ["todo!", "unimplemented!", "FIXME", "XXX", "TODO"] {
            assert!(!text.contains(needle), "{file} has {needle}");
        }
    }
}
