//! All that is known of a decision, for the sentences about it.

use std::borrow::Cow;

use smac_lambda_authorizer::tools::{
    self, Carrier, Check, ClaimPath, IssuerConfig, OidcRules, PREFIX, Parts, Path, PoolRules, Request, Rules, Upstream,
    UserIdRule,
};
use smac_lambda_authorizer::{Decision, PrincipalType};

use super::token::{Token, shown};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
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
    /// The issuer that judged it.
    pub(super) issuer: Option<&'a IssuerConfig>,
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

    /// The rules, if a user pool issued the token.
    pub(super) fn pool(&self) -> Option<&'a PoolRules> {
        self.issuer.and_then(pool_rules)
    }

    /// The rules, if an OIDC issuer issued the token.
    pub(super) fn oidc(&self) -> Option<&'a OidcRules> {
        match &self.issuer?.rules {
            Rules::Pool(_) => None,
            Rules::Oidc(rules) => Some(rules),
        }
    }

    /// The issuer's name in the settings.
    pub(super) fn name(&self) -> &'a str {
        self.issuer.map_or("?", |issuer| issuer.name.as_ref())
    }

    /// The issuer, with what it is.
    pub(super) fn issuer_name(&self) -> String {
        self.issuer.map(described).unwrap_or_default()
    }

    /// The whole name of a setting of the issuer.
    pub(super) fn setting(&self, name: &str) -> String {
        if self.oidc().is_some() { oidc_setting(self.name(), name) } else { pool_setting(self.name(), name) }
    }

    pub(super) fn was_asked(&self, upstream: Upstream) -> bool {
        self.decision.trace().calls(upstream).source().is_some()
    }

    /// Who is asked about the token's user, by name and address.
    pub(super) fn attributes(&self) -> Option<(&'static str, String)> {
        let token = self.token?;
        if let Some(rules) = self.oidc() {
            let document = self.issuer?.discovery.as_ref()?;
            let is_asked = rules.asks_user_info
                && token.claims().is_some_and(|it| tools::oidc_has_scope(rules, it, USER_INFO_SCOPE));
            return is_asked.then(|| ("userInfo", format!("the `userinfo_endpoint` of {}", document.url)));
        }
        let rules = self.pool()?;
        let user_info = rules.user_info_url.as_ref().filter(|_| token.has_scope(USER_INFO_SCOPE));
        let get_user = || rules.get_user_url.as_ref().filter(|_| token.has_scope(GET_USER_SCOPE));
        user_info.map(|url| ("userInfo", url.to_string())).or_else(|| Some(("GetUser", get_user()?.to_string())))
    }

    pub(super) fn attributes_name(&self) -> &'static str {
        self.attributes().map_or("userInfo", |(name, _)| name)
    }

    pub(super) fn attributes_at(&self) -> String {
        self.attributes().map(|(name, at)| format!("{name}, {at}")).unwrap_or_default()
    }

    /// Whether the token is one of a client itself, and was allowed as such.
    pub(super) fn is_machine(&self) -> bool {
        let principal = self.decision.trace().principal.as_ref();
        let is_service = principal.is_some_and(|(principal, _)| *principal == PrincipalType::Service);
        let claims = self.token.and_then(Token::claims);
        let is_machine = |rules: &OidcRules| rules.allow_machine_tokens && claims.is_some_and(tools::is_oidc_machine);
        self.path == Path::Token && is_service && self.oidc().is_none_or(is_machine)
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
        self.issuer.map(user_id_rule)
    }

    /// The claim that is the user id, if it must be verified.
    pub(super) fn verified_claim(&self) -> Option<&'a str> {
        let rule = self.user_id()?;
        let claim = self.claim_in_token().or_else(|| rule.claims.first().map(ClaimPath::as_str))?;
        (rule.requires_verification && tools::verified_by(claim).is_some()).then_some(claim)
    }

    pub(super) fn checks_revocation(&self) -> bool {
        self.pool().is_some_and(|rules| rules.check_revocation)
    }

    /// The client that the token was issued to.
    pub(super) fn client(&self) -> String {
        let token = self.token;
        let client = match self.oidc() {
            Some(_) => token.and_then(|token| tools::oidc_client(token.claims()?)?.1),
            None => token.and_then(Token::client).map(Cow::into_owned),
        };
        client.map(|client| shown(&client)).unwrap_or_default()
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

/// So many names are listed in a line.
const MAX_LISTED: usize = 10;

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

/// An issuer by its name in the settings, with what it is.
pub(super) fn described(issuer: &IssuerConfig) -> String {
    match issuer.rules {
        Rules::Pool(_) => format!("pool {}", issuer.name),
        Rules::Oidc(_) => format!("OIDC issuer {}", issuer.name),
    }
}

/// Names in a line. Of many, the first.
pub(super) fn listed<'n>(names: impl ExactSizeIterator<Item: Into<Cow<'n, str>>>) -> String {
    let more = names.len().saturating_sub(MAX_LISTED);
    let names: Vec<Cow<'_, str>> = names.take(MAX_LISTED).map(Into::into).collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", names.join(", "))
}

pub(super) fn oidc_setting(issuer: &str, name: &str) -> String {
    format!("{PREFIX}PROVIDER_OIDC__ISSUERS__{issuer}__{name}")
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
