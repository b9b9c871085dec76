//! `$(( ))`: C's expressions over whole numbers.

use crate::shell::interp::Vars;
use crate::shell::syntax::is_name;

/// How deep parentheses and operators may lie in each other.
const DEPTH: usize = 60;

/// Operators of two operands by how tightly they bind, loosest first.
const LEVELS: [&[&str]; 10] = [
    &["||"],
    &["&&"],
    &["|"],
    &["^"],
    &["&"],
    &["==", "!="],
    &["<=", ">=", "<", ">"],
    &["<<", ">>"],
    &["+", "-"],
    &["*", "/", "%"],
];
/// Longer ones first.
const OPERATORS: [&str; 37] = [
    "<<=", ">>=", "||", "&&", "==", "!=", "<=", ">=", "<<", ">>", "++", "--", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "|", "^",
    "&", "<", ">", "+", "-", "*", "/", "%", "!", "~", "?", ":", "(", ")", ",",
];

/// An expression's value. Variables that are not set are 0.
pub(crate) fn evaluate(text: &str, vars: &mut Vars) -> Result<i64, String> {
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(0);
    }
    let mut reader = Reader {
        tokens,
        at: 0,
        vars,
        depth: 0,
        skips: false,
    };
    let value = reader.sequence()?;
    match reader.tokens.get(reader.at) {
        None => Ok(value),
        Some(_) => Err("arithmetic syntax error".to_owned()),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Number(i64),
    Name(String),
    Operator(&'static str),
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let (mut tokens, mut rest) = (Vec::new(), text.trim_start());
    while let Some(first) = rest.chars().next() {
        let length = rest
            .find(|next: char| next != '_' && !next.is_ascii_alphanumeric())
            .unwrap_or(rest.len());
        if length > 0 {
            let word = &rest[..length];
            tokens.push(if first.is_ascii_digit() {
                Token::Number(number(word)?)
            } else {
                Token::Name(word.to_owned())
            });
            rest = &rest[length..];
        } else if let Some(operator) = OPERATORS.into_iter().find(|operator| rest.starts_with(operator)) {
            tokens.push(Token::Operator(operator));
            rest = &rest[operator.len()..];
        } else if let Some(after) = rest.strip_prefix('=') {
            tokens.push(Token::Operator("="));
            rest = after;
        } else {
            return Err(format!("arithmetic syntax error: {first}"));
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

/// A number in base 10, 16 or 8.
fn number(word: &str) -> Result<i64, String> {
    let parsed = match word.strip_prefix("0x").or(word.strip_prefix("0X")) {
        Some(digits) => i64::from_str_radix(digits, 16),
        None if word.len() > 1 && word.starts_with('0') => i64::from_str_radix(word, 8),
        None => word.parse(),
    };
    parsed.map_err(|_| format!("bad number '{word}'"))
}

struct Reader<'a> {
    tokens: Vec<Token>,
    at: usize,
    vars: &'a mut Vars,
    depth: usize,
    /// In the part of `&&`, `||` or `?:` that does not count: nothing is assigned, and nothing is divided by zero.
    skips: bool,
}

impl Reader<'_> {
    fn operator(&self) -> Option<&'static str> {
        match self.tokens.get(self.at)? {
            Token::Operator(operator) => Some(operator),
            _ => None,
        }
    }

    fn accept(&mut self, operator: &str) -> bool {
        let found = self.operator() == Some(operator);
        self.at += usize::from(found);
        found
    }

    /// The same where it may not count.
    fn skipping<T>(&mut self, skips: bool, read: impl FnOnce(&mut Self) -> Result<T, String>) -> Result<T, String> {
        let before = self.skips;
        self.skips |= skips;
        let value = read(self);
        self.skips = before;
        value
    }

    /// Expressions with commas between them; the last one's value.
    fn sequence(&mut self) -> Result<i64, String> {
        let mut value = self.assignment()?;
        while self.accept(",") {
            value = self.assignment()?;
        }
        Ok(value)
    }

    fn assignment(&mut self) -> Result<i64, String> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("arithmetic expression is too deep".to_owned());
        }
        let value = match (self.tokens.get(self.at), self.tokens.get(self.at + 1)) {
            (Some(Token::Name(name)), Some(Token::Operator(operator)))
                if operator.ends_with('=') && !["==", "!=", "<=", ">="].contains(operator) =>
            {
                let (name, operator) = (name.clone(), *operator);
                self.at += 2;
                let value = self.assignment()?;
                let value = match operator.trim_end_matches('=') {
                    "" => value,
                    operator => self.apply(operator, self.variable(&name)?, value)?,
                };
                self.set(&name, value)?;
                value
            }
            _ => self.conditional()?,
        };
        self.depth -= 1;
        Ok(value)
    }

    fn conditional(&mut self) -> Result<i64, String> {
        let condition = self.binary(0)?;
        if !self.accept("?") {
            return Ok(condition);
        }
        let holds = condition != 0;
        let one = self.skipping(!holds, Self::assignment)?;
        if !self.accept(":") {
            return Err("arithmetic syntax error: ':' is missing".to_owned());
        }
        let other = self.skipping(holds, Self::assignment)?;
        Ok(if holds { one } else { other })
    }

    fn binary(&mut self, level: usize) -> Result<i64, String> {
        let Some(operators) = LEVELS.get(level) else { return self.unary() };
        let mut value = self.binary(level + 1)?;
        while let Some(operator) = self.operator().filter(|operator| operators.contains(operator)) {
            self.at += 1;
            let decided = (operator == "&&" && value == 0) || (operator == "||" && value != 0);
            let other = self.skipping(decided, |reader| reader.binary(level + 1))?;
            value = self.apply(operator, value, other)?;
        }
        Ok(value)
    }

    fn unary(&mut self) -> Result<i64, String> {
        let Some(operator @ ("-" | "+" | "!" | "~" | "++" | "--")) = self.operator() else {
            return self.primary();
        };
        self.at += 1;
        if let "++" | "--" = operator {
            let Some(Token::Name(name)) = self.tokens.get(self.at).cloned() else {
                return Err("arithmetic syntax error".to_owned());
            };
            self.at += 1;
            return self.step(&name, operator);
        }
        self.depth += 1;
        if self.depth > DEPTH {
            return Err("arithmetic expression is too deep".to_owned());
        }
        let value = self.unary()?;
        self.depth -= 1;
        Ok(match operator {
            "-" => value.wrapping_neg(),
            "!" => i64::from(value == 0),
            "~" => !value,
            _ => value,
        })
    }

    fn primary(&mut self) -> Result<i64, String> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        match token {
            Some(Token::Number(number)) => Ok(number),
            Some(Token::Name(name)) => {
                let value = self.variable(&name)?;
                if let Some(operator @ ("++" | "--")) = self.operator() {
                    self.at += 1;
                    self.step(&name, operator)?;
                }
                Ok(value)
            }
            Some(Token::Operator("(")) => {
                let value = self.sequence()?;
                if self.accept(")") {
                    Ok(value)
                } else {
                    Err("arithmetic syntax error: ')' is missing".to_owned())
                }
            }
            _ => Err("arithmetic syntax error".to_owned()),
        }
    }

    fn step(&mut self, name: &str, operator: &str) -> Result<i64, String> {
        let value = self.variable(name)?.wrapping_add(if operator == "++" { 1 } else { -1 });
        self.set(name, value)?;
        Ok(value)
    }

    fn variable(&self, name: &str) -> Result<i64, String> {
        let value = self.vars.get(name).unwrap_or_default().trim();
        match value.strip_prefix('-') {
            _ if value.is_empty() => Ok(0),
            Some(digits) => number(digits).map(i64::wrapping_neg),
            None if is_name(value) && value != name => self.variable(value),
            None => number(value),
        }
    }

    fn set(&mut self, name: &str, value: i64) -> Result<(), String> {
        if self.skips {
            Ok(())
        } else {
            self.vars.set(name, value.to_string())
        }
    }

    fn apply(&self, operator: &str, a: i64, b: i64) -> Result<i64, String> {
        let shift = |by: i64| u32::try_from(by & 63).unwrap_or_default();
        Ok(match operator {
            "||" => i64::from(a != 0 || b != 0),
            "&&" => i64::from(a != 0 && b != 0),
            "|" => a | b,
            "^" => a ^ b,
            "&" => a & b,
            "==" => i64::from(a == b),
            "!=" => i64::from(a != b),
            "<=" => i64::from(a <= b),
            ">=" => i64::from(a >= b),
            "<" => i64::from(a < b),
            ">" => i64::from(a > b),
            "<<" => a.wrapping_shl(shift(b)),
            ">>" => a.wrapping_shr(shift(b)),
            "+" => a.wrapping_add(b),
            "-" => a.wrapping_sub(b),
            "*" => a.wrapping_mul(b),
            _ if b == 0 && self.skips => 0,
            _ if b == 0 => return Err("divide by zero".to_owned()),
            "/" => a.wrapping_div(b),
            _ => a.wrapping_rem(b),
        })
    }
}
