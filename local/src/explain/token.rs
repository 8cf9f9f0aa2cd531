//! What a token says of itself, as far as it helps to mend the configuration. Nothing here decides anything.

use std::borrow::Cow;
use std::time::SystemTime;

use smac_lambda_authorizer::tools::{self, Algorithm, Object, TokenUse, UserIdRule};
pub(super) use smac_local::command::shown;

/// A token, taken apart as far as it can be. It has no `Debug`: most of it is a person's.
pub(crate) struct Token {
    compact: String,
    header: Option<Object>,
    claims: Option<Object>,
}

impl Token {
    pub(crate) fn read(compact: &str) -> Self {
        let (header, claims) = match tools::segments(compact) {
            Some([header, claims, _]) => (Object::parse(&header), Object::parse(&claims)),
            None => (None, None),
        };
        Self { compact: compact.to_owned(), header, claims }
    }

    pub(super) fn problem(&self) -> String {
        let Some((signed, _)) = self.compact.rsplit_once('.') else {
            return "It has no dots: it is cut off, or not a JWT".to_owned();
        };
        let is_unsigned_readable = || tools::segments(&format!("{signed}.")).is_some();
        match (self.compact.split('.').count(), &self.header, &self.claims) {
            (3, ..) if tools::segments(&self.compact).is_none() && is_unsigned_readable() => {
                "Its signature is not strict base64url: it was changed or cut off"
            }
            (3, ..) if tools::segments(&self.compact).is_none() => "Its header or its claims are not strict base64url",
            (3, None, _) => "Its header is not a JSON object, or has a name twice",
            (3, _, None) => "Its claims are not a JSON object, or have a name twice",
            (3, Some(header), _) if header.json("crit").is_some() => {
                "Its header has an extension that must be understood (`crit`), and none is"
            }
            (3, ..) => "Its header has no key id (`kid`)",
            (segments, ..) => {
                return format!("It has {segments} segments instead of 3: it is cut off, or not a signed JWT");
            }
        }
        .to_owned()
    }

    pub(super) fn problem_of_times(&self) -> String {
        let is_odd = |name: &&str| self.has(name) && self.seconds(name).is_none();
        match ["exp", "nbf", "iat"].into_iter().find(is_odd) {
            Some(name) => format!("Its `{name}` is not a whole number in digits"),
            None => "It has no `exp`: it would never expire".to_owned(),
        }
    }

    pub(super) fn algorithm(&self) -> Option<Cow<'_, str>> {
        self.header.as_ref()?.string("alg")
    }

    /// The key that it names, and the algorithm to use it with. Not to be shown.
    pub(super) fn key(&self) -> Option<(Cow<'_, str>, Algorithm)> {
        Some((self.header.as_ref()?.string("kid")?, Algorithm::by_name(&self.algorithm()?)?))
    }

    /// A claim. Not to be shown, unless it is the issuer, the app client, or what the token is for.
    pub(super) fn string(&self, claim: &str) -> Option<Cow<'_, str>> {
        self.claims.as_ref()?.string(claim)
    }

    /// Its claims. Not to be shown.
    pub(super) fn claims(&self) -> Option<&Object> {
        self.claims.as_ref()
    }

    /// What its header says that it is.
    pub(super) fn kind(&self) -> Option<Cow<'_, str>> {
        self.header.as_ref()?.string("typ")
    }

    pub(super) fn has(&self, claim: &str) -> bool {
        self.claims.as_ref().is_some_and(|claims| claims.json(claim).is_some())
    }

    pub(super) fn token_use(&self) -> Option<TokenUse> {
        match self.string("token_use").as_deref() {
            Some("id") => Some(TokenUse::Id),
            Some("access") => Some(TokenUse::Access),
            _ => None,
        }
    }

    pub(super) fn is_access(&self) -> bool {
        self.token_use() == Some(TokenUse::Access)
    }

    pub(super) fn client_claim(&self) -> &'static str {
        if self.is_access() { "client_id" } else { "aud" }
    }

    pub(super) fn client(&self) -> Option<Cow<'_, str>> {
        self.string(self.client_claim())
    }

    pub(super) fn resources(&self) -> Vec<String> {
        let list = self.claims.as_ref().and_then(|claims| claims.strings("aud")).unwrap_or_default();
        list.into_iter().chain(self.string("aud")).map(Cow::into_owned).collect()
    }

    pub(super) fn has_scope(&self, wanted: &str) -> bool {
        self.claims.as_ref().is_some_and(|claims| tools::has_scope(claims, wanted))
    }

    pub(super) fn has_group(&self, wanted: &str) -> bool {
        let groups = self.claims.as_ref().and_then(|claims| claims.strings("cognito:groups"));
        groups.is_some_and(|groups| groups.iter().any(|group| group == wanted))
    }

    /// The claim that holds the user id, if one does.
    pub(super) fn user_id_claim<'a>(&'a self, rule: &'a UserIdRule) -> Option<&'a str> {
        tools::user_id_claim(rule, self.claims.as_ref()?)
    }

    /// Seconds from now to a time of the token; negative if it is past.
    pub(super) fn seconds_to(&self, claim: &str) -> Option<i128> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        Some(i128::from(self.seconds(claim)?) - i128::from(now))
    }

    fn seconds(&self, claim: &str) -> Option<u64> {
        self.claims.as_ref()?.seconds(claim)
    }
}

pub(super) fn in_words(seconds: i128) -> String {
    let seconds = seconds.unsigned_abs();
    let (number, unit) = match seconds {
        0..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        7200..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_in_words() {
        for (seconds, words) in
            [(0, "0 seconds"), (-1, "1 second"), (119, "119 seconds"), (-180, "3 minutes"), (7200, "2 hours")]
        {
            assert_eq!(in_words(seconds), words);
        }
        assert_eq!(in_words(-400_000), "4 days");
    }
}
