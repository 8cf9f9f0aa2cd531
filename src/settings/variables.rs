//! Variables by name, parsed one at a time, with all their mistakes collected. Those of a settings file are beside them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use url::Url;

use super::declared;
use super::problems::{Findings, Mistake, Mistakes, Origin, Warning};
use super::setting::{Accepts, Default, PREFIX, Section, Setting};
use crate::{aws, http};

/// The environment, what was read of it, and what is wrong with it.
pub(super) struct Variables {
    /// Ours, by the upper-cased name without the prefix. Empty ones are there too.
    ours: BTreeMap<String, String>,
    /// Those of `ours` that are in the settings file, and the name of that file.
    in_file: BTreeSet<String>,
    file_name: String,
    others: BTreeMap<String, String>,
    /// What was read: a test checks that it is everything that is declared.
    #[cfg(test)]
    pub(super) read: BTreeSet<String>,
    mistakes: Vec<Mistake>,
    warnings: Vec<Warning>,
}

/// A setting, and the pool that it belongs to, if it belongs to one.
#[derive(Clone, Copy)]
pub(super) struct Key<'a> {
    setting: &'static Setting,
    section: &'a str,
}

impl Setting {
    /// The setting of this pool.
    pub(super) fn of<'a>(&'static self, section: &'a str) -> Key<'a> {
        Key { setting: self, section }
    }
}

impl From<&'static Setting> for Key<'_> {
    fn from(setting: &'static Setting) -> Self {
        Self { setting, section: "" }
    }
}

impl Key<'_> {
    fn name(self) -> String {
        self.setting.full_name(self.section)
    }

    fn default(self) -> Option<&'static str> {
        match self.setting.default {
            Default::Value(value) => Some(value),
            Default::Words(_) | Default::Required => None,
        }
    }
}

impl Variables {
    pub(super) fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut all = Self {
            ours: BTreeMap::new(),
            in_file: BTreeSet::new(),
            file_name: String::new(),
            others: BTreeMap::new(),
            #[cfg(test)]
            read: BTreeSet::new(),
            mistakes: Vec::new(),
            warnings: Vec::new(),
        };
        for (name, value) in variables {
            let upper = name.to_ascii_uppercase();
            match upper.strip_prefix(PREFIX) {
                None => {
                    all.others.insert(name, value);
                }
                Some(name) => {
                    if all.ours.insert(name.to_owned(), value).is_some() {
                        all.report(name, "is set in two spellings");
                    }
                }
            }
        }
        all
    }

    /// Adds what a settings file has, by upper-cased names. What the environment has, under this or another name for it,
    /// wins; what is empty there counts as not set.
    pub(super) fn add_file(&mut self, file_name: String, settings: Vec<(String, String)>) {
        self.file_name = file_name;
        let canonical = |name: &str| declared::by_alias(name).map_or(name.to_owned(), |setting| setting.full_name(""));
        let environment: BTreeSet<String> = self
            .ours
            .iter()
            .map(|(name, value)| (canonical(name), value))
            .filter(|(name, value)| counts(name, value))
            .map(|(name, _)| name)
            .collect();
        for (name, value) in settings {
            if environment.contains(&canonical(&name)) {
                continue;
            }
            if !self.in_file.insert(name.clone()) {
                self.report(&name, "is set twice");
            }
            self.ours.insert(name, value);
        }
    }

    /// Everything that was found, by name.
    pub(super) fn into_findings(mut self) -> Findings {
        self.mistakes = Mistakes::sorted(self.mistakes).0;
        // A mistaken variable was read as if it had its default: there is nothing to say about that.
        self.warnings.retain(|warning| !self.mistakes.iter().any(|mistake| mistake.variable == warning.variable));
        self.warnings.sort();
        Findings { mistakes: self.mistakes, warnings: self.warnings }
    }

    /// Reports a mistake under the name that the environment uses.
    pub(super) fn mistake<'a>(&mut self, key: impl Into<Key<'a>>, problem: impl fmt::Display) {
        self.mistakes.push(self.origin(key).mistake(problem));
    }

    pub(super) fn others_mistake(&mut self, name: &str, problem: impl Into<String>) {
        self.mistakes.push(Mistake { variable: name.to_owned(), problem: problem.into() });
    }

    pub(super) fn warn<'a>(&mut self, key: impl Into<Key<'a>>, text: &'static str) {
        self.warnings.push(self.origin(key).warning(text));
    }

    pub(super) fn others_warning(&mut self, name: &str, text: &'static str) {
        self.warnings.push(Warning { variable: name.to_owned(), text });
    }

    /// The pools or the issuers of which a setting is set and not empty, by name.
    pub(super) fn sections(&self, section: Section) -> BTreeSet<String> {
        self.of_section(section).map(|(_, own)| own.to_owned()).collect()
    }

    /// The settings of pools or issuers that are set and not empty, each with the pool's or issuer's name.
    fn of_section(&self, section: Section) -> impl Iterator<Item = (&'static Setting, &str)> {
        let start = section.start().unwrap_or_default();
        let named = self.ours.range(start.to_owned()..).take_while(move |(name, _)| name.starts_with(start));
        named
            .filter(|(_, value)| !value.trim().is_empty())
            .filter_map(|(name, _)| declared::find(name))
            .filter_map(|(setting, own)| Some((setting, own?)))
    }

    /// Whether any variable that begins with `start` is set and not empty.
    pub(super) fn any_below(&self, start: &str) -> bool {
        self.ours.iter().any(|(name, value)| name.starts_with(start) && !value.trim().is_empty())
    }

    /// Whether a setting of any pool or issuer is set and not empty.
    pub(super) fn any_section_has(&self, setting: &'static Setting) -> bool {
        self.of_section(setting.section).any(|(found, _)| found == setting)
    }

    /// The value as it is, empty or not.
    pub(super) fn raw<'a>(&mut self, key: impl Into<Key<'a>>) -> Option<String> {
        let key = key.into();
        let name = key.name();
        #[cfg(test)]
        self.read.insert(name.clone());
        let value = self.ours.get(&name).cloned();
        let Some(alias) = key.setting.alias else {
            return value;
        };
        #[cfg(test)]
        self.read.insert(alias.to_owned());
        let other = self.ours.get(alias).cloned();
        let [value, other] = [value, other].map(|value| value.filter(|value| counts(&name, value)));
        if let (Some(value), Some(other)) = (&value, &other)
            && value.trim() != other.trim()
        {
            self.report(&name, format!("differs from {PREFIX}{alias}, which is another name for it"));
        }
        value.or(other)
    }

    pub(super) fn optional<'a>(&mut self, key: impl Into<Key<'a>>) -> Option<String> {
        self.raw(key).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    /// The value, or the declared default.
    pub(super) fn string<'a>(&mut self, key: impl Into<Key<'a>>) -> String {
        let key = key.into();
        self.optional(key).unwrap_or_else(|| key.default().unwrap_or_default().to_owned())
    }

    /// The value that stands for the one of two words that is set, or that is the declared default.
    pub(super) fn either<'a, T>(&mut self, key: impl Into<Key<'a>>, [first, second]: [(&str, T); 2]) -> T {
        let key = key.into();
        let default = key.default().unwrap_or_default();
        let set = self.optional(key);
        let word = set.as_deref().unwrap_or(default);
        if word.eq_ignore_ascii_case(second.0) {
            return second.1;
        }
        if word.eq_ignore_ascii_case(first.0) {
            return first.1;
        }
        self.mistake(key, format!("must be one of {}, {}", first.0, second.0));
        if default == second.0 { second.1 } else { first.1 }
    }

    pub(super) fn boolean<'a>(&mut self, key: impl Into<Key<'a>>) -> bool {
        let key = key.into();
        let default = key.default().and_then(as_boolean).unwrap_or_default();
        match self.optional(key) {
            None => default,
            Some(value) => as_boolean(&value).unwrap_or_else(|| {
                self.mistake(key, "must be true or false");
                default
            }),
        }
    }

    pub(super) fn number(&mut self, setting: &'static Setting) -> u64 {
        let Accepts::Number { min, max } = setting.accepts else {
            return 0;
        };
        let default = Key::from(setting).default().and_then(|default| default.parse().ok()).unwrap_or(min);
        let Some(value) = self.optional(setting) else {
            return default;
        };
        // `parse` would accept a plus sign.
        let number = value.bytes().all(|byte| byte.is_ascii_digit()).then(|| value.parse().ok()).flatten();
        number.filter(|number| (min..=max).contains(number)).unwrap_or_else(|| {
            self.mistake(setting, format!("must be a whole number from {min} to {max}"));
            default
        })
    }

    pub(super) fn seconds(&mut self, setting: &'static Setting) -> Duration {
        Duration::from_secs(self.number(setting))
    }

    /// A comma-separated list, or a JSON array of strings; the declared default if unset, empty if there is none.
    pub(super) fn list<'a>(&mut self, key: impl Into<Key<'a>>) -> Vec<String> {
        let key = key.into();
        let Some(value) = self.optional(key) else {
            return key.default().map(entries).unwrap_or_default();
        };
        let entries = match value.starts_with('[') {
            true => match serde_json::from_str::<Vec<String>>(&value) {
                Ok(list) => distinct(list.iter().map(String::as_str)),
                Err(_) => {
                    self.mistake(key, "begins with `[` and is not a JSON array of strings");
                    return Vec::new();
                }
            },
            false => entries(&value),
        };
        if entries.is_empty() {
            self.mistake(key, "is a list without an entry");
        }
        entries
    }

    /// A list of some words, in any case; in the spelling of the declaration.
    pub(super) fn words<'a>(&mut self, key: impl Into<Key<'a>>) -> Vec<&'static str> {
        let key = key.into();
        let Accepts::ListOf(known) = key.setting.accepts else {
            return Vec::new();
        };
        let list = self.list(key);
        let word = |entry: &String| known.iter().find(|word| entry.eq_ignore_ascii_case(word)).copied();
        match list.iter().map(word).collect() {
            Some(words) => words,
            None => {
                self.mistake(key, format!("must be a list of {}", known.join(", ")));
                Vec::new()
            }
        }
    }

    /// An https endpoint, or one on this machine.
    pub(super) fn endpoint<'a>(&mut self, key: impl Into<Key<'a>>) -> Option<Url> {
        let key = key.into();
        let value = self.optional(key)?;
        let url = http::parse_endpoint(&value).filter(|url| url.scheme() == "https" || http::is_loopback(url));
        if url.is_none() {
            self.mistake(key, "must be an https URL without a user and a fragment");
        }
        url
    }

    pub(super) fn header_name(&mut self, setting: &'static Setting) -> String {
        let name = self.string(setting);
        // A token as in RFC 9110, section 5.6.2.
        if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)) {
            return name;
        }
        self.mistake(setting, "is not the name of a header");
        Key::from(setting).default().unwrap_or_default().to_owned()
    }

    pub(super) fn optional_region<'a>(&mut self, key: impl Into<Key<'a>>) -> Option<String> {
        let key = key.into();
        let region = self.optional(key)?;
        if aws::is_region(&region) {
            return Some(region);
        }
        self.mistake(key, "is not the name of an AWS region");
        None
    }

    /// A variable that is not ours; empty is unset.
    pub(super) fn others(&mut self, name: &str) -> Option<String> {
        self.others.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    pub(super) fn others_url(&mut self, name: &str) -> Option<Url> {
        let value = self.others(name)?;
        match parse_url(&value) {
            Some(url) => Some(url),
            None => {
                self.others_mistake(name, "is not an http or https URL");
                None
            }
        }
    }

    /// Reports what is not declared: a mistyped check must not pass for one that is on.
    pub(super) fn report_unknown(&mut self) {
        let unknown: Vec<_> = self.ours.keys().filter(|name| !declared::is_known(name)).cloned().collect();
        for name in unknown {
            let problem = match declared::nearest(&name) {
                Some(known) => format!("is unknown; did you mean {PREFIX}{known}?"),
                None => "is unknown".to_owned(),
            };
            self.report(&name, problem);
        }
    }

    fn report(&mut self, name: &str, problem: impl fmt::Display) {
        self.mistakes.push(self.named(name).mistake(problem));
    }

    /// Where a setting comes from: from its alias, if that alone is set.
    pub(super) fn origin<'a>(&self, key: impl Into<Key<'a>>) -> Origin {
        let key = key.into();
        let name = key.name();
        match key.setting.alias {
            Some(alias) if !self.ours.contains_key(&name) && self.ours.contains_key(alias) => self.named(alias),
            Some(_) | None => self.named(&name),
        }
    }

    fn named(&self, name: &str) -> Origin {
        Origin::new(name, self.in_file.contains(name).then(|| self.file_name.clone()))
    }
}

/// Whether it is a value: what is empty counts as not set, but an empty prefix means no prefix.
fn counts(name: &str, value: &str) -> bool {
    !value.trim().is_empty() || name == declared::JWT_HEADER_PREFIX.name
}

fn as_boolean(value: &str) -> Option<bool> {
    match value.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" | "t" | "y" => Some(true),
        "false" | "0" | "no" | "off" | "f" | "n" => Some(false),
        _ => None,
    }
}

fn entries(value: &str) -> Vec<String> {
    distinct(value.split(','))
}

fn distinct<'a>(values: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut entries: Vec<String> = Vec::new();
    for entry in values.map(str::trim).filter(|entry| !entry.is_empty()) {
        if !entries.iter().any(|other| other == entry) {
            entries.push(entry.to_owned());
        }
    }
    entries
}

/// An http or https URL with a host, and nothing that would be lost when a path is appended.
pub(super) fn parse_url(text: &str) -> Option<Url> {
    http::parse_endpoint(text).filter(|url| url.query().is_none())
}

/// `base` with a path behind its own.
pub(super) fn join(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    url
}
