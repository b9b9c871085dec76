//! JSON as it is written, in the code.

/// A [`Value`](super::Value) from a JSON literal. Any expression can stand for a value, and in parentheses, or as a constant, for a key; it is
/// borrowed, not moved.
macro_rules! json {
    (null) => { $crate::value::Value::Null };
    ([ $($items:tt)* ]) => { $crate::value::literal::array!([] $($items)*) };
    ({ $($fields:tt)* }) => { $crate::value::literal::fields!([] $($fields)*) };
    ($value:expr) => { $crate::value::ToValue::to_value(&$value) };
}

/// `"key": value, ...`; what is done stands in brackets.
macro_rules! fields {
    ([ $($done:expr),* ]) => { $crate::value::Value::Object($crate::value::Map::from_fields(Vec::from([ $($done),* ]))) };
    ([ $($done:expr),* ] $key:tt : null $(, $($rest:tt)*)?) => {
        $crate::value::literal::fields!([ $($done,)* (($key).into(), $crate::value::Value::Null) ] $($($rest)*)?)
    };
    ([ $($done:expr),* ] $key:tt : [ $($items:tt)* ] $(, $($rest:tt)*)?) => {
        $crate::value::literal::fields!([ $($done,)* (($key).into(), $crate::value::json!([$($items)*])) ] $($($rest)*)?)
    };
    ([ $($done:expr),* ] $key:tt : { $($inner:tt)* } $(, $($rest:tt)*)?) => {
        $crate::value::literal::fields!([ $($done,)* (($key).into(), $crate::value::json!({$($inner)*})) ] $($($rest)*)?)
    };
    ([ $($done:expr),* ] $key:tt : $value:expr $(, $($rest:tt)*)?) => {
        $crate::value::literal::fields!([ $($done,)* (($key).into(), $crate::value::ToValue::to_value(&$value)) ] $($($rest)*)?)
    };
}

/// `value, ...`; what is done stands in brackets.
macro_rules! array {
    ([ $($done:expr),* ]) => { $crate::value::Value::Array(Vec::from([ $($done),* ]).into()) };
    ([ $($done:expr),* ] null $(, $($rest:tt)*)?) => {
        $crate::value::literal::array!([ $($done,)* $crate::value::Value::Null ] $($($rest)*)?)
    };
    ([ $($done:expr),* ] [ $($items:tt)* ] $(, $($rest:tt)*)?) => {
        $crate::value::literal::array!([ $($done,)* $crate::value::json!([$($items)*]) ] $($($rest)*)?)
    };
    ([ $($done:expr),* ] { $($inner:tt)* } $(, $($rest:tt)*)?) => {
        $crate::value::literal::array!([ $($done,)* $crate::value::json!({$($inner)*}) ] $($($rest)*)?)
    };
    ([ $($done:expr),* ] $value:expr $(, $($rest:tt)*)?) => {
        $crate::value::literal::array!([ $($done,)* $crate::value::ToValue::to_value(&$value) ] $($($rest)*)?)
    };
}

pub(crate) use {array, fields, json};
