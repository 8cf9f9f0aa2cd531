//! The rules for the tokens of any OIDC issuer.
//!
//! <https://openid.net/specs/openid-connect-core-1_0.html>, RFC 9068 (access tokens), RFC 8725

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::Value;

use super::subject::{Identified, Subject};
use super::user_id::UserIdRule;
use crate::check::Check;
use crate::claims::{ClaimPath, Claims};
use crate::discovery::Discovery;
use crate::error::{Fault, Forbidden, Refusal, Unauthorized};
use crate::identity::PrincipalType;
use crate::jws::{SignedClaims, TokenType};
use crate::lookup::LookupError;
use crate::trace::Trace;
use crate::user_info::{Endpoint, Question, UserInfo};

/// The claims that name the client that a token was issued to; the first that is present counts. OpenID Connect, RFC 9068,
/// Okta, and version 1 of Entra ID.
const CLIENT_CLAIMS: [&str; 4] = ["azp", "client_id", "cid", "appid"];

/// The claims that hold the scopes, where no other is configured; the first that is present counts. RFC 9068; Entra ID and
/// Okta.
const SCOPE_CLAIMS: [&str; 2] = ["scope", "scp"];

/// The scope with which userInfo can be asked (OpenID Connect Core 1.0, section 5.3).
const OPENID: &str = "openid";

/// What the tokens of an OIDC issuer must say.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The audiences, one of which a token must be for; at least one.
    pub audience: Vec<String>,
    /// The clients whose tokens are allowed; empty: all of them.
    pub clients: Vec<String>,
    /// Whether a token must say that it is an access token.
    pub requires_access_token: bool,
    /// The claims that must have a value.
    pub required_claims: Vec<RequiredClaim>,
    /// Which claim holds the scopes; absent: `scope`, then `scp`.
    pub scope_claim: Option<ClaimPath>,
    /// Which claim holds the groups.
    pub groups_claim: ClaimPath,
    /// Any one of these is enough; empty: none is required.
    pub required_scopes: Vec<String>,
    /// Any one of these is enough; empty: none is required.
    pub required_groups: Vec<String>,
    /// What a token's subject is, unless it is a machine token.
    pub principal_type: PrincipalType,
    /// Whether machine tokens are allowed.
    pub allow_machine_tokens: bool,
    /// Which claim is the user id.
    pub user_id: UserIdRule,
    /// Whether userInfo is asked for the attributes that an access token lacks.
    pub asks_user_info: bool,
}

/// A claim that must have one of some values.
#[derive(Clone, Debug, PartialEq)]
pub struct RequiredClaim {
    /// Which claim.
    pub claim: ClaimPath,
    /// Strings, numbers and booleans; any one of them is enough.
    pub values: Vec<Value>,
}

impl Rules {
    /// Whom the token identifies.
    pub(super) async fn identify(
        &self,
        subject: &Subject<'_>,
        discovery: Option<&Discovery>,
        user_info: &UserInfo,
        trace: &mut Trace,
    ) -> Result<Identified, Refusal> {
        let claims = subject.claims;
        trace.reach(Check::Type);
        self.check_type(claims.token_type())?;
        trace.reach(Check::Client);
        let client = client(claims);
        trace.client.clone_from(&client);
        self.check_client(client.as_deref())?;
        trace.reach(Check::Audience);
        if !claims.has_one_of("aud", &self.audience) {
            return Err(Unauthorized::AudienceNotAllowed.into());
        }
        trace.reach(Check::Claims);
        if !self.required_claims.iter().all(|required| required.is_met_by(claims)) {
            return Err(Unauthorized::ClaimNotAllowed.into());
        }
        trace.reach(Check::Scopes);
        if !self.required_scopes.is_empty() && !self.required_scopes.iter().any(|scope| self.has_scope(claims, scope)) {
            return Err(Forbidden::ScopeMissing.into());
        }
        trace.reach(Check::Groups);
        self.check_groups(subject)?;
        trace.reach(Check::Machine);
        // Where every token is a service's, a machine token need not be told from a user's.
        let must_be_allowed = self.principal_type == PrincipalType::User;
        if (must_be_allowed || self.allow_machine_tokens) && is_machine(claims, client.as_deref()) {
            return self.machine(client.as_deref()).map_err(Into::into);
        }

        trace.reach(Check::UserId);
        let in_token = self.user_id.find(claims);
        let is_asked = in_token.is_none() && self.asks_user_info && self.has_scope(claims, OPENID);
        let asked = match claims.non_empty("sub").filter(|_| is_asked) {
            // On the heap: most tokens do without it, and its future is large.
            Some(sub) => Some(Box::pin(ask(subject, &sub, discovery, user_info, trace)).await),
            None => None,
        };
        let identified = self.user_id.identify(in_token, claims, asked, false, trace)?;
        Ok(Identified { principal_type: self.principal_type, ..identified })
    }

    fn check_type(&self, token_type: TokenType) -> Result<(), Unauthorized> {
        let is_allowed = match token_type {
            TokenType::AccessToken => true,
            TokenType::Absent | TokenType::Jwt => !self.requires_access_token,
            TokenType::Other => false,
        };
        if is_allowed { Ok(()) } else { Err(Unauthorized::TokenTypeNotAllowed) }
    }

    fn check_client(&self, client: Option<&str>) -> Result<(), Unauthorized> {
        let is_allowed = self.clients.is_empty() || self.clients.iter().any(|allowed| client == Some(allowed));
        if is_allowed { Ok(()) } else { Err(Unauthorized::ClientNotAllowed) }
    }

    /// Whether a token has this scope.
    pub(crate) fn has_scope(&self, claims: &Claims, wanted: &str) -> bool {
        let has = |claim: &ClaimPath| claims.words_at(claim).iter().any(|scope| scope == wanted);
        match &self.scope_claim {
            Some(claim) => has(claim),
            None => {
                let present = SCOPE_CLAIMS.into_iter().find(|name| claims.json(name).is_some());
                present.is_some_and(|name| has(&ClaimPath::name(name)))
            }
        }
    }

    /// Whether a token has this group.
    pub(crate) fn has_group(&self, claims: &Claims, wanted: &str) -> bool {
        claims.words_at(&self.groups_claim).iter().any(|group| group == wanted)
    }

    /// The groups of a token's user.
    pub(super) fn groups<'c>(&self, claims: &'c Claims) -> Vec<Cow<'c, str>> {
        claims.words_at(&self.groups_claim)
    }

    /// Whether it says that it is an access token, or has scopes as only access tokens do.
    pub(super) fn is_access_token(&self, claims: &SignedClaims) -> bool {
        let has_scopes = || match &self.scope_claim {
            Some(claim) => claims.at(claim).is_some(),
            None => SCOPE_CLAIMS.into_iter().any(|name| claims.json(name).is_some()),
        };
        claims.token_type() == TokenType::AccessToken || has_scopes()
    }

    fn check_groups(&self, subject: &Subject<'_>) -> Result<(), Forbidden> {
        if self.required_groups.is_empty() {
            return Ok(());
        }
        if self.required_groups.iter().any(|group| self.has_group(subject.claims, group)) {
            return Ok(());
        }
        if has_groups_overage(subject.claims) {
            let cause = "the user has more groups than its issuer puts into a token (groups overage)";
            tracing::warn!(issuer = subject.issuer, cause, "a required group is missing");
        }
        Err(Forbidden::GroupMissing)
    }

    fn machine(&self, client: Option<&str>) -> Result<Identified, Unauthorized> {
        let client = client.filter(|_| self.allow_machine_tokens).ok_or(Unauthorized::UserIdMissing)?;
        let id = self.user_id.machine(client)?;
        Ok(Identified { id, principal_type: PrincipalType::Service, attributes: None })
    }
}

impl RequiredClaim {
    /// Whether the claim is one of the values, or a list with one of them in it. Numbers are compared as they are written:
    /// 1 is not 1.0.
    pub(crate) fn is_met_by(&self, claims: &Claims) -> bool {
        match claims.at(&self.claim).and_then(|json| serde_json::from_str(json).ok()) {
            Some(Value::Array(list)) => list.iter().any(|value| self.values.contains(value)),
            Some(value) => self.values.contains(&value),
            None => false,
        }
    }
}

/// The client that the token was issued to: the first claim that names one, if it is a string.
pub(crate) fn client(claims: &Claims) -> Option<String> {
    claims.non_empty(client_claim(claims)?).map(Into::into)
}

/// The first of the claims that name a client which is present.
pub(crate) fn client_claim(claims: &Claims) -> Option<&'static str> {
    CLIENT_CLAIMS.into_iter().find(|name| claims.json(name).is_some())
}

/// Whether no user is behind the token: its subject is the client itself (RFC 9068, section 5), or it says so as Auth0 and
/// Entra ID do.
pub(crate) fn is_machine(claims: &Claims, client: Option<&str>) -> bool {
    let is = |name: &str, value: &str| claims.string(name).is_some_and(|claim| claim == value);
    client.is_some_and(|client| is("sub", client)) || is("gty", "client-credentials") || is("idtyp", "app")
}

/// Entra ID leaves the groups of a user with many of them out, and says where they could be asked for.
/// <https://learn.microsoft.com/en-us/entra/identity-platform/id-token-claims-reference#groups-overage-claim>
pub(crate) fn has_groups_overage(claims: &Claims) -> bool {
    ClaimPath::parse("/_claim_names/groups").is_ok_and(|path| claims.at(&path).is_some())
}

/// What the issuer says about the user.
async fn ask(
    subject: &Subject<'_>,
    sub: &str,
    discovery: Option<&Discovery>,
    user_info: &UserInfo,
    trace: &mut Trace,
) -> Result<Arc<Claims>, Refusal> {
    let discovery = discovery.ok_or(Fault::DiscoveryUnavailable)?;
    let document = discovery.document(trace).await.map_err(LookupError::fault)?;
    let Some(url) = &document.user_info else {
        tracing::warn!(issuer = subject.issuer, "the discovery document has no userInfo endpoint that may be asked");
        return Err(Fault::UserInfoUnavailable.into());
    };
    let Subject { identifier, token, ends_at, .. } = *subject;
    let question = Question { endpoint: Endpoint::UserInfo(url), issuer: identifier, token, subject: sub, ends_at };
    user_info.ask(question, trace).await
}
