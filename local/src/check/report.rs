//! What `check` found, as it is printed: a line each for people, one document for programs, annotations for GitHub.

use std::path::PathBuf;

use serde_json::{Value, json};
use smac_local::command::{Problem, Tone, print, toned};

use super::Format;
use crate::format::print_json;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Mistake,
    Warning,
    Unknown,
    /// A lookup.
    Found,
    Failed,
}

impl Kind {
    const ALL: [Self; 5] = [Self::Mistake, Self::Warning, Self::Unknown, Self::Found, Self::Failed];

    /// The word, its tone, the list in JSON, and the level at GitHub.
    const fn row(self) -> (&'static str, Tone, &'static str, &'static str) {
        match self {
            Self::Mistake => ("mistake", Tone::Bad, "mistakes", "error"),
            Self::Warning => ("warning", Tone::Doubtful, "warnings", "warning"),
            Self::Unknown => ("unknown", Tone::Doubtful, "unknown", "notice"),
            Self::Found => ("found", Tone::Good, "found", "notice"),
            Self::Failed => ("failed", Tone::Bad, "failed", "error"),
        }
    }
}

pub(super) struct Report {
    format: Format,
    file: Option<PathBuf>,
    variables: usize,
    findings: Vec<(Kind, String, String)>,
    /// Whether the issuers were asked, if they should have been.
    asked: Option<bool>,
}

impl Report {
    pub(super) const fn new(format: Format, file: Option<PathBuf>, variables: usize) -> Self {
        Self { format, file, variables, findings: Vec::new(), asked: None }
    }

    /// A finding about a variable or an issuer.
    pub(super) fn add(&mut self, kind: Kind, about: &str, text: &str) -> Result<(), Problem> {
        self.findings.push((kind, about.to_owned(), text.to_owned()));
        let (word, tone, _, level) = kind.row();
        match self.format {
            Format::Text => print(&format!("{}{about}: {text}", toned(tone, format_args!("{word:9}")))).map(drop),
            Format::Json => Ok(()),
            Format::Github => print(&self.annotation(level, about, text)).map(drop),
        }
    }

    pub(super) const fn asked(&mut self, asked: bool) {
        self.asked = Some(asked);
    }

    pub(super) fn has(&self, kind: Kind) -> bool {
        self.count(kind) > 0
    }

    pub(super) fn is_nobody_asked(&self) -> bool {
        self.asked == Some(false)
    }

    pub(super) fn end(&self) -> Result<(), Problem> {
        match self.format {
            Format::Text | Format::Github => print(&self.summary()).map(drop),
            Format::Json => print_json(&self.document()),
        }
    }

    fn count(&self, kind: Kind) -> usize {
        self.findings.iter().filter(|(other, ..)| *other == kind).count()
    }

    fn summary(&self) -> String {
        let count = |kind, what| number(self.count(kind), what);
        let (mistakes, warnings) = (count(Kind::Mistake, "mistake"), count(Kind::Warning, "warning"));
        let unknown = match self.count(Kind::Unknown) {
            0 => String::new(),
            unknown => format!(", {unknown} unknown"),
        };
        let lookups = match self.asked {
            None => String::new(),
            Some(true) => format!(", {}", count(Kind::Failed, "failed lookup")),
            Some(false) => ", and nobody was asked".to_owned(),
        };
        format!("{}: {mistakes}, {warnings}{unknown}{lookups}", number(self.variables, "variable"))
    }

    fn document(&self) -> Value {
        let of = |kind: Kind| {
            let (_, _, list, _) = kind.row();
            let findings = self.findings.iter().filter(|(other, ..)| *other == kind);
            let findings: Vec<_> = findings.map(|(_, about, text)| json!({ "about": about, "text": text })).collect();
            (list.to_owned(), Value::from(findings))
        };
        let lists = Kind::ALL.map(of).into_iter();
        lists
            .chain([("variables".to_owned(), self.variables.into()), ("asked".to_owned(), self.asked.into())])
            .collect()
    }

    /// A workflow command, at the line of the file that names the variable.
    /// <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>
    fn annotation(&self, level: &str, about: &str, text: &str) -> String {
        let place = self.file.as_ref().map_or_else(String::new, |file| {
            let content = std::fs::read_to_string(file).unwrap_or_default();
            let line = content.lines().position(|line| line.to_ascii_uppercase().contains(&about.to_ascii_uppercase()));
            let line = line.map_or_else(String::new, |line| format!(",line={}", line + 1));
            format!("file={}{line},", escaped(&file.display().to_string()).replace(',', "%2C"))
        });
        format!("::{level} {place}title={}::{}", escaped(about).replace(',', "%2C").replace(':', "%3A"), escaped(text))
    }
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn number(number: usize, what: &str) -> String {
    let count = if number == 0 { "no".to_owned() } else { number.to_string() };
    format!("{count} {what}{}", if number == 1 { "" } else { "s" })
}
