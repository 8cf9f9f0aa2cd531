//! A template's parameters, and which values CloudFormation allows for them.

use fancy_regex::Regex;

use super::node::Node;

#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) kind: Kind,
    pub(super) default: Option<String>,
    allowed: Option<Vec<String>>,
    pattern: Option<Regex>,
    length: [Option<usize>; 2],
    range: [Option<f64>; 2],
    explanation: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    String,
    Number,
    /// Written with commas.
    List,
    /// The name of a value in the Systems Manager, which only the deployment knows.
    Stored,
}

impl Parameter {
    pub(super) fn read(node: &Node) -> Self {
        let string = |name: &str| node.get(name).and_then(Node::string);
        let allowed = node.get("AllowedValues").and_then(Node::list);
        Self {
            kind: Kind::of(string("Type").unwrap_or_default()),
            default: string("Default").map(str::to_owned),
            allowed: allowed.map(|nodes| nodes.iter().filter_map(Node::string).map(str::to_owned).collect()),
            // The whole value must match. A pattern that only Java knows is not checked here.
            pattern: string("AllowedPattern").and_then(|pattern| Regex::new(&format!(r"\A(?:{pattern})\z")).ok()),
            length: ["MinLength", "MaxLength"].map(|name| string(name).and_then(|number| number.parse().ok())),
            range: ["MinValue", "MaxValue"].map(|name| string(name).and_then(|number| number.parse().ok())),
            explanation: string("ConstraintDescription").map(str::to_owned),
        }
    }

    /// Whether CloudFormation allows this value, or in which way it does not.
    pub(super) fn check(&self, value: &str) -> Result<(), String> {
        let explained = |problem: &str| Err(self.explanation.clone().unwrap_or_else(|| problem.to_owned()));
        let entries = if self.kind == Kind::List { entries(value).collect() } else { vec![value] };
        for entry in entries {
            if self.allowed.as_ref().is_some_and(|allowed| !allowed.iter().any(|other| other == entry)) {
                return explained("is not one of its AllowedValues");
            }
            // What the pattern can't decide within its limits is not allowed, as a pattern that does not match.
            if self.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(entry).unwrap_or(false)) {
                return explained("does not match its AllowedPattern");
            }
        }
        let length = value.chars().count();
        let [shortest, longest] = self.length;
        if shortest.is_some_and(|least| length < least) || longest.is_some_and(|most| length > most) {
            return explained("is shorter or longer than it may be");
        }
        if self.kind == Kind::Number {
            let Ok(number) = value.parse::<f64>() else {
                return explained("is not a number");
            };
            let [least, most] = self.range;
            if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
                return explained("is less or more than it may be");
            }
        }
        Ok(())
    }
}

impl Kind {
    fn of(name: &str) -> Self {
        match name {
            "Number" => Self::Number,
            "CommaDelimitedList" => Self::List,
            name if name.starts_with("List<") => Self::List,
            name if name.starts_with("AWS::SSM::Parameter::Value") => Self::Stored,
            _ => Self::String,
        }
    }
}

/// The entries of a list parameter, without the spaces around them.
pub(super) fn entries(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim)
}
