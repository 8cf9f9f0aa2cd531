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
    advice.replace("<NAME>", pool.unwrap_or("<NAME>"))
}

fn of_unauthorized(reason: Unauthorized) -> &'static str {
    match reason {
        Unauthorized::CredentialsMissing => {
            "send a token, or both headers of a service's pair; SMAC__AUTH__MODE=OPTIONAL allows requests without a \
             credential"
        }
        Unauthorized::CredentialsAmbiguous => {
            "send each credential once: no header twice, no other token in the query or a cookie, no comma"
        }
        Unauthorized::CacheKeyMismatch => {
            "make the header that carries the credential an identity source, or switch the gateway's caching off"
        }
        Unauthorized::TokenMalformed => {
            "send `Bearer`, a space and the whole token, as Cognito gave it; SMAC__AUTH__JWT__HEADER_PREFIX is the word \
             before it, and SMAC__AUTH__JWT__ALLOW_BARE=true allows it alone"
        }
        Unauthorized::AlgorithmNotAllowed => "send a token of Cognito: those are signed with RS256",
        Unauthorized::KeyUnknown => {
            "sign in again: the key was replaced, or the token is forged or another environment's"
        }
        Unauthorized::SignatureInvalid => "send the token as Cognito gave it: it was changed on the way, or forged",
        Unauthorized::IssuerUnknown => {
            "configure the pool that issued it (SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__<NAME>__USERPOOL_ID and \
             __APP_CLIENT_ID), or send a token of a configured pool"
        }
        Unauthorized::TokenExpired => "get a new token",
        Unauthorized::TokenNotYetValid => "compare the clocks; SMAC__AUTH__JWT__LEEWAY_SECONDS allows for a difference",
        Unauthorized::TokenUseNotAllowed => {
            "send the other kind of token, or allow this one with SMAC__AUTH__PROVIDER_COGNITO__TOKEN_USE"
        }
        Unauthorized::ClientNotAllowed => {
            "add it to SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__<NAME>__APP_CLIENT_ID, if it may use this API; or sign in \
             with another client"
        }
        Unauthorized::AudienceNotAllowed => {
            "have the client ask for a token for this API (the parameter `resource`), or correct \
             SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__<NAME>__RESOURCE_AUDIENCE"
        }
        Unauthorized::SenderConstraintUnmet => {
            "send a bearer token: switch DPoP or certificate binding off for this client"
        }
        Unauthorized::UserIdMissing => {
            "use another claim with SMAC__AUTH__USER_ID; access tokens need the scope openid and a domain \
             (SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__<NAME>__DOMAIN), or the scope aws.cognito.signin.user.admin"
        }
        Unauthorized::UserIdInvalid => "change it in the pool, or use another claim with SMAC__AUTH__USER_ID",
        Unauthorized::UserIdNotVerified => {
            "have the user verify it, and let the app client read the attribute that says so; for federated pools, set \
             SMAC__AUTH__REQUIRE_VERIFIED_USER_ID=false"
        }
        Unauthorized::TokenRevoked => {
            "sign in again: the user signed out or the token was revoked; or \
             SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__<NAME>__DOMAIN is another pool's"
        }
        Unauthorized::RevocationUnknown => {
            "have the client ask for the scope openid, or unset SMAC__AUTH__PROVIDER_COGNITO__CHECK_REVOCATION"
        }
        Unauthorized::ServiceIdInvalid => {
            "a service's id has at most 128 letters, digits and /_+=.@-; its secret's name at most 512"
        }
        Unauthorized::ServiceUnknown => {
            "create it, or correct the header, SMAC__AUTH__AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX or \
             __REGION"
        }
        Unauthorized::ServiceTokenMismatch => {
            "give the service the secret's `token`; for rotations, set \
             SMAC__AUTH__AUTOMATION_PRINCIPALS__ROTATION_GRACE_SECONDS"
        }
        _ => UNKNOWN,
    }
}

fn of_forbidden(reason: Forbidden) -> &'static str {
    match reason {
        Forbidden::ScopeMissing => {
            "have the client ask for one, and the pool grant it; or change \
             SMAC__AUTH__PROVIDER_COGNITO__REQUIRED_SCOPES"
        }
        Forbidden::GroupMissing => {
            "add the user to one in pool <NAME> and sign in again, or change \
             SMAC__AUTH__PROVIDER_COGNITO__REQUIRED_GROUPS"
        }
        Forbidden::ResourceUnsafe => "set SMAC__AUTH__POLICY__SCOPE=STAGE, or refuse such paths before the authorizer",
        _ => UNKNOWN,
    }
}

fn of_fault(reason: Fault) -> &'static str {
    match reason {
        Fault::EventUnsupported => "attach the function to API Gateway as an authorizer; nothing else may call it",
        Fault::ConfigEnforced => {
            "set SMAC__AUTH__PROVIDER=COGNITO and a pool, or SMAC__AUTH__AUTOMATION_PRINCIPALS__ variables"
        }
        Fault::JwksUnavailable => {
            "look at the network, SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__<NAME>__USERPOOL_ID and __REGION: the log has \
             the cause"
        }
        Fault::UserInfoUnavailable => {
            "look at the network, a firewall, and SMAC__AUTH__PROVIDER_COGNITO__USERPOOLS__<NAME>__DOMAIN"
        }
        Fault::SecretsUnavailable => {
            "look at the permissions (secretsmanager:GetSecretValue, kms:Decrypt), the network, and \
             SMAC__AUTH__AUTOMATION_PRINCIPALS__SECRETS_MANAGER__REGION"
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
            let is_part = |c: char| c.is_ascii_uppercase() || c == '_' || c == '<' || c == '>';
            for name in advice.split(PREFIX).skip(1).map(|rest| rest.split(|c| !is_part(c)).next().unwrap_or_default())
            {
                let is_section = name.ends_with("__") && known.iter().any(|known| known.starts_with(name));
                assert!(is_section || known.iter().any(|known| known == name), "{refusal}: {name}");
            }
        }
        assert!(advice(Unauthorized::ClientNotAllowed.into(), Some("MAIN")).contains("__MAIN__APP_CLIENT_ID"));
    }
}
