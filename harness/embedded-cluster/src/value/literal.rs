//! JSON as it is written, in the code.

/// A [`Value`](super::Value) from a JSON literal. Any expression can stand for a value, and in parentheses, or as a constant, for a key; it is
/// borrowed, not moved.
macro_rules! json {
    (null) => { $crate::value::Value::Null };
    ([ $($items:tt)* ]) => { $crate::value::literal::array!([] $($items)*) };
    ({ $($fields:tt)* }) => {{
        #[allow(unused_mut)]
        let mut fields: Vec<($crate::value::Text, $crate::value::Value)> = Vec::new();
        $crate::value::literal::fields!(fields $($fields)*);
        $crate::value::Value::Object($crate::value::Map::from_fields(fields))
    }};
    ($value:expr) => { $crate::value::ToValue::to_value(&$value) };
}

/// `"key": value, ...`, pushed one after the other.
macro_rules! fields {
    ($to:ident) => {};
    ($to:ident $key:tt : null $(, $($rest:tt)*)?) => {
        $to.push((($key).into(), $crate::value::Value::Null));
        $crate::value::literal::fields!($to $($($rest)*)?);
    };
    ($to:ident $key:tt : [ $($items:tt)* ] $(, $($rest:tt)*)?) => {
        $to.push((($key).into(), $crate::value::json!([$($items)*])));
        $crate::value::literal::fields!($to $($($rest)*)?);
    };
    ($to:ident $key:tt : { $($inner:tt)* } $(, $($rest:tt)*)?) => {
        $to.push((($key).into(), $crate::value::json!({$($inner)*})));
        $crate::value::literal::fields!($to $($($rest)*)?);
    };
    ($to:ident $key:tt : $value:expr $(, $($rest:tt)*)?) => {
        $to.push((($key).into(), $crate::value::ToValue::to_value(&$value)));
        $crate::value::literal::fields!($to $($($rest)*)?);
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
