//! The checks of a token, in their order. The first that fails gives the reason, and nothing is revealed about the
//! claims of a token whose signature is not valid.
//!
//! RFC 7515 (JWS), RFC 7519 (JWT), RFC 8725 (best current practices).

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::check::Check;
use crate::claims::{Claims, WrongType};
use crate::clock::Clock;
use crate::credential::{Carriers, UnverifiedToken};
use crate::error::{Refusal, Unauthorized};
use crate::event::Request;
use crate::http::HttpClient;
use crate::identity::{PrincipalType, UserId};
use crate::issuer::{self, Issuers, Subject};
use crate::jws::{Decoded, SignedClaims};
use crate::lookup;
use crate::trace::Trace;
use crate::user_info::UserInfo;

/// How far `iat` may be ahead: clocks differ.
const MAX_ISSUED_AHEAD_SECONDS: u64 = 60;

/// How tokens are judged.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where a token may be in a request.
    pub carriers: Carriers,
    /// Who may issue tokens; at least one.
    pub issuers: Vec<issuer::Config>,
    /// Whether `exp` is compared.
    pub check_expiration: bool,
    /// How much the clocks may differ.
    pub leeway: Duration,
    /// Whether access rules need to know a token's groups and kind.
    pub serves_rules: bool,
}

/// A token whose signature and claims are valid. Nothing but [`Tokens::verify`] makes it.
#[derive(Debug)]
pub(crate) struct VerifiedToken {
    id: UserId,
    principal_type: PrincipalType,
    claims: VerifiedClaims,
}

/// What a verified token says, and what its issuer says about its user.
#[derive(Debug)]
pub(crate) struct VerifiedClaims {
    signed: SignedClaims,
    attributes: Option<Arc<Claims>>,
    expires_at: u64,
    web_socket_protocol: Option<String>,
    realm: Arc<str>,
    groups: Vec<String>,
    is_access_token: bool,
}

impl VerifiedToken {
    pub(crate) fn into_parts(self) -> (UserId, PrincipalType, VerifiedClaims) {
        (self.id, self.principal_type, self.claims)
    }
}

impl VerifiedClaims {
    /// A claim's JSON: the token's, or else what its issuer says about the user, where it was asked.
    pub(crate) fn json(&self, name: &str) -> Option<&str> {
        self.signed.json(name).or_else(|| self.attributes.as_ref()?.json(name))
    }

    /// The token's own claims, by name.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.signed.members()
    }

    /// The token's `sub`.
    pub(crate) fn subject(&self) -> Option<Cow<'_, str>> {
        self.signed.string("sub")
    }

    /// What tells its users and groups from another issuer's.
    pub(crate) fn realm(&self) -> &str {
        &self.realm
    }

    /// The user's groups, where access rules need them.
    pub(crate) fn groups(&self) -> &[String] {
        &self.groups
    }

    /// Whether it is an access token, where access rules need to know. If not it is an ID token.
    pub(crate) fn is_access_token(&self) -> bool {
        self.is_access_token
    }

    /// The token's `exp`, in seconds since 1970.
    pub(crate) fn expires_at(&self) -> u64 {
        self.expires_at
    }

    /// The WebSocket sub-protocol to accept, where the token was offered as one.
    pub(crate) fn web_socket_protocol(&self) -> Option<&str> {
        self.web_socket_protocol.as_deref()
    }
}

/// The tokens of all issuers: where they are in a request, and who judges them.
#[derive(Debug)]
pub(crate) struct Tokens {
    carriers: Carriers,
    issuers: Issuers,
    user_info: UserInfo,
    clock: Clock,
    check_expiration: bool,
    leeway_seconds: u64,
    serves_rules: bool,
}

impl Tokens {
    /// No key set is fetched yet.
    #[must_use]
    pub(crate) fn new(config: Config, lookup: &lookup::Config, clock: &Clock, http: &Arc<HttpClient>) -> Self {
        Self {
            carriers: config.carriers,
            issuers: Issuers::new(config.issuers, clock, http),
            user_info: UserInfo::new(lookup, clock, Arc::clone(http)),
            clock: clock.clone(),
            check_expiration: config.check_expiration,
            leeway_seconds: config.leeway.as_secs(),
            serves_rules: config.serves_rules,
        }
    }

    /// Whether there are key sets to fetch before any of their tokens can be verified.
    pub(crate) fn needs_keys(&self) -> bool {
        self.issuers.need_keys()
    }

    /// Fetches the key sets, and counts that in `trace`.
    pub(crate) async fn fetch_keys(&self, trace: &mut Trace) {
        self.issuers.fetch_keys(trace).await;
    }

    /// Opens connections to whom tokens may need, and counts in `trace` what that takes.
    pub(crate) async fn connect(&self, trace: &mut Trace) {
        self.issuers.connect(trace).await;
    }

    /// The token that a request carries.
    ///
    /// # Errors
    /// See [`Carriers::find`].
    pub(crate) fn find<'r>(&self, request: &'r Request<'_>) -> Result<Option<UnverifiedToken<'r>>, Unauthorized> {
        self.carriers.find(request)
    }

    /// Verifies a token.
    ///
    /// # Errors
    /// The first rule that it breaks, or the fault that keeps us from telling.
    pub(crate) async fn verify(&self, token: UnverifiedToken<'_>, trace: &mut Trace) -> Result<VerifiedToken, Refusal> {
        trace.reach(Check::Form);
        let unverified = Decoded::parse(token.token)?.read()?;
        trace.reach(Check::Algorithm);
        let algorithm = unverified.algorithm().filter(|algorithm| self.issuers.allow(*algorithm));
        let algorithm = algorithm.ok_or(Unauthorized::AlgorithmNotAllowed)?;
        trace.reach(Check::Form);
        let kid = unverified.kid()?;
        trace.reach(Check::Issuer);
        let issuer = self.issuers.of(&unverified)?;
        trace.issuer = Some(Arc::clone(&issuer.name));
        trace.reach(Check::Algorithm);
        if !issuer.algorithms.contains(&algorithm) {
            return Err(Unauthorized::AlgorithmNotAllowed.into());
        }
        let key = issuer.keys.find(&kid, algorithm, trace).await?;
        trace.reach(Check::Signature);
        let claims = unverified.verify(&key)?;
        trace.reach(Check::Times);
        let expires_at = self.check_times(&claims)?;
        trace.reach(Check::SenderConstraint);
        check_sender_constraint(&claims)?;
        let ends_at = expires_at.saturating_add(self.leeway_seconds);
        let subject = Subject {
            issuer: &issuer.name,
            identifier: &issuer.identifier,
            claims: &claims,
            token: token.token,
            ends_at,
        };
        let identified = issuer.identify(&subject, &self.user_info, trace).await?;
        let (groups, is_access_token) = match self.serves_rules {
            true => (issuer.groups(&claims), issuer.is_access_token(&claims)),
            false => (Vec::new(), false),
        };
        Ok(VerifiedToken {
            id: identified.id,
            principal_type: identified.principal_type,
            claims: VerifiedClaims {
                signed: claims,
                attributes: identified.attributes,
                expires_at,
                web_socket_protocol: token.web_socket_protocol.map(str::to_owned),
                realm: Arc::clone(&issuer.realm),
                groups,
                is_access_token,
            },
        })
    }

    /// All three times are read before any is compared. Returns `exp`.
    fn check_times(&self, claims: &SignedClaims) -> Result<u64, Unauthorized> {
        let read = |name| claims.seconds(name).map_err(|WrongType| Unauthorized::TokenMalformed);
        let expires_at = read("exp")?.ok_or(Unauthorized::TokenMalformed)?;
        let (not_before, issued_at) = (read("nbf")?, read("iat")?);
        let now = self.clock.unix_seconds();
        if self.check_expiration && now >= expires_at.saturating_add(self.leeway_seconds) {
            return Err(Unauthorized::TokenExpired);
        }
        let is_ahead = |time: Option<u64>, by: u64| time.is_some_and(|time| time > now.saturating_add(by));
        if is_ahead(not_before, self.leeway_seconds)
            || is_ahead(issued_at, self.leeway_seconds.max(MAX_ISSUED_AHEAD_SECONDS))
        {
            return Err(Unauthorized::TokenNotYetValid);
        }
        Ok(expires_at)
    }
}

/// A token that is bound to a key or certificate (`cnf`, RFC 7800) must not pass as a bearer token: nothing here proves
/// that the caller has that key.
fn check_sender_constraint(claims: &SignedClaims) -> Result<(), Unauthorized> {
    match claims.json("cnf") {
        Some(_) => Err(Unauthorized::SenderConstraintUnmet),
        None => Ok(()),
    }
}
