//! Durable stores: what one process writes, another one sees.

use std::net::Ipv4Addr;
use std::path::Path;

use bytes::Bytes;
use tokio::net::TcpListener;

use super::{Database, DatabaseAddress, DatabaseError, Facts, StoreServer, Stores};
use crate::proto::admin::Project;

fn address() -> DatabaseAddress {
    DatabaseAddress {
        host: "postgres".to_owned(),
        port: 5432,
        dbname: "flyteadmin".to_owned(),
    }
}

fn insert(database: &Database, id: &str) -> Result<(), DatabaseError> {
    let project = Project {
        id: id.to_owned(),
        ..Project::default()
    };
    database.write(|tables| tables.projects.insert(id.to_owned(), project))
}

fn projects(database: &Database) -> Vec<String> {
    let rows = database.read(|tables| tables.projects.newest_first().map(|(_, project)| project.id.clone()).collect());
    rows.unwrap()
}

/// Two processes' views of the same stores.
fn shared(one: &Stores, other: &Stores) {
    let (a, b) = (one.database(&address()).unwrap(), other.database(&address()).unwrap());
    insert(&a, "first").unwrap();
    insert(&b, "second").unwrap();
    assert_eq!(projects(&a), ["second", "first"]);
    assert_eq!(insert(&b, "first"), Err(DatabaseError::UniqueViolation("projects")));
    insert(&a, "third").unwrap();
    let keep = b.write(|tables| {
        tables.projects.retain(|key, _| key == "third");
        Ok::<_, DatabaseError>(())
    });
    keep.unwrap();
    assert_eq!(projects(&a), ["third"]);
    insert(&a, "first").unwrap();
    let rename = b.write(|tables| {
        tables.projects.get_mut(&"third".to_owned()).unwrap().name = "renamed".to_owned();
        Ok::<_, DatabaseError>(())
    });
    rename.unwrap();
    let name = a.read(|tables| tables.projects.get(&"third".to_owned()).unwrap().name.clone());
    assert_eq!(name.unwrap(), "renamed");
    assert_eq!(projects(&b), ["first", "third"], "a row that is written anew keeps its age");

    one.object_store("s3/a").put("bucket", "key", Bytes::from("content")).unwrap();
    assert_eq!(other.object_store("s3/a").get("bucket", "key").unwrap().unwrap(), "content");
    assert_eq!(other.object_store("s3/b").get("bucket", "key").unwrap(), None);
}

fn folder(name: &str) -> std::path::PathBuf {
    let folder = std::env::temp_dir().join(format!("multiplane-stores-{name}-{}", std::process::id()));
    // Of a run before.
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

#[test]
fn a_folder_is_shared_and_outlives_its_processes() {
    let folder = folder("folder");
    shared(&Stores::durable(&folder), &Stores::durable(&folder));
    let later = Stores::durable(&folder).database(&address()).unwrap();
    assert_eq!(projects(&later), ["first", "third"]);
    std::fs::remove_dir_all(folder).unwrap();
}

async fn serve(folder: &Path) -> String {
    let facts = Facts {
        zone: "dataplane_1".to_owned(),
        trust: "PEM".to_owned(),
    };
    let server = StoreServer::new(folder, facts);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let server = server.clone();
            tokio::spawn(async move { server.serve(stream).await });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_of_one_folder_serve_one_world() {
    let folder = folder("servers");
    let (one, other) = (serve(&folder).await, serve(&folder).await);
    let stores = Stores::remote(&one);
    assert_eq!(stores.facts().unwrap().zone, "dataplane_1");
    shared(&stores, &Stores::remote(&other));
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_take_turns() {
    let folder = folder("turns");
    let address_of = serve(&folder).await;
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let database = Stores::remote(&address_of).database(&address()).unwrap();
            std::thread::spawn(move || (0..10).for_each(|number| insert(&database, &format!("p{writer}-{number}")).unwrap()))
        })
        .collect();
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    let seen = Stores::remote(&address_of).database(&address()).unwrap();
    assert_eq!(projects(&seen).len(), 80);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let database = Stores::remote("127.0.0.1:1").database(&address()).unwrap();
    let error = insert(&database, "a").unwrap_err();
    assert!(
        error.to_string().starts_with("the database is not available: 127.0.0.1:1: "),
        "{error}"
    );
}
