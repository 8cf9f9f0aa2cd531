//! What there is to say about a configuration. No message holds a variable's value.

use std::fmt;

use super::setting::PREFIX;

/// One thing that is wrong with the settings. Holds no variable's value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Mistake {
    /// The variable's whole name, such as `SMAC__AUTH__PROVIDER`.
    pub variable: String,
    /// What is wrong, in words.
    pub problem: String,
}

/// Everything that is wrong with the settings, sorted by variable; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mistakes(pub Vec<Mistake>);

/// A setting that is allowed and deserves a second look. Holds no variable's value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct Warning {
    /// The variable's whole name, such as `SMAC__AUTH__PROVIDER`.
    pub variable: String,
    /// What the setting does, in words.
    pub text: &'static str,
}

/// All that [`Settings::check`](crate::Settings::check) has to say, sorted by variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Findings {
    /// What is wrong. With any of these [`Settings::from_variables`](crate::Settings::from_variables) fails.
    pub mistakes: Vec<Mistake>,
    /// What is allowed and deserves a second look.
    pub warnings: Vec<Warning>,
}

/// Where a setting comes from, as the user knows it.
pub(super) struct Origin {
    variable: String,
    /// The settings file, if it has the setting.
    file: Option<String>,
}

impl Origin {
    /// A setting of ours, by its name without the prefix.
    pub(super) fn new(name: &str, file: Option<String>) -> Self {
        Self { variable: format!("{PREFIX}{name}"), file }
    }

    pub(super) fn mistake(&self, problem: impl fmt::Display) -> Mistake {
        let problem = match &self.file {
            Some(file) => format!("{problem} (in {file})"),
            None => problem.to_string(),
        };
        Mistake { variable: self.variable.clone(), problem }
    }

    pub(super) fn warning(&self, text: &'static str) -> Warning {
        Warning { variable: self.variable.clone(), text }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.variable, self.problem)
    }
}

impl std::error::Error for Mistake {}

impl Mistakes {
    /// In the order of their variables, each once.
    pub(super) fn sorted(mistakes: impl IntoIterator<Item = Mistake>) -> Self {
        let mut mistakes: Vec<_> = mistakes.into_iter().collect();
        mistakes.sort();
        mistakes.dedup();
        Self(mistakes)
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            mistake.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}
