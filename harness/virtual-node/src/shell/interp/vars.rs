//! A shell's variables.

use std::collections::BTreeMap;

/// Variables by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vars(BTreeMap<String, Var>);

/// A variable; one without a value may still be exported.
#[derive(Debug, Clone, Default)]
pub(crate) struct Var {
    value: Option<String>,
    exported: bool,
    readonly: bool,
}

impl Vars {
    /// The variables of a process's environment.
    pub(crate) fn from_env(env: &BTreeMap<String, String>) -> Self {
        let var = |(name, value): (&String, &String)| {
            let var = Var {
                value: Some(value.clone()),
                exported: true,
                readonly: false,
            };
            (name.clone(), var)
        };
        Self(env.iter().map(var).collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.value.as_deref()
    }

    /// Sets a variable.
    ///
    /// # Errors
    /// If it is read-only.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) -> Result<(), String> {
        let var = self.writable(name)?;
        var.value = Some(value.into());
        Ok(())
    }

    /// Marks a variable as part of the environment of commands.
    pub(crate) fn export(&mut self, name: &str) {
        self.0.entry(name.to_owned()).or_default().exported = true;
    }

    /// Forbids to change a variable.
    pub(crate) fn protect(&mut self, name: &str) {
        self.0.entry(name.to_owned()).or_default().readonly = true;
    }

    /// Takes a variable away.
    ///
    /// # Errors
    /// If it is read-only.
    pub(crate) fn unset(&mut self, name: &str) -> Result<(), String> {
        self.writable(name)?;
        self.0.remove(name);
        Ok(())
    }

    /// What a variable is now, to be put back later.
    pub(crate) fn saved(&self, name: &str) -> Option<Var> {
        self.0.get(name).cloned()
    }

    /// Puts back what [`Self::saved`] gave.
    pub(crate) fn restore(&mut self, name: String, var: Option<Var>) {
        match var {
            Some(var) => drop(self.0.insert(name, var)),
            None => drop(self.0.remove(&name)),
        }
    }

    /// The environment that commands get.
    pub(crate) fn exported(&self) -> BTreeMap<String, String> {
        let exported = self.0.iter().filter(|(_, var)| var.exported);
        exported
            .filter_map(|(name, var)| Some((name.clone(), var.value.clone()?)))
            .collect()
    }

    /// All that have a value.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(name, var)| Some((name.as_str(), var.value.as_deref()?)))
    }

    fn writable(&mut self, name: &str) -> Result<&mut Var, String> {
        let var = self.0.entry(name.to_owned()).or_default();
        if var.readonly {
            Err(format!("{name}: is read only"))
        } else {
            Ok(var)
        }
    }
}
