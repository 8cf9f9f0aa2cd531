//! The facts behind a refusal by the rules of an OIDC issuer.

use smac_lambda_authorizer::tools::{self, Check, KeysConfig, OidcRules, Upstream};
use smac_lambda_authorizer::{Forbidden, Unauthorized};

use super::super::case::{Case, USER_INFO_SCOPE, quoted};
use super::super::token::Token;
use super::{Finding, change, facts};

impl Case<'_> {
    /// What there is to say beyond what holds for the tokens of every issuer.
    pub(super) fn unauthorized_at_oidc(&self, reason: Unauthorized, rules: &OidcRules) -> Option<Finding> {
        let claims = self.token.and_then(Token::claims)?;
        let issuer = self.issuer_name();
        match reason {
            Unauthorized::KeyUnknown if matches!(self.issuer?.keys, KeysConfig::Fixed(_)) => {
                let jwks = self.setting("JWKS");
                let found = format!("The issuer is {issuer}, whose key set is in the settings and is never refreshed");
                Some(change(found, format!("update {jwks}, or unset it: then the key set is looked up")))
            }
            Unauthorized::TokenTypeNotAllowed => {
                let wanted = if rules.requires_access_token { "`at+jwt`" } else { "`at+jwt`, `JWT` or none" };
                let found = format!("Here {}, and {issuer} requires {wanted}", self.type_of_token());
                if rules.requires_access_token {
                    return Some(facts(found));
                }
                Some(change(found, "send the access token for this API"))
            }
            Unauthorized::ClientNotAllowed => Some(match tools::oidc_client(claims) {
                Some((claim, Some(_))) => {
                    facts(format!("It is `{}` (`{claim}`), and the issuer is {issuer}", self.client()))
                }
                Some((claim, None)) => facts(format!("Its `{claim}` is not a string, and the issuer is {issuer}")),
                None => {
                    let setting = self.setting("CLIENT_ID");
                    let found = "The token names none (`azp`, `client_id`, `cid` or `appid`), as many ID tokens do";
                    change(found, format!("send the access token for this API, or unset {setting}"))
                }
            }),
            Unauthorized::AudienceNotAllowed => Some(self.audience_not_allowed_at_oidc(rules)),
            Unauthorized::ClaimNotAllowed => {
                let (absent, others): (Vec<_>, Vec<_>) = rules
                    .required_claims
                    .iter()
                    .filter(|required| !tools::has_required_value(claims, required))
                    .partition(|required| !claims.has(&required.claim));
                let names = |required: &[&tools::RequiredClaim]| {
                    required.iter().map(|required| required.claim.as_str().to_owned()).collect::<Vec<_>>()
                };
                let (absent, others) = (names(&absent), names(&others));
                let absent = (!absent.is_empty()).then(|| format!("It has no {}", quoted(&absent, ", ")));
                let others =
                    (!others.is_empty()).then(|| format!("Another value than required: {}", quoted(&others, ", ")));
                Some(facts([absent, others].into_iter().flatten().collect::<Vec<_>>().join(". ")))
            }
            Unauthorized::UserIdMissing => Some(self.user_id_missing_at_oidc(rules)),
            Unauthorized::CredentialsMissing
            | Unauthorized::CredentialsAmbiguous
            | Unauthorized::CacheKeyMismatch
            | Unauthorized::TokenMalformed
            | Unauthorized::AlgorithmNotAllowed
            | Unauthorized::KeyUnknown
            | Unauthorized::SignatureInvalid
            | Unauthorized::IssuerUnknown
            | Unauthorized::TokenExpired
            | Unauthorized::TokenNotYetValid
            | Unauthorized::TokenUseNotAllowed
            | Unauthorized::SenderConstraintUnmet
            | Unauthorized::UserIdInvalid
            | Unauthorized::UserIdNotVerified
            | Unauthorized::TokenRevoked
            | Unauthorized::RevocationUnknown
            | Unauthorized::ServiceIdInvalid
            | Unauthorized::ServiceUnknown
            | Unauthorized::ServiceTokenMismatch
            | _ => None,
        }
    }

    pub(super) fn forbidden_at_oidc(&self, reason: Forbidden, rules: &OidcRules) -> Option<Finding> {
        let claims = self.token.and_then(Token::claims)?;
        match reason {
            Forbidden::ScopeMissing => {
                let claim = rules.scope_claim.as_ref().map_or("scope` or `scp", |claim| claim.as_str());
                Some(facts(format!("Required in `{claim}`: {}", rules.required_scopes.join(", "))))
            }
            Forbidden::GroupMissing => {
                let claim = rules.groups_claim.as_str();
                let found = format!("Required in `{claim}`: {}", rules.required_groups.join(", "));
                if !tools::has_groups_overage(claims) {
                    return Some(facts(found));
                }
                let cause = "The user has more groups than the issuer puts into a token (groups overage)";
                let setting = self.setting("GROUPS_CLAIM");
                let remedy = format!(
                    "have the issuer emit only the groups that are assigned to the application, or use app roles with \
                     {setting}=roles"
                );
                Some(change(format!("{found}. {cause}"), remedy))
            }
            Forbidden::ResourceUnsafe | _ => None,
        }
    }

    fn audience_not_allowed_at_oidc(&self, rules: &OidcRules) -> Finding {
        let audience = self.token.map(Token::resources).unwrap_or_default();
        let named = if audience.is_empty() { "none".to_owned() } else { quoted(&audience, ", ") };
        let required = rules.audience.join(", ");
        let found = format!("Its `aud` names {named}, and {} requires one of: {required}", self.issuer_name());
        let client = self.client();
        if !client.is_empty() && audience.contains(&client) {
            let setting = self.setting("AUDIENCE");
            let remedy = "send the access token for this API: this one is for the client itself, as ID tokens are";
            return change(found, format!("{remedy}; or correct {setting}"));
        }
        facts(found)
    }

    fn user_id_missing_at_oidc(&self, rules: &OidcRules) -> Finding {
        if self.decision.trace().check() == Check::Machine {
            let client = self.client();
            if client.is_empty() {
                return facts(
                    "The token is one of a client itself, and names none (`azp`, `client_id`, `cid` or `appid`)",
                );
            }
            let setting = self.setting("ALLOW_MACHINE_TOKENS");
            return change(
                format!("The token is the client's own (client credentials): client `{client}`"),
                format!("set {setting}=true to allow such tokens, as services"),
            );
        }
        let claims = self.user_id_names();
        let other = format!("use another claim with {}", self.setting("USER_ID"));
        if self.was_asked(Upstream::UserInfo) {
            let readable = format!("have the client ask for the scope that holds it, or {other}");
            return change(format!("Neither the token nor userInfo has {claims}"), readable);
        }
        let has_scope = self
            .token
            .and_then(Token::claims)
            .is_some_and(|claims| tools::oidc_has_scope(rules, claims, USER_INFO_SCOPE));
        let (why, remedy) = match (rules.asks_user_info, has_scope) {
            (false, true) => ("USER_INFO is false", format!("set {}=true, or {other}", self.setting("USER_INFO"))),
            (false, false) => ("USER_INFO is false", other),
            (true, false) => (
                "its scope has no `openid` for userInfo",
                format!("have the client ask for the scope {USER_INFO_SCOPE}, or {other}"),
            ),
            (true, true) => ("it has no `sub`", other),
        };
        change(format!("The token has no {claims}, and nobody is asked: {why}"), remedy)
    }
}
