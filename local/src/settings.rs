//! `settings`: every setting, as the library declares it.

use std::process::ExitCode;

use clap::ValueEnum;
use smac_lambda_authorizer::tools::{Accepts, Default, PREFIX, SETTINGS, Setting};
use smac_local::command::{Problem, print};

/// List every setting with its default, what it accepts, and what it is for
#[derive(Debug, clap::Args)]
pub(crate) struct List {
    /// How they are printed; `markdown` is the table of docs/configuration.md
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Text,
    Markdown,
}

impl List {
    pub(crate) fn run(&self) -> Result<ExitCode, Problem> {
        let settings = SETTINGS.iter().copied();
        let lines: Vec<String> = match self.format {
            Format::Text => settings.map(text).collect(),
            Format::Markdown => {
                let head = "| setting | default | accepts | what it is for |\n| --- | --- | --- | --- |";
                std::iter::once(head.to_owned()).chain(settings.map(row)).collect()
            }
        };
        print(&lines.join("\n"))
    }
}

fn text(setting: &Setting) -> String {
    let name = setting.full_name("<NAME>");
    let accepts = accepts(setting.accepts, str::to_owned);
    let alias = setting.alias.map(|alias| format!("\n  also     {PREFIX}{alias}")).unwrap_or_default();
    let default = setting.default.shown();
    format!("{PREFIX}{name}\n  {}\n  default  {default}\n  accepts  {accepts}{alias}", setting.help)
}

fn row(setting: &Setting) -> String {
    let code = |text: &str| format!("`{text}`");
    let default = match setting.default {
        Default::Value(value) => code(value),
        Default::Words(_) | Default::Required => setting.default.shown().to_owned(),
    };
    let alias = setting.alias.map(|alias| format!(" Also {}.", code(alias))).unwrap_or_default();
    let (name, accepts) = (code(&setting.full_name("<NAME>")), accepts(setting.accepts, code));
    format!("| {name} | {default} | {accepts} | {}{alias} |", setting.help)
}

fn accepts(accepts: Accepts, word: impl Fn(&str) -> String) -> String {
    let words = |all: &[&str], between: &str| all.iter().map(|text| word(text)).collect::<Vec<_>>().join(between);
    match accepts {
        Accepts::Url => "an https URL".to_owned(),
        Accepts::Json => "a JSON object".to_owned(),
        Accepts::KeySet => "a JSON key set, or a file with one".to_owned(),
        Accepts::Boolean => words(&["true", "false"], " or "),
        Accepts::OneOf(names) => words(names, " or "),
        Accepts::ListOf(names) => format!("a list of {}", words(names, ", ")),
        Accepts::List => "a list".to_owned(),
        Accepts::Number { min, max } => format!("{min} to {max}"),
        Accepts::String => "a string".to_owned(),
        Accepts::Header => "the name of a header".to_owned(),
        Accepts::Region => "an AWS region".to_owned(),
    }
}
