//! What to look at, or to change, for each reason of a refusal.

use smac_lambda_authorizer::{Fault, Forbidden, Refusal, Unauthorized};

/// For a reason that is not known here. A test holds that there is none.
const UNKNOWN: &str = "look it up in the authorizer's documents";

/// What to look at, or to change, when a request is refused for this reason: about the pool of this name in the settings,
/// if one judged the token.
pub fn advice(refusal: Refusal, pool: Option<&str>) -> String {
    let advice = match refusal {
        Refusal::Unauthorized(reason) => of_unauthorized(reason),
        Refusal::Forbidden(reason) => of_forbidden(reason),
        Refusal::Fault(reason) => of_fault(reason),
    };
    // Longer names than the rest of a line has room for.
    advice
        .replace("{COGNITO}", "SMAC__AUTH__PROVIDER_COGNITO__")
        .replace("{POOL}", "SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__<NAME>__")
        .replace("{SERVICES}", "SMAC__AUTH__AUTOMATION_PRINCIPALS__")
        .replace("<NAME>", pool.unwrap_or("<NAME>"))
}

fn of_unauthorized(reason: Unauthorized) -> &'static str {
    match reason {
        Unauthorized::CredentialsMissing => {
            "send a token or a service's pair; SMAC__AUTH__MODE=OPTIONAL allows neither"
        }
        Unauthorized::CredentialsAmbiguous => {
            "send each credential once: no header twice, no other token in the query or a cookie, no comma"
        }
        Unauthorized::CacheKeyMismatch => "make the credential's header an identity source, or switch the caching off",
        Unauthorized::TokenMalformed => {
            "send `Bearer`, a space and the whole token; SMAC__AUTH__JWT__HEADER_PREFIX is another word for `Bearer`, \
             and SMAC__AUTH__JWT__ALLOW_BARE=true allows the token alone"
        }
        Unauthorized::AlgorithmNotAllowed => "send a token of Cognito: those are signed with RS256",
        Unauthorized::KeyUnknown => {
            "sign in again: the key was replaced, or the token is another environment's or forged"
        }
        Unauthorized::SignatureInvalid => "send the token as Cognito gave it: it was changed on the way, or forged",
        Unauthorized::IssuerUnknown => {
            "configure its pool ({POOL}USERPOOL_ID and __APP_CLIENT_ID), or send a token of a configured pool"
        }
        Unauthorized::TokenExpired => "get a new token",
        Unauthorized::TokenNotYetValid => "compare the clocks; SMAC__AUTH__JWT__LEEWAY_SECONDS allows for a difference",
        Unauthorized::TokenUseNotAllowed => "send the other kind of token, or allow this one with {COGNITO}TOKEN_USE",
        Unauthorized::ClientNotAllowed => {
            "add it to {POOL}APP_CLIENT_ID, if it may use this API; or sign in with another client"
        }
        Unauthorized::AudienceNotAllowed => {
            "have the client ask for this API (the parameter `resource`), or correct {POOL}RESOURCE_AUDIENCE"
        }
        Unauthorized::SenderConstraintUnmet => "send a bearer token: switch DPoP or certificate binding off",
        Unauthorized::UserIdMissing => {
            "use another claim with SMAC__AUTH__USER_ID; access tokens need the scope openid and {POOL}DOMAIN, or the \
             scope aws.cognito.signin.user.admin"
        }
        Unauthorized::UserIdInvalid => "change it in the pool, or use another claim with SMAC__AUTH__USER_ID",
        Unauthorized::UserIdNotVerified => {
            "have the user verify it, and let the app client read the attribute that says so; for federated pools, set \
             SMAC__AUTH__REQUIRE_VERIFIED_USER_ID=false"
        }
        Unauthorized::TokenRevoked => "sign in again after a sign-out or revocation; or {POOL}DOMAIN is another pool's",
        Unauthorized::RevocationUnknown => {
            "have the client ask for the scope openid, or unset {COGNITO}CHECK_REVOCATION"
        }
        Unauthorized::ServiceIdInvalid => {
            "an id has at most 128 letters, digits and /_+=.@-; its secret's name at most 512"
        }
        Unauthorized::ServiceUnknown => {
            "create it, or correct the header, {SERVICES}SECRETS_MANAGER__COMMON_PREFIX or __REGION"
        }
        Unauthorized::ServiceTokenMismatch => {
            "give the service the secret's `token`; for rotations, set {SERVICES}ROTATION_GRACE_SECONDS"
        }
        _ => UNKNOWN,
    }
}

fn of_forbidden(reason: Forbidden) -> &'static str {
    match reason {
        Forbidden::ScopeMissing => {
            "have the client ask for one, and the pool grant it; or change {COGNITO}REQUIRED_SCOPES"
        }
        Forbidden::GroupMissing => {
            "add the user to one in pool <NAME> and sign in again, or change {COGNITO}REQUIRED_GROUPS"
        }
        Forbidden::ResourceUnsafe => "set SMAC__AUTH__POLICY__SCOPE=STAGE, or refuse such paths before the authorizer",
        _ => UNKNOWN,
    }
}

fn of_fault(reason: Fault) -> &'static str {
    match reason {
        Fault::EventUnsupported => "attach the function to API Gateway as an authorizer; nothing else may call it",
        Fault::ConfigEnforced => "set SMAC__AUTH__PROVIDER=COGNITO and a pool, or {SERVICES} variables",
        Fault::JwksUnavailable => "look at the log, which has the cause, the network, {POOL}USERPOOL_ID and __REGION",
        Fault::UserInfoUnavailable => "look at the network, a firewall, and {POOL}DOMAIN",
        Fault::SecretsUnavailable => {
            "look at the permissions (secretsmanager:GetSecretValue, kms:Decrypt), the network, and \
             {SERVICES}SECRETS_MANAGER__REGION"
        }
        Fault::SecretMalformed => "the secret must be JSON: {\"token\": \"...\", \"id\": \"...\"}",
        Fault::ContextTooLarge => "ask for fewer or smaller claims in SMAC__AUTH__CONTEXT_CLAIMS",
        Fault::Internal => "a defect of the authorizer: please report it, with the log lines around it",
        _ => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use smac_lambda_authorizer::tools::{PREFIX, SETTINGS};

    use super::*;

    #[test]
    fn each_reason_has_advice_of_its_own_that_names_real_settings() {
        let known: Vec<_> = SETTINGS.iter().map(|setting| setting.full_name("<NAME>")).collect();
        for refusal in Refusal::all() {
            let advice = advice(refusal, None);
            assert!(advice != UNKNOWN, "{refusal}");
            let is_part = |c: char| c.is_ascii_uppercase() || "_<>".contains(c);
            for rest in advice.split(PREFIX).skip(1) {
                let name: String = rest.chars().take_while(|c| is_part(*c)).collect();
                let is_section = name.ends_with("__") && known.iter().any(|known| known.starts_with(&name));
                assert!(is_section || known.contains(&name), "{refusal}: {name}");
            }
        }
        assert!(advice(Unauthorized::ClientNotAllowed.into(), Some("MAIN")).contains("__MAIN__APP_CLIENT_ID"));
    }
}
