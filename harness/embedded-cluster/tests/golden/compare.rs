//! Compares an answer with a recorded one; placeholders are bound consistently over a case.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::shape::ADMIN;

const KINDS: &[(&str, &str)] = &[
    ("uid", r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    ("rv", r"[0-9]+"),
    ("listrv", r"[0-9]+"),
    ("time", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
    ("date", r"\d{4}-\d\d-\d\d"),
    ("microtime", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z"),
    ("rand", r"[a-z0-9]{5}"),
    ("hash", r"[a-z0-9]{4,64}"),
    ("ip", r"\d+\.\d+\.\d+\.\d+"),
    ("nodeport", r"\d+"),
    ("jwt", r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    ("jwt64", r"[A-Za-z0-9+/=]{20,}"),
    ("pem", r"-----BEGIN [\s\S]*-----END [A-Z ]+-----\s*"),
    ("pem64", r"LS0tLS1CRUdJTi[A-Za-z0-9+/=]*"),
    ("continue", r"\S+"),
    ("server", r"[\w.\[\]-]+:\d+"),
    ("age", r"(\d+(y|d|h|m|s|ms))+|<unknown>|<invalid>|<age>"),
    ("any", r"[\s\S]*"),
    ("urlhash", r"[0-9A-Fa-f]+"),
    ("hookport", r"\d+"),
];
/// Two placeholders of these kinds are two different values.
const UNIQUE: &[&str] = &["uid", "ip", "rand", "nodeport"];

static HOLE: LazyLock<Regex> = LazyLock::new(|| {
    let mut names: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    Regex::new(&format!(r"<({})((?:-\d+)*)>", names.join("|"))).unwrap()
});

/// The bindings of one case.
pub(crate) struct Matcher {
    unique: String,
    loose: bool,
    bound: BTreeMap<String, String>,
    used: BTreeMap<(String, String), String>,
}

impl Matcher {
    pub(crate) fn new(unique: &str, loose: bool) -> Self {
        Self {
            unique: unique.into(),
            loose,
            bound: BTreeMap::new(),
            used: BTreeMap::new(),
        }
    }

    fn fill(&self, text: &str) -> String {
        text.replace("{{u}}", &self.unique).replace("{{admin}}", ADMIN)
    }

    /// The differences between an expected and a found value.
    pub(crate) fn compare(&mut self, expected: &Value, found: &Value, path: &str, differences: &mut Vec<String>) {
        let mut differ = |what: String| differences.push(format!("{path} {what}"));
        match (expected, found) {
            (Value::String(text), _) => {
                let shown = match found {
                    Value::String(text) => Some(text.clone()),
                    Value::Number(number) if HOLE.is_match(text) => Some(number.to_string()),
                    _ => None,
                };
                if !shown.is_some_and(|shown| self.text(text, &shown)) {
                    differ(format!("expected {expected} found {found}"));
                }
            }
            (Value::Object(wanted), Value::Object(map)) => {
                let mut rest = map.clone();
                for (key, value) in wanted {
                    let mut real = self.fill(key);
                    if !rest.contains_key(&real) && HOLE.is_match(key) {
                        let keys: Vec<String> = rest.keys().filter(|k| !wanted.contains_key(*k)).cloned().collect();
                        real = keys.into_iter().find(|k| self.text(key, k)).unwrap_or(real);
                    }
                    let removed = rest.remove(&real);
                    if self.loose && key == "message" {
                        continue;
                    }
                    match removed {
                        None => differences.push(format!("{path}/{key} expected {value}, absent")),
                        Some(found) => self.compare(value, &found, &format!("{path}/{key}"), differences),
                    }
                }
                for (key, value) in rest {
                    differences.push(format!("{path}/{key} unexpected {value}"));
                }
            }
            (Value::Array(wanted), Value::Array(list)) => {
                for (i, (wanted, found)) in wanted.iter().zip(list).enumerate() {
                    self.compare(wanted, found, &format!("{path}/{i}"), differences);
                }
                if wanted.len() != list.len() {
                    differences.push(format!("{path} expected {} items, found {}", wanted.len(), list.len()));
                }
            }
            _ if expected == found => {}
            _ => differ(format!("expected {expected} found {found}")),
        }
    }

    /// Whether a text fits an expected one with placeholders; binds them if so.
    fn text(&mut self, expected: &str, found: &str) -> bool {
        let mut pattern = String::from("^");
        let mut holes = vec![];
        let mut last = 0;
        for hole in HOLE.captures_iter(expected) {
            let whole = hole.get(0).unwrap();
            pattern += &regex::escape(&self.fill(&expected[last..whole.start()]));
            let form = KINDS.iter().find(|(name, _)| *name == &hole[1]).unwrap().1;
            pattern += &format!("(?P<g{}>{form})", holes.len());
            holes.push((whole.as_str().to_owned(), hole[1].to_owned(), hole[2].to_owned()));
            last = whole.end();
        }
        if holes.is_empty() {
            return self.fill(expected) == found;
        }
        pattern += &format!("{}$", regex::escape(&self.fill(&expected[last..])));
        let Some(hit) = Regex::new(&pattern).unwrap().captures(found) else {
            return false;
        };
        let mut new: BTreeMap<String, (String, String)> = BTreeMap::new();
        for (i, (hole, kind, ids)) in holes.iter().enumerate() {
            let raw = hit.name(&format!("g{i}")).unwrap().as_str().to_owned();
            if ids.is_empty() {
                continue;
            }
            match self.bound.get(hole).or_else(|| new.get(hole).map(|(_, raw)| raw)) {
                Some(have) if *have != raw => return false,
                Some(_) => {}
                None => {
                    let taken = UNIQUE.contains(&kind.as_str()) && self.used.contains_key(&(kind.clone(), raw.clone()));
                    if taken || (kind == "rv" && !self.in_order(ids, &raw)) {
                        return false;
                    }
                    new.insert(hole.clone(), (kind.clone(), raw));
                }
            }
        }
        for (hole, (kind, raw)) in new {
            self.used.insert((kind, raw.clone()), hole.clone());
            self.bound.insert(hole, raw);
        }
        true
    }

    /// Larger placeholders of one object are larger revisions.
    fn in_order(&self, ids: &str, raw: &str) -> bool {
        let (object, rank) = ids[1..].split_once('-').unwrap();
        let (rank, raw): (u64, u64) = (rank.parse().unwrap(), raw.parse().unwrap());
        let prefix = format!("<rv-{object}-");
        self.bound
            .iter()
            .filter_map(|(hole, value)| Some((hole.strip_prefix(&prefix)?.strip_suffix('>')?, value)))
            .all(|(other, value)| {
                let (other, value): (u64, u64) = (other.parse().unwrap(), value.parse().unwrap());
                (other < rank) == (value < raw)
            })
    }
}
