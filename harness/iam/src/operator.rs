//! Condition operators by name.

use std::fmt;

/// How a condition compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operator {
    /// How keys of several values are treated.
    pub quantifier: Option<Quantifier>,
    /// What is compared.
    pub test: Test,
    /// Whether a key that is not there will do.
    pub if_exists: bool,
}

/// How keys of several values are treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    /// `ForAllValues:` every value of the request; true without any.
    All,
    /// `ForAnyValue:` at least one value of the request; false without any.
    Any,
}

/// What is compared, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// Texts, letter by letter.
    StringEquals,
    /// Texts that differ.
    StringNotEquals,
    /// Texts in any case.
    StringEqualsIgnoreCase,
    /// Texts that differ in more than case.
    StringNotEqualsIgnoreCase,
    /// Texts with `*` and `?`.
    StringLike,
    /// Texts that do not match.
    StringNotLike,
    /// ARNs, part by part, with `*` and `?`. `ArnEquals` is the same.
    ArnLike,
    /// ARNs that do not match. `ArnNotEquals` is the same.
    ArnNotLike,
    /// `true` and `false`.
    Bool,
    /// Whether the key is missing.
    Null,
}

impl Test {
    /// All that are evaluated, by the names that policies use.
    const NAMES: [(&str, Test); 12] = [
        ("StringEquals", Test::StringEquals),
        ("StringNotEquals", Test::StringNotEquals),
        ("StringEqualsIgnoreCase", Test::StringEqualsIgnoreCase),
        ("StringNotEqualsIgnoreCase", Test::StringNotEqualsIgnoreCase),
        ("StringLike", Test::StringLike),
        ("StringNotLike", Test::StringNotLike),
        ("ArnLike", Test::ArnLike),
        ("ArnEquals", Test::ArnLike),
        ("ArnNotLike", Test::ArnNotLike),
        ("ArnNotEquals", Test::ArnNotLike),
        ("Bool", Test::Bool),
        ("Null", Test::Null),
    ];

    /// Whether it asks for a difference, so that a key that is not there will do.
    pub(crate) fn negated(self) -> bool {
        matches!(
            self,
            Test::StringNotEquals | Test::StringNotEqualsIgnoreCase | Test::StringNotLike | Test::ArnNotLike
        )
    }
}

/// Operators that IAM has and that are not evaluated here.
const OTHERS: [&str; 16] = [
    "NumericEquals",
    "NumericNotEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "DateEquals",
    "DateNotEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "BinaryEquals",
    "IpAddress",
    "NotIpAddress",
    "BinaryNotEquals",
];

/// A name that is no operator, or none that is evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoOperator {
    /// IAM knows it.
    NotEvaluated,
    /// IAM does not; the nearest name.
    Unknown(Option<String>),
}

impl Operator {
    /// Reads a name such as `ForAnyValue:StringLikeIfExists`.
    pub(crate) fn read(name: &str) -> Result<Self, NoOperator> {
        let (quantifier, rest) = match name.split_once(':') {
            Some(("ForAllValues", rest)) => (Some(Quantifier::All), rest),
            Some(("ForAnyValue", rest)) => (Some(Quantifier::Any), rest),
            Some((_, rest)) => {
                let known = [format!("ForAnyValue:{rest}"), format!("ForAllValues:{rest}")];
                let nearest = yaml::suggest::nearest(name, &known);
                return Err(NoOperator::Unknown(nearest.map(str::to_owned)));
            }
            None => (None, name),
        };
        let (base, if_exists) = rest.strip_suffix("IfExists").map_or((rest, false), |base| (base, true));
        let known = Test::NAMES.iter().find(|(name, _)| *name == base);
        match known {
            Some((_, Test::Null)) if if_exists || quantifier.is_some() => Err(NoOperator::Unknown(Some("Null".to_owned()))),
            Some((_, test)) => Ok(Self {
                quantifier,
                test: *test,
                if_exists,
            }),
            None if OTHERS.contains(&base) => Err(NoOperator::NotEvaluated),
            None => {
                let names: Vec<&str> = Test::NAMES.iter().map(|(name, _)| *name).collect();
                let same = names.iter().find(|known| known.eq_ignore_ascii_case(base)).copied();
                let nearest = same.or_else(|| yaml::suggest::nearest(base, &names));
                Err(NoOperator::Unknown(nearest.map(str::to_owned)))
            }
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.quantifier {
            Some(Quantifier::All) => "ForAllValues:",
            Some(Quantifier::Any) => "ForAnyValue:",
            None => "",
        })?;
        let name = Test::NAMES.iter().find(|(_, test)| *test == self.test).map_or("", |(name, _)| name);
        write!(f, "{name}{}", if self.if_exists { "IfExists" } else { "" })
    }
}
