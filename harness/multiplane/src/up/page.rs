//! The page of a world that is up: where every execution is, now. It is the page of `--html`, made anew for each look.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use flyte::client::{Admin, ClientError};
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use simnet::Clock;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

use crate::journal::{self, Event, Kept, Level, Outcome, PlacementVerdict, Record};
use crate::report::{LIVE, live_page};
use crate::secrets::Secrets;
use crate::stopwatch::wall;
use crate::verdict::Witness;

/// What the page is made of.
pub(super) struct Looked {
    /// What happened so far.
    pub(super) told: Kept,
    pub(super) witness: Witness,
    /// `None` without a control plane: then there are no executions.
    pub(super) admin: Option<Admin>,
    pub(super) placed_by: &'static str,
    pub(super) clock: Clock,
    pub(super) secrets: Secrets,
}

/// Serves the page on a socket of loopback until dropped.
pub(super) struct Page {
    address: SocketAddr,
    _accept: AbortOnDropHandle<()>,
}

impl Page {
    /// Listens on a free port.
    pub(super) async fn start(looked: Looked) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let looked = Arc::new(looked);
        let accept = tokio::spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let looked = looked.clone();
                let service = service_fn(move |request| answer(looked.clone(), request));
                let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                connections.spawn(connection);
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self {
            address,
            _accept: AbortOnDropHandle::new(accept),
        })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

async fn answer(looked: Arc<Looked>, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let found = match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => Ok(("text/html", looked.page().await)),
        (&Method::GET, "/live.js") => Ok(("text/javascript", LIVE.to_owned())),
        (&Method::GET, _) => Err((StatusCode::NOT_FOUND, "there is one page: /".to_owned())),
        _ => Err((StatusCode::METHOD_NOT_ALLOWED, "the page can only be read".to_owned())),
    };
    let (status, kind, text) = match found {
        Ok((kind, text)) => (StatusCode::OK, kind, text),
        Err((status, why)) => (status, "text/plain", why),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    if let Ok(kind) = header::HeaderValue::try_from(format!("{kind}; charset=utf-8")) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    Ok(response)
}

impl Looked {
    async fn page(&self) -> String {
        let mut records = self.told.so_far();
        // One more step behind those that ran: what is there now.
        let Some(last) = records.last().cloned() else {
            return live_page(&records);
        };
        let step = records.iter().filter_map(|record| record.step).max().map_or(0, |step| step + 1);
        let title = "where executions are".to_owned();
        let mut events = vec![Event::StepStarted {
            verb: "expect".to_owned(),
            title,
            line: 0,
        }];
        // While the control plane starts, or stands still, there is a world to be seen all the same.
        let executions = self.executions().await.unwrap_or_else(|error| {
            events.push(Event::Note {
                level: Level::Warning,
                text: format!("the admin API does not answer: {error}"),
            });
            Vec::new()
        });
        if executions
            .iter()
            .any(|(verdict, _)| verdict.admin.as_ref().is_some_and(|admin| admin.error.is_some()))
        {
            // An error's text is a task's own.
            self.secrets.learn().await;
        }
        let (wall, now) = (wall(), self.clock.now());
        let mut events: Vec<(Timestamp, Event)> = events.into_iter().map(|event| (now, event)).collect();
        for (verdict, created) in executions {
            let submitted = Event::Submitted {
                submit: verdict.submit.clone(),
                execution: verdict.execution.clone(),
                prediction: None,
            };
            events.extend([(created.unwrap_or(now), submitted), (now, Event::Placement(verdict))]);
        }
        events
            .iter_mut()
            .flat_map(|(_, event)| event.texts())
            .for_each(|text| self.secrets.clean(text));
        let end = Event::StepFinished {
            outcome: Outcome::Passed,
            code: None,
            message: None,
            millis: 0,
            virtual_millis: 0,
        };
        events.push((now, end));
        let one = |step: Option<usize>, at: Timestamp, event: Event| Record {
            step,
            wall,
            virtual_time: Some(at),
            cluster: None,
            event,
            ..last.clone()
        };
        records.extend(events.into_iter().map(|(at, event)| one(Some(step), at, event)));
        // What a world that is up has in the place of an end: how long it has been there.
        let millis = u64::try_from(wall.as_millisecond() - records[0].wall.as_millisecond()).unwrap_or_default();
        let so_far = Event::ScenarioFinished {
            outcome: Outcome::Passed,
            millis,
            virtual_millis: millis,
        };
        records.push(one(None, now, so_far));
        live_page(&records)
    }

    /// What the admin API knows, with where each was seen, and when it was created.
    async fn executions(&self) -> Result<Vec<(PlacementVerdict, Option<Timestamp>)>, ClientError> {
        let Some(admin) = &self.admin else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for project in admin.projects().await? {
            for domain in admin.domains().await? {
                found.extend(admin.executions(&project, &domain, "").await?);
            }
        }
        // The API gives the newest first.
        found.sort_by_key(|execution| execution.created);
        let verdicts = found.into_iter().map(|execution| {
            let namespace = Some(execution.namespace.as_str()).filter(|namespace| !namespace.is_empty());
            let mut seen: BTreeMap<_, _> = self.witness.sightings(&execution.id.name, namespace);
            for (cluster, sighting) in &mut seen {
                let first = self.witness.first_seen(&execution.id.name, cluster);
                sighting.after_millis = first.zip(execution.created).map(|(first, created)| {
                    let after = self.clock.now().duration_since(created).as_millis();
                    u64::try_from(after)
                        .unwrap_or_default()
                        .saturating_sub(u64::try_from(first.elapsed().as_millis()).unwrap_or(u64::MAX))
                });
            }
            let verdict = PlacementVerdict {
                strayed: None,
                submit: format!("{}/{}", execution.id.project, execution.id.domain),
                execution: execution.id.name,
                expected: Vec::new(),
                nowhere: false,
                placed_by: self.placed_by.to_owned(),
                admin: Some(journal::Admin {
                    cluster: execution.cluster,
                    phase: execution.phase.as_str_name().to_owned(),
                    error: execution.error.map(|(_, message)| message),
                }),
                seen,
                prediction: None,
                watched_millis: 0,
                passed: true,
                undecided: false,
                faults: Vec::new(),
            };
            (verdict, execution.created)
        });
        Ok(verdicts.collect())
    }
}
