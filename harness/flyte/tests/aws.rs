//! STS and S3 of a world: a cluster's token becomes a session, and the session uses the bucket as far as its role's policy lets it.

#![expect(clippy::unwrap_used, reason = "tests")]

use aws::{Account, KeySet, PolicyFile, Provider};
use bytes::Bytes;
use embedded_cluster::EmbeddedCluster;
use flyte::stores::Stores;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use iam::PolicyKind;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::Api;
use kube::api::PostParams;
use rusty_s3::signing;
use simnet::{Clock, Host, Network};

const ISSUER: &str = "https://oidc.example/id/1";
const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
    "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.example/id/1"},
    "Condition": {"StringEquals": {"oidc.example/id/1:sub": "system:serviceaccount:default:worker"}}}}"#;
const PERMISSIONS: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::data", "arn:aws:s3:::data/*"]},
    {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::data/secret/*"}]}"#;

struct World {
    client: Host,
    clock: Clock,
    token: String,
}

/// What one request came to.
type Answered = (u16, String);

impl World {
    async fn ask(&self, method: Method, uri: &str, body: String) -> Answered {
        let stream = self.client.connect("aws.example", 80).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = Request::builder().method(method).uri(uri).header("host", "aws.example");
        let answer = sender
            .send_request(request.body(Full::new(Bytes::from(body))).unwrap())
            .await
            .unwrap();
        let status = answer.status().as_u16();
        let text = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(text.to_vec()).unwrap())
    }

    /// Key, secret and token of a session.
    async fn assume(&self) -> [String; 3] {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("Action", "AssumeRoleWithWebIdentity")
            .append_pair("Version", "2011-06-15");
        form.append_pair("RoleArn", "arn:aws:iam::111122223333:role/workers")
            .append_pair("RoleSessionName", "test");
        let form = form.append_pair("WebIdentityToken", &self.token).finish();
        let (status, text) = self.ask(Method::POST, "/", form).await;
        assert_eq!(status, 200, "{text}");
        ["AccessKeyId", "SecretAccessKey", "SessionToken"].map(|name| {
            let (_, rest) = text.split_once(&format!("<{name}>")).unwrap();
            rest.split('<').next().unwrap().to_owned()
        })
    }

    /// A signed request.
    async fn signed(&self, [key, secret, token]: &[String; 3], method: Method, path: &str, body: &str) -> Answered {
        let signing_method = match method {
            Method::PUT => rusty_s3::Method::Put,
            Method::DELETE => rusty_s3::Method::Delete,
            _ => rusty_s3::Method::Get,
        };
        let mut url: url::Url = format!("http://aws.example{path}").parse().unwrap();
        // The signing client takes them in order.
        let mut query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        query.sort();
        url.set_query(None);
        let query = query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let none = std::iter::empty::<(&str, &str)>();
        let signed = signing::sign(
            &self.clock.now(),
            signing_method,
            url,
            key,
            secret,
            Some(token),
            "eu-central-1",
            60,
            query,
            none,
        );
        self.ask(method, &signed[url::Position::BeforePath..], body.to_owned()).await
    }
}

fn policy(text: &str, kind: PolicyKind) -> PolicyFile {
    let policy = iam::read("p.json", text, kind).unwrap();
    PolicyFile {
        name: "p.json".to_owned(),
        policy,
    }
}

/// The account knows the cluster, and has the role `workers` for the service account `default/worker`.
async fn open(account: &Account, cluster: &EmbeddedCluster) -> String {
    account.open("111122223333");
    let request = Request::get("/openid/v1/jwks").body(Vec::new()).unwrap();
    let keys = cluster.client().request_text(request).await.unwrap();
    let audiences = vec!["sts.amazonaws.com".to_owned()];
    let keys = KeySet::read(keys.as_bytes()).unwrap();
    account.put_provider(
        ISSUER,
        Provider {
            audiences: audiences.clone(),
            keys,
        },
    );
    account.put_role(
        "workers",
        Some(policy(TRUST, PolicyKind::Trust)),
        Some(vec![policy(PERMISSIONS, PolicyKind::Permissions)]),
    );
    let accounts: Api<ServiceAccount> = Api::default_namespaced(cluster.client());
    let worker = serde_json::from_str(r#"{"metadata": {"name": "worker"}}"#).unwrap();
    accounts.create(&PostParams::default(), &worker).await.unwrap();
    let spec = TokenRequestSpec {
        audiences: Some(audiences),
        ..TokenRequestSpec::default()
    };
    let request = TokenRequest {
        spec: Some(spec),
        ..TokenRequest::default()
    };
    let token = accounts
        .create_token_request("worker", &PostParams::default(), &request)
        .await
        .unwrap();
    token.status.unwrap().token.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_session_uses_the_bucket_as_its_policy_says() {
    let clock = Clock::simulated();
    let network = Network::simulated(clock.clone());
    let cluster = EmbeddedCluster::builder("c")
        .clock(clock.clone())
        .issuer(ISSUER)
        .start()
        .await
        .unwrap();
    let stores = Stores::new();
    let token = open(&stores.account(), &cluster).await;
    network.name("aws.example", "aws", "server");
    let listener = network.host("aws", "server").listen(80).await.unwrap();
    let _serving = stores.publish_aws(listener, "http://aws.example", clock.clone());
    let world = World {
        client: network.host("outside", "client"),
        clock,
        token,
    };

    let (status, text) = world.ask(Method::GET, "/data/a", String::new()).await;
    assert_eq!(status, 403);
    assert!(
        text.contains("<Error><Code>AccessDenied</Code><Message>Access Denied</Message>"),
        "{text}"
    );

    let session = world.assume().await;
    assert_eq!(world.signed(&session, Method::PUT, "/data/a/b", "text").await.0, 200);
    assert_eq!(world.signed(&session, Method::GET, "/data/a/b", "").await, (200, "text".to_owned()));
    let (status, text) = world.signed(&session, Method::GET, "/data/none", "").await;
    assert!(status == 404 && text.contains("NoSuchKey"), "{text}");
    let (_, text) = world
        .signed(&session, Method::GET, "/data?list-type=2&prefix=a%2F&delimiter=%2F", "")
        .await;
    assert!(text.contains("<Contents><Key>a/b</Key><Size>4</Size>"), "{text}");
    let (_, text) = world.signed(&session, Method::GET, "/data?list-type=2&delimiter=%2F", "").await;
    assert!(
        text.contains("<CommonPrefixes><Prefix>a/</Prefix>") && text.contains("<KeyCount>1</KeyCount>"),
        "{text}"
    );

    for (method, path, why) in [
        (
            Method::DELETE,
            "/data/a/b",
            "because no identity-based policy allows the s3:DeleteObject action",
        ),
        (Method::PUT, "/other/a", "on resource: &quot;arn:aws:s3:::other/a&quot;"),
        (Method::PUT, "/data/secret/a", "with an explicit deny"),
    ] {
        let (status, text) = world.signed(&session, method, path, "").await;
        assert!(
            status == 403 && text.contains("<Code>AccessDenied</Code>") && text.contains(why),
            "{path}: {text}"
        );
    }
    let [key, _, token] = session.clone();
    let forged = [key.clone(), "secret".to_owned(), token.clone()];
    assert!(
        world
            .signed(&forged, Method::GET, "/data/a/b", "")
            .await
            .1
            .contains("SignatureDoesNotMatch")
    );
    let stolen = [key, session[1].clone(), "token".to_owned()];
    assert!(world.signed(&stolen, Method::GET, "/data/a/b", "").await.1.contains("InvalidToken"));
    tokio::time::advance(std::time::Duration::from_secs(3600)).await;
    let (status, text) = world.signed(&session, Method::GET, "/data/a/b", "").await;
    assert!(status == 400 && text.contains("ExpiredToken"), "{text}");
}
