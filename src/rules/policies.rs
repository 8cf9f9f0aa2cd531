//! The policies: read, named, and looked through for what they depend on.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use cedar_policy::ffi::DetailedError;
use cedar_policy::{ActionConstraint, Effect, EntityUid, Policy, PolicyId, PolicySet};

use super::looks::Looks;
use super::names::ACTION;

/// Policies in Cedar, in the order of their files.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policies {
    pub(super) set: PolicySet,
    all: Vec<About>,
    by_id: HashMap<PolicyId, usize>,
}

/// What is known of one policy before any question.
#[derive(Clone, Debug)]
struct About {
    id: Arc<str>,
    effect: Effect,
    scope: ActionConstraint,
    looks: Looks,
    /// The actions that it names anywhere.
    actions: Vec<EntityUid>,
    place: Place,
}

/// Where something is in a file: a line and a column, both from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    file: Arc<str>,
    line: usize,
    column: usize,
}

/// What is wrong with a policy, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PolicyError {
    place: Place,
    problem: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

impl std::error::Error for PolicyError {}

impl Policies {
    /// Reads policies from files, each with its name.
    ///
    /// # Errors
    /// Every mistake in them.
    pub(crate) fn parse<'a>(files: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Vec<PolicyError>> {
        let mut policies = Self::default();
        let mut errors = Vec::new();
        for (name, text) in files {
            let file = File { name: name.into(), text: text.strip_prefix('\u{feff}').unwrap_or(text) };
            errors.extend(policies.add(&file));
        }
        if errors.is_empty() { Ok(policies) } else { Err(errors) }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// The names of the policies, and where each is.
    pub(super) fn places(&self) -> impl Iterator<Item = (&str, String)> {
        self.all.iter().map(|policy| (policy.id.as_ref(), policy.place.to_string()))
    }

    /// The mistakes of one file, whose policies are added.
    fn add(&mut self, file: &File<'_>) -> Vec<PolicyError> {
        let parsed: PolicySet = match file.text.parse() {
            Ok(parsed) => parsed,
            Err(errors) => return cedar_policy::ParseErrors::iter(&errors).map(|error| file.error(error)).collect(),
        };
        let mut errors = Vec::new();
        let mut offset = 0;
        for position in 0..parsed.num_of_policies() + parsed.num_of_templates() {
            // Cedar's own names for policies without one.
            let id = PolicyId::new(format!("policy{position}"));
            offset = file.next_policy(offset);
            let place = file.place(offset);
            let Some(policy) = parsed.policy(&id) else {
                let problem = "is a template, which applies to nothing: it has a slot".to_owned();
                errors.push(PolicyError { place, problem });
                offset += parsed.template(&id).map_or(0, |template| template.to_cedar().len());
                continue;
            };
            let text = policy.to_cedar().unwrap_or_default();
            offset += text.len();
            // Cedar would parse a name that it is asked for, each time.
            let id = policy.annotations().find_map(|(name, value)| (name == "id").then_some(value));
            let id: Arc<str> = match id.filter(|id| !id.is_empty()) {
                Some(id) => id.into(),
                None => format!("{}#{position}", file.name).into(),
            };
            errors.extend(self.add_policy(policy, id, &text, place).err());
        }
        errors
    }

    fn add_policy(&mut self, policy: &Policy, id: Arc<str>, text: &str, place: Place) -> Result<(), PolicyError> {
        let new_id = PolicyId::new(&id);
        if let Some(other) = self.by_id.get(&new_id).and_then(|index| self.all.get(*index)) {
            let problem = format!("has the id {id}, which the policy at {} has too", other.place);
            return Err(PolicyError { place, problem });
        }
        let is_action = |entity: &EntityUid| entity.type_name().basename() == ACTION;
        let about = About {
            id,
            effect: policy.effect(),
            scope: policy.action_constraint(),
            looks: Looks::of(policy, text),
            actions: policy.entity_literals().into_iter().filter(is_action).collect(),
            place: place.clone(),
        };
        self.set
            .add(policy.new_id(new_id.clone()))
            .map_err(|error| PolicyError { place, problem: error.to_string() })?;
        self.by_id.insert(new_id, self.all.len());
        self.all.push(about);
        Ok(())
    }

    /// The policies that name an action which is not known.
    pub(crate) fn with_unknown_actions(&self, is_known: impl Fn(&EntityUid) -> bool) -> Vec<PolicyError> {
        let unknown = self.all.iter().flat_map(|policy| policy.actions.iter().map(move |action| (policy, action)));
        unknown
            .filter(|(_, action)| !is_known(action))
            .map(|(policy, action)| PolicyError {
                place: policy.place.clone(),
                problem: format!("names the action {action}, which no route has"),
            })
            .collect()
    }

    /// What the policies look at that can apply to an action in these groups.
    pub(super) fn look(&self, action: &EntityUid, groups: Option<&HashSet<EntityUid>>) -> Looks {
        // Most look at nothing.
        let looking = self.all.iter().filter(|policy| policy.looks != Looks::Nothing);
        looking
            .filter(|policy| policy.can_apply(action, groups))
            .map(|policy| policy.looks)
            .max()
            .unwrap_or(Looks::Nothing)
    }

    /// Whether some policy looks at the request.
    pub(crate) fn look_at_requests(&self) -> bool {
        self.all.iter().any(|policy| policy.looks != Looks::Nothing)
    }

    /// Whether a permit can apply to an action in these groups.
    #[cfg(feature = "tools")]
    pub(super) fn may_permit(&self, action: &EntityUid, groups: Option<&HashSet<EntityUid>>) -> bool {
        let mut permits = self.all.iter().filter(|policy| policy.effect == Effect::Permit);
        permits.any(|policy| policy.can_apply(action, groups))
    }

    /// Whether this policy forbids.
    pub(super) fn forbids(&self, id: &PolicyId) -> bool {
        // What is not known must not pass for a permit.
        self.about(id).is_none_or(|policy| policy.effect == Effect::Forbid)
    }

    /// The names of policies, in the order of their files.
    pub(super) fn ids<'a>(&self, ids: impl Iterator<Item = &'a PolicyId>) -> Vec<Arc<str>> {
        let mut positions: Vec<usize> = ids.filter_map(|id| self.by_id.get(id).copied()).collect();
        positions.sort_unstable();
        positions.iter().filter_map(|position| self.all.get(*position)).map(|policy| Arc::clone(&policy.id)).collect()
    }

    fn about(&self, id: &PolicyId) -> Option<&About> {
        self.by_id.get(id).and_then(|position| self.all.get(*position))
    }
}

impl About {
    /// Whether the policy can apply to an action in these groups.
    fn can_apply(&self, action: &EntityUid, groups: Option<&HashSet<EntityUid>>) -> bool {
        let is_in = |group: &EntityUid| group == action || groups.is_some_and(|groups| groups.contains(group));
        match &self.scope {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(only) => only == action,
            ActionConstraint::In(groups) => groups.iter().any(is_in),
        }
    }
}

/// A file of policies.
struct File<'a> {
    name: Arc<str>,
    text: &'a str,
}

impl File<'_> {
    fn error(&self, error: &cedar_policy::ParseError) -> PolicyError {
        let DetailedError { message, help, source_locations, .. } = error.into();
        let place = self.place(source_locations.first().map_or(0, |label| label.loc.start));
        let label = source_locations.into_iter().find_map(|label| label.label);
        let problem = [Some(message), label, help].into_iter().flatten().collect::<Vec<_>>().join("; ");
        PolicyError { place, problem }
    }

    /// Where the next policy begins: between two of them are spaces and comments alone.
    fn next_policy(&self, offset: usize) -> usize {
        let mut rest = self.text.get(offset..).unwrap_or_default();
        loop {
            let before = rest.len();
            rest = rest.trim_start();
            if rest.starts_with("//") {
                rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
            }
            if rest.len() == before {
                return self.text.len() - rest.len();
            }
        }
    }

    fn place(&self, offset: usize) -> Place {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = before.rsplit('\n').next().unwrap_or_default();
        Place { file: Arc::clone(&self.name), line: before.matches('\n').count() + 1, column: line.chars().count() + 1 }
    }
}

#[cfg(test)]
mod tests;
