//! What is said of a check that was passed, with the facts: of a token no more than helps to mend the configuration.

mod oidc;

use smac_lambda_authorizer::tools::{Check, Path, PoolRules, Scope, Upstream};

use super::case::{Asked, Case};
use super::rules;
use super::token::{Token, in_words, shown};

impl Case<'_> {
    pub(super) fn passed(&self, check: Check) -> String {
        if self.is_assumed(check) {
            return "not checked offline: use --live".to_owned();
        }
        if let Some(said) = self.oidc().and_then(|rules| self.passed_at_oidc(check, rules)) {
            return said;
        }
        let facts = match check {
            Check::Event if self.is_event_made => "a REST API's, made for the token",
            Check::Event => return self.event(),
            Check::Credential => match self.path {
                Path::Token => "a JWT",
                Path::Pair => "a service's pair",
                Path::None => "none, and MODE is OPTIONAL",
            },
            Check::Algorithm => return self.token.and_then(Token::algorithm).unwrap_or_default().into_owned(),
            Check::Issuer => {
                let issuer = self.token.and_then(|token| token.string("iss")).unwrap_or_default();
                return format!("{}, {}", shown(&issuer), self.issuer_name());
            }
            Check::Key if self.asked == (Asked::Nobody { has_key: true }) => "in the configured key set",
            Check::Key => return format!("in the key set of {}", self.issuer_name()),
            Check::Times => return self.times(),
            Check::Type => return format!("{}, which is allowed", self.kind_of_token()),
            Check::Client => return format!("`{}`, of {}", self.client(), self.issuer_name()),
            Check::Audience => {
                let bound = self.token.filter(|token| token.is_access()).map(Token::resources).unwrap_or_default();
                return self.required(|rules| &rules.resource_audience, |_, name| bound.iter().any(|one| one == name));
            }
            Check::Scopes => return self.required(|rules| &rules.required_scopes, Token::has_scope),
            Check::Groups => return self.required(|rules| &rules.required_groups, Token::has_group),
            Check::Machine if self.is_machine() => "client credentials, which are allowed",
            Check::Machine => "it is a user's",
            Check::UserId => match self.claim_in_token() {
                _ if self.is_machine() => "the app client's",
                Some(claim) => return format!("in the claim `{claim}`"),
                None => return format!("in {}'s {}", self.attributes_name(), self.user_id_names()),
            },
            Check::Verification => match self.verified_claim().filter(|_| !self.is_machine()) {
                Some(claim) => return format!("the `{claim}` is verified"),
                None => "is not required",
            },
            Check::Revocation if self.checks_revocation() && self.was_asked(Upstream::UserInfo) => {
                return format!("{} accepts the token", self.attributes_name());
            }
            Check::Revocation => "is not checked",
            Check::Secret => return format!("{} is there", self.secret()),
            Check::Rules if self.parts.rules.is_none() => "there are none",
            Check::Rules => return rules::line(self.decision).unwrap_or_else(|| "they permit the route".to_owned()),
            Check::Resource => match self.parts.policy.scope {
                Scope::Stage => "every method of the stage",
                Scope::Method => "the method",
            },
            Check::Form
            | Check::Signature
            | Check::SenderConstraint
            | Check::Claims
            | Check::ServiceId
            | Check::ServiceToken
            | Check::Answer => check.rule(),
        };
        facts.to_owned()
    }

    fn event(&self) -> String {
        let Some(request) = self.request else {
            return Check::Event.rule().to_owned();
        };
        let arn = request.arn();
        format!("{}, API {}, stage {}", request.kind().name(), shown(arn.api()), shown(arn.stage()))
    }

    fn times(&self) -> String {
        let left = self.token.and_then(|token| token.seconds_to("exp")).unwrap_or_default();
        match (left > 0, self.parts.tokens.is_some_and(|tokens| tokens.check_expiration)) {
            (true, _) => format!("expires in {}", in_words(left)),
            (false, true) => format!("expired {} ago, within the leeway", in_words(left)),
            (false, false) => format!("expired {} ago, and CHECK_EXPIRATION is false", in_words(left)),
        }
    }

    /// The required names of which the token has one, in words.
    fn required(&self, names: impl Fn(&PoolRules) -> &Vec<String>, has: impl Fn(&Token, &str) -> bool) -> String {
        let names = self.pool().into_iter().flat_map(&names).map(String::as_str);
        let held: Vec<_> = names.filter(|name| self.token.is_some_and(|token| has(token, name))).collect();
        if held.is_empty() { "none is required".to_owned() } else { format!("has {}", held.join(", ")) }
    }

    pub(super) fn kind_of_token(&self) -> &'static str {
        if self.token.is_some_and(Token::is_access) { "an access token" } else { "an ID token" }
    }
}
