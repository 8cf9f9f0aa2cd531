//! What CloudFormation makes of a template's functions, conditions and rules.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Template;
use super::node::Node;
use super::parameters::{self, Kind};

/// Conditions that name each other more often than this go round in a circle.
const MAX_DEPTH: usize = 20;

impl Template {
    /// The value of any part of the template; none where it is `AWS::NoValue`.
    pub fn value(&self, node: &Node) -> Result<Option<Node>, String> {
        if let Some((name, argument)) = node.function() {
            return self.function(name, argument);
        }
        Ok(Some(match node {
            Node::String(string) => Node::String(string.clone()),
            Node::List(nodes) => Node::List(self.values(nodes)?),
            Node::Map(entries) => {
                let values = entries.iter().filter_map(|(name, node)| {
                    self.value(node).map(|value| value.map(|value| (name.clone(), value))).transpose()
                });
                Node::Map(values.collect::<Result<_, _>>()?)
            }
        }))
    }

    pub fn condition(&self, name: &str) -> Result<bool, String> {
        self.named_condition(name, 0)
    }

    /// What the template's rules have against its parameters.
    pub fn broken_rules(&self) -> Result<Vec<String>, String> {
        let mut broken = Vec::new();
        for (name, rule) in self.root().get("Rules").map(Node::entries).unwrap_or_default() {
            let is_true =
                |condition: &Node| self.is_true(condition, 0).map_err(|why| format!("has the rule {name}: {why}"));
            if !rule.get("RuleCondition").map_or(Ok(true), is_true)? {
                continue;
            }
            for assertion in rule.get("Assertions").and_then(Node::list).unwrap_or_default() {
                if !assertion.get("Assert").map_or(Ok(false), is_true)? {
                    let description = assertion.get("AssertDescription").and_then(Node::string);
                    broken.push(description.unwrap_or(name).to_owned());
                }
            }
        }
        Ok(broken)
    }

    /// The part that an `If` chooses; the part itself if it is something else.
    pub(super) fn chosen<'a>(&self, node: Option<&'a Node>) -> Result<Option<&'a Node>, String> {
        let Some(("If", argument)) = node.and_then(Node::function) else {
            return Ok(node);
        };
        let branch = self.branch(argument)?;
        let is_nothing = branch.function() == Some(("Ref", &Node::String("AWS::NoValue".to_owned())));
        self.chosen((!is_nothing).then_some(branch))
    }

    fn branch<'a>(&self, argument: &'a Node) -> Result<&'a Node, String> {
        let [Node::String(name), then, otherwise] = argument.list().unwrap_or_default() else {
            return Err(odd("If"));
        };
        Ok(if self.condition(name)? { then } else { otherwise })
    }

    fn function(&self, name: &str, argument: &Node) -> Result<Option<Node>, String> {
        let value = match (name, argument.list().unwrap_or_default()) {
            ("Ref", _) => match argument.string() {
                Some("AWS::NoValue") => return Ok(None),
                Some(name) => self.reference(name).ok_or_else(|| unknown(&format!("!Ref {name}")))??,
                None => return Err(odd(name)),
            },
            ("If", _) => return self.value(self.branch(argument)?),
            ("GetAtt", parts) => {
                let parts = if parts.is_empty() { std::slice::from_ref(argument) } else { parts };
                let parts: Result<Vec<_>, _> = parts.iter().map(|part| self.string(part)).collect();
                let name = parts?.join(".");
                self.reference(&name).ok_or_else(|| unknown(&format!("!GetAtt {name}")))??
            }
            ("Sub", _) => Node::String(self.substituted(argument)?),
            ("Join", [separator, list]) => {
                let strings: Option<Vec<_>> =
                    self.list(list)?.iter().map(|node| node.string().map(str::to_owned)).collect();
                Node::String(strings.ok_or_else(|| odd(name))?.join(&self.string(separator)?))
            }
            ("Split", [separator, string]) => {
                let (separator, string) = (self.string(separator)?, self.string(string)?);
                Node::List(string.split(&separator).map(|part| Node::String(part.to_owned())).collect())
            }
            ("Select", [index, list]) => {
                let index: usize = self.string(index)?.parse().map_err(|_| odd(name))?;
                self.list(list)?.get(index).cloned().ok_or("!Select of an entry that is not there")?
            }
            ("FindInMap", [map, key, name]) => self.found(map, key, name)?,
            ("FindInMap", [map, key, name, options]) => match (self.found(map, key, name), options.get("DefaultValue"))
            {
                (Err(_), Some(default)) => return self.value(default),
                (found, _) => found?,
            },
            ("Base64", _) => Node::String(STANDARD.encode(self.string(argument)?)),
            ("Join" | "Split" | "Select" | "FindInMap", _) => return Err(odd(name)),
            (other, _) => return Err(unknown(&format!("!{other}"))),
        };
        Ok(Some(value))
    }

    fn values(&self, nodes: &[Node]) -> Result<Vec<Node>, String> {
        nodes.iter().filter_map(|node| self.value(node).transpose()).collect()
    }

    fn string(&self, node: &Node) -> Result<String, String> {
        match self.value(node)? {
            Some(Node::String(string)) => Ok(string),
            Some(Node::List(_) | Node::Map(_)) => Err("a list or a map is not a string".to_owned()),
            None => Err("AWS::NoValue is not a string".to_owned()),
        }
    }

    fn list(&self, node: &Node) -> Result<Vec<Node>, String> {
        match self.value(node)? {
            Some(Node::List(nodes)) => Ok(nodes),
            Some(Node::String(_) | Node::Map(_)) | None => Err("a function needs a list".to_owned()),
        }
    }

    /// What a name stands for; none if only the deployment knows.
    fn reference(&self, name: &str) -> Option<Result<Node, String>> {
        let given = self.given.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
        let string = |string: &str| Node::String(string.to_owned());
        let Some(parameter) = self.parameter(name) else {
            return given.or_else(|| of_region(name, self.region()?)).map(|value| Ok(string(value)));
        };
        Some(match (parameter.kind, given.or(parameter.default.as_deref())) {
            (Kind::Stored, _) => Err(format!("the parameter {name} is looked up at the deployment")),
            (Kind::List, Some(value)) => Ok(Node::List(parameters::entries(value).map(string).collect())),
            (Kind::String | Kind::Number, Some(value)) => Ok(string(value)),
            (_, None) => Err(format!("the parameter {name} has no default: give it with --parameter {name}=VALUE")),
        })
    }

    fn region(&self) -> Option<&str> {
        self.given.iter().find(|(name, _)| name == "AWS::Region").map(|(_, region)| region.as_str())
    }

    /// `${Name}` is one of the names given with the string, or what `Ref` or `GetAtt` would find; `${!Name}` is
    /// `${Name}` itself.
    fn substituted(&self, argument: &Node) -> Result<String, String> {
        let (string, names) = match (argument, argument.list().unwrap_or_default()) {
            (Node::String(string), _) => (string, None),
            (_, [Node::String(string), names]) => (string, Some(names)),
            _ => return Err(odd("Sub")),
        };
        let mut result = String::new();
        let mut rest = string.as_str();
        while let Some((before, behind)) = rest.split_once("${") {
            let (name, behind) = behind.split_once('}').ok_or("!Sub has a ${ without a }")?;
            result.push_str(before);
            match (name.strip_prefix('!'), names.and_then(|names| names.get(name))) {
                (Some(literal), _) => result.push_str(&format!("${{{literal}}}")),
                (None, Some(node)) => result.push_str(&self.string(node)?),
                (None, None) => match self.reference(name).ok_or_else(|| unknown(&format!("${{{name}}}")))?? {
                    Node::String(value) => result.push_str(&value),
                    Node::List(_) | Node::Map(_) => return Err("!Sub of a list".to_owned()),
                },
            }
            rest = behind;
        }
        result.push_str(rest);
        Ok(result)
    }

    fn found(&self, map: &Node, key: &Node, name: &Node) -> Result<Node, String> {
        let (map, key, name) = (self.string(map)?, self.string(key)?, self.string(name)?);
        let mappings = self.root().get("Mappings").and_then(|mappings| mappings.get(&map));
        let found = mappings.and_then(|map| map.get(&key)).and_then(|map| map.get(&name));
        found.cloned().ok_or_else(|| format!("the mapping {map} has no value for these keys"))
    }

    fn named_condition(&self, name: &str, depth: usize) -> Result<bool, String> {
        let condition = self.root().get("Conditions").and_then(|conditions| conditions.get(name));
        let condition = condition.ok_or_else(|| format!("there is no condition {name}"))?;
        if depth > MAX_DEPTH {
            return Err(format!("the condition {name} depends on itself"));
        }
        self.is_true(condition, depth + 1)
    }

    fn is_true(&self, node: &Node, depth: usize) -> Result<bool, String> {
        let (name, argument) = node.function().ok_or("a condition is not a function")?;
        match (name, argument.list().unwrap_or_default()) {
            ("Condition", _) => self.named_condition(argument.string().unwrap_or_default(), depth),
            ("Equals", [one, other]) => Ok(self.string(one)? == self.string(other)?),
            ("Not", [condition]) => self.is_true(condition, depth).map(|is_true| !is_true),
            ("And", conditions) => self.agree(conditions, depth, true),
            ("Or", conditions) => self.agree(conditions, depth, false),
            // For rules alone.
            ("Contains", [list, string]) => Ok(self.list(list)?.contains(&Node::String(self.string(string)?))),
            (other, _) => Err(unknown(&format!("!{other} in a condition"))),
        }
    }

    /// Whether all conditions are like this one: one that is not decides, even if another is not known.
    fn agree(&self, conditions: &[Node], depth: usize, like: bool) -> Result<bool, String> {
        let known: Vec<_> = conditions.iter().map(|condition| self.is_true(condition, depth)).collect();
        if known.contains(&Ok(!like)) {
            return Ok(!like);
        }
        known.into_iter().find(Result::is_err).unwrap_or(Ok(like))
    }
}

/// The pseudo parameters that follow from the region.
fn of_region(name: &str, region: &str) -> Option<&'static str> {
    let (partition, suffix) = match region {
        region if region.starts_with("cn-") => ("aws-cn", "amazonaws.com.cn"),
        region if region.starts_with("us-gov-") => ("aws-us-gov", "amazonaws.com"),
        region if region.starts_with("eusc-") => ("aws-eusc", "amazonaws.eu"),
        // Those of the isolated partitions are not guessed.
        region if region.contains("-iso") => return None,
        _ => ("aws", "amazonaws.com"),
    };
    match name {
        "AWS::Partition" => Some(partition),
        "AWS::URLSuffix" => Some(suffix),
        _ => None,
    }
}

fn unknown(what: &str) -> String {
    format!("{what} is not known before the deployment")
}

fn odd(function: &str) -> String {
    format!("!{function} has arguments of another form")
}
