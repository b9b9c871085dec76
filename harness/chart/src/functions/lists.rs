//! Sprig's list functions. Lists are never changed in place; the results are new.

use super::args::nil_list;
use super::convert::to_int64;
use super::{Args, Function, MANY, function};
use crate::template::{Engine, Fault, Items, List, Result, Value};

pub(super) const TABLE: &[Function] = &[
    function("list", 0, MANY, |_, a| Ok(Value::list(a.all().to_vec()))),
    function("tuple", 0, MANY, |_, a| Ok(Value::list(a.all().to_vec()))),
    function("first", 1, 1, |_, a| Ok(a.list(0)?.first().cloned().unwrap_or_default())),
    function("mustFirst", 1, 1, |_, a| Ok(a.list(0)?.first().cloned().unwrap_or_default())),
    function("last", 1, 1, |_, a| Ok(a.list(0)?.last().cloned().unwrap_or_default())),
    function("mustLast", 1, 1, |_, a| Ok(a.list(0)?.last().cloned().unwrap_or_default())),
    function("rest", 1, 1, |_, a| Ok(Value::list(a.list(0)?.iter().skip(1).cloned().collect()))),
    function("mustRest", 1, 1, |_, a| {
        Ok(Value::list(a.list(0)?.iter().skip(1).cloned().collect()))
    }),
    function("initial", 1, 1, initial),
    function("mustInitial", 1, 1, initial),
    function("append", 2, 2, append),
    function("mustAppend", 2, 2, append),
    function("push", 2, 2, append),
    function("mustPush", 2, 2, append),
    function("prepend", 2, 2, prepend),
    function("mustPrepend", 2, 2, prepend),
    function("concat", 0, MANY, concat),
    function("reverse", 1, 1, |_, a| Ok(Value::list(a.list(0)?.iter().rev().cloned().collect()))),
    function("mustReverse", 1, 1, |_, a| {
        Ok(Value::list(a.list(0)?.iter().rev().cloned().collect()))
    }),
    function("uniq", 1, 1, uniq),
    function("mustUniq", 1, 1, uniq),
    function("without", 1, MANY, without),
    function("mustWithout", 1, MANY, without),
    function("has", 2, 2, has),
    function("mustHas", 2, 2, has),
    function("compact", 1, 1, compact),
    function("mustCompact", 1, 1, compact),
    function("slice", 1, 3, slice),
    function("mustSlice", 1, 3, slice),
    function("chunk", 2, 2, chunk),
    function("mustChunk", 2, 2, chunk),
    function("until", 1, 1, |_, a| {
        let n = a.int(0)?;
        steps(0, n, if n < 0 { -1 } else { 1 })
    }),
    function("untilStep", 3, 3, |_, a| steps(a.int(0)?, a.int(1)?, a.int(2)?)),
    function("seq", 0, MANY, seq),
];

fn chunk(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let (size, items) = (usize::try_from(a.int(0)?).unwrap_or(0), a.list(1)?);
    if size == 0 {
        return Err(Fault::call("runtime error: makeslice: len out of range"));
    }
    let chunks = items.chunks(size).map(|chunk| Value::list(chunk.to_vec()));
    Ok(Value::List(List::new(chunks.collect(), Items::Lists)))
}

const MAX_STEPS: i64 = 1_000_000;

fn initial(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let items = a.list(0)?;
    Ok(Value::list(items[..items.len().saturating_sub(1)].to_vec()))
}

/// The first argument of functions that say what they cannot do, not find.
fn named(a: &Args<'_>, what: &str) -> Result<List> {
    match a.get(0) {
        Value::List(items) => Ok(items.clone()),
        Value::Nil => Err(nil_list()),
        other => Err(Fault::call(format!("Cannot {what} on type {}", other.kind()))),
    }
}

fn append(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let mut items = named(a, "push")?.to_vec();
    items.push(a.get(1).clone());
    Ok(Value::list(items))
}

fn prepend(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let items = named(a, "prepend")?;
    Ok(Value::list(std::iter::once(a.get(1)).chain(items.iter()).cloned().collect()))
}

fn concat(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let mut out = Vec::new();
    for (i, value) in a.all().iter().enumerate() {
        let items = a
            .list(i)
            .map_err(|_| Fault::call(format!("Cannot concat type {} as list", value.kind())))?;
        out.extend(items.iter().cloned());
    }
    Ok(Value::list(out))
}

fn uniq(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let mut out: Vec<Value> = Vec::new();
    for item in a.list(0)?.iter() {
        if !out.contains(item) {
            out.push(item.clone());
        }
    }
    Ok(Value::list(out))
}

fn compact(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let items = named(a, "compact")?;
    Ok(Value::list(items.iter().filter(|v| v.truthy()).cloned().collect()))
}

fn without(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let dropped = &a.all()[1..];
    Ok(Value::list(
        a.list(0)?.iter().filter(|item| !dropped.contains(item)).cloned().collect(),
    ))
}

fn has(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    match a.get(1) {
        Value::Nil => Ok(Value::Bool(false)),
        Value::List(items) => Ok(Value::Bool(items.contains(a.get(0)))),
        other => Err(Fault::call(format!("Cannot find has on type {}", other.kind()))),
    }
}

/// Sprig's `slice`, which hides Go's: lists only, bounds converted to integers.
fn slice(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    if matches!(a.get(0), Value::Nil) {
        return Err(nil_list());
    }
    let Value::List(items) = a.get(0) else {
        let message = format!("list should be type of slice or array but {}", a.get(0).kind());
        return Err(Fault::call(message));
    };
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let bound = |i: usize, default: usize| {
        let n = if a.len() > i { to_int64(a.get(i)) } else { default as i64 };
        usize::try_from(n).ok().filter(|n| *n <= items.len())
    };
    let range = bound(1, 0).zip(bound(2, items.len())).filter(|(start, end)| start <= end);
    let (start, end) = range.ok_or_else(|| Fault::call("reflect.Value.Slice: slice index out of bounds"))?;
    Ok(Value::List(List::new(items[start..end].to_vec(), items.of())))
}

fn counted(start: i64, stop: i64, step: i64) -> Result<Vec<i64>> {
    if step == 0 || (stop < start && step > 0) || (stop > start && step < 0) {
        return Ok(Vec::new());
    }
    if (stop - start) / step > MAX_STEPS {
        return Err(Fault::call(format!("more than {MAX_STEPS} steps")));
    }
    let more = |n: &i64| if step > 0 { *n < stop } else { *n > stop };
    Ok(std::iter::successors(Some(start), |n| Some(n + step)).take_while(more).collect())
}

fn steps(start: i64, stop: i64, step: i64) -> Result<Value> {
    let numbers = counted(start, stop, step)?.into_iter().map(Value::Int);
    Ok(Value::List(List::new(numbers.collect(), Items::Int)))
}

/// `seq`: like the shell's, with inclusive ends, as text.
fn seq(_: &mut Engine, a: &Args<'_>) -> Result<Value> {
    let (start, step, end) = match a.len() {
        0 => return Ok(Value::str("")),
        1 => (1, if a.int(0)? < 1 { -1 } else { 1 }, a.int(0)?),
        2 => (a.int(0)?, if a.int(1)? < a.int(0)? { -1 } else { 1 }, a.int(1)?),
        3 => (a.int(0)?, a.int(1)?, a.int(2)?),
        _ => return Ok(Value::str("")),
    };
    let (up, down) = (step > 0, step < 0);
    if (up && end < start) || (down && end > start) || step == 0 {
        return Ok(Value::str(""));
    }
    let words: Vec<String> = counted(start, end + step.signum(), step)?.iter().map(i64::to_string).collect();
    Ok(Value::str(words.join(" ")))
}
