//! What a setting is: its name and section, what it accepts, its default.

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
    pub(super) const fn start(self) -> Option<&'static str> {
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
    pub(super) const fn new(name: &'static str, accepts: Accepts, default: Default, help: &'static str) -> Self {
        Self { name, section: Section::Global, accepts, default, help, alias: None }
    }

    pub(super) const fn of_pools(self) -> Self {
        Self { section: Section::Pool, ..self }
    }

    pub(super) const fn of_issuers(self) -> Self {
        Self { section: Section::Issuer, ..self }
    }

    pub(super) const fn with_alias(self, alias: &'static str) -> Self {
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
