//! Questions about callers who need not have asked: for the tools that check and explain rules.

use std::sync::Arc;

use cedar_policy::{Context, EntityUid, PolicySet, RestrictedExpression};

use super::decision::{self, Decision};
use super::each::each;
use super::entities::{self, Caller};
use super::judge::Rules;
use super::question::{About, members_of};
use super::values;
use crate::claims::Claims;
use crate::error::Forbidden;
use crate::kind::Kind;
use crate::trace::Applied;

/// A caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who<'a> {
    /// A user, by the pool's id or the issuer's name in upper case, and `sub`.
    User {
        /// The pool's id, or the issuer's name in upper case.
        realm: &'a str,
        /// The token's `sub`.
        subject: &'a str,
        /// The user id.
        user_id: &'a str,
    },
    /// A service, by the id of its secret.
    Service(&'a str),
    /// Nobody known.
    Anonymous,
}

/// A question about a caller.
#[derive(Clone, Debug)]
pub struct Supposition<'a> {
    /// Who asks.
    pub who: Who<'a>,
    /// The groups, as the token or the secret has them.
    pub groups: Vec<String>,
    /// An ID token's claims: a JSON object.
    pub id_token: Option<&'a str>,
    /// An access token's claims: a JSON object.
    pub access_token: Option<&'a str>,
    /// `get /pets/{id}`
    pub route: &'a str,
    /// The values of the route's variables.
    pub path_parameters: Vec<(String, String)>,
    /// The query's parameters.
    pub query_parameters: Vec<(String, String)>,
    /// The caller's address.
    pub source_ip: Option<&'a str>,
    /// The stage.
    pub stage: &'a str,
    /// The API's id.
    pub api: &'a str,
    /// The kind of API.
    pub kind: Kind,
}

/// What the rules say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supposed {
    /// The reason of a refusal.
    pub refusal: Option<Forbidden>,
    /// The policies that decide.
    pub policies: Vec<Arc<str>>,
    /// What becomes of each policy, in the order of the files.
    pub each: Vec<(Arc<str>, Applied)>,
}

impl Rules {
    /// What the rules say about a caller who need not have asked. None if a token's claims are not a JSON object.
    pub fn suppose(&self, supposition: &Supposition<'_>) -> Option<Supposed> {
        let Some(action) = self.action(supposition.route) else {
            let Decision { refusal, policies, .. } = Decision::refused(Forbidden::RouteUnknown);
            return Some(Supposed { refusal, policies, each: Vec::new() });
        };
        let caller = self.supposed_caller(supposition)?;
        let parse = |json: &str| Claims::parse(json.as_bytes().to_vec());
        let token = match supposition.access_token {
            Some(json) => entities::claims_of_access_token(parse(json)?.members()),
            None => None,
        };
        let about = About {
            stage: supposition.stage,
            api: supposition.api,
            kind: supposition.kind,
            source_ip: supposition.source_ip,
        };
        let of = |parameters: &[(String, String)]| -> Vec<(String, RestrictedExpression)> {
            parameters.iter().map(|(name, value)| (name.clone(), values::string(value))).collect()
        };
        let members = members_of(token, of(&supposition.path_parameters), of(&supposition.query_parameters), &about)?;
        let context = Context::from_pairs(members).ok()?;
        let resource = self.config.names.application(supposition.api);
        let policies = &self.config.policies;
        let ask = |set: &PolicySet| decision::ask(set, &caller, action.clone(), resource.clone(), context.clone());
        let Decision { refusal, policies: decided, .. } = decision::decision(&ask(&policies.set)?, policies);
        Some(Supposed { refusal, policies: decided, each: each(policies, &caller.uid, ask) })
    }

    /// The action of a route, if the list has it.
    fn action(&self, route: &str) -> Option<EntityUid> {
        match &self.config.routes {
            Some(routes) => {
                let position = routes.position(route)?;
                routes.all().get(position).map(|route| route.action.clone())
            }
            None => Some(self.config.names.action(route)),
        }
    }

    fn supposed_caller(&self, supposition: &Supposition<'_>) -> Option<Caller> {
        let names = &self.config.names;
        let groups = supposition.groups.iter();
        let (uid, parents) = match supposition.who {
            Who::User { realm, subject, .. } => {
                (names.user(realm, subject), groups.map(|group| names.user_group(realm, group)).collect())
            }
            Who::Service(id) => (names.service(id), groups.map(|group| names.service_group(group)).collect()),
            Who::Anonymous => (names.anonymous(), Default::default()),
        };
        let claims = match supposition.id_token {
            Some(json) => Some(Claims::parse(json.as_bytes().to_vec())?),
            None => None,
        };
        let attributes = match supposition.who {
            Who::User { user_id, .. } => entities::claims_of_id_token(claims.iter().flat_map(Claims::members), user_id),
            Who::Service(_) | Who::Anonymous => Default::default(),
        };
        Caller::of(uid, attributes, parents, self.actions())
    }
}
