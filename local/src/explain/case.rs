//! All that is known of a decision, for the sentences about it.

use smac_lambda_authorizer::tools::{
    self, Carrier, Check, ClaimPath, IssuerConfig, PREFIX, Parts, Path, PoolRules, Request, Rules, Upstream, UserIdRule,
};
use smac_lambda_authorizer::{Decision, PrincipalType};
use url::Url;

use super::token::{Token, shown};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// The upstreams themselves; whether there are AWS credentials in the settings or the environment.
    Live { has_credentials: bool },
    /// Nobody; whether the signature was checked all the same, by a key in the settings.
    Nobody { has_key: bool },
}

pub(super) struct Case<'a> {
    pub(super) parts: Parts<'a>,
    pub(super) request: Option<&'a Request<'a>>,
    pub(super) path: Path,
    pub(super) token: Option<&'a Token>,
    pub(super) decision: &'a Decision,
    pub(super) asked: Asked,
    /// Whether there was a token alone, and the event was made for it.
    pub(super) is_event_made: bool,
}

impl<'a> Case<'a> {
    /// Whether a check that was passed was made at all, or only assumed to be passed.
    pub(super) fn is_assumed(&self, check: Check) -> bool {
        let Asked::Nobody { has_key } = self.asked else {
            return false;
        };
        let was_asked = self.was_asked(Upstream::UserInfo);
        (matches!(check, Check::Key | Check::Signature) && !has_key)
            || (check == Check::UserId && was_asked && self.claim_in_token().is_none())
            || (check == Check::Verification && was_asked && self.verified_claim().is_some())
            || (check == Check::Revocation && was_asked && self.checks_revocation())
            || matches!(check, Check::Secret | Check::ServiceToken)
    }

    pub(super) fn issuers(&self) -> &'a [IssuerConfig] {
        self.parts.tokens.map(|tokens| tokens.issuers.as_slice()).unwrap_or_default()
    }

    pub(super) fn issuer(&self) -> Option<&'a IssuerConfig> {
        let name = self.decision.trace().issuer.as_ref()?;
        self.issuers().iter().find(|issuer| issuer.name == *name)
    }

    pub(super) fn rules(&self) -> Option<&'a PoolRules> {
        self.issuer().and_then(pool_rules)
    }

    pub(super) fn pool_name(&self) -> &'a str {
        self.issuer().map_or("?", |issuer| issuer.name.as_ref())
    }

    pub(super) fn was_asked(&self, upstream: Upstream) -> bool {
        self.decision.trace().calls(upstream).source().is_some()
    }

    /// Who is asked about the token's user, by name and address.
    pub(super) fn attributes(&self) -> Option<(&'static str, &'a Url)> {
        let (rules, token) = (self.rules()?, self.token?);
        let user_info = rules.user_info_url.as_ref().filter(|_| token.has_scope(USER_INFO_SCOPE));
        let get_user = || rules.get_user_url.as_ref().filter(|_| token.has_scope(GET_USER_SCOPE));
        user_info.map(|url| ("userInfo", url)).or_else(|| Some(("GetUser", get_user()?)))
    }

    pub(super) fn attributes_name(&self) -> &'static str {
        self.attributes().map_or("userInfo", |(name, _)| name)
    }

    pub(super) fn attributes_at(&self) -> String {
        self.attributes().map(|(name, url)| format!("{name}, {url}")).unwrap_or_default()
    }

    pub(super) fn is_machine(&self) -> bool {
        let principal = self.decision.trace().principal.as_ref();
        self.path == Path::Token && principal.is_some_and(|(principal, _)| *principal == PrincipalType::Service)
    }

    /// The claim of the token that is the user id, if one is.
    pub(super) fn claim_in_token(&self) -> Option<&'a str> {
        self.token?.user_id_claim(self.user_id()?)
    }

    /// The claims that can be the user id, in words.
    pub(super) fn user_id_names(&self) -> String {
        let names = |rule: &UserIdRule| rule.claims.iter().map(|claim| claim.as_str().to_owned()).collect::<Vec<_>>();
        self.user_id().map(|rule| quoted(&names(rule), " or ")).unwrap_or_default()
    }

    pub(super) fn user_id(&self) -> Option<&'a UserIdRule> {
        self.issuer().map(user_id_rule)
    }

    /// The claim that is the user id, if it must be verified.
    pub(super) fn verified_claim(&self) -> Option<&'a str> {
        let rule = self.user_id()?;
        let claim = self.claim_in_token().or_else(|| rule.claims.first().map(ClaimPath::as_str))?;
        (rule.requires_verification && tools::verified_by(claim).is_some()).then_some(claim)
    }

    pub(super) fn checks_revocation(&self) -> bool {
        self.rules().is_some_and(|rules| rules.check_revocation)
    }

    pub(super) fn client(&self) -> String {
        self.token.and_then(Token::client).map(|client| shown(&client)).unwrap_or_default()
    }

    /// The service's secret. The id itself is not shown: whoever mixes up the two headers puts the token there.
    pub(super) fn secret(&self) -> String {
        let (prefix, region) = self.parts.services.map_or(("", "?"), |services| {
            (services.common_prefix.trim_end_matches('/'), services.secrets.region.as_str())
        });
        format!("{prefix}/<value of {}> in {region}", self.pair_headers().0)
    }

    /// The headers of a service's id and token.
    pub(super) fn pair_headers(&self) -> (&'a str, &'a str) {
        let headers = self.parts.services.map(|services| &services.headers);
        headers.map_or(("SMAC-Principal", "SMAC-Token"), |headers| (&headers.id, &headers.token))
    }

    pub(super) fn places(&self) -> String {
        let (id, token) = self.pair_headers();
        let carriers = self.parts.tokens.into_iter().flat_map(|tokens| &tokens.carriers.0);
        let pair = self.parts.services.map(|_| format!("the headers `{}` and `{}`", id, token));
        carriers.map(place_of).chain(pair).collect::<Vec<_>>().join(", ")
    }
}

pub(super) const USER_INFO_SCOPE: &str = "openid";

pub(super) const GET_USER_SCOPE: &str = "aws.cognito.signin.user.admin";

/// The rules of a user pool.
pub(super) fn pool_rules(issuer: &IssuerConfig) -> Option<&PoolRules> {
    match &issuer.rules {
        Rules::Pool(rules) => Some(rules),
        Rules::Oidc(_) => None,
    }
}

/// Which claim is the user id.
pub(super) fn user_id_rule(issuer: &IssuerConfig) -> &UserIdRule {
    match &issuer.rules {
        Rules::Pool(rules) => &rules.user_id,
        Rules::Oidc(rules) => &rules.user_id,
    }
}

pub(super) fn pool_setting(pool: &str, name: &str) -> String {
    format!("{PREFIX}PROVIDER_COGNITO__USERPOOLS__{pool}__{name}")
}

/// Names, as a terminal may get them.
pub(super) fn quoted(names: &[String], separator: &str) -> String {
    names.iter().map(|name| format!("`{}`", shown(name))).collect::<Vec<_>>().join(separator)
}

fn place_of(carrier: &Carrier) -> String {
    match carrier {
        Carrier::Header { name, prefix, .. } => format!("the header `{name}: {}`", form_of_header(prefix)),
        Carrier::Query(name) => format!("the query parameter `{name}`"),
        Carrier::Cookie(name) => format!("the cookie `{name}`"),
        Carrier::WebSocketProtocol(name) => format!("the WebSocket sub-protocols `{name}, <token>`"),
    }
}

pub(super) fn form_of_header(prefix: &str) -> String {
    format!("{prefix} <token>").trim_start().to_owned()
}
