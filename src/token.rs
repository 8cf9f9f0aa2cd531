//! The rules for a Cognito token. One after the other, in the order of the contract; the first that fails gives
//! the reason, and nothing is said about the claims of a token whose signature did not hold.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-verifying-a-jwt.html>,
//! RFC 7515 (JWS), RFC 7519 (JWT), RFC 8725 (best current practices).

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::credential::UnverifiedToken;
use crate::error::{Forbidden, Refusal, Unauthorized};
use crate::http::HttpClient;
use crate::keys::KeySets;
use crate::lookup::Clock;
use crate::principal::{PrincipalType, is_user_id};
use crate::settings::{Cache, Cognito, Pool};
use crate::telemetry::Trace;
use crate::user_info::{Inquiry, UserInfo, UserInfos};

/// How far `iat` may be ahead: clocks differ.
const MAX_ISSUED_AHEAD_SECONDS: u64 = 60;

/// Up to so many names, comparing each with each is quicker than hashing them.
const FEW_NAMES: usize = 48;

/// A token whose signature and claims held. Nothing but [`Tokens::verify`] makes it.
#[derive(Debug)]
pub struct VerifiedToken {
    id: String,
    principal_type: PrincipalType,
    claims: Vec<(String, Box<RawValue>)>,
    expires_at: u64,
}

impl VerifiedToken {
    pub(crate) fn into_parts(self) -> (String, PrincipalType, Vec<(String, Box<RawValue>)>, u64) {
        (self.id, self.principal_type, self.claims, self.expires_at)
    }
}

/// Judges the tokens of all pools.
#[derive(Debug)]
pub struct Tokens {
    rules: Cognito,
    /// The index of the pool that judges the tokens of an issuer.
    issuers: HashMap<String, usize>,
    key_sets: Arc<KeySets>,
    user_infos: UserInfos,
    clock: Clock,
    /// The claims that the answer's context passes on.
    context_claims: Vec<String>,
}

impl Tokens {
    /// Judges tokens by these rules.
    #[must_use]
    pub fn new(
        rules: Cognito,
        context_claims: Vec<String>,
        cache: Cache,
        clock: &Clock,
        http: &Arc<HttpClient>,
    ) -> Self {
        let issuers = rules
            .pools
            .iter()
            .enumerate()
            .flat_map(|(index, pool)| pool.issuers.iter().map(move |issuer| (issuer.clone(), index)))
            .collect();
        Self {
            issuers,
            key_sets: Arc::new(KeySets::new(&rules, clock, Arc::clone(http))),
            user_infos: UserInfos::new(cache, rules.user_id.clone(), clock, Arc::clone(http)),
            clock: clock.clone(),
            context_claims,
            rules,
        }
    }

    /// Fetches the key sets.
    pub async fn warm_up(&self) {
        self.key_sets.warm_up().await;
    }

    /// Verifies a token.
    ///
    /// # Errors
    /// The first rule that it breaks, or the fault that keeps us from telling.
    pub async fn verify(&self, token: UnverifiedToken<'_>, trace: &Trace) -> Result<VerifiedToken, Refusal> {
        let unverified = Decoded::parse(token.0)?;
        let (header, unverified_claims) = unverified.json()?;
        let kid = header.kid()?;
        let (index, pool) = self.pool(&unverified_claims)?;
        trace.pool(&pool.name);
        let key = self.key_sets.find(index, &kid, trace).await?;
        if !key.has_signed(unverified.message, &unverified.signature) {
            return Err(Unauthorized::SignatureInvalid.into());
        }
        self.judge(token.0, &unverified_claims, pool, trace).await
    }

    /// The pool that judges this token. A token only chooses among issuers that are configured.
    fn pool(&self, claims: &Claims<'_>) -> Result<(usize, &Pool), Unauthorized> {
        let issuer = claims.text("iss").ok_or(Unauthorized::IssuerUnknown)?;
        let index = self.issuers.get(issuer.as_ref()).ok_or(Unauthorized::IssuerUnknown)?;
        let pool = self.rules.pools.get(*index).ok_or(Unauthorized::IssuerUnknown)?;
        Ok((*index, pool))
    }

    /// Judges the claims of a token whose signature held.
    async fn judge(
        &self,
        token: &str,
        claims: &Claims<'_>,
        pool: &Pool,
        trace: &Trace,
    ) -> Result<VerifiedToken, Refusal> {
        let expires_at = self.check_times(claims)?;
        let token_use = self.check_use(claims)?;
        let client = check_client(claims, token_use, pool)?;
        self.check_scopes_and_groups(claims)?;
        let verified =
            |id: String, principal_type| VerifiedToken { id, principal_type, claims: self.context(claims), expires_at };
        if token_use == Use::Access && is_machine(claims, &client) {
            return match self.rules.allow_machine_tokens {
                true => Ok(verified(client.into_owned(), PrincipalType::Service)),
                false => Err(Unauthorized::UserIdMissing.into()),
            };
        }

        let subject = claims.text("sub");
        let inquiry = match (&pool.user_info_url, &subject) {
            (Some(url), Some(subject)) if token_use == Use::Access && has_scope(claims, "openid") => {
                Some(Inquiry { url, token, subject, expires_at })
            }
            _ => None,
        };
        let mut info = None;
        let id = match claims.text(&self.rules.user_id).filter(|id| !id.is_empty()) {
            Some(id) => id.into_owned(),
            None => {
                let asked = self.user_infos.ask(inquiry.ok_or(Unauthorized::UserIdMissing)?, trace).await?;
                let id = asked.user_id.clone().ok_or(Unauthorized::UserIdMissing)?;
                info = Some(asked);
                id
            }
        };
        if !is_user_id(&id) {
            return Err(Unauthorized::UserIdInvalid.into());
        }
        self.check_email(claims.is_email_unverified() || info.as_deref().is_some_and(says_unverified))?;
        if self.rules.check_revocation && info.is_none() {
            let asked = self.user_infos.ask(inquiry.ok_or(Unauthorized::RevocationUnknown)?, trace).await?;
            self.check_email(says_unverified(&asked))?;
        }
        Ok(verified(id, PrincipalType::User))
    }

    /// All three times are read before any is compared. Returns `exp`.
    fn check_times(&self, claims: &Claims<'_>) -> Result<u64, Unauthorized> {
        let expires_at = claims.seconds("exp")?.ok_or(Unauthorized::TokenMalformed)?;
        let not_before = claims.seconds("nbf")?;
        let issued_at = claims.seconds("iat")?;
        let now = self.clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let leeway = self.rules.leeway.as_secs();
        if self.rules.check_expiration && now >= expires_at.saturating_add(leeway) {
            return Err(Unauthorized::TokenExpired);
        }
        let is_ahead = |time: Option<u64>, by: u64| time.is_some_and(|time| time > now.saturating_add(by));
        if is_ahead(not_before, leeway) || is_ahead(issued_at, leeway.max(MAX_ISSUED_AHEAD_SECONDS)) {
            return Err(Unauthorized::TokenNotYetValid);
        }
        Ok(expires_at)
    }

    fn check_use(&self, claims: &Claims<'_>) -> Result<Use, Unauthorized> {
        match claims.text("token_use").as_deref() {
            Some("id") if self.rules.token_use.id => Ok(Use::Id),
            Some("access") if self.rules.token_use.access => Ok(Use::Access),
            _ => Err(Unauthorized::TokenUseNotAllowed),
        }
    }

    fn check_scopes_and_groups(&self, claims: &Claims<'_>) -> Result<(), Forbidden> {
        let scopes = &self.rules.required_scopes;
        if !scopes.is_empty() && !scopes.iter().any(|scope| has_scope(claims, scope)) {
            return Err(Forbidden::ScopeMissing);
        }
        let groups = &self.rules.required_groups;
        let held = || claims.texts("cognito:groups").unwrap_or_default();
        if !groups.is_empty() && !held().iter().any(|group| groups.contains(group)) {
            return Err(Forbidden::GroupMissing);
        }
        Ok(())
    }

    /// A user can often change the own e-mail to somebody else's, and is that person only once it is verified.
    fn check_email(&self, is_unverified: bool) -> Result<(), Unauthorized> {
        if is_unverified && self.rules.require_verified_email && self.rules.user_id == "email" {
            return Err(Unauthorized::EmailNotVerified);
        }
        Ok(())
    }

    fn context(&self, claims: &Claims<'_>) -> Vec<(String, Box<RawValue>)> {
        let claim = |name: &String| Some((name.clone(), claims.raw(name)?.to_owned()));
        self.context_claims.iter().filter_map(claim).collect()
    }
}

/// What a token is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Id,
    Access,
}

/// The app client, which must be one of the pool's. An access token's `aud` is the resource that it is bound to
/// (RFC 8707), and not looked at.
fn check_client<'a>(claims: &Claims<'a>, token_use: Use, pool: &Pool) -> Result<Cow<'a, str>, Unauthorized> {
    let name = match token_use {
        Use::Id => "aud",
        Use::Access => "client_id",
    };
    claims
        .text(name)
        .filter(|client| pool.clients.iter().any(|allowed| allowed == client))
        .ok_or(Unauthorized::ClientNotAllowed)
}

/// Whether these are client credentials: the subject is the client itself, and no user is named.
fn is_machine(claims: &Claims<'_>, client: &str) -> bool {
    claims.text("sub").is_some_and(|subject| subject == client) && claims.raw("username").is_none()
}

fn has_scope(claims: &Claims<'_>, wanted: &str) -> bool {
    claims.text("scope").is_some_and(|scopes| scopes.split(' ').any(|scope| scope == wanted))
}

fn says_unverified(info: &UserInfo) -> bool {
    info.is_email_unverified
}

/// The time that a number of seconds since 1970 stands for, if this machine can tell it.
pub(crate) fn unix_time(seconds: u64) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// The three segments of a compact JWS (RFC 7515, section 7.1), decoded.
pub(crate) struct Decoded<'t> {
    pub(crate) header: Vec<u8>,
    pub(crate) claims: Vec<u8>,
    /// What is signed: the first two segments as they came.
    message: &'t [u8],
    pub(crate) signature: Vec<u8>,
}

impl<'t> Decoded<'t> {
    /// Strict: no padding, no other alphabet, no stray trailing bits, so that no token has two spellings.
    pub(crate) fn parse(token: &'t str) -> Result<Self, Unauthorized> {
        let (message, signature) = token.rsplit_once('.').ok_or(Unauthorized::TokenMalformed)?;
        let (header, claims) = message.split_once('.').ok_or(Unauthorized::TokenMalformed)?;
        let decode = |segment: &str| URL_SAFE_NO_PAD.decode(segment).map_err(|_| Unauthorized::TokenMalformed);
        Ok(Self {
            header: decode(header)?,
            claims: decode(claims)?,
            message: message.as_bytes(),
            signature: decode(signature)?,
        })
    }

    /// The header, whose algorithm is the allowed one, and the claims.
    fn json(&self) -> Result<(Header<'_>, Claims<'_>), Unauthorized> {
        let header = Claims::parse(&self.header).ok_or(Unauthorized::TokenMalformed)?;
        let claims = Claims::parse(&self.claims).ok_or(Unauthorized::TokenMalformed)?;
        // RFC 8725, section 3.1: the one algorithm is ours to choose, never the token's.
        if header.text("alg").as_deref() != Some("RS256") {
            return Err(Unauthorized::AlgorithmNotAllowed);
        }
        Ok((Header(header), claims))
    }
}

/// A header whose `alg` is RS256.
struct Header<'a>(Claims<'a>);

impl<'a> Header<'a> {
    /// The key's id. Extensions that must be understood (`crit`, RFC 7515, section 4.1.11) are not.
    fn kid(&self) -> Result<Cow<'a, str>, Unauthorized> {
        if self.0.raw("crit").is_some() {
            return Err(Unauthorized::TokenMalformed);
        }
        self.0.text("kid").filter(|kid| !kid.is_empty()).ok_or(Unauthorized::TokenMalformed)
    }
}

/// The members of a JSON object, each as the JSON that it came as; no name comes twice.
pub(crate) struct Claims<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Claims<'a> {
    /// Reads a JSON object, and nothing else.
    pub(crate) fn parse(json: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// The claim's JSON.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, value)| *value)
    }

    /// The claim, if it is a text.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        let json = self.raw(name)?.get();
        let inner = json.strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains('\\') { serde_json::from_str(json).ok().map(Cow::Owned) } else { Some(Cow::Borrowed(inner)) }
    }

    /// The claim, if it is an array of texts.
    fn texts(&self, name: &str) -> Option<Vec<String>> {
        serde_json::from_str(self.raw(name)?.get()).ok()
    }

    /// The claim as a time in seconds since 1970: a whole number from 0 to 2^64 - 1, in digits alone.
    fn seconds(&self, name: &str) -> Result<Option<u64>, Unauthorized> {
        let Some(json) = self.raw(name).map(RawValue::get) else {
            return Ok(None);
        };
        let digits = Some(json).filter(|json| json.bytes().all(|byte| byte.is_ascii_digit()));
        digits.and_then(|digits| digits.parse().ok()).map(Some).ok_or(Unauthorized::TokenMalformed)
    }

    /// Whether the e-mail is there with a verification that is not true. ID tokens have a boolean, userInfo has a
    /// text.
    pub(crate) fn is_email_unverified(&self) -> bool {
        self.raw("email_verified").is_some_and(|json| !matches!(json.get(), "true" | "\"true\""))
    }
}

/// They are a person's, so nothing of them is shown.
impl fmt::Debug for Claims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Claims({} redacted)", self.0.len())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Claims<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ClaimsVisitor)
    }
}

struct ClaimsVisitor;

impl<'de> Visitor<'de> for ClaimsVisitor {
    type Value = Claims<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object without a name that comes twice")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut claims: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::with_capacity(24);
        let mut names = HashSet::new();
        while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
            let is_twice = if claims.len() < FEW_NAMES {
                claims.iter().any(|(other, _)| *other == name)
            } else {
                if names.is_empty() {
                    names.extend(claims.iter().map(|(name, _)| name.clone()));
                }
                !names.insert(name.clone())
            };
            if is_twice {
                return Err(A::Error::custom("a name comes twice"));
            }
            claims.push((name, value));
        }
        Ok(Claims(claims))
    }
}

/// A name, unescaped: two spellings of one name are one name.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(NameVisitor)
    }
}

struct NameVisitor;

impl<'de> Visitor<'de> for NameVisitor {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Borrowed(name)))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
}
