//! The language of `--set` and its kin: `path=value,path=value`.

use std::path::Path;

use serde_json::{Map, Value as Json};

use super::literals;
use crate::documents::floats;

/// How the right-hand sides are read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// `--set`: `null`, booleans and integers get their types.
    Typed,
    /// `--set-string`: everything is text.
    Text,
    /// `--set-file`: the text of the file that is named.
    File,
    /// `--set-json`: JSON, of which several may follow each other.
    Json,
    /// `--set-literal`: all that follows, as it stands; nothing is escaped.
    Literal,
}

/// Largest list index, as in Helm: `a[999999999]=x` must not eat the memory.
const MAX_INDEX: usize = 65536;
/// How deep a path may go, as in Helm.
const MAX_LEVEL: usize = 30;

/// Applies an expression. What Helm drops without a word, a path without a value or a name, is refused.
///
/// # Errors
/// Helm's words.
pub(super) fn apply(target: &mut Map<String, Json>, expression: &str, mode: Mode) -> Result<(), String> {
    let mut reader = Reader { rest: expression, mode };
    while !reader.rest.is_empty() {
        reader.key(target, 0)?;
    }
    Ok(())
}

struct Reader<'t> {
    rest: &'t str,
    mode: Mode,
}

impl Reader<'_> {
    /// Reads up to one of the stops, outside escapes, and takes both away: the text without escapes, and the stop.
    fn until(&mut self, stops: &str) -> (String, Option<char>) {
        let mut out = String::new();
        let mut chars = self.rest.chars();
        while let Some(c) = chars.next() {
            match c {
                c if stops.contains(c) => {
                    self.rest = chars.as_str();
                    return (out, Some(c));
                }
                '\\' if self.mode != Mode::Literal => out.extend(chars.next()),
                c => out.push(c),
            }
        }
        self.rest = "";
        (out, None)
    }

    fn key(&mut self, data: &mut Map<String, Json>, level: usize) -> Result<(), String> {
        let stops = if self.mode == Mode::Literal { "=[." } else { "=[.," };
        let (key, stop) = self.until(stops);
        match stop {
            None => return Err(format!("key {} has no value", crate::template::quoted(&key))),
            Some(',') => return Err(format!("key {} has no value (cannot end with ,)", crate::template::quoted(&key))),
            Some(_) if key.is_empty() && level == 0 => return Err("a key is empty".into()),
            Some('[') => {
                let index = self.index()?;
                let list = match data.remove(&key) {
                    None => Vec::new(),
                    Some(Json::Array(items)) => items,
                    Some(other) => return Err(no(&other, "[]interface {}")),
                };
                let list = self.item(list, index, level)?;
                put(data, key, Json::Array(list));
            }
            Some('.') => {
                if level >= MAX_LEVEL {
                    return Err(format!(
                        "value name nested level is greater than maximum supported nested level of {MAX_LEVEL}"
                    ));
                }
                let mut inner = match data.remove(&key) {
                    None => Map::new(),
                    Some(Json::Object(entries)) => entries,
                    Some(other) => return Err(no(&other, "map[string]interface {}")),
                };
                self.key(&mut inner, level + 1)?;
                if inner.is_empty() {
                    return Err(format!("key map {} has no value", crate::template::quoted(&key)));
                }
                put(data, key, Json::Object(inner));
            }
            Some(_) => {
                let value = self.value()?;
                put(data, key, value);
            }
        }
        Ok(())
    }

    /// A list's index, behind its bracket.
    fn index(&mut self) -> Result<usize, String> {
        let (digits, stop) = self.until("]");
        let parsed = stop.and_then(|_| digits.parse::<i64>().ok());
        let index = parsed.ok_or_else(|| format!("error parsing index: {}", crate::template::quoted(&digits)))?;
        match usize::try_from(index) {
            Err(_) => Err(format!("negative {index} index not allowed")),
            Ok(index) if index > MAX_INDEX => Err(format!("index of {index} is greater than maximum supported index of {MAX_INDEX}")),
            Ok(index) => Ok(index),
        }
    }

    /// What stands behind an index: a value, a key or another index.
    fn item(&mut self, mut list: Vec<Json>, index: usize, level: usize) -> Result<Vec<Json>, String> {
        let (text, stop) = self.until("[.=");
        if !text.is_empty() {
            return Err(format!("unexpected data at end of array index: {}", crate::template::quoted(&text)));
        }
        let existing = list.get_mut(index).map(Json::take);
        let value = match stop {
            None => return Err(format!("index {index} has no value")),
            Some('[') => {
                let next = self.index()?;
                let inner = match existing {
                    None | Some(Json::Null) => Vec::new(),
                    Some(Json::Array(items)) => items,
                    Some(other) => return Err(no(&other, "[]interface {}")),
                };
                Json::Array(self.item(inner, next, level)?)
            }
            Some('.') => {
                let mut inner = match existing {
                    Some(Json::Object(entries)) => entries,
                    _ => Map::new(),
                };
                self.key(&mut inner, level)?;
                Json::Object(inner)
            }
            Some(_) => self.value()?,
        };
        if list.len() <= index {
            list.resize(index + 1, Json::Null);
        }
        list[index] = value;
        Ok(list)
    }

    /// The right-hand side, with the comma behind it.
    fn value(&mut self) -> Result<Json, String> {
        match self.mode {
            Mode::Literal => Ok(Json::String(std::mem::take(&mut self.rest).to_owned())),
            Mode::Json => self.json(),
            _ => match self.rest.strip_prefix('{') {
                Some(inner) => {
                    self.rest = inner;
                    self.list()
                }
                None if self.rest.is_empty() => Ok(Json::String(String::new())),
                None => {
                    let (text, _) = self.until(",");
                    self.scalar(text)
                }
            },
        }
    }

    fn list(&mut self) -> Result<Json, String> {
        let mut items = Vec::new();
        loop {
            let (text, stop) = self.until(",}");
            if stop.is_none() {
                return Err("list must terminate with '}'".into());
            }
            items.push(self.scalar(text)?);
            if stop == Some('}') {
                self.rest = self.rest.strip_prefix(',').unwrap_or(self.rest);
                return Ok(Json::Array(items));
            }
        }
    }

    fn scalar(&self, text: String) -> Result<Json, String> {
        match self.mode {
            Mode::File => std::fs::read_to_string(Path::new(&text))
                .map(Json::String)
                .map_err(|error| format!("cannot read {text}: {error}")),
            Mode::Typed => Ok(literals::typed(text)),
            _ => Ok(Json::String(text)),
        }
    }

    /// Nothing is null.
    fn json(&mut self) -> Result<Json, String> {
        if self.blank() {
            return Ok(Json::Null);
        }
        let mut values = serde_json::Deserializer::from_str(self.rest).into_iter::<Json>();
        let value = match values.next() {
            Some(Ok(value)) => value,
            Some(Err(error)) => return Err(error.to_string()),
            None => return Ok(Json::Null),
        };
        self.rest = &self.rest[values.byte_offset()..];
        self.blank();
        Ok(floats(value))
    }

    /// Takes blanks away, and a comma behind them; whether nothing was left before it.
    fn blank(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(',') {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => self.rest.is_empty(),
        }
    }
}

/// Within a map Helm drops a value without a name; the map is then found empty.
fn put(data: &mut Map<String, Json>, key: String, value: Json) {
    if !key.is_empty() {
        data.insert(key, value);
    }
}

/// Go's words for a value in the way of a path.
fn no(found: &Json, wanted: &str) -> String {
    let found = match found {
        Json::Null => "nil",
        other => crate::template::from_numbers(other).type_name(),
    };
    format!("unable to parse key: interface conversion: interface {{}} is {found}, not {wanted}")
}
