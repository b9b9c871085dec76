//! From parser events to trees: anchors, merge keys, tags, duplicate keys, limits.

use std::collections::hash_map;
use std::collections::{HashMap, HashSet};

use serde_saphyr::granit_parser::{Event, Marker, Parser, ScalarStyle, Span as EventSpan, StrInput, Tag};

use crate::tree::{Entry, Node, Scalar, Value};
use crate::{Error, ErrorKind, Span};

/// How many nodes a text may stand for, aliases counted as what they stand for. The largest rendered charts have some
/// hundred thousand.
const NODES: usize = 2_000_000;
/// A text counts as one more node for each so many bytes.
const TEXT: usize = 32;
/// How deep nodes may lie in each other, as in JSON's reader.
const DEPTH: usize = 128;

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
        depth: 0,
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
    depth: usize,
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
        let span = self.span(&at);
        if self.depth == DEPTH {
            return Err(Error::new(span, ErrorKind::TooDeep { limit: DEPTH }));
        }
        self.depth += 1;
        let node = self.node_at(event, span);
        self.depth -= 1;
        node
    }

    fn node_at(&mut self, event: Event<'t>, span: Span) -> Result<Node, Error> {
        let before = self.nodes;
        let text = match &event {
            Event::Scalar(text, ..) => text.len(),
            _ => 0,
        };
        self.count(1 + text / TEXT, span)?;
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
        // Where each key stands, and its entry.
        let mut seen: HashMap<String, (Span, usize)> = HashMap::new();
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
            let entry = Entry {
                key: scalar,
                key_span: key.span,
                value,
            };
            match seen.entry(entry.key.text.clone()) {
                hash_map::Entry::Vacant(place) => {
                    place.insert((key.span, entries.len()));
                    entries.push(entry);
                }
                hash_map::Entry::Occupied(mut place) => {
                    let (first, at) = place.insert((key.span, place.get().1));
                    let key = entry.key.text.clone();
                    self.duplicates
                        .push(Error::new(entry.key_span, ErrorKind::DuplicateKey { key, first }));
                    entries[at] = entry;
                }
            }
        }
        let mut keys: HashSet<String> = seen.into_keys().collect();
        for source in merged {
            merge(&mut entries, &mut keys, source)?;
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
fn merge(entries: &mut Vec<Entry>, keys: &mut HashSet<String>, source: Node) -> Result<(), Error> {
    match source.value {
        Value::Mapping(inherited) => {
            entries.extend(inherited.into_iter().filter(|entry| keys.insert(entry.key.text.clone())));
            Ok(())
        }
        Value::Sequence(sources) if sources.iter().all(|node| node.mapping().is_some()) => {
            sources.into_iter().try_for_each(|source| merge(entries, keys, source))
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
