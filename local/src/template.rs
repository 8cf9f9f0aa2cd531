//! The environment that a SAM or CloudFormation template gives its function, as far as the template alone tells it.
//!
//! Parameters have their defaults or given values. Resolved are `Ref` to parameters, `If` on conditions of `Equals`,
//! `Not`, `And` and `Or`, `Sub` of parameters and `Join`. Whatever else there is is said to be unresolved, and never
//! guessed.

mod yaml;

use std::fmt;

use smac_lambda_authorizer::settings::PREFIX;

use yaml::Node;

/// Conditions that name each other more often than this go round in a circle.
const MAX_DEPTH: usize = 20;

const FUNCTION_TYPES: [&str; 2] = ["AWS::Serverless::Function", "AWS::Lambda::Function"];

/// A template with values for its parameters.
#[derive(Debug)]
pub struct Template {
    root: Node,
    given: Vec<(String, String)>,
}

/// The environment of a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Environment {
    /// The function's name in the template.
    pub function: String,
    /// The variables with their values.
    pub variables: Vec<(String, String)>,
    /// The variables whose values are not in the template, and why.
    pub unresolved: Vec<(String, String)>,
}

/// Why a template can't be used, in words that hold none of its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError(String);

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TemplateError {}

impl Template {
    /// Reads a template. Parameters that are not given have their defaults; pseudo parameters such as `AWS::Region`
    /// may be given, too.
    ///
    /// # Errors
    /// If it is no YAML, has no resources or no such parameter, or does not allow a value that is given.
    pub fn parse(text: &str, given: Vec<(String, String)>) -> Result<Self, TemplateError> {
        let root = yaml::parse(text).map_err(TemplateError)?;
        if root.get("Resources").is_none() {
            return Err(TemplateError("has no Resources: is it a template?".to_owned()));
        }
        let parameters = root.get("Parameters").map(Node::entries).unwrap_or_default();
        for (name, value) in &given {
            let parameter = parameters.iter().find(|(other, _)| other == name).map(|(_, parameter)| parameter);
            if parameter.is_none() && !name.starts_with("AWS::") {
                let known: Vec<_> = parameters.iter().map(|(name, _)| name.as_str()).collect();
                return Err(TemplateError(format!("has no parameter {name}; there are {}", known.join(", "))));
            }
            let allowed = parameter.and_then(|parameter| parameter.get("AllowedValues")).and_then(Node::list);
            if allowed.is_some_and(|allowed| !allowed.iter().any(|node| node.text() == Some(value))) {
                return Err(TemplateError(format!("does not allow this value for the parameter {name}")));
            }
        }
        Ok(Self { root, given })
    }

    /// The environment of the function of this name; without a name, of the one that has variables of ours.
    ///
    /// # Errors
    /// If there is no such function, or several.
    pub fn environment(&self, function: Option<&str>) -> Result<Environment, TemplateError> {
        let resources = self.root.get("Resources").map(Node::entries).unwrap_or_default();
        let functions = resources.iter().filter(|(_, resource)| {
            resource.get("Type").and_then(Node::text).is_some_and(|of| FUNCTION_TYPES.contains(&of))
        });
        let functions = functions.map(|(name, resource)| (name.as_str(), self.variables(resource)));
        let found: Vec<_> = functions
            .filter(|(name, variables)| match function {
                Some(wanted) => *name == wanted,
                None => variables.iter().any(|(name, _)| is_ours(name)),
            })
            .collect();
        let (name, variables) = match found.as_slice() {
            [one] => one,
            [] => {
                return Err(TemplateError(format!("has no {}", function.unwrap_or("function with variables of ours"))));
            }
            several => {
                let names: Vec<_> = several.iter().map(|(name, _)| *name).collect();
                return Err(TemplateError(format!("has several such functions, choose one: {}", names.join(", "))));
            }
        };
        let mut environment =
            Environment { function: (*name).to_owned(), variables: Vec::new(), unresolved: Vec::new() };
        for (name, node) in variables {
            match self.value(node) {
                Ok(Some(value)) => environment.variables.push(((*name).to_owned(), value)),
                Ok(None) => {}
                Err(why) => environment.unresolved.push(((*name).to_owned(), why)),
            }
        }
        Ok(environment)
    }

    /// The function's own variables, and those that all functions have.
    fn variables<'a>(&'a self, resource: &'a Node) -> Vec<(&'a str, &'a Node)> {
        fn variables(of: Option<&Node>) -> &[(String, Node)] {
            let variables = of.and_then(|of| of.get("Environment")).and_then(|of| of.get("Variables"));
            variables.map(Node::entries).unwrap_or_default()
        }
        let own = variables(resource.get("Properties"));
        let globals = variables(self.root.get("Globals").and_then(|globals| globals.get("Function")));
        let inherited = globals.iter().filter(|(name, _)| !own.iter().any(|(other, _)| other == name));
        inherited.chain(own).map(|(name, node)| (name.as_str(), node)).collect()
    }

    /// A variable's value; none where there is to be no such variable.
    fn value(&self, node: &Node) -> Result<Option<String>, String> {
        match node {
            Node::Text(text) => Ok(Some(text.clone())),
            Node::List(_) | Node::Map(_) => Err("is no text".to_owned()),
            Node::Alias => Err("is a YAML alias".to_owned()),
            Node::Function(name, argument) => match (name.as_str(), &**argument) {
                ("Ref", Node::Text(name)) if name == "AWS::NoValue" => Ok(None),
                ("Ref", Node::Text(name)) => self.parameter(name).map(Some),
                ("If", Node::List(arguments)) => match arguments.as_slice() {
                    [Node::Text(name), then, otherwise] => {
                        self.value(if self.condition(name, 0)? { then } else { otherwise })
                    }
                    _ => Err("!If has not three arguments".to_owned()),
                },
                ("Sub", argument) => self.substituted(argument).map(Some),
                ("Join", Node::List(arguments)) => self.joined(arguments).map(Some),
                (other, _) => Err(format!("!{other} is known at the deployment alone")),
            },
        }
    }

    fn text(&self, node: &Node) -> Result<String, String> {
        self.value(node)?.ok_or_else(|| "AWS::NoValue is no text".to_owned())
    }

    /// A parameter's value, as one text.
    fn parameter(&self, name: &str) -> Result<String, String> {
        let parameter = self.root.get("Parameters").and_then(|parameters| parameters.get(name));
        let given = self.given.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str());
        let Some(parameter) = parameter else {
            let unknown = || format!("!Ref {name} is known at the deployment alone");
            return given.map(str::to_owned).ok_or_else(unknown);
        };
        let kind = parameter.get("Type").and_then(Node::text).unwrap_or_default();
        if kind.starts_with("AWS::SSM::") {
            return Err(format!("the parameter {name} is looked up at the deployment"));
        }
        let default = parameter.get("Default").and_then(Node::text);
        let without = || format!("the parameter {name} has no default: give it with --parameter {name}=VALUE");
        given.or(default).map(str::to_owned).ok_or_else(without)
    }

    /// `${Name}` is a parameter or one of the names given with the text, `${!Name}` is `${Name}` itself.
    fn substituted(&self, argument: &Node) -> Result<String, String> {
        let (text, names) = match argument {
            Node::Text(text) => (text.as_str(), None),
            Node::List(arguments) => match arguments.as_slice() {
                [Node::Text(text), names] => (text.as_str(), Some(names)),
                _ => return Err("!Sub has not a text and a map".to_owned()),
            },
            Node::Map(_) | Node::Function(..) | Node::Alias => return Err("!Sub has no text".to_owned()),
        };
        let mut result = String::new();
        let mut rest = text;
        while let Some((before, behind)) = rest.split_once("${") {
            let (name, behind) = behind.split_once('}').ok_or("!Sub has a ${ without a }")?;
            result.push_str(before);
            match (name.strip_prefix('!'), names.and_then(|names| names.get(name))) {
                (Some(literal), _) => result.push_str(&format!("${{{literal}}}")),
                (None, Some(node)) => result.push_str(&self.text(node)?),
                (None, None) => result.push_str(&self.parameter(name)?),
            }
            rest = behind;
        }
        result.push_str(rest);
        Ok(result)
    }

    fn joined(&self, arguments: &[Node]) -> Result<String, String> {
        match arguments {
            [Node::Text(separator), Node::List(nodes)] => {
                let texts: Result<Vec<_>, _> = nodes.iter().map(|node| self.text(node)).collect();
                Ok(texts?.join(separator))
            }
            // A parameter of a list type: its value is written with commas.
            [Node::Text(separator), list @ Node::Function(name, _)] if name == "Ref" => {
                let list = self.text(list)?;
                Ok(list.split(',').map(str::trim).collect::<Vec<_>>().join(separator))
            }
            _ => Err("!Join of something else than texts".to_owned()),
        }
    }

    fn condition(&self, name: &str, depth: usize) -> Result<bool, String> {
        let condition = self.root.get("Conditions").and_then(|conditions| conditions.get(name));
        let condition = condition.ok_or_else(|| format!("there is no condition {name}"))?;
        if depth > MAX_DEPTH {
            return Err(format!("the condition {name} depends on itself"));
        }
        self.holds(condition, depth + 1)
    }

    fn holds(&self, node: &Node, depth: usize) -> Result<bool, String> {
        let Node::Function(name, argument) = node else {
            return Err("a condition is no function".to_owned());
        };
        let arguments = argument.list().unwrap_or_default();
        match (name.as_str(), arguments) {
            ("Condition", _) => self.condition(argument.text().unwrap_or_default(), depth),
            ("Equals", [one, other]) => Ok(self.text(one)? == self.text(other)?),
            ("Not", [condition]) => self.holds(condition, depth).map(|holds| !holds),
            ("And", conditions) => self.agree(conditions, depth, true),
            ("Or", conditions) => self.agree(conditions, depth, false),
            (other, _) => Err(format!("!{other} in a condition is known at the deployment alone")),
        }
    }

    /// Whether all conditions are like this one: one that is not decides, even if another can't be told.
    fn agree(&self, conditions: &[Node], depth: usize, like: bool) -> Result<bool, String> {
        let told: Vec<_> = conditions.iter().map(|condition| self.holds(condition, depth)).collect();
        if told.contains(&Ok(!like)) {
            return Ok(!like);
        }
        told.into_iter().find(Result::is_err).unwrap_or(Ok(like))
    }
}

/// Whether a variable is one of ours.
fn is_ours(name: &str) -> bool {
    name.to_ascii_uppercase().starts_with(PREFIX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The environment of a function with these variables.
    fn environment(variables: &str, given: &[(&str, &str)]) -> Environment {
        let lines: String = variables.lines().map(|line| format!("          {line}\n")).collect();
        let text = format!(
            "Parameters:
  Clients: {{ Type: CommaDelimitedList, Default: 'a, b' }}
  Name: {{ Type: String, Default: \"\" }}
  Needed: {{ Type: String }}
  Looked: {{ Type: 'AWS::SSM::Parameter::Value<String>', Default: /x }}
  Number: {{ Type: Number, Default: 007 }}
Conditions:
  HasName: !Not [!Equals [!Ref Name, '']]
  HasBoth: !And [!Condition HasName, Fn::Equals: [!Ref Number, '007']]
  HasEither:
    Fn::Or: [Condition: HasName, !Equals [!Ref AWS::Region, eu-west-1]]
  Circle: !Not [!Condition Circle]
Globals: {{ Function: {{ Environment: {{ Variables: {{ SMAC__AUTH__G: g, SMAC__AUTH__A: global }} }} }} }}
Resources:
  Other: {{ Type: AWS::S3::Bucket }}
  Authorizer:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables:
          SMAC__AUTH__G: own
{lines}"
        );
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Template::parse(&text, given).unwrap().environment(None).unwrap()
    }

    /// The one variable, or why it is unresolved.
    fn value(node: &str, given: &[(&str, &str)]) -> Result<Option<String>, String> {
        let found = environment(&format!("SMAC__AUTH__A: {node}"), given);
        match found.unresolved.as_slice() {
            [(name, why)] if name == "SMAC__AUTH__A" => Err(why.clone()),
            _ => Ok(found.variables.iter().find(|(name, _)| name == "SMAC__AUTH__A").map(|(_, value)| value.clone())),
        }
    }

    #[test]
    fn values_and_functions() {
        let name = [("Name", "n")];
        for (node, given, expected) in [
            ("text", &[][..], Some("text")),
            ("true", &[], Some("true")),
            ("007", &[], Some("007")),
            ("!Ref Number", &[], Some("007")),
            ("!Ref Name", &[], Some("")),
            ("!Ref Name", &name, Some("n")),
            ("{ Ref: Name }", &name, Some("n")),
            ("!Ref Needed", &[("Needed", "x")], Some("x")),
            ("!Ref AWS::Region", &[("AWS::Region", "r")], Some("r")),
            ("!Ref AWS::NoValue", &[], None),
            ("!If [HasName, yes, no]", &[], Some("no")),
            ("!If [HasName, yes, no]", &name, Some("yes")),
            ("!If [HasBoth, 1, !Ref AWS::NoValue]", &[], None),
            ("!If [HasBoth, 1, !Ref AWS::NoValue]", &name, Some("1")),
            ("!If [HasEither, 1, 2]", &name, Some("1")),
            ("!If [HasEither, 1, 2]", &[("AWS::Region", "r")], Some("2")),
            ("{ 'Fn::If': [HasName, 1, { 'Fn::Sub': 'a${Number}' }] }", &[], Some("a007")),
            ("!Sub a${Name}b${!Name}", &name, Some("anb${Name}")),
            ("!Sub ['${A}-${Name}', { A: !Ref Number }]", &name, Some("007-n")),
            ("!Join [',', !Ref Clients]", &[], Some("a,b")),
            ("!Join ['/', [x, !Ref Name]]", &name, Some("x/n")),
        ] {
            assert_eq!(value(node, given), Ok(expected.map(str::to_owned)), "{node}");
        }
        assert!(
            environment("SMAC__AUTH__B: b", &[]).variables.contains(&("SMAC__AUTH__G".to_owned(), "own".to_owned()))
        );
    }

    #[test]
    fn what_the_template_does_not_tell_is_said() {
        for (node, why) in [
            ("!Ref Needed", "the parameter Needed has no default: give it with --parameter Needed=VALUE"),
            ("!Ref Looked", "the parameter Looked is looked up at the deployment"),
            ("!Ref Other", "!Ref Other is known at the deployment alone"),
            ("!Ref AWS::Region", "!Ref AWS::Region is known at the deployment alone"),
            ("!GetAtt Other.Arn", "!GetAtt is known at the deployment alone"),
            ("!Sub '${Other.Arn}'", "!Ref Other.Arn is known at the deployment alone"),
            ("!If [HasEither, 1, 2]", "!Ref AWS::Region is known at the deployment alone"),
            ("!If [Nobody, 1, 2]", "there is no condition Nobody"),
            ("!If [Circle, 1, 2]", "the condition Circle depends on itself"),
            ("[a]", "is no text"),
        ] {
            assert_eq!(value(node, &[]), Err(why.to_owned()), "{node}");
        }
    }

    #[test]
    fn templates_that_are_none() {
        let error = |text: &str, given: &[(&str, &str)], function: Option<&str>| {
            let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let template = Template::parse(text, given);
            template.and_then(|template| template.environment(function)).unwrap_err().to_string()
        };
        let function =
            "{ Type: AWS::Lambda::Function, Properties: { Environment: { Variables: { SMAC__AUTH__MODE: x } } } }";
        let two = format!("Resources: {{ A: {function}, B: {function} }}");
        assert_eq!(error("", &[], None), "is empty");
        assert_eq!(error("a: [", &[], None), "is not YAML (line 2, column 1)");
        assert_eq!(error("a: 1\na: 2", &[], None), "has the name a twice in one map (line 2)");
        assert_eq!(error("a: 1", &[], None), "has no Resources: is it a template?");
        assert_eq!(error("Resources: {}", &[], None), "has no function with variables of ours");
        assert_eq!(error(&two, &[], Some("C")), "has no C");
        assert_eq!(error(&two, &[], None), "has several such functions, choose one: A, B");
        let parameters = "Resources: {}\nParameters: { M: { Type: String, AllowedValues: [X, Y] } }";
        assert_eq!(error(parameters, &[("N", "1")], None), "has no parameter N; there are M");
        assert_eq!(error(parameters, &[("M", "1")], None), "does not allow this value for the parameter M");
        let template = Template::parse(&two, Vec::new()).unwrap();
        assert_eq!(template.environment(Some("B")).unwrap().function, "B");
    }
}
