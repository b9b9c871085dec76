//! Stored execution cluster labels: flyteadmin's attribute rows of type `EXECUTION_CLUSTER_LABEL`.

use serde::{Deserialize, Serialize};

use super::PlacementError;

/// What a row applies to. An empty field applies to everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeKey {
    /// Project.
    pub project: String,
    /// Domain; empty: all of the project's.
    #[serde(default)]
    pub domain: String,
    /// Workflow name; empty: all.
    #[serde(default)]
    pub workflow: String,
    /// Launch plan name; empty: all. No RPC sets it.
    #[serde(default)]
    pub launch_plan: String,
}

/// One stored label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AttributeRow {
    /// What it applies to.
    #[serde(flatten)]
    pub key: AttributeKey,
    /// The label; may be empty, and then hides the rows of weaker levels.
    pub label: String,
}

/// Level of a row; the order is that of priority, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Priority 5.
    Project,
    /// Priority 10.
    ProjectDomain,
    /// Priority 100.
    Workflow,
    /// Priority 1000.
    LaunchPlan,
}

impl Level {
    /// Its name, as in `attribute:<name>`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::ProjectDomain => "project_domain",
            Self::Workflow => "workflow",
            Self::LaunchPlan => "launch_plan",
        }
    }
}

impl AttributeKey {
    /// A key of the given fields; pass empty text for what does not apply.
    #[must_use]
    pub fn new(project: &str, domain: &str, workflow: &str, launch_plan: &str) -> Self {
        Self {
            project: project.to_owned(),
            domain: domain.to_owned(),
            workflow: workflow.to_owned(),
            launch_plan: launch_plan.to_owned(),
        }
    }

    /// The level, by the most specific field that is set.
    #[must_use]
    pub fn level(&self) -> Level {
        if !self.launch_plan.is_empty() {
            Level::LaunchPlan
        } else if !self.workflow.is_empty() {
            Level::Workflow
        } else if !self.domain.is_empty() {
            Level::ProjectDomain
        } else {
            Level::Project
        }
    }

    /// The four fields with their names.
    #[must_use]
    pub fn fields(&self) -> [(&'static str, &str); 4] {
        [
            ("project", &self.project),
            ("domain", &self.domain),
            ("workflow", &self.workflow),
            ("launch_plan", &self.launch_plan),
        ]
    }

    /// Names of the set fields of `self` in which `other` differs: none means that `self` covers `other`.
    pub(super) fn mismatches(&self, other: &Self) -> Vec<&'static str> {
        self.fields()
            .into_iter()
            .zip(other.fields())
            .filter(|((_, mine), (_, theirs))| !mine.is_empty() && mine != theirs)
            .map(|((name, _), _)| name)
            .collect()
    }
}

/// The stored labels.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Attributes(Vec<AttributeRow>);

impl Attributes {
    /// Stores a label; a row of the same key is replaced. Neither the label nor the workflow is checked.
    pub fn put(&mut self, row: AttributeRow) {
        match self.0.iter_mut().find(|stored| stored.key == row.key) {
            Some(stored) => *stored = row,
            None => self.0.push(row),
        }
    }

    /// The row that wins for `key`: of those whose set fields all equal the key's, the one of the highest level.
    ///
    /// # Errors
    /// [`PlacementError::AttributeQuery`]: the key has neither project nor domain, or a workflow without a project.
    pub fn get(&self, key: &AttributeKey) -> Result<Option<&AttributeRow>, PlacementError> {
        let scoped = !key.project.is_empty() || (!key.domain.is_empty() && key.workflow.is_empty() && key.launch_plan.is_empty());
        if !scoped || (key.workflow.is_empty() && !key.launch_plan.is_empty()) {
            return Err(PlacementError::AttributeQuery);
        }
        Ok(self
            .0
            .iter()
            .filter(|row| row.key.mismatches(key).is_empty())
            .max_by_key(|row| row.key.level()))
    }

    /// The row of exactly this key, as reading a project's label does.
    #[must_use]
    pub fn get_exact(&self, key: &AttributeKey) -> Option<&AttributeRow> {
        self.0.iter().find(|row| row.key == *key)
    }

    /// Deletes the row of `key` **and every row below it**: an empty field of the key does not restrict the deletion.
    /// Deleting what is not there is no error.
    pub fn delete(&mut self, key: &AttributeKey) {
        self.0.retain(|row| !key.mismatches(&row.key).is_empty());
    }

    /// All rows, in the order in which they were first stored.
    #[must_use]
    pub fn rows(&self) -> &[AttributeRow] {
        &self.0
    }
}

impl FromIterator<AttributeRow> for Attributes {
    fn from_iter<I: IntoIterator<Item = AttributeRow>>(rows: I) -> Self {
        let mut attributes = Self::default();
        for row in rows {
            attributes.put(row);
        }
        attributes
    }
}
