//! A YAML document as a tree that keeps every scalar's text and line.
//!
//! Numbers stay text, so that a bound such as `0.10` never passes through a float. The tree knows
//! mappings, sequences and scalars; anchors, aliases, tags and repeated keys are refused, because
//! each makes a contract say something other than what its reader sees.

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span};

/// A node of the document.
#[derive(Debug)]
pub(crate) struct Node {
    /// Line it starts on, from 1; for the value of a mapping, the line of its key.
    pub(crate) line: usize,
    pub(crate) value: Value,
}

/// What a [`Node`] holds.
#[derive(Debug)]
pub(crate) enum Value {
    /// Text, and whether it stood there without quotes (so that `true` or `12` mean more).
    Scalar {
        text: String,
        plain: bool,
    },
    Sequence(Vec<Node>),
    Mapping(Vec<(String, Node)>),
}

/// Why a text is not a document, and on which line.
#[derive(Debug)]
pub(crate) struct SyntaxError {
    pub(crate) line: usize,
    pub(crate) cause: String,
}

impl SyntaxError {
    fn new(span: Span, cause: impl Into<String>) -> Self {
        Self { line: span.start.line(), cause: cause.into() }
    }
}

impl From<ScanError> for SyntaxError {
    fn from(error: ScanError) -> Self {
        Self { line: error.marker().line(), cause: format!("not YAML: {}", error.info()) }
    }
}

/// Reads the only document of a text.
pub(crate) fn parse(text: &str) -> Result<Node, SyntaxError> {
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event?;
        builder.add(event, span)?;
    }
    builder.root.ok_or(SyntaxError { line: 1, cause: "the document is empty".to_owned() })
}

/// Collections that have begun and not ended yet, outermost first.
#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
}

struct Open {
    node: Node,
    /// The key whose value comes next, with its line.
    key: Option<(String, usize)>,
}

impl Builder {
    fn add(&mut self, event: Event<'_>, span: Span) -> Result<(), SyntaxError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                refuse_indirection(anchor, tag.is_some(), span)?;
                self.scalar(text.into_owned(), style == ScalarStyle::Plain, span)
            }
            Event::SequenceStart(anchor, tag) => {
                refuse_indirection(anchor, tag.is_some(), span)?;
                self.begin(Value::Sequence(Vec::new()), span)
            }
            Event::MappingStart(anchor, tag) => {
                refuse_indirection(anchor, tag.is_some(), span)?;
                self.begin(Value::Mapping(Vec::new()), span)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.place(open.node, span),
                None => Ok(()),
            },
            Event::Alias(_) => refuse_indirection(1, false, span),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn begin(&mut self, value: Value, span: Span) -> Result<(), SyntaxError> {
        if self.expects_key() {
            return Err(SyntaxError::new(span, "a key must be text"));
        }
        self.open.push(Open { node: Node { line: span.start.line(), value }, key: None });
        Ok(())
    }

    fn scalar(&mut self, text: String, plain: bool, span: Span) -> Result<(), SyntaxError> {
        if self.expects_key() {
            if let Some(Open { node: Node { value: Value::Mapping(entries), .. }, key }) =
                self.open.last_mut()
            {
                if entries.iter().any(|(existing, _)| *existing == text) {
                    return Err(SyntaxError::new(span, format!("the key `{text}` stands twice")));
                }
                *key = Some((text, span.start.line()));
            }
            return Ok(());
        }
        self.place(Node { line: span.start.line(), value: Value::Scalar { text, plain } }, span)
    }

    fn expects_key(&self) -> bool {
        self.open
            .last()
            .is_some_and(|open| open.key.is_none() && matches!(open.node.value, Value::Mapping(_)))
    }

    /// Puts a finished node into the collection around it.
    fn place(&mut self, mut node: Node, span: Span) -> Result<(), SyntaxError> {
        match self.open.last_mut() {
            None if self.root.is_some() => {
                return Err(SyntaxError::new(span, "a file holds one document"));
            }
            None => self.root = Some(node),
            Some(open) => match &mut open.node.value {
                Value::Sequence(items) => items.push(node),
                Value::Mapping(entries) => {
                    if let Some((key, line)) = open.key.take() {
                        node.line = line;
                        entries.push((key, node));
                    }
                }
                Value::Scalar { .. } => {}
            },
        }
        Ok(())
    }
}

fn refuse_indirection(anchor: usize, tagged: bool, span: Span) -> Result<(), SyntaxError> {
    if anchor != 0 || tagged {
        return Err(SyntaxError::new(span, "anchors, aliases and tags are not supported"));
    }
    Ok(())
}

/// The place of `target` below `root`, written `schema[0].properties[3].name`; empty for the root.
pub(crate) fn path_of(root: &Node, target: &Node) -> String {
    let mut steps = Vec::new();
    find(root, target, &mut steps);
    steps.reverse();
    let path = steps.concat();
    path.strip_prefix('.').map(str::to_owned).unwrap_or(path)
}

/// Collects the steps from `target` up to `node`, innermost first.
fn find(node: &Node, target: &Node, steps: &mut Vec<String>) -> bool {
    if std::ptr::eq(node, target) {
        return true;
    }
    let step = match &node.value {
        Value::Scalar { .. } => None,
        Value::Sequence(items) => items
            .iter()
            .position(|item| find(item, target, steps))
            .map(|index| format!("[{index}]")),
        Value::Mapping(entries) => entries
            .iter()
            .find(|(_, value)| find(value, target, steps))
            .map(|(key, _)| format!(".{key}")),
    };
    match step {
        Some(step) => {
            steps.push(step);
            true
        }
        None => false,
    }
}
