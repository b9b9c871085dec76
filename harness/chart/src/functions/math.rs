//! Sprig's arithmetic: integers as `int64`, floats as `float64`.

use super::convert::{to_float, to_int64};
use super::decimal::{Operation, exact};
use super::{Args, Function, MANY, function};
use crate::template::{Fault, Result, Value};

pub(super) const TABLE: &[Function] = &[
    function("add", 0, MANY, |_, a| {
        Ok(Value::Int64(a.all().iter().map(to_int64).fold(0, i64::wrapping_add)))
    }),
    function("add1", 1, 1, |_, a| Ok(Value::Int64(to_int64(a.get(0)).wrapping_add(1)))),
    function("sub", 2, 2, |_, a| {
        Ok(Value::Int64(to_int64(a.get(0)).wrapping_sub(to_int64(a.get(1)))))
    }),
    function("mul", 1, MANY, |_, a| {
        Ok(Value::Int64(a.all().iter().map(to_int64).fold(1, i64::wrapping_mul)))
    }),
    function("div", 2, 2, |_, a| divided(a, i64::checked_div)),
    function("mod", 2, 2, |_, a| divided(a, i64::checked_rem)),
    function("max", 1, MANY, |_, a| {
        Ok(Value::Int64(a.all().iter().map(to_int64).max().unwrap_or(0)))
    }),
    function("biggest", 1, MANY, |_, a| {
        Ok(Value::Int64(a.all().iter().map(to_int64).max().unwrap_or(0)))
    }),
    function("min", 1, MANY, |_, a| {
        Ok(Value::Int64(a.all().iter().map(to_int64).min().unwrap_or(0)))
    }),
    function("addf", 0, MANY, |_, a| folded(a, |x, y| exact(x, Operation::Add, y))),
    function("add1f", 1, 1, |_, a| {
        Ok(Value::Float(exact(to_float(a.get(0)), Operation::Add, 1.0)))
    }),
    function("subf", 1, MANY, |_, a| folded(a, |x, y| exact(x, Operation::Subtract, y))),
    function("mulf", 1, MANY, |_, a| folded(a, |x, y| exact(x, Operation::Multiply, y))),
    function("divf", 1, MANY, |_, a| {
        if a.all()[1..].iter().any(|value| to_float(value) == 0.0) {
            return Err(Fault::call("decimal division by 0"));
        }
        folded(a, |x, y| exact(x, Operation::Divide, y))
    }),
    function("maxf", 1, MANY, |_, a| folded(a, f64::max)),
    function("minf", 1, MANY, |_, a| folded(a, f64::min)),
    function("floor", 1, 1, |_, a| Ok(Value::Float(to_float(a.get(0)).floor()))),
    function("ceil", 1, 1, |_, a| Ok(Value::Float(to_float(a.get(0)).ceil()))),
    function("round", 2, 3, |_, a| {
        let (value, places) = (to_float(a.get(0)), a.int(1)?);
        let on = if a.len() > 2 { to_float(a.get(2)) } else { 0.5 };
        let scale = 10f64.powi(i32::try_from(places).unwrap_or(0));
        let digit = scale * value;
        let up = digit.fract() >= on;
        Ok(Value::Float(if up { digit.ceil() } else { digit.floor() } / scale))
    }),
];

fn divided(a: &Args<'_>, divide: fn(i64, i64) -> Option<i64>) -> Result<Value> {
    let quotient = divide(to_int64(a.get(0)), to_int64(a.get(1)));
    quotient
        .map(Value::Int64)
        .ok_or_else(|| Fault::call("runtime error: integer divide by zero"))
}

fn folded(a: &Args<'_>, step: fn(f64, f64) -> f64) -> Result<Value> {
    let mut numbers = a.all().iter().map(to_float);
    let first = numbers.next().unwrap_or(0.0);
    Ok(Value::Float(numbers.fold(first, step)))
}
