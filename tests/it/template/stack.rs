//! The template as CloudFormation evaluates it with some parameters.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use serde_json::Value;
use smac_lambda_authorizer::tools::PREFIX;
use smac_lambda_authorizer::{Mistakes, Settings};
use smac_local::template::{Node, Template};

pub const USERS: [(&str, &str); 2] = [("UserPoolId", "eu-west-1_Abc123"), ("AppClientIds", "client")];

/// What only a deployment knows, beside the resources' names.
const DEPLOYMENT: [(&str, &str); 9] = [
    ("AWS::Region", "eu-west-1"),
    ("AWS::AccountId", "123456789012"),
    ("AWS::StackName", "smac"),
    ("AuthorizerFunction", "authorizer"),
    ("AuthorizerFunction.Arn", "the-function"),
    ("AuthorizerRole.Arn", "the-role"),
    ("AuthorizerLogGroup.Arn", "the-log-group"),
    ("LiveVersion.Version", "7"),
    ("DeploymentRole.Arn", "the-deployments-role"),
];

static TEMPLATE: LazyLock<Template> = LazyLock::new(|| Template::parse(&read("template.yaml"), Vec::new()).unwrap());

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The template as it is written, with CloudFormation's short forms (`!Ref x`) in their long ones (`{"Ref": "x"}`).
pub fn template() -> Value {
    json(TEMPLATE.root())
}

/// As JSON; every scalar is a string.
pub fn json(node: &Node) -> Value {
    match node {
        Node::String(string) => string.as_str().into(),
        Node::List(nodes) => nodes.iter().map(json).collect(),
        Node::Map(entries) => Value::Object(entries.iter().map(|(name, node)| (name.clone(), json(node))).collect()),
    }
}

/// A scalar as CloudFormation has it: everything is a string.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A stack with these parameters.
pub struct Stack(Template);

impl Stack {
    /// A stack whose parameters are each allowed.
    pub fn new(given: &[(&str, &str)]) -> Self {
        Self::with(given).unwrap_or_else(|why| panic!("{given:?}: the template {why}"))
    }

    /// The same, or why CloudFormation does not allow a parameter.
    pub fn with(given: &[(&str, &str)]) -> Result<Self, String> {
        static NAMES: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
            let resources = TEMPLATE.root().get("Resources").unwrap().entries().iter();
            let names = resources.map(|(name, _)| (name.clone(), name.clone()));
            let own = DEPLOYMENT.map(|(name, value)| (name.to_owned(), value.to_owned()));
            // The first of a name counts.
            own.into_iter().chain(names).collect()
        });
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        TEMPLATE.with(given.chain(NAMES.iter().cloned()).collect()).map(Self).map_err(|error| error.to_string())
    }

    /// What a part of the template becomes, by the names on the way to it; null where it is `AWS::NoValue`.
    pub fn value(&self, path: &str) -> Value {
        let node = path.split('/').try_fold(self.0.root(), |node, name| node.get(name));
        let node = node.unwrap_or_else(|| panic!("the template has no {path}"));
        let value = self.0.value(node).unwrap_or_else(|why| panic!("{path}: {why}"));
        value.as_ref().map_or(Value::Null, json)
    }

    /// Whether the stack has this resource or output.
    pub fn has(&self, path: &str) -> bool {
        let condition = path.split('/').try_fold(self.0.root(), |node, name| node.get(name)).unwrap().get("Condition");
        condition.is_none_or(|name| self.0.condition(name.string().unwrap()).unwrap())
    }

    /// Whether CloudFormation would deploy it.
    pub fn is_allowed(&self) -> bool {
        self.0.broken_rules().unwrap().is_empty()
    }

    pub fn environment(&self) -> Vec<(String, String)> {
        let found = self.0.environment(None).unwrap();
        assert_eq!((found.function.as_str(), found.unknown), ("AuthorizerFunction", Vec::new()));
        let region = ("AWS_REGION".to_owned(), "eu-west-1".to_owned());
        found.variables.into_iter().chain([region]).collect()
    }

    pub fn settings(&self) -> Result<Settings, Mistakes> {
        let environment = self.environment();
        let file = environment.iter().find(|(name, _)| *name == format!("{PREFIX}SETTINGS_FILE"));
        let file = file.map(|(_, value)| value.clone());
        // The parameter only names what is in the package. The file, whatever its name is, has one setting.
        let read_file = move |path: &Path| match path.to_str() {
            path if path == file.as_deref() => Ok(r#"{"JWT": {"LEEWAY_SECONDS": 30}}"#.to_owned()),
            _ => fs::read_to_string(path),
        };
        Settings::from_variables(environment, read_file)
    }

    pub fn role_actions(&self) -> BTreeSet<String> {
        let policies = self.value("Resources/AuthorizerRole/Properties/Policies");
        let statements = policies
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap().clone());
        statements
            .flat_map(|statement| match statement["Action"].as_array() {
                Some(actions) => actions.iter().map(text).collect(),
                None => vec![text(&statement["Action"])],
            })
            .collect()
    }
}
