//! What `check` says about access rules: by the schema, by the routes, by the API's own document, by their expectations.

mod expectations;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cedar_policy::{EntityUid, PrincipalConstraint, ResourceConstraint, Schema, ValidationMode, Validator};
use smac_lambda_authorizer::tools::{self, Parts, Precedence, RulesConfig, Scope};
use smac_local::command::{About as _, Problem};
use smac_local::openapi::{Document, Operation};

use super::report::{Kind, Report};
use crate::source::Deployment;

/// What is asked for beside the settings.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// OpenAPI document of the API, to compare its routes with those of the rules
    #[arg(long, value_name = "FILE")]
    openapi: Option<PathBuf>,
    /// Cedar schema for the rules [default: their routes, or schema.json beside them]
    #[arg(long, value_name = "FILE")]
    schema: Option<PathBuf>,
}

impl Options {
    pub(super) const fn are_given(&self) -> bool {
        self.openapi.is_some() || self.schema.is_some()
    }
}

/// Looks at the rules, if there are any. Whose issuers are known is a matter of a deployment.
pub(super) fn look(
    deployment: &Deployment,
    is_deployment: bool,
    options: &Options,
    report: &mut Report,
) -> Result<(), Problem> {
    // With mistakes in the settings there are no rules to look at.
    let Ok(settings) = deployment.with(deployment.variables.clone()) else {
        return Ok(());
    };
    let parts = tools::parts(&settings);
    let Some(rules) = parts.rules else {
        if options.are_given() {
            return Err(Problem::new("--openapi and --schema", "are for access rules, and RULES__POLICIES is not set"));
        }
        return Ok(());
    };
    let files = deployment.files.all();
    let schema = schema(&files, options)?;
    if let Some((_, schema)) = &schema {
        by_schema(rules, schema.clone(), report)?;
    }
    for (place, why) in never_applying(rules, &parts, is_deployment) {
        report.add(Kind::Warning, &place, &format!("never applies: {why}"))?;
    }
    for route in rules.never_permitted() {
        report.add(Kind::Warning, route, "no policy permits it")?;
    }
    if parts.policy.scope == Scope::Stage {
        overlaps(rules, report)?;
    }
    if let Some(path) = &options.openapi {
        compare(rules, path, report)?;
    }
    let tests = expectations::run(rules, &folders(&files), report)?;
    let schema = schema.map_or("no schema".to_owned(), |(path, _)| format!("the schema {}", name_of(&path)));
    let counted = [(rules.policies().count(), "policies"), (rules.routes().map_or(0, Iterator::count), "routes")];
    let counted = counted.map(|(count, what)| format!("{count} {what}")).join(", ");
    report.add(Kind::Found, "rules", &format!("{counted}, {schema}, {tests}"))
}

/// The folders of the policies.
fn folders(files: &BTreeSet<PathBuf>) -> BTreeSet<PathBuf> {
    let policies = files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "cedar"));
    policies.filter_map(|path| path.parent()).map(Path::to_owned).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned())
}

/// The schema, if there is one, and where.
fn schema(files: &BTreeSet<PathBuf>, options: &Options) -> Result<Option<(PathBuf, Schema)>, Problem> {
    let read = |path: &Path| -> Result<Schema, Problem> {
        let text = std::fs::read_to_string(path).about(path.display())?;
        match text.trim_start().starts_with('{') {
            true => Schema::from_json_str(&text).about(path.display()),
            false => text.parse().about(path.display()),
        }
    };
    if let Some(path) = &options.schema {
        return Ok(Some((path.clone(), read(path)?)));
    }
    // The routes may be one. Other files are a list of routes, or the settings.
    let read_already = files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "json"));
    for path in read_already {
        if let Ok(schema) = read(path) {
            return Ok(Some((path.clone(), schema)));
        }
    }
    let beside = folders(files).into_iter().map(|folder| folder.join("schema.json")).find(|path| path.is_file());
    beside.map(|path| Ok((path.clone(), read(&path)?))).transpose()
}

/// What Cedar's validator says: a wrong attribute or type is a mistake, a policy that is always false a warning.
fn by_schema(rules: &RulesConfig, schema: Schema, report: &mut Report) -> Result<(), Problem> {
    let result = Validator::new(schema).validate(rules.policy_set(), ValidationMode::Strict);
    let place = |id: &cedar_policy::PolicyId| place_of(rules, id.as_ref());
    let mistakes = result.validation_errors().map(|error| (place(error.policy_id()), error.to_string()));
    let warnings = result.validation_warnings().map(|warning| (place(warning.policy_id()), warning.to_string()));
    // In no order of their own.
    let (mistakes, warnings): (BTreeSet<_>, BTreeSet<_>) = (mistakes.collect(), warnings.collect());
    for (kind, found) in [(Kind::Mistake, mistakes), (Kind::Warning, warnings)] {
        for (place, text) in found {
            report.add(kind, &place, &text)?;
        }
    }
    Ok(())
}

fn place_of(rules: &RulesConfig, policy: &str) -> String {
    let place = rules.policies().find(|(name, _)| *name == policy);
    place.map_or_else(|| policy.to_owned(), |(_, place)| place)
}

/// The policies whose scope is never that of a question, and why.
fn never_applying(rules: &RulesConfig, parts: &Parts<'_>, knows_issuers: bool) -> Vec<(String, String)> {
    let policies = rules.policy_set().policies();
    let found = policies.filter_map(|policy| {
        let why = principal_of(&policy.principal_constraint())
            .and_then(|(type_name, entity, is_group)| {
                never_asks(rules, parts, knows_issuers, &type_name, entity, is_group)
            })
            .or_else(|| never_asked_about(rules, &policy.resource_constraint()))?;
        Some((place_of(rules, policy.id().as_ref()), why))
    });
    found.collect()
}

/// The type, the entity if one is named, and whether it is one to be in.
fn principal_of(constraint: &PrincipalConstraint) -> Option<(String, Option<&EntityUid>, bool)> {
    match constraint {
        PrincipalConstraint::Any => None,
        PrincipalConstraint::Is(type_name) => Some((type_name.to_string(), None, false)),
        PrincipalConstraint::Eq(entity) => Some((entity.type_name().to_string(), Some(entity), false)),
        PrincipalConstraint::In(entity) | PrincipalConstraint::IsIn(_, entity) => {
            Some((entity.type_name().to_string(), Some(entity), true))
        }
    }
}

fn never_asks(
    rules: &RulesConfig,
    parts: &Parts<'_>,
    knows_issuers: bool,
    type_name: &str,
    entity: Option<&EntityUid>,
    is_group: bool,
) -> Option<String> {
    let prefix = rules.namespace().map(|namespace| format!("{namespace}::")).unwrap_or_default();
    let kinds: &[&str] = match is_group {
        true => &["User", "UserGroup", "Service", "ServiceGroup", "Anonymous"],
        false => &["User", "Service", "Anonymous"],
    };
    let kind = type_name.strip_prefix(&prefix).unwrap_or_default();
    if !kinds.contains(&kind) {
        let kinds: Vec<String> = kinds.iter().map(|kind| format!("{prefix}{kind}")).collect();
        return Some(format!("nobody is a {type_name}; there are {}", kinds.join(", ")));
    }
    let id: &str = entity?.id().unescaped();
    if !matches!(kind, "User" | "UserGroup") {
        return None;
    }
    let Some((realm, _)) = id.split_once('|') else {
        return Some(format!("{type_name} is named by its issuer too: \"<pool id or issuer name>|{id}\""));
    };
    let issuers = parts.tokens.map(|tokens| tokens.issuers.as_slice()).unwrap_or_default();
    let is_known = !knows_issuers || issuers.iter().any(|issuer| *issuer.realm == *realm);
    (!is_known).then(|| format!("no pool has the id {realm}, and no issuer the name"))
}

fn never_asked_about(rules: &RulesConfig, constraint: &ResourceConstraint) -> Option<String> {
    let namespace = rules.namespace();
    let application = namespace.map_or("Application".to_owned(), |namespace| format!("{namespace}::Application"));
    let (type_name, entity) = match constraint {
        ResourceConstraint::Any => return None,
        ResourceConstraint::Is(type_name) => (type_name.to_string(), None),
        ResourceConstraint::Eq(entity) | ResourceConstraint::In(entity) | ResourceConstraint::IsIn(_, entity) => {
            (entity.type_name().to_string(), Some(entity))
        }
    };
    if type_name != application {
        return Some(format!("no resource is a {type_name}; it is always the {application}"));
    }
    // Without a namespace it is the API's id, which only the event has.
    let (entity, namespace) = entity.zip(namespace)?;
    let id: &str = entity.id().unescaped();
    (id != namespace).then(|| format!("the resource is always {application}::\"{namespace}\""))
}

/// Pairs that the policy of a stage can't tell apart.
fn overlaps(rules: &RulesConfig, report: &mut Report) -> Result<(), Problem> {
    let [rest, http] = [Precedence::Rest, Precedence::Http].map(|precedence| rules.overlaps(precedence));
    let all: BTreeSet<_> = rest.iter().chain(&http).collect();
    for pair @ (one, other) in all {
        let kind = match (rest.contains(pair), http.contains(pair)) {
            (true, false) => " (in a REST API)",
            (false, true) => " (in an HTTP API)",
            (true, true) | (false, false) => "",
        };
        let why = format!("overlaps {other}{kind}: who may call the first and not the second can be refused the first");
        report.add(Kind::Warning, one, &why)?;
    }
    Ok(())
}

/// Whether the list has the routes of the API.
fn compare(rules: &RulesConfig, path: &Path, report: &mut Report) -> Result<(), Problem> {
    let text = std::fs::read_to_string(path).about(path.display())?;
    let document = Document::parse(&text).about(path.display())?;
    for server in &document.server_paths {
        let why = format!("has the server path {server}: API Gateway's routes lack it, and Cedar's generator adds it");
        report.add(Kind::Warning, &name_of(path), &why)?;
    }
    let api: BTreeSet<String> = document.operations.iter().map(Operation::name).collect();
    let Some(listed) = rules.routes() else {
        return Err(Problem::new("--openapi", "is compared with RULES__ROUTES, which is not set"));
    };
    let listed: BTreeSet<String> = listed.map(str::to_owned).collect();
    for route in api.difference(&listed) {
        report.add(Kind::Mistake, route, "is not in RULES__ROUTES, so it is refused (route_unknown)")?;
    }
    for route in listed.difference(&api) {
        report.add(Kind::Warning, route, &format!("is in RULES__ROUTES, and not in {}", name_of(path)))?;
    }
    Ok(())
}
