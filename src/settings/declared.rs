//! Every setting, declared once: its name, what it accepts, its default, and what it is for. The reader, the documents,
//! the template and the tools all use this list.

mod list;

pub use list::SETTINGS;
pub(super) use list::*;

/// What every variable's name begins with.
pub const PREFIX: &str = "SMAC__AUTH__";

/// What is before the name of a user pool.
pub(super) const POOLS: &str = "PROVIDER_COGNITO__USERPOOLS__";

/// What is before the name of an OIDC issuer.
pub(super) const ISSUERS: &str = "PROVIDER_OIDC__ISSUERS__";

/// What the variables of service principals begin with: they are on when any of them is set.
pub(super) const AUTOMATION: &str = "AUTOMATION_PRINCIPALS__";

/// One setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The name, without [`PREFIX`]; a pool's or an issuer's setting is named behind its section.
    pub name: &'static str,
    /// Whether there is one of it, or one for each pool or issuer.
    pub section: Section,
    /// What it accepts.
    pub accepts: Accepts,
    /// What it is when it is not set.
    pub default: Default,
    /// What it is for, in a sentence.
    pub help: &'static str,
    /// The name in smac-fastapi-auth, where it has another one there.
    pub alias: Option<&'static str>,
}

/// Where a setting belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// There is one.
    Global,
    /// There is one for each user pool.
    Pool,
    /// There is one for each OIDC issuer.
    Issuer,
}

impl Section {
    /// What is before the section's own name, if there are several.
    const fn start(self) -> Option<&'static str> {
        match self {
            Self::Global => None,
            Self::Pool => Some(POOLS),
            Self::Issuer => Some(ISSUERS),
        }
    }
}

/// What a setting accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// `true` or `false`, in one of their spellings.
    Boolean,
    /// One of these words, in any case.
    OneOf(&'static [&'static str]),
    /// A list of these words, in any case.
    ListOf(&'static [&'static str]),
    /// A list.
    List,
    /// A whole number in this range.
    Number {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// A string.
    String,
    /// The address of an https endpoint.
    Url,
    /// A JSON object.
    Json,
    /// A key set as JSON, or the name of a file with one.
    KeySet,
    /// The name of a header.
    Header,
    /// The name of an AWS region.
    Region,
}

/// What a setting is when it is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// This value.
    Value(&'static str),
    /// What these words say.
    Words(&'static str),
    /// It must be set.
    Required,
}

impl Default {
    /// As the documents show it.
    #[must_use]
    pub const fn shown(self) -> &'static str {
        match self {
            Self::Value(value) | Self::Words(value) => value,
            Self::Required => "required",
        }
    }
}

impl Setting {
    const fn new(name: &'static str, accepts: Accepts, default: Default, help: &'static str) -> Self {
        Self { name, section: Section::Global, accepts, default, help, alias: None }
    }

    const fn of_pools(self) -> Self {
        Self { section: Section::Pool, ..self }
    }

    const fn of_issuers(self) -> Self {
        Self { section: Section::Issuer, ..self }
    }

    const fn with_alias(self, alias: &'static str) -> Self {
        Self { alias: Some(alias), ..self }
    }

    /// The whole name without [`PREFIX`], with this in the place of a pool's or an issuer's name.
    #[must_use]
    pub fn full_name(&self, section: &str) -> String {
        match self.section.start() {
            None => self.name.to_owned(),
            Some(start) => [start, section, "__", self.name].concat(),
        }
    }

    /// Whether its value is JSON, so that a settings file may have an object in its place.
    pub(super) const fn accepts_json(&self) -> bool {
        matches!(self.accepts, Accepts::Json | Accepts::KeySet)
    }
}

/// The setting of this name (without [`PREFIX`]), and the pool or issuer that the name holds, if it is one's.
pub(super) fn find(name: &str) -> Option<(&'static Setting, Option<&str>)> {
    for section in [Section::Pool, Section::Issuer] {
        if let Some((own, rest)) = split(name, section) {
            return named(section, rest).map(|setting| (setting, Some(own)));
        }
    }
    named(Section::Global, name).map(|setting| (setting, None))
}

/// The section's own name, and what is behind it.
fn split(name: &str, section: Section) -> Option<(&str, &str)> {
    let (own, rest) = name.strip_prefix(section.start()?)?.split_once("__")?;
    (!own.is_empty()).then_some((own, rest))
}

fn named(section: Section, name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.name == name && setting.section == section).copied()
}

/// The setting that has this name (without [`PREFIX`]) in smac-fastapi-auth.
pub(super) fn by_alias(name: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.alias == Some(name)).copied()
}

/// Whether this is the name of a setting (without [`PREFIX`]), or another name for one.
pub(super) fn is_known(name: &str) -> bool {
    find(name).is_some() || by_alias(name).is_some()
}

/// The known name that is nearest to this one, if any is near.
pub(super) fn nearest(name: &str) -> Option<String> {
    let own = |section| split(name, section).map_or("", |(own, _)| own);
    let (pool, issuer) = (own(Section::Pool), own(Section::Issuer));
    let length = name.chars().count();
    SETTINGS
        .iter()
        .flat_map(|setting| {
            let own = match setting.section {
                Section::Global => "",
                Section::Pool => Some(pool).filter(|pool| !pool.is_empty()).unwrap_or("PRIMARY"),
                Section::Issuer => Some(issuer).filter(|issuer| !issuer.is_empty()).unwrap_or("NAME"),
            };
            [Some(setting.full_name(own)), setting.alias.map(str::to_owned)]
        })
        .flatten()
        // Names are no nearer than their lengths, and a comparison takes the product of these.
        .filter(|known| known.len().abs_diff(length) <= known.len() / 2)
        // A name without its unit is near, however long the unit is.
        .map(|known| (if known.starts_with(name) { 1 } else { strsim::damerau_levenshtein(name, &known) }, known))
        .min()
        .filter(|(distance, known)| *distance <= known.len() / 2)
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_setting_is_declared_once_and_explained() {
        let names: BTreeSet<_> = SETTINGS
            .iter()
            .flat_map(|setting| [Some(setting.full_name("X")), setting.alias.map(str::to_owned)])
            .flatten()
            .collect();
        let aliases = SETTINGS.iter().filter(|setting| setting.alias.is_some()).count();
        assert_eq!(names.len(), SETTINGS.len() + aliases);
        for setting in SETTINGS {
            assert!(setting.help.ends_with('.') && setting.help.len() < 120, "{}: {}", setting.name, setting.help);
            assert_eq!(find(&setting.full_name("X")).map(|(found, _)| found), Some(*setting));
        }
    }

    #[test]
    fn a_mistyped_name_is_near_the_right_one() {
        for (name, expected) in [
            ("MODES", Some("MODE")),
            ("PROVIDER_COGNITO__USERPOOLS__MAIN__USERPOOLID", Some("PROVIDER_COGNITO__USERPOOLS__MAIN__USERPOOL_ID")),
            ("JWT__LEEWAY", Some("JWT__LEEWAY_SECONDS")),
            ("SOMETHING_ENTIRELY_DIFFERENT_FROM_ALL_OF_THEM_AND_MUCH_LONGER_THAN_ANY_OTHER_NAME_HERE_IS_IN_FACT", None),
        ] {
            assert_eq!(nearest(name).as_deref(), expected, "{name}");
        }
    }
}
