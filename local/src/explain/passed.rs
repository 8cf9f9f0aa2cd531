//! What is said of a check that was passed, with the facts: of a token no more than helps to mend the configuration.

use smac_lambda_authorizer::tools::{Check, Path, Scope, Upstream};

use super::case::{Asked, Case};
use super::token::{Token, in_words, shown};

/// What is said where nobody was asked.
const NOT_CHECKED: &str = "not checked offline: use --live";

impl Case<'_> {
    /// What is said of a check that was passed.
    pub(super) fn passed(&self, check: Check) -> String {
        if self.is_assumed(check) {
            return NOT_CHECKED.to_owned();
        }
        match check {
            Check::Event => self.event(),
            Check::Credential => match self.path {
                Path::Token => "a JWT".to_owned(),
                Path::Pair => "a service's pair".to_owned(),
                Path::None => "none, and MODE is OPTIONAL".to_owned(),
            },
            Check::Form => "three segments, two JSON objects, a key id".to_owned(),
            Check::Algorithm => self.token.and_then(Token::algorithm).unwrap_or_default().into_owned(),
            Check::Issuer => {
                let issuer = self.token.and_then(Token::issuer).unwrap_or_default();
                format!("{}, pool {}", shown(&issuer), self.pool_name())
            }
            Check::Key if self.asked == (Asked::Nobody { has_key: true }) => "in the configured key set".to_owned(),
            Check::Key => format!("in the key set of pool {}", self.pool_name()),
            Check::Signature => "is valid".to_owned(),
            Check::Times => self.times(),
            Check::SenderConstraint => "none: it is a bearer token".to_owned(),
            Check::Use => format!("{}, which is allowed", self.kind_of_token()),
            Check::Client => format!("`{}`, of pool {}", self.client(), self.pool_name()),
            Check::Audience => self.audience(),
            Check::Scopes => required(self.rules().map(|rules| rules.required_scopes.as_slice()), |scope| {
                self.token.is_some_and(|token| token.has_scope(scope))
            }),
            Check::Groups => required(self.rules().map(|rules| rules.required_groups.as_slice()), |group| {
                self.token.is_some_and(|token| token.has_group(group))
            }),
            Check::Machine if self.is_machine() => "client credentials, which are allowed".to_owned(),
            Check::Machine => "it is a user's".to_owned(),
            Check::UserId => self.user_id(),
            Check::Verification => self.verification(),
            Check::Revocation if self.checks_revocation() && self.was_asked(Upstream::UserInfo) => {
                format!("{} accepts the token", self.attributes_name())
            }
            Check::Revocation => "is not checked".to_owned(),
            Check::ServiceId => "can be part of a secret's name".to_owned(),
            Check::Secret => format!("{} is there", self.secret_name()),
            Check::ServiceToken => "is the stored one".to_owned(),
            Check::Resource => match self.parts.policy.scope {
                Scope::Stage => "every method of the stage".to_owned(),
                Scope::Method => "the method".to_owned(),
            },
            Check::Answer => "is small enough for API Gateway".to_owned(),
        }
    }

    fn event(&self) -> String {
        match self.request {
            Some(_) if self.is_event_made => "a REST API's, made for the token".to_owned(),
            Some(request) => {
                let arn = request.arn();
                format!("{}, API {}, stage {}", request.kind().name(), shown(arn.api()), shown(arn.stage()))
            }
            None => Check::Event.rule().to_owned(),
        }
    }

    fn times(&self) -> String {
        let left = self.token.and_then(|token| token.seconds_to("exp")).unwrap_or_default();
        match (left > 0, self.tokens().is_some_and(|tokens| tokens.check_expiration)) {
            (true, _) => format!("expires in {}", in_words(left)),
            (false, true) => format!("expired {} ago, within the leeway", in_words(left)),
            (false, false) => format!("expired {} ago, and CHECK_EXPIRATION is false", in_words(left)),
        }
    }

    fn audience(&self) -> String {
        let bound = self.token.filter(|token| token.is_access()).map(Token::resources).unwrap_or_default();
        required(self.rules().map(|rules| rules.resource_audience.as_slice()), |resource| {
            bound.iter().any(|other| other == resource)
        })
    }

    fn user_id(&self) -> String {
        match self.claim_in_token() {
            _ if self.is_machine() => "the app client's".to_owned(),
            Some(claim) => format!("in the claim `{claim}`"),
            None => format!("in {}'s {}", self.attributes_name(), self.user_id_names()),
        }
    }

    fn verification(&self) -> String {
        match self.verified_claim() {
            Some(claim) if !self.is_machine() => format!("the `{claim}` is verified"),
            Some(_) | None => "is not required".to_owned(),
        }
    }

    pub(super) fn kind_of_token(&self) -> &'static str {
        if self.token.is_some_and(Token::is_access) { "an access token" } else { "an ID token" }
    }
}

/// The required names of which one is held, in words.
fn required(names: Option<&[String]>, is_held: impl Fn(&str) -> bool) -> String {
    let held: Vec<_> = names.into_iter().flatten().filter(|name| is_held(name)).map(String::as_str).collect();
    if held.is_empty() { "none is required".to_owned() } else { format!("has {}", held.join(", ")) }
}
