//! `genCA` and its kin. Keys made here are ECDSA P-256 where Helm makes RSA 2048: the
//! objects are used alike, and no RSA generator is at hand. Keys given as PEM may be RSA.

mod build;
mod keys;

use std::any::Any;
use std::rc::Rc;

use super::{Args, Function, base_n, function};
use crate::template::{Engine, Fault, Object, Result, Value};

use self::build::{authority, leaf, signed_by};
use self::keys::Key;

pub(super) const TABLE: &[Function] = &[
    function("genPrivateKey", 1, 1, private_key),
    function("buildCustomCert", 2, 2, custom),
    function("genCA", 2, 2, |engine, a| authority(engine, a, &Key::generate()?)),
    function("genCAWithKey", 3, 3, |engine, a| authority(engine, a, &given(a, 2)?)),
    function("genSelfSignedCert", 4, 4, |engine, a| leaf(engine, a, &Key::generate()?)),
    function("genSelfSignedCertWithKey", 5, 5, |engine, a| leaf(engine, a, &given(a, 4)?)),
    function("genSignedCert", 5, 5, |engine, a| {
        signed_by(engine, a, &Key::generate()?, certificate(a, 4)?)
    }),
    function("genSignedCertWithKey", 6, 6, |engine, a| {
        signed_by(engine, a, &given(a, 5)?, certificate(a, 4)?)
    }),
];

/// Sprig's struct: a certificate and its key, both PEM.
#[derive(Clone, Debug)]
struct Certificate {
    cert: String,
    key: String,
}

impl Certificate {
    fn value(self) -> Value {
        Value::Object(Rc::new(self))
    }
}

impl Object for Certificate {
    fn type_name(&self) -> &'static str {
        "sprig.certificate"
    }

    fn member(&self, name: &str, args: &[Value]) -> Option<Result<Value>> {
        match (name, args) {
            ("Cert", []) => Some(Ok(Value::str(&self.cert))),
            ("Key", []) => Some(Ok(Value::str(&self.key))),
            _ => None,
        }
    }

    fn text(&self) -> String {
        format!("{{{} {}}}", self.cert, self.key)
    }

    fn plain(&self) -> Value {
        Value::map([("Cert", Value::str(&self.cert)), ("Key", Value::str(&self.key))])
    }
}

/// A parameter that must be a certificate.
fn certificate(a: &Args<'_>, i: usize) -> Result<Certificate> {
    let found = match a.get(i) {
        Value::Object(object) => {
            let any: &dyn Any = object.as_ref();
            any.downcast_ref::<Certificate>().cloned()
        }
        _ => None,
    };
    found.ok_or_else(|| a.wrong(i, "sprig.certificate"))
}

fn given(a: &Args<'_>, i: usize) -> Result<Key> {
    Key::from_pem(a.str(i)?).map_err(|message| Fault::call(format!("parsing private key: {message}")))
}

fn private_key(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    match a.str(0)? {
        "ecdsa" => Ok(Value::str(Key::generate()?.pem)),
        "ed25519" => Ok(Value::str(Key::generate_ed25519()?.pem)),
        kind @ ("" | "rsa" | "dsa") => Err(Fault::unsupported(format!(
            "genPrivateKey {kind:?} is not supported: no safe generator of such keys is at hand; use ecdsa"
        ))),
        other => Ok(Value::str(format!("Unknown type {other}"))),
    }
}

/// A certificate and a key that the chart brings, each PEM in base64.
fn custom(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let decoded = |i: usize, what: &str| {
        let bytes = base_n::base64(a.str(i)?).map_err(|_| Fault::call(format!("unable to decode base64 {what}")))?;
        String::from_utf8(bytes).map_err(|_| Fault::call(format!("unable to decode {what}")))
    };
    let (cert, key) = (decoded(0, "certificate")?, decoded(1, "private key")?);
    build::check(&cert)?;
    Key::from_pem(&key).map_err(|message| Fault::call(format!("error parsing private key: {message}")))?;
    Ok(Certificate { cert, key }.value())
}
