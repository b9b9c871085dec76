//! `.helmignore`.

use regex::Regex;

/// The rules of a chart's `.helmignore`.
#[derive(Default)]
pub(super) struct Ignore {
    rules: Vec<Rule>,
}

struct Rule {
    pattern: Regex,
    negated: bool,
    folders_only: bool,
    /// The pattern names a path from the root, not any file name.
    rooted: bool,
}

impl Ignore {
    /// Reads the rules.
    ///
    /// # Errors
    /// `**`, which Helm does not support either.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut rules = vec![rule("templates/.?*")?];
        for line in text.lines().map(str::trim) {
            if !line.is_empty() && !line.starts_with('#') {
                rules.push(rule(line)?);
            }
        }
        Ok(Ignore { rules })
    }

    /// Whether a path (relative, with `/`) is left out.
    pub(super) fn excludes(&self, path: &str, folder: bool) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        for rule in &self.rules {
            if rule.folders_only && !folder {
                continue;
            }
            let found = rule.pattern.is_match(if rule.rooted { path } else { name });
            // A rule with `!` leaves out whatever it does not match, as in Helm.
            if found != rule.negated {
                return true;
            }
        }
        false
    }
}

fn rule(line: &str) -> Result<Rule, String> {
    if line.contains("**") {
        return Err(format!("double-star (**) syntax is not supported: {line}"));
    }
    let (negated, line) = line.strip_prefix('!').map_or((false, line), |rest| (true, rest));
    let (folders_only, line) = line.strip_suffix('/').map_or((false, line), |rest| (true, rest));
    let rooted = line.contains('/');
    let pattern = crate::render::glob_regex(line.trim_start_matches('/'))?;
    Ok(Rule {
        pattern,
        negated,
        folders_only,
        rooted,
    })
}
