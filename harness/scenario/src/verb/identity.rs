//! Cloud identity: an AWS account for the world, and what service accounts may do in it.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yaml::Spanned;

use crate::{NamespacedName, OneOrMany};

/// OIDC providers and roles of the world's AWS account. Needs the backend `embedded`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Iam {
    /// The account's id, twelve digits in quotes. Needed in a scenario's first `iam` step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>", regex(pattern = r"^[0-9]{12}$"))]
    pub account: Option<Spanned<String>>,
    /// Clusters whose issuers become OIDC providers of the account, for the audience `sts.amazonaws.com`, as `eksctl utils
    /// associate-iam-oidc-provider` does: ids, patterns such as `dataplane_*`, or `role=dataplane`. Each needs an `issuer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub providers: Option<OneOrMany<String>>,
    /// Roles by name. What is not given of a role that is there already stays.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(with = "BTreeMap<String, IamRole>")]
    pub roles: IndexMap<String, Spanned<IamRole>>,
}

/// A role: who may assume it, and what it may do then. Policies are files in AWS's JSON; paths count from the scenario's folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IamRole {
    /// File of the trust policy. Needed when the role is first named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust: Option<Spanned<String>>,
    /// Files of the policies of permissions, which replace those that the role had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions: Option<OneOrMany<String>>,
}

/// A question whether a service account may do something: its own fields, and those in which such questions are alike. (Flattened fields would let
/// misspelt ones pass.)
macro_rules! question {
    ($(#[$about:meta])* $name:ident { $($own:tt)* }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "camelCase", deny_unknown_fields)]
        pub struct $name {
            /// The clusters: ids, patterns such as `dataplane_*`, or `role=dataplane`.
            pub on: OneOrMany<String>,
            /// The service account.
            pub service_account: NamespacedName,
            $($own)*
            /// Whether it may.
            pub allowed: bool,
            /// Texts that the refusal and its reasons must contain. Needs `allowed: false`.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub because: Option<OneOrMany<String>>,
        }
    };
}

question! {
    /// Whether a service account may assume a role: a token of it for `sts.amazonaws.com` is asked of its cluster, and STS decides
    /// `AssumeRoleWithWebIdentity` by the account's providers and the role's trust policy.
    AssumeRole {
        /// The role's name, as in an earlier `iam` step.
        pub role: Spanned<String>,
    }
}

question! {
    /// Whether pods of a service account may do something with the world's S3: they assume the role that the account's annotation
    /// `eks.amazonaws.com/role-arn` names, and its policies of permissions decide. Without a role nobody may do anything.
    ObjectAccess {
        /// Such as `s3:GetObject`.
        pub action: Spanned<String>,
        /// The ARN of a bucket or an object, as `arn:aws:s3:::bucket/key`.
        pub resource: Spanned<String>,
    }
}
