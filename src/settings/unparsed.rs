//! The files of the rules, read and not yet parsed.

use super::aws::Aws;
use super::declared::{RULES_NAMESPACE, RULES_POLICIES, RULES_ROUTES};
use super::named_files::NamedFiles;
use super::problems::{Mistake, Mistakes, Origin, Warning};
use super::setting::Setting;
use super::variables::Variables;
use crate::policy::Scope;
use crate::rules::{Config, Mode, Names, Policies, PolicyError, Routes};

/// What the files have, and where the settings come from that name them.
pub(crate) struct Unparsed {
    /// Each file of policies, with its name.
    policies: Result<Vec<(String, String)>, Unreadable>,
    routes: Result<Option<String>, Unreadable>,
    namespace: Option<String>,
    mode: Mode,
    scope: Scope,
    of_policies: Origin,
    of_routes: Origin,
    of_namespace: Origin,
}

/// A file that cannot be read, which is reported already.
struct Unreadable;

impl Unparsed {
    /// Reads the files. What cannot be read is a mistake, and the others are parsed all the same: for their mistakes.
    pub(super) fn read(variables: &mut Variables, aws: &Aws<'_>, named: NamedFiles) -> Option<Self> {
        let NamedFiles { policies, routes, namespace, is_enforced, scope } = named;
        if routes.is_none() && scope == Scope::Stage {
            variables.mistake(&RULES_ROUTES, "is required with RULES__POLICIES and POLICY__SCOPE=STAGE");
        }
        let mut unreadable = |setting: &'static Setting, error: std::io::Error| {
            variables.mistake(setting, format!("cannot be read ({})", error.kind()));
            Unreadable
        };
        let policies = aws.read_files(&policies, ".cedar").map_err(|error| unreadable(&RULES_POLICIES, error));
        let routes = routes.map(|path| aws.read_file(&path)).transpose();
        let routes = routes.map_err(|error| unreadable(&RULES_ROUTES, error));
        Some(Self {
            policies,
            routes,
            namespace,
            mode: if is_enforced { Mode::Enforce } else { Mode::Log },
            scope,
            of_policies: variables.origin(&RULES_POLICIES),
            of_routes: variables.origin(&RULES_ROUTES),
            of_namespace: variables.origin(&RULES_NAMESPACE),
        })
    }

    /// The rules, and what deserves a second look in them.
    ///
    /// # Errors
    /// Every mistake in the files that could be read.
    pub(crate) fn parse(self) -> Result<(Config, Vec<Warning>), Mistakes> {
        let (policies, routes) = (self.parse_policies(), self.parse_routes());
        let (policies, (routes, names)) = match (policies, routes) {
            (Ok(policies), Ok(routes)) => (policies, routes),
            (policies, routes) => {
                let mistakes = [routes.err(), policies.err()].into_iter().flatten().flatten();
                return Err(Mistakes::sorted(mistakes));
            }
        };
        let config = Config::new(policies, routes, names, self.mode)
            .map_err(|errors| Mistakes::sorted(about(&self.of_policies, &errors)))?;
        let mut warnings = Vec::new();
        if self.mode == Mode::Enforce && config.look_at_requests() {
            let text = "look at the request (path, query, address): the gateway's caching must be off (a TTL of 0)";
            warnings.push(self.of_policies.warning(text));
        }
        Ok((config, warnings))
    }

    fn parse_policies(&self) -> Result<Policies, Vec<Mistake>> {
        let Ok(files) = &self.policies else {
            return Err(Vec::new());
        };
        let files = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        match Policies::parse(files) {
            Ok(policies) if policies.len() == 0 => {
                let problem = "has no policy: is it a directory with `*.cedar` files in it?";
                Err(vec![self.of_policies.mistake(problem)])
            }
            Ok(policies) => Ok(policies),
            Err(errors) => Err(about(&self.of_policies, &errors)),
        }
    }

    fn parse_routes(&self) -> Result<(Option<Routes>, Names), Vec<Mistake>> {
        let namespace = self.namespace.as_deref();
        let names = Names::new(namespace).map_err(|error| vec![self.of_namespace.mistake(error)])?;
        let json = match &self.routes {
            Ok(Some(json)) => json,
            Ok(None) => return Ok((None, names)),
            Err(Unreadable) => return Err(Vec::new()),
        };
        let (routes, names) = Routes::parse(json, namespace).map_err(|error| vec![self.of_routes.mistake(error)])?;
        if self.scope == Scope::Stage && routes.has_default() {
            let problem = "has the route $default, whose paths no pattern names: it requires POLICY__SCOPE=METHOD";
            return Err(vec![self.of_routes.mistake(problem)]);
        }
        Ok((Some(routes), names))
    }
}

fn about(origin: &Origin, errors: &[PolicyError]) -> Vec<Mistake> {
    errors.iter().map(|error| origin.mistake(error)).collect()
}
