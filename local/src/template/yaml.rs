//! YAML as CloudFormation uses it: texts, lists, maps, and functions, which are tags or maps of one name.

use saphyr_parser::{Event, Parser, ScanError, Span, Tag};

/// A part of a template. Every scalar is a text, as it is written: that is what a variable gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
    /// `!Name argument` or `Fn::Name: argument`.
    Function(String, Box<Node>),
    /// `*name`, which is not followed.
    Alias,
}

impl Node {
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        self.entries().iter().find(|(other, _)| other == name).map(|(_, node)| node)
    }

    pub(super) fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Map(entries) => entries,
            Self::Text(_) | Self::List(_) | Self::Function(..) | Self::Alias => &[],
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::List(_) | Self::Map(_) | Self::Function(..) | Self::Alias => None,
        }
    }

    pub(super) fn list(&self) -> Option<&[Self]> {
        match self {
            Self::List(nodes) => Some(nodes),
            Self::Text(_) | Self::Map(_) | Self::Function(..) | Self::Alias => None,
        }
    }
}

/// The first document of a text. What is wrong is said with its line, and not shown.
pub(super) fn parse(text: &str) -> Result<Node, String> {
    let mut events = Events(Parser::new_from_str(text));
    loop {
        match events.next()? {
            (Event::StreamEnd, _) => return Err("is empty".to_owned()),
            (Event::Nothing | Event::StreamStart | Event::DocumentStart(_), _) => {}
            event => return events.node(event),
        }
    }
}

struct Events<'a>(Parser<'a, saphyr_parser::StrInput<'a>>);

impl<'a> Events<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), String> {
        match self.0.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(not_yaml(&error)),
            None => Err("ends too early".to_owned()),
        }
    }

    fn node(&mut self, (event, span): (Event<'a>, Span)) -> Result<Node, String> {
        match event {
            Event::Scalar(text, _, _, tag) => Ok(tagged(tag.as_deref(), Node::Text(text.into_owned()))),
            Event::SequenceStart(_, tag) => Ok(tagged(tag.as_deref(), self.list()?)),
            Event::MappingStart(_, tag) => Ok(tagged(tag.as_deref(), self.map()?)),
            Event::Alias(_) => Ok(Node::Alias),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => Err(format!("is not YAML (line {})", span.start.line())),
        }
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
                return Ok(function_or_map(entries));
            }
            let Node::Text(name) = self.node(event)? else {
                return Err(format!("has a name that is no text (line {line})"));
            };
            if entries.iter().any(|(other, _)| *other == name) {
                return Err(format!("has the name {name} twice in one map (line {line})"));
            }
            let value = self.next()?;
            entries.push((name, self.node(value)?));
        }
    }
}

/// A tag of CloudFormation's is a function; one of YAML's own changes nothing here.
fn tagged(tag: Option<&Tag>, node: Node) -> Node {
    match tag {
        Some(tag) if tag.handle == "!" => Node::Function(tag.suffix.clone(), Box::new(node)),
        Some(_) | None => node,
    }
}

/// The long form of a function is a map of its name alone.
fn function_or_map(mut entries: Vec<(String, Node)>) -> Node {
    let name = match entries.as_slice() {
        [(name, _)] if name == "Ref" => Some(name.clone()),
        // A resource has a `Condition` beside its type; alone, it is the name of one.
        [(name, Node::Text(_))] if name == "Condition" => Some(name.clone()),
        [(name, _)] => name.strip_prefix("Fn::").map(str::to_owned),
        _ => None,
    };
    match (name, entries.pop()) {
        (Some(name), Some((_, argument))) => Node::Function(name, Box::new(argument)),
        (_, last) => {
            entries.extend(last);
            Node::Map(entries)
        }
    }
}

fn not_yaml(error: &ScanError) -> String {
    format!("is not YAML (line {}, column {})", error.marker().line(), error.marker().col() + 1)
}
