//! The functions a template can call: Go's builtins, Sprig's and Helm's.
//!
//! All that Helm 4.1 offers. An unknown name is an error before anything runs.

mod args;
mod base_n;
mod builtin;
mod cases;
mod certificates;
mod ciphers;
mod compare;
mod convert;
mod crypto;
mod dates;
mod decimal;
mod dicts;
mod encoding;
mod helm;
mod lists;
mod math;
mod merge;
mod passwords;
mod paths;
mod random;
mod re2;
mod regexes;
mod semver_range;
mod strings;
mod toml;
mod url_escapes;
mod urls;
mod versions;
mod wrap;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::template::{Engine, Fault, Result, Value};

pub(crate) use args::Args;
pub(crate) use helm::unmarshal;
pub(crate) use paths::base as base_name;
pub(crate) use semver_range::{Range as VersionRange, coerce as version};

/// A function's body.
type Body = fn(&mut Engine, &Args<'_>) -> Result<Value>;

/// A function and how many arguments it takes (`usize::MAX`: any number).
pub(crate) struct Function {
    name: &'static str,
    least: usize,
    most: usize,
    body: Body,
}

/// Any number of arguments.
const MANY: usize = usize::MAX;

const fn function(name: &'static str, least: usize, most: usize, body: Body) -> Function {
    Function { name, least, most, body }
}

impl Function {
    /// Whether the function takes so many arguments.
    ///
    /// # Errors
    /// It does not.
    pub(crate) fn takes(&self, got: usize) -> Result<()> {
        let (least, name) = (self.least, self.name);
        if (least..=self.most).contains(&got) {
            return Ok(());
        }
        let want = if least == self.most {
            least.to_string()
        } else {
            format!("at least {least}")
        };
        Err(Fault::new(format!("wrong number of args for {name}: want {want} got {got}")))
    }

    /// Calls the function with as many arguments as it takes.
    ///
    /// # Errors
    /// A wrong type of argument, or the function's own error.
    pub(crate) fn call(&self, engine: &mut Engine, values: &[Value]) -> Result<Value> {
        (self.body)(engine, &Args::new(self.name, values))
    }
}

static FUNCTIONS: LazyLock<BTreeMap<&'static str, &'static Function>> = LazyLock::new(|| {
    let tables: [&'static [Function]; 21] = [
        builtin::TABLE,
        cases::TABLE,
        certificates::TABLE,
        ciphers::TABLE,
        convert::TABLE,
        crypto::TABLE,
        dates::TABLE,
        dicts::TABLE,
        encoding::TABLE,
        helm::TABLE,
        lists::TABLE,
        math::TABLE,
        passwords::TABLE,
        paths::TABLE,
        random::TABLE,
        regexes::TABLE,
        strings::TABLE,
        toml::TABLE,
        urls::TABLE,
        versions::TABLE,
        wrap::TABLE,
    ];
    tables.into_iter().flatten().map(|function| (function.name, function)).collect()
});

/// Further names of functions, since charts run on one kind of machine.
const ALIASES: &[(&str, &str)] = &[
    ("osBase", "base"),
    ("osDir", "dir"),
    ("osClean", "clean"),
    ("osExt", "ext"),
    ("osIsAbs", "isAbs"),
];

/// The function of that name.
pub(crate) fn find(name: &str) -> Option<&'static Function> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name);
    FUNCTIONS.get(alias.map_or(name, |(_, name)| name)).copied()
}

/// Why a name is no function, with the nearest name we know.
pub(crate) fn unknown(name: &str) -> String {
    let nearest = FUNCTIONS.keys().map(|known| (distance(name, known), *known)).min();
    match nearest {
        Some((edits, known)) if edits <= 1.max(name.len() / 3) => {
            format!("function {name:?} not defined; did you mean {known:?}?")
        }
        _ => format!("function {name:?} not defined"),
    }
}

/// Edit distance (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let edit = corner + usize::from(x != *y);
            corner = row[j + 1];
            row[j + 1] = edit.min(row[j] + 1).min(corner + 1);
        }
    }
    row[b.len()]
}
