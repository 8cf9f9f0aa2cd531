//! What to look at, or to change, for each reason of a refusal.

use smac_lambda_authorizer::{Fault, Forbidden, Refusal, Unauthorized};

/// For a reason that is not known here. A test holds that there is none.
const UNKNOWN: &str = "look into the authorizer's documentation";

/// What to look at, or to change, when a request is refused for this reason. Settings are named without their
/// `SMAC__AUTH__`.
#[must_use]
pub const fn advice(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Unauthorized(reason) => of_unauthorized(reason),
        Refusal::Forbidden(reason) => of_forbidden(reason),
        Refusal::Fault(reason) => of_fault(reason),
    }
}

const fn of_unauthorized(reason: Unauthorized) -> &'static str {
    match reason {
        Unauthorized::CredentialsMissing => {
            "send a token in the JWT header (Authorization), or both headers of a service's pair; MODE=OPTIONAL allows \
             requests without a credential"
        }
        Unauthorized::CredentialsAmbiguous => {
            "send each credential once: no header twice, no other token in the query or a cookie, no comma"
        }
        Unauthorized::CacheKeyMismatch => {
            "make the header that carries the credential an identity source, or switch the gateway's caching off"
        }
        Unauthorized::TokenMalformed => {
            "send `Bearer`, a space and the whole token, unchanged; JWT__HEADER_PREFIX is the word before it"
        }
        Unauthorized::AlgorithmNotAllowed => "send a token that Cognito signed: those are RS256",
        Unauthorized::KeyUnknown => {
            "the pool has no such key: the token is another environment's, or the key was replaced; sign in again"
        }
        Unauthorized::SignatureInvalid => "the token was changed or forged; sign in again",
        Unauthorized::IssuerUnknown => {
            "configure the pool that issued it (PROVIDER_COGNITO__USERPOOLS__<NAME>__USERPOOL_ID and __REGION, or \
             __ISSUERS), or send a token of a configured pool"
        }
        Unauthorized::TokenExpired => "get a new token",
        Unauthorized::TokenNotYetValid => "compare the clocks; JWT__LEEWAY_SECONDS allows for a difference",
        Unauthorized::TokenUseNotAllowed => {
            "send the other kind of token, or allow this one with PROVIDER_COGNITO__TOKEN_USE"
        }
        Unauthorized::ClientNotAllowed => {
            "add the token's app client to PROVIDER_COGNITO__USERPOOLS__<NAME>__APP_CLIENT_ID, if it may use this API"
        }
        Unauthorized::AudienceNotAllowed => {
            "have the client ask for a token for this API (the parameter `resource`), or correct \
             PROVIDER_COGNITO__USERPOOLS__<NAME>__RESOURCE_AUDIENCE"
        }
        Unauthorized::SenderConstraintUnmet => {
            "send a bearer token: switch DPoP or certificate binding off for this client"
        }
        Unauthorized::UserIdMissing => {
            "no claim of USER_ID is there: access tokens need the scope openid and the pool's DOMAIN, or the scope \
             aws.cognito.signin.user.admin; client-credentials tokens need PROVIDER_COGNITO__ALLOW_MACHINE_TOKENS"
        }
        Unauthorized::UserIdInvalid => "the user id is over 512 bytes or has control characters; see USER_ID",
        Unauthorized::UserIdNotVerified => {
            "have the user verify it, and let the app client read the attribute that says so; for federated pools, \
             REQUIRE_VERIFIED_USER_ID=false"
        }
        Unauthorized::TokenRevoked => "the user signed out or the token was revoked; sign in again",
        Unauthorized::RevocationUnknown => {
            "with PROVIDER_COGNITO__CHECK_REVOCATION, access tokens need the scope openid or \
             aws.cognito.signin.user.admin"
        }
        Unauthorized::ServiceIdInvalid => {
            "a service's id has at most 128 letters, digits and /_+=.@-; its secret's name at most 512"
        }
        Unauthorized::ServiceUnknown => {
            "create the secret <prefix>/<id>, or correct the id or \
             AUTOMATION_PRINCIPALS__SECRETS_MANAGER__COMMON_PREFIX"
        }
        Unauthorized::ServiceTokenMismatch => {
            "give the service the stored token; for rotations, AUTOMATION_PRINCIPALS__ROTATION_GRACE_SECONDS"
        }
        _ => UNKNOWN,
    }
}

const fn of_forbidden(reason: Forbidden) -> &'static str {
    match reason {
        Forbidden::ScopeMissing => {
            "the client must ask for one of PROVIDER_COGNITO__REQUIRED_SCOPES, and the pool grant it"
        }
        Forbidden::GroupMissing => "add the user to one of PROVIDER_COGNITO__REQUIRED_GROUPS, if the user may",
        Forbidden::ResourceUnsafe => {
            "with POLICY__SCOPE=METHOD a path has no *, ? or ${ and its ARN at most 512 characters; STAGE has no such \
             limit"
        }
        _ => UNKNOWN,
    }
}

const fn of_fault(reason: Fault) -> &'static str {
    match reason {
        Fault::EventUnsupported => "attach the function to API Gateway as an authorizer; nothing else may call it",
        Fault::ConfigEnforced => "set PROVIDER=COGNITO and a pool, or the settings of AUTOMATION_PRINCIPALS",
        Fault::JwksUnavailable => "look at the region, the pool's id, the network",
        Fault::UserInfoUnavailable => "look at the pool's DOMAIN, a firewall, the network",
        Fault::SecretsUnavailable => "look at the function's permissions, the key's, the region, the network",
        Fault::SecretMalformed => "the secret must be JSON: {\"token\": \"...\", \"id\": \"...\"}",
        Fault::ContextTooLarge => "ask for fewer or smaller claims in CONTEXT_CLAIMS",
        Fault::Internal => "a defect of the authorizer: please report it, with the log lines around it",
        _ => UNKNOWN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_advice_of_its_own() {
        for refusal in Refusal::all() {
            assert!(advice(refusal) != UNKNOWN, "{refusal}");
        }
    }
}
