//! Variables by name, parsed one at a time, with all their mistakes collected.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::time::Duration;

use url::{Host, Url};

use super::{Findings, Mistake, POOL_VARIABLES, PREFIX, VARIABLES, Warning, cognito};

/// The environment, what was read of it, and what was wrong with it.
pub(super) struct Variables {
    /// Ours, by the upper-cased name without the prefix. Blank ones are there, too.
    ours: BTreeMap<String, String>,
    foreign: BTreeMap<String, String>,
    read: BTreeSet<String>,
    mistakes: Vec<Mistake>,
    warnings: Vec<Warning>,
}

impl Variables {
    pub(super) fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut all = Self {
            ours: BTreeMap::new(),
            foreign: BTreeMap::new(),
            read: BTreeSet::new(),
            mistakes: Vec::new(),
            warnings: Vec::new(),
        };
        for (name, value) in variables {
            let upper = name.to_ascii_uppercase();
            match upper.strip_prefix(PREFIX) {
                None => {
                    all.foreign.insert(name, value);
                }
                Some(key) => {
                    if all.ours.insert(key.to_owned(), value).is_some() {
                        all.mistake(key, "is there in two spellings");
                    }
                }
            }
        }
        all
    }

    /// Everything that was found, by name.
    pub(super) fn into_findings(mut self) -> Findings {
        self.mistakes.sort();
        self.mistakes.dedup();
        // A mistaken variable was read as if it had its default: there is nothing to say about that.
        self.warnings.retain(|warning| !self.mistakes.iter().any(|mistake| mistake.variable == warning.variable));
        self.warnings.sort();
        Findings { mistakes: self.mistakes, warnings: self.warnings }
    }

    pub(super) fn mistake(&mut self, key: &str, problem: impl Into<String>) {
        self.mistakes.push(Mistake { variable: format!("{PREFIX}{key}"), problem: problem.into() });
    }

    pub(super) fn foreign_mistake(&mut self, name: &str, problem: impl Into<String>) {
        self.mistakes.push(Mistake { variable: name.to_owned(), problem: problem.into() });
    }

    pub(super) fn warn(&mut self, key: &str, text: &'static str) {
        self.warnings.push(Warning { variable: format!("{PREFIX}{key}"), text });
    }

    pub(super) fn foreign_warning(&mut self, name: &str, text: &'static str) {
        self.warnings.push(Warning { variable: name.to_owned(), text });
    }

    /// The names, without the prefix, that begin with `start`.
    pub(super) fn names_below(&self, start: &str) -> Vec<String> {
        self.ours.keys().filter(|key| key.starts_with(start)).cloned().collect()
    }

    /// Whether any variable with such a name is set.
    pub(super) fn any(&self, is_wanted: impl Fn(&str) -> bool) -> bool {
        self.ours.iter().any(|(key, value)| is_wanted(key) && !value.trim().is_empty())
    }

    /// Whether any variable that begins with `start` is set.
    pub(super) fn any_below(&self, start: &str) -> bool {
        self.any(|key| key.starts_with(start))
    }

    /// The value as it is, blank or not.
    pub(super) fn raw(&mut self, key: &str) -> Option<String> {
        self.read.insert(key.to_owned());
        self.ours.get(key).cloned()
    }

    pub(super) fn optional(&mut self, key: &str) -> Option<String> {
        self.raw(key).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    pub(super) fn text(&mut self, key: &str, default: &str) -> String {
        self.optional(key).unwrap_or_else(|| default.to_owned())
    }

    pub(super) fn choice<T: Copy>(&mut self, key: &str, choices: &[(&str, T)], default: T) -> T {
        let Some(value) = self.optional(key) else {
            return default;
        };
        if let Some((_, choice)) = choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(&value)) {
            return *choice;
        }
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        self.mistake(key, format!("must be one of {}", names.join(", ")));
        default
    }

    pub(super) fn boolean(&mut self, key: &str, default: bool) -> bool {
        let Some(value) = self.optional(key) else {
            return default;
        };
        match value.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" | "t" | "y" => true,
            "false" | "0" | "no" | "off" | "f" | "n" => false,
            _ => {
                self.mistake(key, "must be true or false");
                default
            }
        }
    }

    pub(super) fn number(&mut self, key: &str, default: u64, range: RangeInclusive<u64>) -> u64 {
        let Some(value) = self.optional(key) else {
            return default;
        };
        // `parse` would take a plus sign.
        let number = value.bytes().all(|byte| byte.is_ascii_digit()).then(|| value.parse().ok()).flatten();
        match number.filter(|number| range.contains(number)) {
            Some(number) => number,
            None => {
                self.mistake(key, format!("must be a whole number from {} to {}", range.start(), range.end()));
                default
            }
        }
    }

    pub(super) fn seconds(&mut self, key: &str, default: u64) -> Duration {
        Duration::from_secs(self.number(key, default, 0..=u64::from(u32::MAX)))
    }

    /// A comma-separated list, or a JSON array of texts; empty if unset.
    pub(super) fn list(&mut self, key: &str) -> Vec<String> {
        let Some(value) = self.optional(key) else {
            return Vec::new();
        };
        let parsed = if value.starts_with('[') {
            let Ok(list) = serde_json::from_str::<Vec<String>>(&value) else {
                self.mistake(key, "begins with `[` and is no JSON array of texts");
                return Vec::new();
            };
            list
        } else {
            value.split(',').map(str::to_owned).collect()
        };
        let mut entries: Vec<String> = Vec::new();
        for entry in parsed.iter().map(|entry| entry.trim()).filter(|entry| !entry.is_empty()) {
            if !entries.iter().any(|other| other == entry) {
                entries.push(entry.to_owned());
            }
        }
        if entries.is_empty() {
            self.mistake(key, "is a list without an entry");
        }
        entries
    }

    pub(super) fn header_name(&mut self, key: &str, default: &str) -> String {
        let name = self.text(key, default);
        // A token as in RFC 9110, section 5.6.2.
        if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)) {
            return name;
        }
        self.mistake(key, "is not the name of a header");
        default.to_owned()
    }

    pub(super) fn optional_region(&mut self, key: &str) -> Option<String> {
        let region = self.optional(key)?;
        if is_region(&region) {
            return Some(region);
        }
        self.mistake(key, "is not the name of an AWS region");
        None
    }

    /// A variable that is not ours; blank is unset.
    pub(super) fn foreign(&mut self, name: &str) -> Option<String> {
        self.foreign.get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
    }

    pub(super) fn foreign_url(&mut self, name: &str) -> Option<Url> {
        let value = self.foreign(name)?;
        match parse_url(&value) {
            Some(url) => Some(url),
            None => {
                self.foreign_mistake(name, "is not an http or https URL");
                None
            }
        }
    }

    /// Reports what nobody read: a mistyped check must not pass for one that is on.
    pub(super) fn report_unknown(&mut self) {
        let unknown: Vec<_> = self.ours.keys().filter(|key| !self.read.contains(*key)).cloned().collect();
        for key in unknown {
            let problem = match nearest(&key) {
                Some(name) => format!("is unknown; did you mean {PREFIX}{name}?"),
                None => "is unknown".to_owned(),
            };
            self.mistake(&key, problem);
        }
    }
}

/// The known name that is nearest to this one, if any is near.
fn nearest(key: &str) -> Option<String> {
    let pool = key.strip_prefix(cognito::POOLS).and_then(|rest| rest.split_once("__")).map(|(pool, _)| pool);
    let pool = pool.filter(|pool| !pool.is_empty()).unwrap_or("PRIMARY");
    let length = key.chars().count();
    VARIABLES
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .chain(POOL_VARIABLES.iter().map(|(name, _)| format!("{}{pool}__{name}", cognito::POOLS)))
        // Names are no nearer than their lengths, and a comparison takes the product of these.
        .filter(|name| name.len().abs_diff(length) <= name.len() / 2)
        .map(|name| (strsim::damerau_levenshtein(key, &name), name))
        .min()
        .filter(|(distance, name)| *distance <= name.len() / 2)
        .map(|(_, name)| name)
}

pub(super) fn is_region(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// An http or https URL with a host, and nothing that would be lost when a path is put behind it.
pub(super) fn parse_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let is_plain = matches!(url.scheme(), "http" | "https")
        && url.host().is_some()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    is_plain.then_some(url)
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// `base` with a path behind its own.
pub(super) fn join(base: &Url, path: &str) -> Option<Url> {
    Url::parse(&format!("{}/{path}", base.as_str().trim_end_matches('/'))).ok()
}
