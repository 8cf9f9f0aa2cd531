//! `*.test.json` beside the policies: callers, routes, and what the rules should say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};
use smac_lambda_authorizer::tools::{self, AccessRules, RulesConfig, Supposed, Supposition, Who};
use smac_local::command::{About as _, Problem};

use super::{Kind, Report, name_of};

/// How the files are called.
const ENDING: &str = ".test.json";

/// One expectation.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Expectation {
    name: String,
    caller: Caller,
    /// `get /pets/{id}`
    route: String,
    #[serde(default)]
    path_parameters: BTreeMap<String, String>,
    #[serde(default)]
    query_string_parameters: BTreeMap<String, String>,
    source_ip: Option<String>,
    #[serde(default = "default_stage")]
    stage: String,
    decision: Wanted,
    /// Why it is a deny: `rule_missing`.
    reason: Option<String>,
    /// The policies that decide, all of them.
    policies: Option<Vec<String>>,
}

/// Who asks: a user of an issuer, a service, or with neither nobody known.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Caller {
    /// The `sub`.
    user: Option<String>,
    /// The pool's id, or the issuer's name in upper case.
    issuer: Option<String>,
    user_id: Option<String>,
    /// The id of the service's secret.
    service: Option<String>,
    #[serde(default)]
    anonymous: bool,
    #[serde(default)]
    groups: Vec<String>,
    /// The claims of an ID token.
    id_token: Option<Map<String, Value>>,
    /// The claims of an access token.
    access_token: Option<Map<String, Value>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Wanted {
    Allow,
    Deny,
}

fn default_stage() -> String {
    "prod".to_owned()
}

/// Runs the files in these folders, and says how many are as expected.
pub(super) fn run(rules: &RulesConfig, folders: &BTreeSet<PathBuf>, report: &mut Report) -> Result<String, Problem> {
    let rules = AccessRules::new(rules.clone());
    let (mut files, mut run, mut failed) = (0, 0, 0);
    for path in folders.iter().map(|folder| files_in(folder)).collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
        let text = std::fs::read_to_string(&path).about(path.display())?;
        let expectations: Vec<Expectation> = serde_json::from_str(&text).about(path.display())?;
        files += 1;
        for expectation in expectations {
            run += 1;
            if let Err(problem) = expectation.judge(&rules) {
                failed += 1;
                report.add(Kind::Mistake, &name_of(&path), &format!("{}: {problem}", expectation.name))?;
            }
        }
    }
    Ok(if files == 0 { "no *.test.json".to_owned() } else { format!("{} of {run} tests passed", run - failed) })
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let entries = std::fs::read_dir(folder).about(folder.display())?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.about(folder.display())?.path());
    }
    paths.retain(|path| path.to_string_lossy().ends_with(ENDING));
    paths.sort();
    Ok(paths)
}

impl Expectation {
    fn judge(&self, rules: &AccessRules) -> Result<(), String> {
        let json =
            |claims: &Option<Map<String, Value>>| claims.as_ref().map(|claims| Value::from(claims.clone()).to_string());
        let (id_token, access_token) = (json(&self.caller.id_token), json(&self.caller.access_token));
        let supposition = Supposition {
            who: self.caller.who()?,
            groups: self.caller.groups.clone(),
            id_token: id_token.as_deref(),
            access_token: access_token.as_deref(),
            route: &self.route,
            path_parameters: self.path_parameters.clone().into_iter().collect(),
            query_parameters: self.query_string_parameters.clone().into_iter().collect(),
            source_ip: self.source_ip.as_deref(),
            stage: &self.stage,
            api: "api",
            kind: tools::Kind::RestRequest,
        };
        let supposed = rules.suppose(&supposition).ok_or("its values are not ones that Cedar accepts")?;
        self.compare(&supposed)
    }

    fn compare(&self, supposed: &Supposed) -> Result<(), String> {
        let mut policies: Vec<&str> = supposed.policies.iter().map(AsRef::as_ref).collect();
        policies.sort_unstable();
        let by = if policies.is_empty() { String::new() } else { format!(" by {}", policies.join(", ")) };
        let is = match supposed.refusal {
            None => format!("it is allowed{by}"),
            Some(reason) => format!("it is denied{by} ({})", reason.code()),
        };
        match (self.decision, supposed.refusal) {
            (Wanted::Allow, Some(_)) => return Err(format!("expected an allow, and {is}")),
            (Wanted::Deny, None) => return Err(format!("expected a deny, and {is}")),
            (Wanted::Allow, None) | (Wanted::Deny, Some(_)) => {}
        }
        if let Some(reason) = &self.reason
            && supposed.refusal.is_none_or(|refusal| refusal.code() != reason)
        {
            return Err(format!("expected {reason}, and {is}"));
        }
        if let Some(expected) = &self.policies {
            let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
            expected.sort_unstable();
            if expected != policies {
                let expected = if expected.is_empty() { "no policy".to_owned() } else { expected.join(", ") };
                return Err(format!("expected {expected} to decide, and {is}"));
            }
        }
        Ok(())
    }
}

impl Caller {
    fn who(&self) -> Result<Who<'_>, &'static str> {
        match (&self.user, &self.service, self.anonymous) {
            (Some(subject), None, false) => {
                let realm = self.issuer.as_deref().ok_or("a user has an issuer: a pool's id, or an issuer's name")?;
                let email = self.id_token.as_ref().and_then(|claims| claims.get("email")).and_then(Value::as_str);
                let user_id = self.user_id.as_deref().or(email).unwrap_or(subject);
                Ok(Who::User { realm, subject, user_id })
            }
            (None, Some(id), false) => Ok(Who::Service(id)),
            (None, None, true) => Ok(Who::Anonymous),
            _ => Err("a caller has one of `user`, `service` and `anonymous`"),
        }
    }
}
