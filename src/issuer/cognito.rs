//! The rules for the tokens of a Cognito user pool.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html>

use std::borrow::Cow;

use url::Url;

use super::subject::{Identified, Subject};
use super::user_id::UserIdRule;
use crate::check::Check;
use crate::claims::Claims;
use crate::error::{Forbidden, Refusal, Unauthorized};
use crate::identity::PrincipalType;
use crate::jws::SignedClaims;
use crate::trace::Trace;
use crate::user_info::{Endpoint, Question, UserInfo};

/// The scope with which userInfo can be asked (OpenID Connect Core 1.0, section 5.3).
const OPENID: &str = "openid";

/// The scope with which Cognito's `GetUser` can be asked: sign-in through the SDK or Amplify gives it.
const SIGNED_IN_USER: &str = "aws.cognito.signin.user.admin";

/// What a user pool's tokens must say.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The kinds of tokens that are allowed.
    pub token_uses: TokenUses,
    /// The app clients whose tokens are allowed; at least one.
    pub clients: Vec<String>,
    /// An access token must be bound to one of these resources (RFC 8707); empty: it is not looked at.
    pub resource_audience: Vec<String>,
    /// Any one of these is enough; empty: none is required.
    pub required_scopes: Vec<String>,
    /// Any one of these is enough; empty: none is required.
    pub required_groups: Vec<String>,
    /// Whether client-credentials tokens are allowed.
    pub allow_machine_tokens: bool,
    /// Whether the pool is asked about every access token of a user.
    pub check_revocation: bool,
    /// Which claim is the user id.
    pub user_id: UserIdRule,
    /// The pool's userInfo endpoint, if it has a domain.
    pub user_info_url: Option<Url>,
    /// Where `GetUser` is called, if that is allowed.
    pub get_user_url: Option<Url>,
}

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenUse {
    /// To tell a client about its user.
    Id,
    /// To call an API.
    Access,
}

impl TokenUse {
    /// The claim that names the app client.
    #[must_use]
    pub const fn client_claim(self) -> &'static str {
        match self {
            Self::Id => "aud",
            Self::Access => "client_id",
        }
    }
}

/// The kinds of tokens that are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenUses {
    /// ID tokens alone.
    Id,
    /// Access tokens alone.
    Access,
    /// Both.
    Both,
}

impl TokenUses {
    /// Whether this kind is among them.
    #[must_use]
    pub const fn contain(self, token_use: TokenUse) -> bool {
        match (self, token_use) {
            (Self::Both, _) | (Self::Id, TokenUse::Id) | (Self::Access, TokenUse::Access) => true,
            (Self::Id, TokenUse::Access) | (Self::Access, TokenUse::Id) => false,
        }
    }
}

impl Rules {
    /// Who may be asked about the user of a token.
    pub(super) fn asked(&self) -> [Option<&Url>; 2] {
        let are_any = self.token_uses.contain(TokenUse::Access);
        [&self.user_info_url, &self.get_user_url].map(|url| url.as_ref().filter(|_| are_any))
    }

    /// Whom the token identifies.
    pub(super) async fn identify(
        &self,
        subject: &Subject<'_>,
        user_info: &UserInfo,
        trace: &mut Trace,
    ) -> Result<Identified, Refusal> {
        let claims = subject.claims;
        trace.reach(Check::Type);
        let token_use = self.token_use(claims)?;
        trace.reach(Check::Client);
        let client = claims.string(token_use.client_claim());
        trace.client = client.as_deref().map(str::to_owned);
        let client = client.filter(|client| self.allows(client)).ok_or(Unauthorized::ClientNotAllowed)?;
        trace.reach(Check::Audience);
        self.check_audience(claims, token_use)?;
        trace.reach(Check::Scopes);
        self.check_scopes(claims)?;
        trace.reach(Check::Groups);
        self.check_groups(claims)?;
        trace.reach(Check::Machine);
        if token_use == TokenUse::Access && is_machine(claims, &client) {
            return self.machine(&client).map_err(Into::into);
        }

        trace.reach(Check::UserId);
        let in_token = self.user_id.find(claims);
        let is_asked = self.check_revocation || in_token.is_none();
        // Who cannot be asked may still be identified by the token, so an error waits for its place in the order.
        let sub = claims.string("sub").filter(|_| is_asked);
        let asked = match sub.as_deref().and_then(|sub| self.question(subject, token_use, sub)) {
            // On the heap: most tokens do without it, and its future is large.
            Some(question) => Some(Box::pin(user_info.ask(question, trace)).await),
            None => None,
        };
        self.user_id.identify(in_token, claims, asked, self.check_revocation, trace)
    }

    fn token_use(&self, claims: &SignedClaims) -> Result<TokenUse, Unauthorized> {
        let token_use = match claims.string("token_use").as_deref() {
            Some("id") => Some(TokenUse::Id),
            Some("access") => Some(TokenUse::Access),
            _ => None,
        };
        token_use.filter(|token_use| self.token_uses.contain(*token_use)).ok_or(Unauthorized::TokenUseNotAllowed)
    }

    /// Whether this is one of the pool's app clients.
    fn allows(&self, client: &str) -> bool {
        self.clients.iter().any(|allowed| allowed == client)
    }

    /// An access token's `aud` is what it is bound to: a string or a list (RFC 8707, RFC 7519, section 4.1.3).
    fn check_audience(&self, claims: &SignedClaims, token_use: TokenUse) -> Result<(), Unauthorized> {
        if self.resource_audience.is_empty() || token_use == TokenUse::Id {
            return Ok(());
        }
        if claims.has_one_of("aud", &self.resource_audience) { Ok(()) } else { Err(Unauthorized::AudienceNotAllowed) }
    }

    fn check_scopes(&self, claims: &SignedClaims) -> Result<(), Forbidden> {
        let is_enough =
            self.required_scopes.is_empty() || self.required_scopes.iter().any(|scope| has_scope(claims, scope));
        if is_enough { Ok(()) } else { Err(Forbidden::ScopeMissing) }
    }

    fn check_groups(&self, claims: &SignedClaims) -> Result<(), Forbidden> {
        let is_enough = self.required_groups.is_empty()
            || groups(claims).iter().any(|group| self.required_groups.iter().any(|required| required == group));
        if is_enough { Ok(()) } else { Err(Forbidden::GroupMissing) }
    }

    fn machine(&self, client: &str) -> Result<Identified, Unauthorized> {
        if !self.allow_machine_tokens {
            return Err(Unauthorized::UserIdMissing);
        }
        let id = self.user_id.machine(client)?;
        Ok(Identified { id, principal_type: PrincipalType::Service, attributes: None })
    }

    /// Whom to ask about the user of an access token, if anybody can be asked.
    fn question<'s>(&'s self, subject: &'s Subject<'_>, token_use: TokenUse, sub: &'s str) -> Option<Question<'s>> {
        if token_use == TokenUse::Id {
            return None;
        }
        let claims = subject.claims;
        let user_info = self.user_info_url.as_ref().filter(|_| has_scope(claims, OPENID));
        let get_user = || self.get_user_url.as_ref().filter(|_| has_scope(claims, SIGNED_IN_USER));
        let endpoint = user_info.map(Endpoint::UserInfo).or_else(|| get_user().map(Endpoint::GetUser))?;
        let Subject { identifier, token, ends_at, .. } = *subject;
        Some(Question { endpoint, issuer: identifier, token, subject: sub, ends_at })
    }
}

/// Whether these are client credentials: the subject is the client itself, and no user is named.
fn is_machine(claims: &SignedClaims, client: &str) -> bool {
    claims.string("sub").is_some_and(|subject| subject == client) && claims.json("username").is_none()
}

/// The groups of the user; a claim of another type counts as empty.
pub(super) fn groups(claims: &Claims) -> Vec<Cow<'_, str>> {
    claims.strings("cognito:groups").unwrap_or_default()
}

/// Whether it says that it is an access token.
pub(super) fn is_access_token(claims: &Claims) -> bool {
    claims.string("token_use").is_some_and(|token_use| token_use == "access")
}

/// RFC 6749, section 3.3: scopes are separated by spaces.
pub(crate) fn has_scope(claims: &Claims, wanted: &str) -> bool {
    claims.string("scope").is_some_and(|scopes| scopes.split(' ').any(|scope| scope == wanted))
}
