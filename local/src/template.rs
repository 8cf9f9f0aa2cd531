//! A SAM or CloudFormation template, as far as it is known before a deployment: its parameters, the rules between
//! them, and what its functions make of them.
//!
//! Evaluated are `Ref`, `If`, `Sub`, `Join`, `Select`, `Split`, `FindInMap` and `Base64`, nested in any way, the
//! conditions, and the rules. What only the deployment knows (a resource, an export, a `{{resolve:...}}`) can be
//! given like a parameter; otherwise it is reported as unknown, and never guessed.

mod evaluate;
mod node;
mod parameters;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use smac_lambda_authorizer::tools::PREFIX;

pub use node::Node;
use parameters::Parameter;

const FUNCTION_TYPES: [&str; 2] = ["AWS::Serverless::Function", "AWS::Lambda::Function"];

/// A template with values for its parameters.
#[derive(Clone, Debug)]
pub struct Template {
    root: Arc<Node>,
    parameters: Arc<Vec<(String, Parameter)>>,
    given: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    pub function: String,
    pub variables: Vec<(String, String)>,
    /// The variables whose values are not known before the deployment, and why.
    pub unknown: Vec<(String, String)>,
}

/// Any document in YAML or JSON. An error names the line, and shows nothing of it.
pub fn parse_document(string: &str) -> Result<Node, String> {
    node::parse(string)
}

impl Template {
    /// Reads a template in YAML or JSON; an error holds none of its values. Parameters that are not given have their
    /// defaults. A pseudo parameter (`AWS::Region`), a resource (`Pool`) or its attribute (`Pool.Arn`) may be given too.
    pub fn parse(string: &str, given: Vec<(String, String)>) -> Result<Self, String> {
        let root = node::parse(string)?;
        if root.get("Resources").is_none() {
            return Err("has no Resources: is it a template?".to_owned());
        }
        let parameters = root.get("Parameters").map(Node::entries).unwrap_or_default();
        let parameters: Vec<_> = parameters.iter().map(|(name, node)| (name.clone(), Parameter::read(node))).collect();
        Self { root: root.into(), parameters: parameters.into(), given: Vec::new() }.with(given)
    }

    pub fn with(&self, given: Vec<(String, String)>) -> Result<Self, String> {
        for (name, value) in &given {
            match self.parameter(name) {
                Some(parameter) => parameter
                    .check(value)
                    .map_err(|why| format!("does not allow this value for the parameter {name}: {why}"))?,
                None if self.may_be_given(name) => {}
                None => {
                    let known: Vec<_> = self.parameters.iter().map(|(name, _)| name.as_str()).collect();
                    return Err(format!("has no parameter {name}; there are {}", known.join(", ")));
                }
            }
        }
        Ok(Self { given, ..self.clone() })
    }

    pub fn root(&self) -> &Node {
        &self.root
    }

    /// The environment of the function of this name; without a name, of the one that has variables of ours.
    pub fn environment(&self, function: Option<&str>) -> Result<Environment, String> {
        let resources = self.root().get("Resources").map(Node::entries).unwrap_or_default();
        let mut found = Vec::new();
        for (name, resource) in resources.iter().filter(|(_, resource)| is_function(resource)) {
            if function.is_some_and(|wanted| wanted != name) {
                continue;
            }
            let variables = self.variables(resource).map_err(|why| format!("{name}: {why}"))?;
            if function.is_some() || variables.iter().any(|(name, _)| name.to_ascii_uppercase().starts_with(PREFIX)) {
                found.push((name.as_str(), variables));
            }
        }
        let (name, variables) = match found.as_slice() {
            [one] => one,
            [] => return Err(format!("has no {}", function.unwrap_or("function with variables of ours"))),
            several => {
                let names: Vec<_> = several.iter().map(|(name, _)| *name).collect();
                return Err(format!("has several such functions, choose one: {}", names.join(", ")));
            }
        };
        let mut environment = Environment { function: (*name).to_owned(), variables: Vec::new(), unknown: Vec::new() };
        for (name, node) in variables {
            match self.variable(node) {
                Ok(Some(value)) => environment.variables.push(((*name).to_owned(), value)),
                Ok(None) => {}
                Err(why) => environment.unknown.push(((*name).to_owned(), why)),
            }
        }
        Ok(environment)
    }

    /// The function's own variables, and those that all functions have.
    fn variables<'a>(&'a self, resource: &'a Node) -> Result<Vec<(&'a str, &'a Node)>, String> {
        let own = self.variables_of(resource.get("Properties"))?;
        let globals = self.variables_of(self.root().get("Globals").and_then(|globals| globals.get("Function")))?;
        let inherited = globals.iter().filter(|(name, _)| !own.iter().any(|(other, _)| other == name));
        Ok(inherited.chain(own).map(|(name, node)| (name.as_str(), node)).collect())
    }

    fn variables_of<'a>(&self, properties: Option<&'a Node>) -> Result<&'a [(String, Node)], String> {
        let environment = self.chosen(properties.and_then(|properties| properties.get("Environment")))?;
        let variables = self.chosen(environment.and_then(|environment| environment.get("Variables")))?;
        Ok(variables.map(Node::entries).unwrap_or_default())
    }

    /// A variable's value; none where `AWS::NoValue` leaves it out.
    fn variable(&self, node: &Node) -> Result<Option<String>, String> {
        match self.value(node)? {
            // CloudFormation reads these at the deployment, wherever they are in a string.
            // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
            Some(Node::String(string)) if has_dynamic_reference(&string) => {
                Err("a dynamic reference ({{resolve:...}}) is not known before the deployment".to_owned())
            }
            Some(Node::String(string)) => Ok(Some(string)),
            Some(Node::List(_) | Node::Map(_)) => Err("is not a string".to_owned()),
            None => Ok(None),
        }
    }

    fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|(other, _)| other == name).map(|(_, parameter)| parameter)
    }

    /// Whether this is the name of something that only the deployment knows.
    fn may_be_given(&self, name: &str) -> bool {
        let resource = name.split_once('.').map_or(name, |(resource, _)| resource);
        name.starts_with("AWS::") || self.root().get("Resources").is_some_and(|all| all.get(resource).is_some())
    }
}

fn is_function(resource: &Node) -> bool {
    resource.get("Type").and_then(Node::string).is_some_and(|kind| FUNCTION_TYPES.contains(&kind))
}

fn has_dynamic_reference(string: &str) -> bool {
    string.split_once("{{resolve:").is_some_and(|(_, rest)| rest.contains("}}"))
}
