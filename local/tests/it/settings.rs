//! `cargo local settings`: every setting, and the document's table of them.

use smac_lambda_authorizer::tools::{PREFIX, SETTINGS};

use crate::support::{root, run};

const BEGIN: &str = "<!-- The table that `cargo local settings --format markdown` prints; a test compares it. -->\n";
const BEGIN_ISSUERS: &str = "<!-- The rows of issuers in the table that `cargo local settings --format markdown` prints; a test compares them. -->\n";
const END: &str = "<!-- The end of that table. -->\n";

#[test]
fn each_setting_is_listed() {
    let output = run(&["settings"], "");
    assert_eq!(output.code, 0);
    let listed: Vec<_> = output.stdout.lines().filter(|line| line.starts_with(PREFIX)).map(str::to_owned).collect();
    let known: Vec<_> = SETTINGS.iter().map(|setting| format!("{PREFIX}{}", setting.full_name("<NAME>"))).collect();
    assert_eq!(listed, known);
    let leeway = "  How far the clocks may differ.\n  default  0\n  accepts  0 to 300\n";
    assert!(output.stdout.contains(&format!("{PREFIX}JWT__LEEWAY_SECONDS\n{leeway}")), "{}", output.stdout);
}

#[test]
fn the_document_has_the_table_that_is_printed() {
    let document = std::fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let (_, behind) = document.split_once(BEGIN).unwrap();
    let (table, _) = behind.split_once(END).unwrap();
    let printed = run(&["settings", "--format", "markdown"], "").stdout;
    assert!(table.trim() == printed.trim(), "docs/configuration.md must have this table:\n{printed}");
}

#[test]
fn the_document_about_issuers_has_their_rows() {
    let document = std::fs::read_to_string(root().join("docs/issuers.md")).unwrap();
    let (_, behind) = document.split_once(BEGIN_ISSUERS).unwrap();
    let (table, _) = behind.split_once(END).unwrap();
    let printed = run(&["settings", "--format", "markdown"], "").stdout;
    let (head, rows): (Vec<_>, Vec<_>) = printed.lines().enumerate().partition(|(number, _)| *number < 2);
    let of_issuers = rows.into_iter().filter(|(_, row)| row.starts_with("| `PROVIDER_OIDC__ISSUERS__<NAME>__"));
    let expected: Vec<_> = head.into_iter().chain(of_issuers).map(|(_, line)| line).collect();
    assert!(expected.len() > 2);
    assert_eq!(table.trim(), expected.join("\n"), "docs/issuers.md");
}
