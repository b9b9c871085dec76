//! The program that a probe's pod runs.

use futures::FutureExt;
use futures::future::BoxFuture;
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::api::PostParams;
use kube::{Api, Client};
use simnet::http::{Access, AccessService, HttpError};
use virtual_node::{ContainerContext, ExitStatus, Program};

use super::finding::{Fault, Finding, NEEDED};

/// A user whose name the API server does not tell.
const SOMEBODY: &str = "the account";

/// `multiplane-probe SERVER TOKEN-FILE CA-FILE`: prints a [`Finding`] and exits with 0 if nothing is wrong, else 1.
pub struct ProbeProgram;

impl Program for ProbeProgram {
    fn run(&self, context: ContainerContext) -> BoxFuture<'static, ExitStatus> {
        async move {
            let arguments: Vec<String> = context.arguments().map(str::to_owned).collect();
            let [server, token, ca] = arguments.as_slice() else {
                context.log.line("usage: multiplane-probe SERVER TOKEN-FILE CA-FILE");
                return ExitStatus::Exited(2);
            };
            let fault = attempt(&context, server, token, ca).await.err();
            let code = i32::from(fault.is_some());
            let finding = Finding {
                server: server.clone(),
                fault,
            };
            context
                .log
                .line(serde_json::to_string(&finding).unwrap_or_else(|error| error.to_string()));
            ExitStatus::Exited(code)
        }
        .boxed()
    }
}

async fn attempt(context: &ContainerContext, server: &str, token: &str, ca: &str) -> Result<(), Fault> {
    let read = |path: &str| {
        context
            .files
            .read_to_string(path)
            .map_err(|_| Fault::MissingFile { path: path.to_owned() })
    };
    let access = Access {
        server: server.to_owned(),
        ca_pem: read(ca)?,
        token: Some(read(token)?),
        client: None,
    };
    let service = AccessService::new(&context.host, &access).map_err(transport)?;
    let client = Client::new(service, "default");
    client.apiserver_version().await.map_err(refusal)?;
    let mut missing = Vec::new();
    for (verb, group, resource) in NEEDED {
        if !allowed(&client, verb, group, resource).await? {
            missing.push(format!("{verb} {resource}{}{group}", if group.is_empty() { "" } else { "." }));
        }
    }
    if missing.is_empty() {
        Ok(())
    } else {
        let user = whoami(&client).await?;
        Err(Fault::Forbidden { user, missing })
    }
}

async fn allowed(client: &Client, verb: &str, group: &str, resource: &str) -> Result<bool, Fault> {
    let attributes = ResourceAttributes {
        verb: Some(verb.to_owned()),
        group: Some(group.to_owned()),
        resource: Some(resource.to_owned()),
        ..ResourceAttributes::default()
    };
    let spec = SelfSubjectAccessReviewSpec {
        resource_attributes: Some(attributes),
        non_resource_attributes: None,
    };
    let review = SelfSubjectAccessReview {
        spec,
        ..SelfSubjectAccessReview::default()
    };
    let api: Api<SelfSubjectAccessReview> = Api::all(client.clone());
    let answer = api.create(&PostParams::default(), &review).await.map_err(refusal)?;
    Ok(answer.status.is_some_and(|status| status.allowed))
}

/// The account that the API server takes the credential for.
async fn whoami(client: &Client) -> Result<String, Fault> {
    let api: Api<SelfSubjectReview> = Api::all(client.clone());
    let answer = match api.create(&PostParams::default(), &SelfSubjectReview::default()).await {
        // Before Kubernetes 1.28 nobody could ask.
        Err(kube::Error::Api(status)) if status.code == 404 => return Ok(SOMEBODY.to_owned()),
        answer => answer.map_err(refusal)?,
    };
    let user = answer.status.and_then(|status| status.user_info?.username);
    Ok(user.unwrap_or_else(|| SOMEBODY.to_owned()))
}

fn refusal(error: kube::Error) -> Fault {
    match error {
        kube::Error::Api(status) if status.code == 401 => Fault::Unauthorized {
            message: status.message.clone(),
        },
        kube::Error::Api(status) => Fault::Other {
            message: status.message.clone(),
        },
        kube::Error::Service(cause) => match cause.downcast::<HttpError>() {
            Ok(cause) => transport(*cause),
            Err(other) => Fault::Other {
                message: other.to_string(),
            },
        },
        other => Fault::Other {
            message: other.to_string(),
        },
    }
}

fn transport(error: HttpError) -> Fault {
    let message = error.to_string();
    match error {
        HttpError::NoSuchHost(_) | HttpError::Refused(_) | HttpError::TimedOut(_) => Fault::NoRoute { message },
        HttpError::Certificate(_) | HttpError::Tls(_) => Fault::WrongCa { message },
        HttpError::Token => Fault::MalformedToken { message },
        HttpError::Url(..) | HttpError::Request(_) | HttpError::Transport(_) => Fault::Other { message },
    }
}
