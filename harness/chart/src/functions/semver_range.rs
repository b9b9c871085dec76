//! Version ranges as the Go library Masterminds/semver reads them, which Helm
//! uses for `semverCompare`, `kubeVersion` and chart dependencies. Rust's
//! `semver` has other rules for bare versions and prereleases.

use semver::{BuildMetadata, Prerelease, Version};

/// A version with missing parts filled in: `v1.2` is `1.2.0`.
pub(crate) fn coerce(text: &str) -> Option<Version> {
    let text = text.trim();
    let text = text.strip_prefix('v').unwrap_or(text);
    // A mark with nothing behind it is no version.
    let parted = |text: &'_ str, mark: char| match text.split_once(mark) {
        Some((_, "")) => None,
        Some((head, tail)) => Some((head.to_owned(), tail.to_owned())),
        None => Some((text.to_owned(), String::new())),
    };
    let (rest, build) = parted(text, '+')?;
    let (numbers, pre) = parted(&rest, '-')?;
    let mut parts = numbers.split('.').map(|n| n.parse::<u64>().ok());
    let version = Version {
        major: parts.next()??,
        minor: parts.next().unwrap_or(Some(0))?,
        patch: parts.next().unwrap_or(Some(0))?,
        pre: Prerelease::new(&pre).ok()?,
        build: BuildMetadata::new(&build).ok()?,
    };
    if parts.next().is_some() { None } else { Some(version) }
}

/// Alternatives (`||`) of conditions that must all hold.
pub(crate) struct Range(Vec<Vec<Condition>>);

struct Condition {
    operator: String,
    version: Version,
    /// How many of major, minor, patch were written.
    given: usize,
}

impl Range {
    /// Parses a range.
    ///
    /// # Errors
    /// Helm's words for a range that cannot be read.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let alternatives = text.split("||").map(|part| conditions(part, text));
        alternatives.collect::<Result<_, _>>().map(Range)
    }

    pub(crate) fn matches(&self, version: &Version) -> bool {
        self.0.iter().any(|all| {
            // A prerelease is only considered where one of the conditions names one.
            let considered = version.pre.is_empty() || all.iter().any(|condition| !condition.version.pre.is_empty());
            considered && all.iter().all(|condition| condition.matches(version))
        })
    }
}

fn conditions(part: &str, whole: &str) -> Result<Vec<Condition>, String> {
    let improper = || format!("improper constraint: {whole}");
    if let Some((low, high)) = part.split_once(" - ") {
        return [(">=", low), ("<=", high)]
            .into_iter()
            .map(|(o, v)| Condition::parse(o, v).ok_or_else(improper))
            .collect();
    }
    let mut rest = part.trim();
    let mut found = Vec::new();
    while !rest.is_empty() {
        let operator_end = rest.find(|c: char| !"=!<>~^".contains(c)).ok_or_else(improper)?;
        let (operator, after) = rest.split_at(operator_end);
        let after = after.trim_start();
        let end = after.find([',', ' ', '<', '>', '=', '!', '~', '^']).unwrap_or(after.len());
        found.push(Condition::parse(operator, &after[..end]).ok_or_else(improper)?);
        rest = after[end..].trim_start_matches([',', ' ']);
        if rest.is_empty() && after[end..].contains(',') {
            return Err(improper());
        }
    }
    if found.is_empty() { Err(improper()) } else { Ok(found) }
}

impl Condition {
    fn parse(operator: &str, text: &str) -> Option<Self> {
        let text = text.trim();
        let core = text.split(['-', '+']).next()?;
        let core = core.strip_prefix('v').unwrap_or(core);
        let wild = |part: &str| matches!(part, "x" | "X" | "*");
        let given = core.split('.').take_while(|part| !wild(part)).count();
        let version = if given == 0 {
            Version::new(0, 0, 0)
        } else if core.split('.').any(wild) {
            coerce(&core.split('.').take(given).collect::<Vec<_>>().join("."))?
        } else {
            coerce(text)?
        };
        let known = ["", "=", "==", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^"].contains(&operator);
        known.then(|| Condition {
            operator: operator.to_owned(),
            version,
            given,
        })
    }

    fn matches(&self, v: &Version) -> bool {
        let c = &self.version;
        let order = v.cmp_precedence(c);
        let bare = matches!(self.operator.as_str(), "" | "=" | "==");
        match self.operator.as_str() {
            // A lone `*` counts as 0.0.0 to the other operators.
            "!=" if self.given == 0 => order.is_ne(),
            ">" if self.given == 0 => order.is_gt(),
            "<" if self.given == 0 => order.is_lt(),
            "<=" | "=<" if self.given == 0 => v.major == 0 && v.minor == 0,
            "^" if self.given == 0 => order.is_eq(),
            _ if self.given == 0 => true,
            _ if bare && self.given == 3 => order.is_eq(),
            "!=" if self.given == 3 => order.is_ne(),
            "!=" => !self.same_prefix(v),
            ">" if self.given < 3 => order.is_gt() && !self.same_prefix(v),
            ">" => order.is_gt(),
            "<" => order.is_lt(),
            ">=" | "=>" => order.is_ge(),
            "<=" | "=<" => order.is_le() || (self.given < 3 && self.same_prefix(v)),
            "^" => {
                order.is_ge()
                    && match (c.major, c.minor, self.given) {
                        (major, _, 1) => v.major == major,
                        (0, 0, 3) => v.major == 0 && v.minor == 0 && v.patch == c.patch,
                        (0, minor, _) => v.major == 0 && v.minor == minor,
                        (major, _, _) => v.major == major,
                    }
            }
            // `~1.2.3`, `~1.2`, `1.2`, `~1`
            _ => order.is_ge() && v.major == c.major && (self.given == 1 || v.minor == c.minor),
        }
    }

    fn same_prefix(&self, v: &Version) -> bool {
        v.major == self.version.major && (self.given < 2 || v.minor == self.version.minor)
    }
}
