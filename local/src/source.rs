//! Whose settings a command uses: one group of options for all of them.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};
use std::time::SystemTime;

use smac_lambda_authorizer::tools::{self, PREFIX};
use smac_lambda_authorizer::{Findings, Mistakes, Settings};
use smac_local::command::{self, About as _, Problem, name_and_value, place};
use smac_local::stand_ins::StandIns;
use smac_local::{env_file, lock};

use crate::environment::{self, TASK_ROOT, Variables};

/// The options. Without a file they stand for the development deployment.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Settings (of the development deployment, unless a file is given)")]
pub(crate) struct Source {
    /// File with the variables of a deployment, NAME=VALUE
    #[arg(long, value_name = "FILE", conflicts_with_all = ["function_config", "template"])]
    env_file: Option<PathBuf>,
    /// Output of `aws lambda get-function-configuration`
    #[arg(long, value_name = "FILE", conflicts_with = "template")]
    function_config: Option<PathBuf>,
    /// SAM or CloudFormation template, in YAML or JSON
    #[arg(long, value_name = "FILE")]
    template: Option<PathBuf>,
    /// Parameter of the template, instead of its default (repeatable)
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = name_and_value)]
    parameters: Vec<(String, String)>,
    /// Function of the template, where several have settings
    #[arg(long, value_name = "NAME")]
    function: Option<String>,
    /// Settings file in JSON, instead of the one that SETTINGS_FILE names
    #[arg(long, value_name = "FILE")]
    settings_file: Option<PathBuf>,
    /// Another value of a setting, without SMAC__AUTH__ (repeatable)
    #[arg(long = "setting", value_name = "NAME=VALUE", value_parser = parse_setting)]
    // Not by its other name, by which clap would not see that there may be several.
    settings: Vec<(String, String)>,
    /// Folder with access rules: `*.cedar`, and `routes.json` or `schema.json`
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// Ask the real upstreams; without it nothing leaves this machine
    #[arg(long)]
    live: bool,
    /// It can be read only once.
    #[arg(skip)]
    standard_input: OnceLock<String>,
}

fn parse_setting(text: &str) -> Result<(String, String), &'static str> {
    let (name, value) = name_and_value(text)?;
    Ok((format!("{PREFIX}{}", name.strip_prefix(PREFIX).unwrap_or(&name)), value))
}

impl Source {
    /// Whether the development deployment is meant, and not one of the user's.
    pub(crate) fn is_development(&self) -> bool {
        self.files().next().is_none()
    }

    pub(crate) const fn is_live(&self) -> bool {
        self.live
    }

    /// Whether a folder with access rules is given.
    pub(crate) const fn has_rules(&self) -> bool {
        self.rules.is_some()
    }

    /// Another value of a setting, for options that stand for one.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.settings.push((format!("{PREFIX}{name}"), value.to_owned()));
    }

    fn files(&self) -> impl Iterator<Item = &Path> {
        let files = [&self.env_file, &self.function_config, &self.template, &self.settings_file];
        files.into_iter().filter_map(Option::as_deref)
    }

    /// Standard input has one content.
    pub(crate) fn share_standard_input(&self, other: &Path) -> Result<(), Problem> {
        let count = self.files().chain([other]).filter(|path| command::is_standard_input(path)).count();
        if count > 1 {
            return Err(Problem::new("`-`", "only one file can be standard input"));
        }
        Ok(())
    }

    fn text(&self, path: &Path) -> Result<String, Problem> {
        if !command::is_standard_input(path) {
            return command::read(path);
        }
        if self.standard_input.get().is_none() {
            let _ = self.standard_input.set(command::read(path)?);
        }
        Ok(self.standard_input.get().cloned().unwrap_or_default())
    }

    /// Reads the settings. Those of the development deployment point to these stand-ins.
    pub(crate) fn read(&self, stand_ins: Option<&StandIns>) -> Result<Deployment, Problem> {
        if self.live && self.is_development() {
            let files = "--env-file, --function-config, --template or --settings-file";
            return Err(Problem::new("--live", format_args!("needs a deployment, by {files}")));
        }
        // Not by clap: it requires nothing that conflicts with another option that is there.
        if self.template.is_none() && (self.function.is_some() || !self.parameters.is_empty()) {
            return Err(Problem::new("--parameter and --function", "need --template"));
        }
        let mut unknown = Vec::new();
        let mut variables = stand_ins.map(StandIns::environment).unwrap_or_default();
        if let Some(path) = &self.env_file {
            variables = env_file::parse(&self.text(path)?).about(place(path))?;
        } else if let Some(path) = &self.function_config {
            variables = environment::of_function(&self.text(path)?).about(place(path))?;
        } else if let Some(path) = &self.template {
            let (text, parameters) = (self.text(path)?, self.parameters.clone());
            let function = self.function.as_deref();
            (variables, unknown) = environment::of_template(&text, function, parameters).about(place(path))?;
        }
        let mut files = Files::default();
        lock(&files.read).extend(self.files().map(Path::to_owned));
        if let Some(path) = &self.settings_file {
            let absolute = if command::is_standard_input(path) {
                files.given = Some(self.text(path)?);
                PathBuf::from(GIVEN)
            } else {
                std::path::absolute(path).about(path.display())?
            };
            let named = (format!("{PREFIX}SETTINGS_FILE"), absolute.to_string_lossy().into_owned());
            environment::change(&mut variables, vec![named]);
        }
        if !self.is_development() {
            environment::add_lambdas_own(&mut variables);
        }
        // The files that it names are beside it, where nobody says where the function's package is.
        let beside = self.env_file.as_ref().or(self.settings_file.as_ref());
        if let Some(folder) = beside.filter(|path| !command::is_standard_input(path)).and_then(|path| path.parent()) {
            environment::add_missing(&mut variables, TASK_ROOT, &folder.to_string_lossy());
        }
        unknown.retain(|(name, _)| !self.settings.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)));
        variables.extend(unknown.iter().map(|(name, _)| (name.clone(), environment::unknown_value(name))));
        if let Some(folder) = &self.rules {
            environment::change(&mut variables, of_rules(folder)?);
        }
        environment::change(&mut variables, self.settings.clone());
        if !self.live {
            environment::assume_region(&mut variables);
        }
        Ok(Deployment { name: self.name(), file: self.main_file(), variables, unknown, files, is_live: self.live })
    }

    fn main_file(&self) -> Option<PathBuf> {
        self.files().find(|path| !command::is_standard_input(path)).map(Path::to_owned)
    }

    fn name(&self) -> String {
        self.files().next().map_or_else(|| "the development deployment".to_owned(), place)
    }
}

/// The settings of the rules in a folder.
fn of_rules(folder: &Path) -> Result<Variables, Problem> {
    let folder = std::fs::canonicalize(folder).about(folder.display())?;
    let routes = ["routes.json", "schema.json"].map(|name| folder.join(name)).into_iter().find(|path| path.is_file());
    let named = |name: &str, path: &Path| (format!("{PREFIX}{name}"), path.to_string_lossy().into_owned());
    let routes = routes.map(|path| named("RULES__ROUTES", &path));
    Ok([named("RULES__POLICIES", &folder)].into_iter().chain(routes).collect())
}

/// A deployment's settings, before they are read.
#[derive(Debug)]
pub(crate) struct Deployment {
    /// What it is called in messages.
    pub(crate) name: String,
    /// The file that it is in.
    pub(crate) file: Option<PathBuf>,
    pub(crate) variables: Variables,
    /// The variables that only the deployment itself knows, and why.
    pub(crate) unknown: Variables,
    pub(crate) files: Files,
    pub(crate) is_live: bool,
}

impl Deployment {
    pub(crate) fn check(&self) -> Findings {
        Settings::check(self.variables.clone(), |path| self.files.read(path))
    }

    /// The settings, if the function starts with them.
    pub(crate) fn settings(&self) -> Result<Settings, Problem> {
        if !self.unknown.is_empty() {
            let what = "only the deployment knows these: give each with --setting, or with --parameter";
            return Err(Problem::list(what, self.unknown.iter().map(|(name, why)| format!("{name}: {why}"))));
        }
        self.with(self.variables.clone())
    }

    /// The settings with other variables.
    pub(crate) fn with(&self, variables: Variables) -> Result<Settings, Problem> {
        let settings = Settings::from_variables(variables, |path| self.files.read(path));
        settings.map(tools::with_each_policy).map_err(|Mistakes { 0: mistakes, .. }| {
            let what = format!("with these mistakes in the settings of {} the function does not start", self.name);
            Problem::list(what, mistakes)
        })
    }
}

/// What a settings file is called that came by standard input.
const GIVEN: &str = "/standard input";

/// Reads the files that settings name, and remembers which these are.
#[derive(Debug, Default)]
pub(crate) struct Files {
    given: Option<String>,
    read: Mutex<BTreeSet<PathBuf>>,
}

impl Files {
    /// Those that were read.
    pub(crate) fn all(&self) -> BTreeSet<PathBuf> {
        lock(&self.read).clone()
    }

    fn read(&self, path: &Path) -> io::Result<String> {
        if let Some(text) = self.given.as_ref().filter(|_| path == Path::new(GIVEN)) {
            return Ok(text.clone());
        }
        lock(&self.read).insert(path.to_owned());
        std::fs::read_to_string(path)
    }

    /// What the files look like from outside; it changes with any of them. A folder changes with what is in it.
    pub(crate) fn state(&self) -> Vec<Option<(SystemTime, u64)>> {
        let state = |path: &PathBuf| {
            let about = std::fs::metadata(path).ok()?;
            Some((about.modified().ok()?, about.len()))
        };
        lock(&self.read).iter().map(state).collect()
    }
}
