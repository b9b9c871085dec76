//! `.Files`.

use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::functions::{Args, base_name};
use crate::template::{Fault, Object, Result, Value, to_yaml};

/// The files of a chart that are neither templates nor metadata.
#[derive(Debug)]
pub(super) struct Files(Rc<BTreeMap<String, Vec<u8>>>);

impl Files {
    pub(super) fn object(files: BTreeMap<String, Vec<u8>>) -> Value {
        Value::Object(Rc::new(Files(Rc::new(files))))
    }

    fn text_of(&self, name: &str) -> Result<String> {
        match self.0.get(name) {
            None => Ok(String::new()),
            Some(bytes) => String::from_utf8(bytes.clone())
                .map_err(|_| Fault::unsupported(format!("{name} is not UTF-8, which the native renderer cannot hold"))),
        }
    }

    fn glob(&self, pattern: &str) -> Value {
        // Helm falls back to `**` on a pattern it cannot read; an error says more, but
        // charts must behave alike.
        let matching = super::glob_regex(pattern).or_else(|_| super::glob_regex("**"));
        let matches = |name: &str| matching.as_ref().is_ok_and(|regex| regex.is_match(name));
        Files::object(
            self.0
                .iter()
                .filter(|(name, _)| matches(name))
                .map(|(n, b)| (n.clone(), b.clone()))
                .collect(),
        )
    }

    fn by_base_name(&self, text: impl Fn(&str, &[u8]) -> Result<String>) -> Result<Value> {
        let entries = self
            .0
            .iter()
            .map(|(name, bytes)| Ok((base_name(name), Value::str(text(name, bytes)?))));
        let entries: Vec<(&str, Value)> = entries.collect::<Result<_>>()?;
        Ok(Value::str(to_yaml(&Value::map(entries))?))
    }
}

impl Object for Files {
    fn type_name(&self) -> &'static str {
        "engine.files"
    }

    fn member(&self, name: &str, args: &[Value]) -> Option<Result<Value>> {
        let args = Args::new(name, args);
        Some(match name {
            "Get" => args.str(0).and_then(|file| self.text_of(file)).map(Value::str),
            "Glob" => args.str(0).map(|pattern| self.glob(pattern)),
            "Lines" => args.str(0).and_then(|file| self.text_of(file)).map(|text| {
                let text = text.strip_suffix('\n').unwrap_or(&text);
                Value::texts(text.split('\n').filter(|_| !text.is_empty()))
            }),
            "AsConfig" => self.by_base_name(|name, _| self.text_of(name)),
            "AsSecrets" => self.by_base_name(|_, bytes| Ok(STANDARD.encode(bytes))),
            "GetBytes" => Err(Fault::unsupported(
                ".Files.GetBytes is not supported by the native renderer; use .Files.Get",
            )),
            _ => return None,
        })
    }

    fn kind(&self) -> &'static str {
        "map"
    }

    fn text(&self) -> String {
        crate::template::go_text(&self.plain())
    }

    fn plain(&self) -> Value {
        Value::map(self.0.keys().map(|name| (name, Value::str(self.text_of(name).unwrap_or_default()))))
    }
}
