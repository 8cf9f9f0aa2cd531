//! A decision, check by check, in words.

use serde_json::{Value, json};
use smac_lambda_authorizer::tools::{self, Check, Parts, Request, Upstream};
use smac_lambda_authorizer::{Decision, Outcome, Settings};
use smac_local::command::Tone;

use super::case::{Asked, Case};
use super::token::Token;
use crate::decisions::{self, Presented, State};

#[derive(Debug)]
pub(crate) struct Explanation {
    /// Who was asked.
    pub(crate) asked: String,
    /// All checks, in their order.
    pub(crate) checks: Vec<Explained>,
    /// Why it was refused, and what to change.
    pub(crate) refused: Option<(String, String)>,
}

#[derive(Debug)]
pub(crate) struct Explained {
    pub(crate) check: Check,
    pub(crate) mark: Mark,
    /// What was found; of a check that was not reached, nothing.
    pub(crate) found: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    Passed,
    /// It was passed since nobody was asked.
    Assumed,
    Failed,
    NotReached,
}

impl Mark {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Assumed => "assumed",
            Self::Failed => "failed",
            Self::NotReached => "not-reached",
        }
    }

    /// For a terminal.
    pub(super) const fn short(self) -> (&'static str, Tone) {
        match self {
            Self::Passed => ("ok", Tone::Good),
            Self::Assumed => ("assumed", Tone::Doubtful),
            Self::Failed => ("FAILED", Tone::Bad),
            Self::NotReached => ("-", Tone::Quiet),
        }
    }
}

/// What an event is about: a request, or a token alone for which the event was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    Request,
    Token,
}

impl Explanation {
    pub(crate) fn new(settings: &Settings, event: &str, about: About, decision: &Decision, asked: Asked) -> Self {
        let parts: Parts<'_> = tools::parts(settings);
        let request = Request::parse(event).ok();
        let presented = request.as_ref().map_or(Ok(Presented::None), |request| Presented::find(request, &parts));
        let path = decisions::path(&presented);
        let presented = presented.unwrap_or(Presented::None);
        let token = if let Presented::Token(token) = presented { Some(Token::read(token)) } else { None };
        let issuer = decisions::judge(&parts, presented, decision);
        let (request, token) = (request.as_ref(), token.as_ref());
        let is_event_made = about == About::Token;
        Self::of(&Case { parts, request, path, token, issuer, decision, asked, is_event_made })
    }

    fn of(case: &Case<'_>) -> Self {
        let refused = match case.decision.outcome() {
            Outcome::Refused(refusal) => Some(case.refused(refusal)),
            Outcome::Allowed(_) => None,
        };
        let explained = |(check, state)| {
            let (mark, found) = match (state, &refused) {
                (State::Passed, _) if case.is_assumed(check) => (Mark::Assumed, case.passed(check)),
                (State::Passed, _) => (Mark::Passed, case.passed(check)),
                (State::Failed, Some((why, _))) => (Mark::Failed, why.clone()),
                (State::Failed, None) | (State::NotReached, _) => (Mark::NotReached, String::new()),
            };
            Explained { check, mark, found }
        };
        let checks = decisions::checks(case.path, case.decision).map(explained).collect();
        Self { asked: asked(case), checks, refused }
    }

    pub(crate) fn of_mark(&self, mark: Mark) -> impl Iterator<Item = &Explained> {
        self.checks.iter().filter(move |explained| explained.mark == mark)
    }

    /// Whether something else might be decided by the real upstreams.
    pub(crate) fn is_uncertain(&self) -> bool {
        self.of_mark(Mark::Assumed).next().is_some()
    }

    pub(crate) fn checks_json(&self) -> Value {
        let one = |Explained { check, mark, found }: &Explained| json!({ "name": check.name(), "state": mark.name(), "rule": check.rule(), "found": found });
        self.checks.iter().map(one).collect()
    }
}

fn asked(case: &Case<'_>) -> String {
    if matches!(case.asked, Asked::Nobody { .. }) {
        return "nobody: what is not checked is assumed (--live asks)".to_owned();
    }
    let mut asked = Vec::new();
    for (upstream, name) in [
        (Upstream::Discovery, "discovery document"),
        (Upstream::KeySet, "key set"),
        (Upstream::UserInfo, case.attributes_name()),
        (Upstream::Secret, "secret"),
    ] {
        let calls = case.decision.trace().calls(upstream);
        let failed = match calls.failed {
            0 => String::new(),
            failed => format!("; {failed} of {} calls failed", calls.made),
        };
        // Without a source it was asked at the start, for nothing. A document that was found there is no news.
        let was_asked = calls.made > 0 && (upstream != Upstream::Discovery || calls.failed > 0);
        let source = calls.source().map_or("not needed", |source| source.name());
        if calls.source().is_some() || was_asked {
            asked.push(format!("{name} ({source}{failed})"));
        }
    }
    if asked.is_empty() { "nobody: it was not needed".to_owned() } else { asked.join(", ") }
}
