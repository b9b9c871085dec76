//! In what kinds differ, beyond their schemas: one row for each that is not like the others.

/// When `metadata.generation` grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Generation {
    /// The field is not kept by the server.
    None,
    /// With everything outside of metadata and status.
    Spec,
    /// As `Spec`, but there is none before the first change.
    Changes,
    /// Also with annotations (Deployments).
    SpecAndAnnotations,
}

/// What names are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameRule {
    /// RFC 1123 subdomain.
    Subdomain,
    /// RFC 1123 label; the longest length is given.
    Label,
    /// A subdomain of at most 52 characters (CronJobs; their Jobs' names are longer).
    ShortSubdomain,
    /// Anything that can be a path segment (RBAC).
    PathSegment,
    /// An IP address.
    Ip,
    /// Checked by the kind's own validation.
    Own,
}

/// How a kind behaves in the generic handler.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strategy {
    pub(crate) generation: Generation,
    pub(crate) names: NameRule,
    /// PUT to a name that is not there creates.
    pub(crate) create_on_update: bool,
    /// PUT without `resourceVersion` replaces whatever is there.
    pub(crate) unconditional_update: bool,
    /// DELETE answers the object, not a `Status`.
    pub(crate) delete_returns_object: bool,
    /// Dependents stay when DELETE does not say otherwise.
    pub(crate) orphans_dependents: bool,
    /// Fields that `fieldSelector` knows beside `metadata.name` and `metadata.namespace`:
    /// name in selectors, path in the object where that differs, value where absent.
    pub(crate) fields: &'static [Field],
}

/// A selectable field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    /// JSON pointer into the object.
    pub(crate) pointer: &'static str,
    /// Value when the object does not have the field.
    pub(crate) absent: &'static str,
}

const fn field(name: &'static str, pointer: &'static str) -> Field {
    Field { name, pointer, absent: "" }
}

const POD: &[Field] = &[
    field("spec.nodeName", "/spec/nodeName"),
    field("spec.restartPolicy", "/spec/restartPolicy"),
    field("spec.schedulerName", "/spec/schedulerName"),
    field("spec.serviceAccountName", "/spec/serviceAccountName"),
    Field {
        name: "spec.hostNetwork",
        pointer: "/spec/hostNetwork",
        absent: "false",
    },
    field("status.phase", "/status/phase"),
    field("status.podIP", "/status/podIP"),
    field("status.podIPs", "/status/podIPs/0/ip"),
    field("status.nominatedNodeName", "/status/nominatedNodeName"),
];

const EVENT: &[Field] = &[
    field("involvedObject.kind", "/involvedObject/kind"),
    field("involvedObject.namespace", "/involvedObject/namespace"),
    field("involvedObject.name", "/involvedObject/name"),
    field("involvedObject.uid", "/involvedObject/uid"),
    field("involvedObject.apiVersion", "/involvedObject/apiVersion"),
    field("involvedObject.resourceVersion", "/involvedObject/resourceVersion"),
    field("involvedObject.fieldPath", "/involvedObject/fieldPath"),
    field("reason", "/reason"),
    field("reportingComponent", "/reportingComponent"),
    field("source", "/source/component"),
    field("type", "/type"),
];

const NEW_EVENT: &[Field] = &[
    field("regarding.kind", "/involvedObject/kind"),
    field("regarding.namespace", "/involvedObject/namespace"),
    field("regarding.name", "/involvedObject/name"),
    field("regarding.uid", "/involvedObject/uid"),
    field("regarding.apiVersion", "/involvedObject/apiVersion"),
    field("regarding.resourceVersion", "/involvedObject/resourceVersion"),
    field("regarding.fieldPath", "/involvedObject/fieldPath"),
    field("reason", "/reason"),
    field("reportingController", "/reportingComponent"),
    field("type", "/type"),
];

const SECRET: &[Field] = &[field("type", "/type")];
const NAMESPACE: &[Field] = &[field("status.phase", "/status/phase"), field("name", "/metadata/name")];
const NODE: &[Field] = &[Field {
    name: "spec.unschedulable",
    pointer: "/spec/unschedulable",
    absent: "false",
}];
const JOB: &[Field] = &[Field {
    name: "status.successful",
    pointer: "/status/succeeded",
    absent: "0",
}];
const CSR: &[Field] = &[field("spec.signerName", "/spec/signerName")];
const RC: &[Field] = &[Field {
    name: "status.replicas",
    pointer: "/status/replicas",
    absent: "0",
}];
const SERVICE: &[Field] = &[field("spec.clusterIP", "/spec/clusterIP"), field("spec.type", "/spec/type")];

const VERSIONED: Strategy = Strategy {
    generation: Generation::Spec,
    ..USUAL
};
const RBAC: Strategy = Strategy {
    names: NameRule::PathSegment,
    create_on_update: true,
    ..USUAL
};

const USUAL: Strategy = Strategy::USUAL;

impl Strategy {
    /// The strategy of kinds that are like most.
    pub(crate) const USUAL: Strategy = Strategy {
        generation: Generation::None,
        names: NameRule::Subdomain,
        create_on_update: false,
        unconditional_update: true,
        delete_returns_object: false,
        orphans_dependents: false,
        fields: &[],
    };

    /// The strategy of custom resources.
    pub(crate) const CUSTOM: Strategy = Strategy {
        unconditional_update: false,
        ..VERSIONED
    };

    /// The strategy of a built-in resource, by `plural` or `plural.group`.
    pub(super) fn of(qualified: &str) -> Strategy {
        match qualified {
            "pods" => Strategy {
                fields: POD,
                delete_returns_object: true,
                ..VERSIONED
            },
            "deployments.apps" => Strategy {
                generation: Generation::SpecAndAnnotations,
                ..VERSIONED
            },
            "statefulsets.apps" => Strategy {
                names: NameRule::Label,
                ..VERSIONED
            },
            "daemonsets.apps" | "replicasets.apps" | "podtemplates" => VERSIONED,
            "replicationcontrollers" => Strategy {
                fields: RC,
                orphans_dependents: true,
                ..VERSIONED
            },
            "jobs.batch" => Strategy {
                fields: JOB,
                orphans_dependents: true,
                ..VERSIONED
            },
            "cronjobs.batch" => Strategy {
                names: NameRule::ShortSubdomain,
                ..VERSIONED
            },
            "ingresses.networking.k8s.io" | "networkpolicies.networking.k8s.io" | "ingressclasses.networking.k8s.io" => VERSIONED,
            "poddisruptionbudgets.policy" => Strategy {
                unconditional_update: false,
                ..VERSIONED
            },
            "endpointslices.discovery.k8s.io" | "priorityclasses.scheduling.k8s.io" => VERSIONED,
            "flowschemas.flowcontrol.apiserver.k8s.io" | "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io" => VERSIONED,
            "deviceclasses.resource.k8s.io" | "resourceslices.resource.k8s.io" => VERSIONED,
            "csidrivers.storage.k8s.io" => Self {
                generation: Generation::Changes,
                ..VERSIONED
            },
            "customresourcedefinitions.apiextensions.k8s.io" => Strategy {
                unconditional_update: false,
                ..VERSIONED
            },
            q if q.ends_with(".admissionregistration.k8s.io") => Strategy {
                unconditional_update: false,
                ..VERSIONED
            },
            "roles.rbac.authorization.k8s.io"
            | "rolebindings.rbac.authorization.k8s.io"
            | "clusterroles.rbac.authorization.k8s.io"
            | "clusterrolebindings.rbac.authorization.k8s.io" => RBAC,
            "services" => Strategy {
                names: NameRule::Label,
                create_on_update: true,
                delete_returns_object: true,
                fields: SERVICE,
                ..USUAL
            },
            "serviceaccounts" | "persistentvolumeclaims" | "persistentvolumes" => Strategy {
                delete_returns_object: true,
                ..USUAL
            },
            "namespaces" => Strategy {
                names: NameRule::Label,
                delete_returns_object: true,
                fields: NAMESPACE,
                ..USUAL
            },
            "nodes" => Strategy { fields: NODE, ..USUAL },
            "secrets" => Strategy { fields: SECRET, ..USUAL },
            "events" => Strategy {
                create_on_update: true,
                fields: EVENT,
                ..USUAL
            },
            "events.events.k8s.io" => Strategy {
                create_on_update: true,
                fields: NEW_EVENT,
                ..USUAL
            },
            "endpoints" | "limitranges" | "leases.coordination.k8s.io" => Strategy {
                create_on_update: true,
                ..USUAL
            },
            "volumeattachments.storage.k8s.io" => Self {
                unconditional_update: false,
                ..USUAL
            },
            "certificatesigningrequests.certificates.k8s.io" => Strategy { fields: CSR, ..USUAL },
            "ipaddresses.networking.k8s.io" => Strategy {
                names: NameRule::Ip,
                ..USUAL
            },
            "apiservices.apiregistration.k8s.io" => Strategy {
                names: NameRule::Own,
                unconditional_update: false,
                ..USUAL
            },
            _ => USUAL,
        }
    }
}
