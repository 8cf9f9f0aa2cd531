//! What to look at, or to change, for each reason of a refusal.

use smac_lambda_authorizer::Refusal;
use smac_lambda_authorizer::tools::{IssuerConfig, Rules};

/// For a reason that is not known here. A test checks that there is none.
const UNKNOWN: &str = "look it up in the authorizer's documents";

/// What to look at, or to change, when a request is refused for this reason: in the settings of this issuer, if one judged
/// the token.
pub fn advice(refusal: Refusal, issuer: Option<&IssuerConfig>) -> String {
    let code = refusal.code();
    let is_oidc = issuer.is_some_and(|issuer| matches!(issuer.rules, Rules::Oidc(_)));
    let text = Some(code).filter(|_| is_oidc).and_then(of_oidc).unwrap_or_else(|| of(code));
    // Beside the whole names of settings an advice would not fit into a line.
    text.replace("{COGNITO}", "SMAC__AUTH__PROVIDER_COGNITO__")
        .replace("{POOL}", "SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__<NAME>__")
        .replace("{ISSUER}", "SMAC__AUTH__PROVIDER_OIDC__ISSUERS__<NAME>__")
        .replace("{SERVICES}", "SMAC__AUTH__AUTOMATION_PRINCIPALS__")
        .replace("<NAME>", issuer.map_or("<NAME>", |issuer| &issuer.name))
}

/// Where it is another one for the token of an OIDC issuer.
fn of_oidc(code: &str) -> Option<&'static str> {
    Some(match code {
        "signature_invalid" => {
            "send the token as its issuer gave it: it was changed on the way, forged, or made for an API of the issuer's own"
        }
        "client_not_allowed" => {
            "add it to {ISSUER}CLIENT_ID, if it may use this API; or get a token with another client"
        }
        "audience_not_allowed" => "have the client ask for a token for this API, or correct {ISSUER}AUDIENCE",
        "user_id_missing" => {
            "use another claim with {ISSUER}USER_ID; or set {ISSUER}USER_INFO=true, for access tokens with the scope openid"
        }
        "user_id_invalid" => "change it at the issuer, or use another claim with {ISSUER}USER_ID",
        "user_id_not_verified" => {
            "have the user verify it, and the issuer say so in the token; or use another claim with {ISSUER}USER_ID"
        }
        "token_revoked" => "sign in again after a sign-out or revocation",
        "scope_missing" => "have the client ask for one, and the issuer grant it; or change {ISSUER}REQUIRED_SCOPES",
        "group_missing" => "add the user to one at the issuer and sign in again, or change {ISSUER}REQUIRED_GROUPS",
        "jwks_unavailable" => {
            "look at the log, which has the cause, and at the network; {ISSUER}JWKS_URI sets its address"
        }
        "user_info_unavailable" => "look at the log, which has the cause, the network, and a firewall",
        _ => return None,
    })
}

fn of(code: &str) -> &'static str {
    match code {
        "credentials_missing" => {
            "send a token or a service's pair; or allow requests without with SMAC__AUTH__MODE=OPTIONAL"
        }
        "credentials_ambiguous" => {
            "send each credential once: no header twice, no other token in the query or a cookie, no comma"
        }
        "cache_key_mismatch" => "make the credential's header an identity source, or switch the caching off",
        "token_malformed" => {
            "send `Bearer`, a space and the whole token; SMAC__AUTH__JWT__HEADER_PREFIX is another word for `Bearer`, \
             and SMAC__AUTH__JWT__ALLOW_BARE=true allows the token alone"
        }
        "algorithm_not_allowed" => {
            "send a token of a configured issuer: pools sign with RS256, and OIDC issuers with {ISSUER}ALGORITHMS"
        }
        "key_unknown" => "sign in again: the key was replaced, or the token is another environment's or forged",
        "signature_invalid" => "send the token as Cognito gave it: it was changed on the way, or forged",
        "issuer_unknown" => {
            "configure its pool ({POOL}USERPOOL_ID and __APP_CLIENT_ID) or OIDC issuer ({ISSUER}ISSUER and __AUDIENCE), \
             or send a token of a configured one"
        }
        "token_expired" => "get a new token",
        "token_not_yet_valid" => "compare the clocks; SMAC__AUTH__JWT__LEEWAY_SECONDS allows for a difference",
        "token_type_not_allowed" => "send the access token for this API; {ISSUER}TOKEN_TYPE=ANY allows plain JWTs too",
        "token_use_not_allowed" => "send the other kind of token, or allow this one with {COGNITO}TOKEN_USE",
        "client_not_allowed" => "add it to {POOL}APP_CLIENT_ID, if it may use this API; or sign in with another client",
        "audience_not_allowed" => {
            "have the client ask for this API (the parameter `resource`), or correct {POOL}RESOURCE_AUDIENCE"
        }
        "claim_not_allowed" => "compare the token's claims with {ISSUER}REQUIRED_CLAIMS",
        "sender_constraint_unmet" => "send a bearer token: switch DPoP or certificate binding off",
        "user_id_missing" => {
            "use another claim with SMAC__AUTH__USER_ID; access tokens need the scope openid and {POOL}DOMAIN, or the \
             scope aws.cognito.signin.user.admin"
        }
        "user_id_invalid" => "change it in the pool, or use another claim with SMAC__AUTH__USER_ID",
        "user_id_not_verified" => {
            "have the user verify it, and let the app client read the attribute that says so; for federated pools, set \
             SMAC__AUTH__REQUIRE_VERIFIED_USER_ID=false"
        }
        "token_revoked" => "sign in again after a sign-out or revocation; or {POOL}DOMAIN is another pool's",
        "revocation_unknown" => "have the client ask for the scope openid, or unset {COGNITO}CHECK_REVOCATION",
        "service_id_invalid" => "an id has at most 128 letters, digits and /_+=.@-; its secret's name at most 512",
        "service_unknown" => "create it, or correct the header, {SERVICES}SECRETS_MANAGER__COMMON_PREFIX or __REGION",
        "service_token_mismatch" => {
            "give the service the secret's `token`; for rotations, set {SERVICES}ROTATION_GRACE_SECONDS"
        }
        "scope_missing" => "have the client ask for one, and the pool grant it; or change {COGNITO}REQUIRED_SCOPES",
        "group_missing" => "add the user to one in pool <NAME> and sign in again, or change {COGNITO}REQUIRED_GROUPS",
        "resource_unsafe" => {
            "set SMAC__AUTH__POLICY__SCOPE=STAGE, or refuse such paths before the authorizer; with access rules, a refused \
             route's pattern matches this path too"
        }
        "rule_missing" => {
            "write a permit for it in SMAC__AUTH__RULES__POLICIES; the log's `rules` names the policies that failed"
        }
        "rule_forbids" => "the log's `rules` names the forbid; change it, or what it looks at",
        "rule_error" => {
            "the log's `rules` names the policy that failed: guard what it looks at with `has`. Without one, a query \
             parameter has two values"
        }
        "route_unknown" => "add the route to SMAC__AUTH__RULES__ROUTES: it must have every route of the API",
        "event_unsupported" => "attach the function to API Gateway as an authorizer; nothing else may call it",
        "CONFIG_ENFORCED_001" => {
            "set SMAC__AUTH__PROVIDER=COGNITO and a pool, SMAC__AUTH__PROVIDER=OIDC and an issuer, or {SERVICES} variables"
        }
        "jwks_unavailable" => "look at the log, which has the cause, the network, {POOL}USERPOOL_ID and __REGION",
        "discovery_unavailable" => {
            "look at the log, which has the cause, and at the network; the document's `issuer` must be {ISSUER}ISSUER, byte \
             for byte, and its `jwks_uri` https; {ISSUER}DISCOVERY_URL sets its address"
        }
        "user_info_unavailable" => "look at the network, a firewall, and {POOL}DOMAIN",
        "secrets_unavailable" => {
            "look at the permissions (secretsmanager:GetSecretValue, kms:Decrypt), the network, and \
             {SERVICES}SECRETS_MANAGER__REGION"
        }
        "secret_malformed" => "the secret must be JSON: {\"token\": \"...\", \"id\": \"...\"}",
        "context_too_large" => "ask for fewer or smaller claims in SMAC__AUTH__CONTEXT_CLAIMS",
        "internal_error" => "a defect of the authorizer: please report it, with the log lines around it",
        _ => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use smac_lambda_authorizer::tools::{self, PREFIX, SETTINGS};
    use smac_lambda_authorizer::{Settings, Unauthorized};

    use super::*;
    use crate::deployment;

    #[test]
    fn each_reason_has_advice_of_its_own_that_names_real_settings() {
        let variables = deployment::environment("http://127.0.0.1:1");
        let settings = Settings::from_variables(variables, |path| std::fs::read_to_string(path)).unwrap();
        let issuers = &tools::parts(&settings).tokens.unwrap().issuers;
        for issuer in [None].into_iter().chain(issuers.iter().map(Some)) {
            let name = issuer.map_or("<NAME>", |issuer| &issuer.name);
            let known: Vec<_> = SETTINGS.iter().map(|setting| setting.full_name(name)).collect();
            for refusal in Refusal::all() {
                let advice = advice(refusal, issuer);
                assert!(advice != UNKNOWN, "{refusal}");
                // What a secret looks like has braces too.
                assert!(refusal.code() == "secret_malformed" || !advice.contains('{'), "{refusal}: {advice}");
                let is_part = |c: char| c.is_ascii_uppercase() || "_<>".contains(c);
                for rest in advice.split(PREFIX).skip(1) {
                    let name: String = rest.chars().take_while(|c| is_part(*c)).collect();
                    let is_section = name.ends_with("__") && known.iter().any(|known| known.starts_with(&name));
                    assert!(is_section || known.contains(&name), "{refusal}: {name}");
                }
            }
        }
        let refusal = Unauthorized::ClientNotAllowed.into();
        for (issuer, setting) in issuers.iter().zip([
            "USERPOOLS__PRIMARY__APP_CLIENT_ID",
            "USERPOOLS__SECONDARY__APP_CLIENT_ID",
            "ISSUERS__DEV__CLIENT_ID",
        ]) {
            assert!(advice(refusal, Some(issuer)).contains(setting), "{setting}");
        }
    }

    #[test]
    fn nothing_of_a_pool_is_said_about_a_token_of_an_oidc_issuer() {
        let of_pools = ["algorithm_not_allowed", "issuer_unknown", "token_use_not_allowed", "revocation_unknown"];
        let before_it = ["CONFIG_ENFORCED_001"];
        for code in
            Refusal::all().map(Refusal::code).filter(|code| !of_pools.contains(code) && !before_it.contains(code))
        {
            let text = of_oidc(code).unwrap_or_else(|| of(code));
            let is_of_a_pool = ["pool", "Cognito", "{COGNITO}", "{POOL}"].iter().any(|word| text.contains(word));
            assert!(!is_of_a_pool, "{code}: {text}");
        }
    }
}
