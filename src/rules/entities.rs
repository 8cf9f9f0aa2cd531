//! Who asks, as an entity: a user of one issuer, a service, or nobody known, with its groups and attributes.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Entities, Entity, EntityUid, RestrictedExpression};

use super::names::Names;
use super::values;
use crate::identity::PrincipalType;
use crate::principal::Principal;
use crate::token::VerifiedClaims;

/// The attribute of every user that no claim replaces.
const USER_ID: &str = "userId";

/// The claim of an access token that is a list of words.
const SCOPE: &str = "scope";

/// Who asks, and all entities that a question is about.
pub(super) struct Caller {
    pub(super) uid: EntityUid,
    pub(super) entities: Entities,
}

impl Caller {
    /// The caller, beside the actions' entities. None if Cedar does not accept it.
    pub(super) fn new(principal: &Principal, names: &Names, actions: Option<&Entities>) -> Option<Self> {
        let (uid, parents) = identity(principal, names);
        Self::of(uid, attributes(principal), parents, actions)
    }

    /// The caller of this name, with these attributes, in these groups.
    pub(super) fn of(
        uid: EntityUid,
        attributes: HashMap<String, RestrictedExpression>,
        parents: HashSet<EntityUid>,
        actions: Option<&Entities>,
    ) -> Option<Self> {
        let actions = actions?;
        let entity = Entity::new(uid.clone(), attributes, parents).ok()?;
        let entities = match actions.is_empty() {
            true => Entities::from_entities([entity], None),
            false => actions.clone().add_entities([entity], None),
        };
        Some(Self { uid, entities: entities.ok()? })
    }
}

/// The entity's name, and the groups that it is in. That two issuers use the same names makes nobody the same.
fn identity(principal: &Principal, names: &Names) -> (EntityUid, HashSet<EntityUid>) {
    match (principal.principal_type(), principal.claims()) {
        (PrincipalType::User, Some(claims)) => {
            let realm = claims.realm();
            let uid = names.user(realm, &claims.subject().unwrap_or_default());
            (uid, claims.groups().iter().map(|group| names.user_group(realm, group)).collect())
        }
        // Only a token says that somebody is a user.
        (PrincipalType::User, None) | (PrincipalType::Anonymous, _) => (names.anonymous(), HashSet::new()),
        // Groups of services are those of secrets: an issuer of tokens must not name them.
        (PrincipalType::Service, _) => {
            let groups = principal.service_groups().iter();
            (names.service(principal.id().as_str()), groups.map(|group| names.service_group(group)).collect())
        }
    }
}

/// An ID token's claims, and the user id.
fn attributes(principal: &Principal) -> HashMap<String, RestrictedExpression> {
    let Some(claims) = principal.claims() else {
        return HashMap::new();
    };
    let is_id_token = !claims.is_access_token();
    claims_of_id_token(claims.members().filter(|_| is_id_token), principal.id().as_str())
}

/// The same, of any claims and user id.
pub(super) fn claims_of_id_token<'a>(
    claims: impl Iterator<Item = (&'a str, &'a str)>,
    user_id: &str,
) -> HashMap<String, RestrictedExpression> {
    let mut attributes: HashMap<_, _> =
        claims.filter_map(|(name, json)| Some((name.to_owned(), values::value(json)?))).collect();
    attributes.insert(USER_ID.to_owned(), values::string(user_id));
    attributes
}

/// An access token's claims.
pub(super) fn token(claims: &VerifiedClaims) -> Option<RestrictedExpression> {
    if !claims.is_access_token() {
        return None;
    }
    claims_of_access_token(claims.members())
}

/// The same, of any claims.
pub(super) fn claims_of_access_token<'a>(
    claims: impl Iterator<Item = (&'a str, &'a str)>,
) -> Option<RestrictedExpression> {
    let member = |(name, json): (&str, &str)| {
        let value = match serde_json::from_str::<String>(json) {
            Ok(scopes) if name == SCOPE => Some(values::strings(scopes.split(' ').filter(|scope| !scope.is_empty()))),
            Ok(_) | Err(_) => values::value(json),
        };
        Some((name.to_owned(), value?))
    };
    values::record(claims.filter_map(member).collect())
}
