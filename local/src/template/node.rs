//! A template as it is written: strings, lists and maps, in YAML or JSON.

use saphyr_parser::{Event, Parser, Span, Tag};
use serde_json::Value;

/// A part of a template. Every scalar is a string, as it is written: that is what a variable gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    String(String),
    List(Vec<Node>),
    /// A map in its order. A function is a map of its name alone: `!Ref X` is `Ref: X`, `!Sub X` is `Fn::Sub: X`.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The value of this name, if this is a map that has it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.entries().iter().find(|(other, _)| other == name).map(|(_, node)| node)
    }

    pub fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Map(entries) => entries,
            Self::String(_) | Self::List(_) => &[],
        }
    }

    pub fn string(&self) -> Option<&str> {
        match self {
            Self::String(string) => Some(string),
            Self::List(_) | Self::Map(_) => None,
        }
    }

    pub fn list(&self) -> Option<&[Self]> {
        match self {
            Self::List(nodes) => Some(nodes),
            Self::String(_) | Self::Map(_) => None,
        }
    }

    /// The name, without `Fn::`, and the argument, if this is a function.
    pub(super) fn function(&self) -> Option<(&str, &Self)> {
        match self.entries() {
            [(name, argument)] if name == "Ref" => Some((name, argument)),
            // Beside other entries it is a resource's condition.
            [(name, argument @ Self::String(_))] if name == "Condition" => Some((name, argument)),
            [(name, argument)] => Some((name.strip_prefix("Fn::")?, argument)),
            _ => None,
        }
    }
}

/// The first document of a string. An error names the line, and shows nothing of it.
pub(super) fn parse(string: &str) -> Result<Node, String> {
    match parse_yaml(string) {
        // Nearly all JSON is YAML, but not its tabs, and not its pairs of surrogates.
        Err(problem) => serde_json::from_str(string).map(of_json).map_err(|_| problem),
        parsed => parsed,
    }
}

fn of_json(value: Value) -> Node {
    match value {
        Value::Null => Node::String(String::new()),
        Value::Bool(boolean) => Node::String(boolean.to_string()),
        Value::Number(number) => Node::String(number.to_string()),
        Value::String(string) => Node::String(string),
        Value::Array(values) => Node::List(values.into_iter().map(of_json).collect()),
        Value::Object(map) => Node::Map(map.into_iter().map(|(name, value)| (name, of_json(value))).collect()),
    }
}

fn parse_yaml(string: &str) -> Result<Node, String> {
    let mut events = Events { parser: Parser::new_from_str(string), anchors: Vec::new() };
    loop {
        match events.next()? {
            (Event::StreamEnd, _) => return Err("is empty".to_owned()),
            (Event::Nothing | Event::StreamStart | Event::DocumentStart(_), _) => {}
            event => return events.node(event),
        }
    }
}

struct Events<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    /// What `*name` stands for, by the parser's numbers.
    anchors: Vec<(usize, Node)>,
}

impl<'a> Events<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), String> {
        match self.parser.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                let place = error.marker();
                Err(format!("is not YAML (line {}, column {})", place.line(), place.col() + 1))
            }
            None => Err("ends too early".to_owned()),
        }
    }

    fn node(&mut self, (event, span): (Event<'a>, Span)) -> Result<Node, String> {
        let (anchor, tag, node) = match event {
            Event::Scalar(string, _, anchor, tag) => (anchor, tag, Node::String(string.into_owned())),
            Event::SequenceStart(anchor, tag) => (anchor, tag, self.list()?),
            Event::MappingStart(anchor, tag) => (anchor, tag, self.map()?),
            Event::Alias(wanted) => {
                let anchor = self.anchors.iter().find(|(anchor, _)| *anchor == wanted);
                return anchor.map(|(_, node)| node.clone()).ok_or_else(|| broken(&span));
            }
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd => {
                return Err(broken(&span));
            }
            Event::SequenceEnd | Event::MappingEnd => return Err(broken(&span)),
        };
        let node = tagged(tag.as_deref(), node);
        // The parser's number for "none".
        if anchor != 0 {
            self.anchors.push((anchor, node.clone()));
        }
        Ok(node)
    }

    fn list(&mut self) -> Result<Node, String> {
        let mut nodes = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(Node::List(nodes)),
                event => nodes.push(self.node(event)?),
            }
        }
    }

    fn map(&mut self) -> Result<Node, String> {
        let mut entries: Vec<(String, Node)> = Vec::new();
        loop {
            let event = self.next()?;
            let line = event.1.start.line();
            if event.0 == Event::MappingEnd {
                return Ok(Node::Map(entries));
            }
            let Node::String(name) = self.node(event)? else {
                return Err(format!("has a name that is not a string (line {line})"));
            };
            if entries.iter().any(|(other, _)| *other == name) {
                return Err(format!("has the name {name} twice in one map (line {line})"));
            }
            let value = self.next()?;
            entries.push((name, self.node(value)?));
        }
    }
}

/// A tag of CloudFormation's is a function in its short form; one of YAML's own changes nothing here.
fn tagged(tag: Option<&Tag>, node: Node) -> Node {
    match tag.filter(|tag| tag.handle == "!").map(|tag| tag.suffix.as_str()) {
        Some(name @ ("Ref" | "Condition")) => Node::Map(vec![(name.to_owned(), node)]),
        Some(name) => Node::Map(vec![(format!("Fn::{name}"), node)]),
        None => node,
    }
}

fn broken(span: &Span) -> String {
    format!("is not YAML (line {})", span.start.line())
}
