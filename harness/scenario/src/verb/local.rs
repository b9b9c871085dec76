//! Programs of this machine.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yaml::Spanned;

use super::Fails;
use crate::{Duration, OneOrMany};

/// A verb that starts something on this machine for each cluster; what is started is the field in which such verbs differ.
macro_rules! local {
    ($(#[doc = $about:literal])* $verb:ident, $(#[doc = $what:literal])* $field:ident: $of:ty) => {
        $(#[doc = $about])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $verb {
            /// The clusters: ids, patterns such as `dataplane_*`, or `role=dataplane`.
            pub on: OneOrMany<String>,
            $(#[doc = $what])*
            pub $field: $of,
            /// By which later steps name what it prints, without the line's end: `${{ steps.<id>.stdout }}`. Unique in the scenario.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub id: Option<Spanned<String>>,
            /// Further variables of its environment. May hold expressions.
            #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
            pub env: BTreeMap<String, String>,
            /// Text that its standard output must contain; of a list, all.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub prints: Option<OneOrMany<String>>,
            /// How long it may take. Default: the scenario's `settings.within`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub within: Option<Duration>,
            /// The step must fail like this; the error has the exit code and the last lines of standard error.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub fails: Option<Fails>,
        }
    };
}

local! {
    /// A program, started once for each cluster, with `KUBECONFIG` for a cluster admin there.
    Exec,
    /// The program, found in `PATH`, and its arguments. May hold expressions.
    command: OneOrMany<String>
}

local! {
    /// A shell script, run once for each cluster by `sh -eu`, with `KUBECONFIG` for a cluster admin there.
    Script,
    /// The script. May hold expressions.
    run: Spanned<String>
}
