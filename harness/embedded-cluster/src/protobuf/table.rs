//! The fields of messages by their numbers: data (`data/kubernetes-1.36/protobuf.tsv`).

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::data;

pub(super) static TABLE: LazyLock<Table> = LazyLock::new(|| Table::parse(data::PROTOBUF));

/// All messages.
#[derive(Debug, Default)]
pub(super) struct Table {
    messages: Vec<Message>,
    /// By `group/version/kind`.
    kinds: HashMap<&'static str, usize>,
    /// `DeleteOptions`, which every group knows.
    delete_options: Option<usize>,
}

/// One message.
#[derive(Debug)]
pub(super) struct Message {
    /// Sorted by number.
    fields: Vec<Field>,
}

/// How often a field's value comes, and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    One,
    List,
    Map,
    /// The value's fields belong to the message itself.
    Inline,
}

/// One field of a message.
#[derive(Debug)]
pub(super) struct Field {
    number: u64,
    pub(super) shape: Shape,
    /// `s`tring, `b`ool, `i`nteger, `d`ouble, b`y`tes, `m`essage, or a type with a JSON form of its own: `Q`uantity, `T`ime, `U` (time with
    /// microseconds), `I` (number or text), `D`uration, `R`aw JSON, `L`ist type.
    pub(super) kind: char,
    message: Option<usize>,
    pub(super) name: &'static str,
}

impl Field {
    /// The message that the field holds.
    pub(super) fn message(&self) -> Option<&'static Message> {
        TABLE.messages.get(self.message?)
    }
}

impl Message {
    /// The field with a number.
    pub(super) fn field(&self, number: u64) -> Option<&Field> {
        let at = self.fields.binary_search_by_key(&number, |field| field.number).ok()?;
        self.fields.get(at)
    }
}

impl Table {
    /// The message of a kind.
    pub(super) fn of_kind(&self, api_version: &str, kind: &str) -> Option<&Message> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let known = self.kinds.get(format!("{group}/{version}/{kind}").as_str()).copied();
        let at = known.or_else(|| self.delete_options.filter(|_| kind == "DeleteOptions"));
        self.messages.get(at?)
    }

    /// A line is `NAME <tab> GROUP/VERSION/KIND,.. <tab> NUMBER:SHAPE KIND [INDEX]:JSON NAME ..`.
    fn parse(text: &'static str) -> Self {
        let mut table = Self::default();
        for (index, line) in text.lines().enumerate() {
            let mut columns = line.split('\t');
            let name = columns.next().unwrap_or_default();
            for kind in columns.next().unwrap_or_default().split(',').filter(|kind| !kind.is_empty()) {
                table.kinds.insert(kind, index);
            }
            if name.ends_with(".meta.v1.DeleteOptions") {
                table.delete_options = Some(index);
            }
            let fields = columns.next().unwrap_or_default().split(' ').filter_map(field);
            table.messages.push(Message { fields: fields.collect() });
        }
        table
    }
}

fn field(text: &'static str) -> Option<Field> {
    let mut parts = text.splitn(3, ':');
    let number = parts.next()?.parse().ok()?;
    let form = parts.next()?;
    let (shape, form) = match form.split_at_checked(1)? {
        ("*", rest) => (Shape::List, rest),
        ("%", rest) => (Shape::Map, rest),
        ("^", rest) => (Shape::Inline, rest),
        _ => (Shape::One, form),
    };
    let mut form = form.chars();
    Some(Field {
        number,
        shape,
        kind: form.next()?,
        message: form.as_str().parse().ok(),
        name: parts.next()?,
    })
}
