//! From parser events to trees: anchors, merge keys, tags, duplicate keys, limits.

use std::collections::HashMap;

use serde_saphyr::granit_parser::{Event, Marker, Parser, ScalarStyle, Span as EventSpan, StrInput, Tag};

use crate::tree::{Entry, Node, Scalar, Value};
use crate::{Error, ErrorKind, Span};

/// How many nodes a text may stand for, aliases counted as what they stand for. The largest rendered charts have some
/// hundred thousand.
const NODES: usize = 4_000_000;

/// All documents, empty ones left out.
pub(crate) fn documents(text: &str) -> Result<Vec<Node>, Error> {
    let mut duplicates = Vec::new();
    let documents = lenient(text, &mut duplicates)?;
    match duplicates.into_iter().next() {
        None => Ok(documents),
        Some(first) => Err(first),
    }
}

/// All documents; of equal keys the last one counts, and `duplicates` gets an error for each.
pub(crate) fn lenient(text: &str, duplicates: &mut Vec<Error>) -> Result<Vec<Node>, Error> {
    let options = serde_saphyr::granit_parser::options! {
        emit_comments: false,
        // A key as long as go-yaml allows.
        simple_key_max_lookahead: 1024,
    };
    let parser = Parser::new_from_str_with_options(text, options);
    Loader {
        text,
        parser,
        anchors: HashMap::new(),
        nodes: 0,
        duplicates,
    }
    .stream()
}

struct Loader<'t, 'd> {
    text: &'t str,
    duplicates: &'d mut Vec<Error>,
    parser: Parser<'t, StrInput<'t>>,
    /// Anchored nodes with the number of nodes in each.
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
}

impl<'t> Loader<'t, '_> {
    fn stream(mut self) -> Result<Vec<Node>, Error> {
        let mut documents = Vec::new();
        while let Some((event, span)) = self.next()? {
            match event {
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                Event::StreamEnd => break,
                event => {
                    let node = self.node(event, span)?;
                    if !node.is_null() {
                        documents.push(node);
                    }
                }
            }
        }
        Ok(documents)
    }

    fn next(&mut self) -> Result<Option<(Event<'t>, EventSpan)>, Error> {
        self.parser
            .next_event()
            .transpose()
            .map_err(|error| Error::new(point(error.marker()), ErrorKind::Syntax(error.kind().to_string())))
    }

    fn node(&mut self, event: Event<'t>, at: EventSpan) -> Result<Node, Error> {
        let before = self.nodes;
        let span = self.span(&at);
        self.count(1, span)?;
        let (value, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => (Value::Scalar(scalar(text.into_owned(), style, tag.as_deref(), span)?), anchor),
            Event::SequenceStart(_, anchor, tag) => {
                structure_tag(tag.as_deref(), "seq", span)?;
                (Value::Sequence(self.sequence()?), anchor)
            }
            Event::MappingStart(_, anchor, tag) => {
                structure_tag(tag.as_deref(), "map", span)?;
                (Value::Mapping(self.mapping()?), anchor)
            }
            Event::Alias(id) => {
                let Some((node, size)) = self.anchors.get(&id).cloned() else {
                    return Err(Error::new(span, ErrorKind::Syntax("an alias inside its own anchor".into())));
                };
                self.count(size, span)?;
                return Ok(node);
            }
            other => {
                return Err(Error::new(span, ErrorKind::Syntax(format!("unexpected {other:?}"))));
            }
        };
        let node = Node { span, value };
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), self.nodes - before));
        }
        Ok(node)
    }

    fn sequence(&mut self) -> Result<Vec<Node>, Error> {
        let mut nodes = Vec::new();
        while let Some((event, span)) = self.next()? {
            if event == Event::SequenceEnd {
                break;
            }
            nodes.push(self.node(event, span)?);
        }
        Ok(nodes)
    }

    fn mapping(&mut self) -> Result<Vec<Entry>, Error> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen: HashMap<String, Span> = HashMap::new();
        let mut merged = Vec::new();
        while let Some((event, span)) = self.next()? {
            if event == Event::MappingEnd {
                break;
            }
            let key = self.node(event, span)?;
            let Value::Scalar(scalar) = key.value else {
                return Err(Error::new(key.span, ErrorKind::KeyNotScalar));
            };
            let Some((event, span)) = self.next()? else {
                break;
            };
            let value = self.node(event, span)?;
            if scalar.plain && scalar.text == "<<" {
                merged.push(value);
                continue;
            }
            if let Some(first) = seen.insert(scalar.text.clone(), key.span) {
                let kind = ErrorKind::DuplicateKey {
                    key: scalar.text.clone(),
                    first,
                };
                self.duplicates.push(Error::new(key.span, kind));
                entries.retain(|entry| entry.key.text != scalar.text);
            }
            entries.push(Entry {
                key: scalar,
                key_span: key.span,
                value,
            });
        }
        for source in merged {
            merge(&mut entries, source)?;
        }
        Ok(entries)
    }

    fn count(&mut self, more: usize, span: Span) -> Result<(), Error> {
        self.nodes = self.nodes.saturating_add(more);
        if self.nodes > NODES {
            return Err(Error::new(span, ErrorKind::TooLarge { limit: NODES }));
        }
        Ok(())
    }

    /// A span cut off at the end of its first line.
    fn span(&self, at: &EventSpan) -> Span {
        let mut span = point(&at.start);
        let covered = at.slice(self.text).unwrap_or_default();
        span.len = covered.lines().next().unwrap_or_default().trim_end().len();
        span
    }
}

/// Adds the entries of a `<<` value that are not there yet: the mapping's own keys win, then earlier sources.
fn merge(entries: &mut Vec<Entry>, source: Node) -> Result<(), Error> {
    match source.value {
        Value::Mapping(inherited) => {
            for entry in inherited {
                if !entries.iter().any(|own| own.key.text == entry.key.text) {
                    entries.push(entry);
                }
            }
            Ok(())
        }
        Value::Sequence(sources) if sources.iter().all(|node| node.mapping().is_some()) => {
            sources.into_iter().try_for_each(|source| merge(entries, source))
        }
        _ => Err(Error::new(source.span, ErrorKind::Merge)),
    }
}

fn scalar(text: String, style: ScalarStyle, tag: Option<&Tag>, span: Span) -> Result<Scalar, Error> {
    let plain = style == ScalarStyle::Plain;
    match tag.map(|tag| (tag, tag.core_suffix())) {
        None => Ok(Scalar { text, plain }),
        Some((_, Some("str"))) => Ok(Scalar { text, plain: false }),
        // A quoted number under `!!int` is that number.
        Some((tag, Some(kind @ ("int" | "float" | "bool" | "null")))) => {
            let value = crate::scalar::Rules::Kubernetes.resolve(&text);
            let fits = value.is_some_and(|value| match kind {
                "int" => value.is_i64() || value.is_u64(),
                "float" => value.is_number(),
                "bool" => value.is_boolean(),
                _ => value.is_null(),
            });
            if fits {
                Ok(Scalar { text, plain: true })
            } else {
                Err(Error::new(span, ErrorKind::Tag(tag.original())))
            }
        }
        Some((tag, _)) => Err(Error::new(span, ErrorKind::Tag(tag.original()))),
    }
}

fn structure_tag(tag: Option<&Tag>, allowed: &str, span: Span) -> Result<(), Error> {
    match tag {
        Some(tag) if tag.core_suffix() != Some(allowed) => Err(Error::new(span, ErrorKind::Tag(tag.original()))),
        _ => Ok(()),
    }
}

fn point(marker: &Marker) -> Span {
    Span {
        offset: marker.byte_offset().unwrap_or_default(),
        len: 0,
        line: marker.line(),
        column: marker.col() + 1,
    }
}
