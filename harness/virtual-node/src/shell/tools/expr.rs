//! `expr`

use super::pattern::regex;
use super::{Call, Ended, Failure};

/// `expr EXPRESSION`: numbers, comparisons, `|`, `&`, `TEXT : PATTERN`, `length TEXT`, parentheses.
pub(super) async fn expr(call: Call<'_>) -> Ended {
    let mut reader = Reader {
        words: call.args,
        at: 0,
        depth: 0,
    };
    let value = reader.level(0)?;
    if reader.at < call.args.len() {
        return Err(Failure::Code(2, "syntax error".to_owned()));
    }
    call.line(&value).await?;
    Ok(i32::from(value.is_empty() || value == "0"))
}

/// By how tightly they bind, loosest first.
const LEVELS: [&[&str]; 6] = [
    &["|"],
    &["&"],
    &["=", "==", "!=", "<", "<=", ">", ">="],
    &["+", "-"],
    &["*", "/", "%"],
    &[":"],
];
const DEPTH: usize = 50;

struct Reader<'a> {
    words: &'a [String],
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Result<String, Failure> {
        let word = self
            .words
            .get(self.at)
            .cloned()
            .ok_or_else(|| Failure::Code(2, "syntax error".to_owned()))?;
        self.at += 1;
        Ok(word)
    }

    fn level(&mut self, level: usize) -> Result<String, Failure> {
        let Some(operators) = LEVELS.get(level) else {
            return self.primary();
        };
        let mut value = self.level(level + 1)?;
        while let Some(operator) = self.words.get(self.at).filter(|word| operators.contains(&word.as_str())).cloned() {
            self.at += 1;
            let other = self.level(level + 1)?;
            value = apply(&operator, value, other)?;
        }
        Ok(value)
    }

    fn primary(&mut self) -> Result<String, Failure> {
        let word = self.next()?;
        match word.as_str() {
            "length" => Ok(self.next()?.chars().count().to_string()),
            "match" => {
                let (text, pattern) = (self.next()?, self.next()?);
                apply(":", text, pattern)
            }
            "(" => {
                self.depth += 1;
                if self.depth > DEPTH {
                    return Err(Failure::Code(2, "too many parentheses".to_owned()));
                }
                let value = self.level(0)?;
                self.depth -= 1;
                if self.next()? == ")" {
                    Ok(value)
                } else {
                    Err(Failure::Code(2, "syntax error".to_owned()))
                }
            }
            _ => Ok(word),
        }
    }
}

fn apply(operator: &str, a: String, b: String) -> Result<String, Failure> {
    let is_null = |text: &str| text.is_empty() || text == "0";
    let numbers = a.parse::<i64>().ok().zip(b.parse::<i64>().ok());
    let order = numbers.map_or_else(|| a.cmp(&b), |(a, b)| a.cmp(&b));
    let truth = |holds: bool| Ok(i32::from(holds).to_string());
    match operator {
        "|" => Ok(if is_null(&a) { b } else { a }),
        "&" => Ok(if is_null(&a) || is_null(&b) { "0".to_owned() } else { a }),
        "=" | "==" => truth(order.is_eq()),
        "!=" => truth(order.is_ne()),
        "<" => truth(order.is_lt()),
        "<=" => truth(order.is_le()),
        ">" => truth(order.is_gt()),
        ">=" => truth(order.is_ge()),
        ":" => {
            let pattern = regex(&format!("^{}", b.trim_start_matches('^')), false, false)?;
            let found = pattern.captures(&a);
            let group = pattern.captures_len() > 1;
            Ok(match found {
                Some(found) if group => found.get(1).map_or(String::new(), |part| part.as_str().to_owned()),
                Some(found) => found.get(0).map_or(0, |part| part.as_str().chars().count()).to_string(),
                None if group => String::new(),
                None => "0".to_owned(),
            })
        }
        operator => {
            let (a, b) = numbers.ok_or_else(|| Failure::Code(2, "non-numeric argument".to_owned()))?;
            let value = match operator {
                "+" => a.checked_add(b),
                "-" => a.checked_sub(b),
                "*" => a.checked_mul(b),
                "/" => a.checked_div(b),
                _ => a.checked_rem(b),
            };
            value
                .map(|value| value.to_string())
                .ok_or_else(|| Failure::Code(2, "division by zero".to_owned()))
        }
    }
}
