//! The files of the rules, read and not yet parsed.

use super::aws::Aws;
use super::declared::{RULES_NAMESPACE, RULES_POLICIES, RULES_ROUTES};
use super::named_files::NamedFiles;
use super::problems::{Mistake, Mistakes, Origin, Warning};
use super::variables::Variables;
use crate::policy::Scope;
use crate::rules::{Config, Mode, Names, Policies, PolicyError, Routes};

/// What the files have, and where the settings come from that name them.
pub(crate) struct Unparsed {
    /// Each file of policies, with its name.
    policies: Vec<(String, String)>,
    routes: Option<String>,
    namespace: Option<String>,
    mode: Mode,
    scope: Scope,
    of_policies: Origin,
    of_routes: Origin,
    of_namespace: Origin,
}

impl Unparsed {
    /// Reads the files. What cannot be read is a mistake.
    pub(super) fn read(variables: &mut Variables, aws: &Aws<'_>, named: NamedFiles) -> Option<Self> {
        let NamedFiles { policies, routes, namespace, is_enforced, scope } = named;
        if routes.is_none() && scope == Scope::Stage {
            variables.mistake(&RULES_ROUTES, "is required with RULES__POLICIES and POLICY__SCOPE=STAGE");
        }
        let unreadable = |error: std::io::Error| format!("cannot be read ({})", error.kind());
        let policies =
            aws.read_files(&policies, ".cedar").map_err(|error| variables.mistake(&RULES_POLICIES, unreadable(error)));
        let routes = routes
            .map(|path| aws.read_file(&path).map_err(|error| variables.mistake(&RULES_ROUTES, unreadable(error))))
            .transpose();
        Some(Self {
            policies: policies.ok()?,
            routes: routes.ok()?,
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
    /// Every mistake in the files.
    pub(crate) fn parse(self) -> Result<(Config, Vec<Warning>), Mistakes> {
        let (policies, routes) = (self.parse_policies(), self.parse_routes());
        let (policies, (routes, names)) = match (policies, routes) {
            (Ok(policies), Ok(routes)) => (policies, routes),
            (policies, routes) => {
                let mistakes = routes.err().into_iter().chain(policies.err().unwrap_or_default());
                return Err(sorted(mistakes.collect()));
            }
        };
        let config = Config::new(policies, routes, names, self.mode)
            .map_err(|errors| sorted(about(&self.of_policies, &errors)))?;
        let mut warnings = Vec::new();
        if self.mode == Mode::Enforce && config.look_at_requests() {
            let text = "look at the request (path, query, address): the gateway's caching must be off (a TTL of 0)";
            warnings.push(self.of_policies.warning(text));
        }
        Ok((config, warnings))
    }

    fn parse_policies(&self) -> Result<Policies, Vec<Mistake>> {
        let files = self.policies.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        match Policies::parse(files) {
            Ok(policies) if policies.len() == 0 => {
                let problem = "has no policy: is it a directory with `*.cedar` files in it?";
                Err(vec![self.of_policies.mistake(problem)])
            }
            Ok(policies) => Ok(policies),
            Err(errors) => Err(about(&self.of_policies, &errors)),
        }
    }

    fn parse_routes(&self) -> Result<(Option<Routes>, Names), Mistake> {
        let namespace = self.namespace.as_deref();
        let names = Names::new(namespace).map_err(|error| self.of_namespace.mistake(error))?;
        let Some(json) = &self.routes else {
            return Ok((None, names));
        };
        let (routes, names) = Routes::parse(json, namespace).map_err(|error| self.of_routes.mistake(error))?;
        if self.scope == Scope::Stage && routes.has_default() {
            let problem = "has the route $default, whose paths no pattern names: it requires POLICY__SCOPE=METHOD";
            return Err(self.of_routes.mistake(problem));
        }
        Ok((Some(routes), names))
    }
}

fn sorted(mut mistakes: Vec<Mistake>) -> Mistakes {
    mistakes.sort();
    mistakes.dedup();
    Mistakes(mistakes)
}

fn about(origin: &Origin, errors: &[PolicyError]) -> Vec<Mistake> {
    errors.iter().map(|error| origin.mistake(error)).collect()
}
