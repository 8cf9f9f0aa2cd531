//! The settings in files of every kind are settings.

use std::fs;
use std::path::{Path, PathBuf};

use smac_lambda_authorizer::tools::{PREFIX, SETTINGS, Section};

use super::stack::root;

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            if !["node_modules", "out", "cdk.out", ".terraform", "target"].contains(&name.as_str()) {
                files(&path, found);
            }
        } else {
            found.push(path);
        }
    }
}

#[test]
fn each_environment_variable_is_one_that_is_read() {
    let mut paths =
        vec![root().join("template.yaml"), root().join("samconfig.example.toml"), root().join("docs/operations.md")];
    files(&root().join("examples"), &mut paths);
    let mut found = 0;
    for path in paths {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        for rest in text.split(PREFIX).skip(1) {
            let name: String = rest.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
            // The prefix alone, as it is spoken of.
            if name.is_empty() {
                continue;
            }
            let of = |section, start| {
                let (_, setting) = name.strip_prefix(start)?.split_once("__")?;
                Some((section, setting))
            };
            let own = of(Section::Pool, "PROVIDER_COGNITO__USERPOOLS__")
                .or_else(|| of(Section::Issuer, "PROVIDER_OIDC__ISSUERS__"));
            let global = || SETTINGS.iter().filter(|setting| setting.section == Section::Global);
            let names = || global().flat_map(|setting| [Some(setting.name), setting.alias]).flatten();
            let is_known = match own {
                Some((section, name)) => SETTINGS.iter().any(|known| known.section == section && known.name == name),
                // What several names begin with.
                None if name.ends_with("__") => names().any(|known| known.starts_with(&name)),
                None => names().any(|known| known == name),
            };
            assert!(is_known, "{}: {name}", path.display());
            found += 1;
        }
    }
    assert!(found > 20, "{found}");
}
