//! What is said of a token that is refused.

use smac_lambda_authorizer::tools::{self, Carrier, Check, PREFIX, Upstream};

use super::Finding;
use crate::explain::case::{Case, GET_USER_SCOPE, USER_INFO_SCOPE, form_of_header, pool_rules, pool_setting};
use crate::explain::token::{Token, in_words, shown};

/// The largest leeway that can be set: a token that expired earlier is no matter of clocks.
const MAX_LEEWAY_SECONDS: i128 = 300;

const OF_COGNITO: &str = "send a token of Cognito";

impl Case<'_> {
    pub(super) fn token_malformed(&self) -> Option<Finding> {
        if let Some(token) = self.token {
            let is_about_times = self.decision.trace().check() == Check::Times;
            let problem = if is_about_times { token.problem_of_times() } else { token.problem() };
            return Some(Finding::new(format!("the token does not have the form of a signed JWT: {problem}")));
        }
        let request = self.request?;
        self.tokens()?.carriers.0.iter().find_map(|carrier| match carrier {
            Carrier::Header { name, prefix, .. } => {
                let mut values = request.header(name).chain(request.authorization_token());
                let found = || Finding::new(format!("the header `{name}` is not `{}`", form_of_header(prefix)));
                values.any(|value| !value.trim().is_empty()).then(found)
            }
            Carrier::WebSocketProtocol(name) => Some(
                Finding::new(format!(
                    "the sub-protocol `{name}` is offered without a token behind it, or nothing else is offered"
                ))
                .but_change(format!("offer `{name}`, the token, and nothing that holds the token again")),
            ),
            Carrier::Query(_) | Carrier::Cookie(_) => None,
        })
    }

    pub(super) fn algorithm_not_allowed(&self) -> Finding {
        let algorithm = self.token.and_then(Token::algorithm);
        let says = algorithm.map_or("names no algorithm".to_owned(), |name| format!("says {}", shown(&name)));
        Finding::new(format!("the token {says}, and Cognito signs with RS256 alone"))
    }

    pub(super) fn issuer_unknown(&self) -> Finding {
        let Some(issuer) = self.token.and_then(Token::issuer) else {
            return Finding::new("the token names no issuer").but_change(OF_COGNITO);
        };
        let known: Vec<_> = self
            .issuers()
            .iter()
            .flat_map(|pool| pool.identifiers.iter().map(move |name| format!("{name} ({})", pool.name)))
            .collect();
        let found = Finding::new(format!(
            "the token's issuer `{}` is no configured pool's: {}",
            shown(&issuer),
            known.join(", ")
        ));
        let id = issuer.rsplit('/').next().unwrap_or_default();
        let has_id = |name: &String| name.rsplit('/').next() == Some(id);
        let Some(same) = self.issuers().iter().find(|pool| pool.identifiers.iter().any(has_id)) else {
            return found.but_change(format!(
                "configure the pool `{}` ({PREFIX}PROVIDER_COGNITO__USERPOOLS__<NAME>__USERPOOL_ID and __APP_CLIENT_ID), \
                 or send a token of a configured pool",
                shown(id)
            ));
        };
        let issuers = pool_setting(&same.name, "ISSUERS");
        // The two forms of one pool's issuer.
        let updated = issuer.replacen("https://cognito-idp.", "https://issuer-cognito-idp.", 1);
        found.but_change(if issuer.starts_with("https://issuer-cognito-idp.") {
            format!("add UPDATED to {issuers}")
        } else if updated != issuer && same.identifiers.contains(&updated) {
            format!("add ORIGINAL to {issuers}")
        } else {
            format!(
                "it is the same pool by another address: correct {} or {issuers}",
                pool_setting(&same.name, "REGION")
            )
        })
    }

    pub(super) fn token_expired(&self) -> Finding {
        let ago = -self.token.and_then(|token| token.seconds_to("exp")).unwrap_or_default();
        let leeway = self.tokens().map(|tokens| tokens.leeway.as_secs()).unwrap_or_default();
        let found =
            Finding::new(format!("expired {} ago, and the leeway is {}", in_words(ago), in_words(leeway.into())));
        if ago > MAX_LEEWAY_SECONDS {
            return found;
        }
        found.but_change(format!("get a new token; where clocks differ, set {PREFIX}JWT__LEEWAY_SECONDS"))
    }

    pub(super) fn token_not_yet_valid(&self) -> Finding {
        let ahead = |claim| self.token.and_then(|token| token.seconds_to(claim)).filter(|seconds| *seconds > 0);
        let when: Vec<_> = [("nbf", "begins"), ("iat", "says it will be issued")]
            .into_iter()
            .filter_map(|(claim, verb)| Some(format!("{verb} in {} (`{claim}`)", in_words(ahead(claim)?))))
            .collect();
        Finding::new(format!("the token {}, by this machine's clock", when.join(" and ")))
    }

    pub(super) fn token_use_not_allowed(&self) -> Finding {
        let variable = format!("{PREFIX}PROVIDER_COGNITO__TOKEN_USE");
        let token_use = self.token.and_then(|token| token.string("token_use"));
        match (token_use, self.token.and_then(Token::token_use)) {
            (_, Some(_)) => {
                let is_access = self.token.is_some_and(Token::is_access);
                let (other, this) = if is_access { ("ID", "ACCESS") } else { ("access", "ID") };
                Finding::new(format!("the token is {}, and {variable} does not allow it", self.kind_of_token()))
                    .but_change(format!("send the {other} token, or add {this} to {variable}"))
            }
            (Some(other), None) => {
                Finding::new(format!("the token's `token_use` is `{}`, neither id nor access", shown(&other)))
                    .but_change("send an ID or access token")
            }
            (None, None) => Finding::new("the token has no `token_use`: it is not Cognito's").but_change(OF_COGNITO),
        }
    }

    pub(super) fn client_not_allowed(&self) -> Finding {
        let claim = self.token.map_or("aud", Token::client_claim);
        let Some(client) = self.token.and_then(Token::client) else {
            return Finding::new(format!("the token names no app client (`{claim}`, a string)"))
                .but_change("send a token that Cognito made for an app client");
        };
        let why = format!(
            "the token's client `{}` is not among the app clients of pool {}",
            shown(&client),
            self.pool_name()
        );
        let has_client = |pool: &&_| pool_rules(pool).clients.iter().any(|allowed| *allowed == client);
        match self.issuers().iter().find(has_client) {
            Some(other) => Finding::new(format!("{why}; it is one of pool {}", other.name)).but_change(format!(
                "correct {}, or send a token of pool {}",
                self.pool_setting("APP_CLIENT_ID"),
                other.name
            )),
            None => Finding::new(why),
        }
    }

    pub(super) fn audience_not_allowed(&self) -> Finding {
        let resources = self.token.map(Token::resources).unwrap_or_default();
        let resources: Vec<_> = resources.iter().map(|resource| format!("`{}`", shown(resource))).collect();
        let bound = match resources.as_slice() {
            [] => "names no resource (`aud`)".to_owned(),
            resources => format!("is bound to {}", resources.join(", ")),
        };
        let required = self.rules().map(|rules| rules.resource_audience.join(", ")).unwrap_or_default();
        Finding::new(format!("the token {bound}, and pool {} requires one of: {required}", self.pool_name()))
    }

    pub(super) fn user_id_missing(&self) -> Finding {
        let claims = self.user_id_names();
        let other = format!("use another claim with {PREFIX}USER_ID");
        if self.decision.trace().check() == Check::Machine {
            return Finding::new(format!(
                "the token is the client's own (client credentials), and no user's: client `{}`",
                self.client()
            ))
            .but_change(format!(
                "set {PREFIX}PROVIDER_COGNITO__ALLOW_MACHINE_TOKENS=true to allow such tokens, as services"
            ));
        }
        let readable =
            format!("have the client ask for the scope that holds it, let it read the attribute, or {other}");
        if self.was_asked(Upstream::UserInfo) {
            return Finding::new(format!("neither the token nor {} has a claim {claims}", self.attributes_name()))
                .but_change(readable);
        }
        if !self.token.is_some_and(Token::is_access) {
            return Finding::new(format!("the ID token has no claim {claims}")).but_change(readable);
        }
        let found = Finding::new(format!(
            "the access token has no claim {claims}, and nobody can be asked: {}",
            self.why_nobody_is_asked()
        ));
        let first = match self.rules().and_then(|rules| rules.user_info_url.as_ref()) {
            _ if self.attributes().is_some() => return found.but_change(OF_COGNITO),
            Some(_) => format!("have the client ask for the scope {USER_INFO_SCOPE}"),
            None => format!("set {}", self.pool_setting("DOMAIN")),
        };
        found.but_change(format!("{first}, send the ID token, or {other}"))
    }

    /// Why neither userInfo nor `GetUser` can be asked about the token.
    pub(super) fn why_nobody_is_asked(&self) -> String {
        if self.attributes().is_some() {
            return "it has no `sub`".to_owned();
        }
        let user_info = match self.rules().and_then(|rules| rules.user_info_url.as_ref()) {
            Some(_) => format!("its scope has no `{USER_INFO_SCOPE}` for userInfo"),
            None => format!("pool {} has no domain for userInfo", self.pool_name()),
        };
        let get_user = match self.rules().and_then(|rules| rules.get_user_url.as_ref()) {
            Some(_) => format!("its scope has no `{GET_USER_SCOPE}` for GetUser"),
            None => format!("{PREFIX}PROVIDER_COGNITO__GET_USER is false"),
        };
        format!("{user_info}, and {get_user}")
    }

    pub(super) fn user_id_not_verified(&self) -> Finding {
        let claim = self.verified_claim().unwrap_or("email");
        let flag = tools::verified_by(claim).unwrap_or_default();
        let has_flag = self.token.is_some_and(|token| token.has(flag));
        let asked = self.attributes_name();
        Finding::new(match (self.claim_in_token(), self.was_asked(Upstream::UserInfo)) {
            (None, _) => format!("{asked} does not say that the user's `{claim}` is verified (`{flag}`)"),
            (Some(_), _) if !has_flag => {
                format!("the token has no `{flag}`, so its `{claim}` does not count as verified")
            }
            (Some(_), false) => format!("the token says that its `{claim}` is not verified"),
            (Some(_), true) => format!("the token or {asked} says that the `{claim}` is not verified"),
        })
    }
}
