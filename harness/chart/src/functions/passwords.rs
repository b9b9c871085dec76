//! Passwords: hashes of them, and those that Sprig derives from a master password.

use rand::RngExt;
use ring::hmac;

use super::{Args, Function, function};
use crate::template::{Engine, Fault, Result, Value};

pub(super) const TABLE: &[Function] = &[
    function("bcrypt", 1, 1, |engine, a| Ok(Value::str(bcrypted(engine, a.str(0)?)?))),
    function("htpasswd", 2, 2, htpasswd),
    function("derivePassword", 5, 5, derive),
];

/// Go's default.
const COST: u32 = 10;

/// The salt comes from the rendering's seed. What Go refuses is its text here, too.
fn bcrypted(engine: &mut Engine, password: &str) -> Result<String> {
    if password.len() > 72 {
        return Ok("failed to encrypt string with bcrypt: bcrypt: password length exceeds 72 bytes".into());
    }
    let hash = bcrypt::hash_with_salt(password, COST, engine.rng.random());
    let hash = hash.map_err(|error| Fault::call(error.to_string()))?;
    Ok(hash.format_for_version(bcrypt::Version::TwoA))
}

fn htpasswd(engine: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let (user, password) = (a.str(0)?, a.str(1)?);
    if user.contains(':') {
        return Ok(Value::str(format!("invalid username: {user}")));
    }
    Ok(Value::str(format!("{user}:{}", bcrypted(engine, password)?)))
}

/// The patterns of a kind of password, whose letters stand for alphabets (Master Password's version 3).
fn patterns(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "maximum" => &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
        "long" => &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
        "medium" => &["CvcnoCvc", "CvcCvcno"],
        "short" => &["Cvcn"],
        "basic" => &["aaanaaan", "aannaaan", "aaannaaa"],
        "pin" => &["nnnn"],
        _ => return None,
    })
}

fn alphabet(class: u8) -> &'static [u8] {
    match class {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

/// `derivePassword COUNTER KIND PASSWORD USER SITE`.
fn derive(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let (counter, kind, password, user, site) = (a.uint32(0)?, a.str(1)?, a.str(2)?, a.str(3)?, a.str(4)?);
    let Some(patterns) = patterns(kind) else {
        return Ok(Value::str(format!("cannot find password template {kind}")));
    };
    let key = master_key(password, user)?;
    let message = [&salted(site)[..], &counter.to_be_bytes()].concat();
    let seed = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &message);
    let (choice, rest) = seed.as_ref().split_first().ok_or_else(|| Fault::call("empty seed"))?;
    let pattern = patterns[usize::from(*choice) % patterns.len()];
    let pick = |(class, byte): (u8, &u8)| {
        let alphabet = alphabet(class);
        char::from(alphabet[usize::from(*byte) % alphabet.len()])
    };
    Ok(Value::str(pattern.bytes().zip(rest).map(pick).collect::<String>()))
}

/// The scheme's scope, and a text behind its length.
fn salted(text: &str) -> Vec<u8> {
    let length = text.len() as u32;
    [b"com.lyndir.masterpassword", &length.to_be_bytes()[..], text.as_bytes()].concat()
}

fn master_key(password: &str, user: &str) -> Result<[u8; 64]> {
    let failed = |error: &dyn std::fmt::Display| Fault::call(format!("failed to derive password: {error}"));
    let params = scrypt::Params::new(15, 8, 2).map_err(|error| failed(&error))?;
    let mut key = [0; 64];
    scrypt::scrypt(password.as_bytes(), &salted(user), &params, &mut key).map_err(|error| failed(&error))?;
    Ok(key)
}
