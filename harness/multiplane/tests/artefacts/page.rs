//! The page that `multiplane up` serves, and what it says on the console.

use std::fmt;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use flyte::stores::Stores;
use libtest_mimic::Failed;
use multiplane::backend::outside::{Outside, Session};
use multiplane::backend::{BackendError, Embedded, Time, World};
use multiplane::journal::{Journal, Kept};
use multiplane::report::{Console, Detail};
use multiplane::run::{Plan, Provider};
use multiplane::up::up;
use tokio_util::sync::CancellationToken;

use super::created::Created;
use super::each::scenarios;
use super::look;
use super::shown::Shown;
use super::watched::Watched;

/// Brings the guide's world up, looks at the page, and ends it.
pub(crate) fn page() -> Result<(), Failed> {
    let file = scenarios().join("guide/project-and-domain/scenario.yaml");
    let plan = Plan::new(&file, None, "test").map_err(|invalid| Failed::from(invalid.to_string()))?;
    let folder = tempfile::tempdir()?;
    let (kept, shown, created) = (Kept::default(), Shown::default(), Created::default());
    let console = Console::plain(shown.clone(), Detail::Verbose);
    let journal = Journal::new("test".into(), None, vec![Box::new(kept.clone()), Box::new(console)])?;
    let provider = Provider::Outside(Arc::new(Here(created.clone())));
    let (stop, dir) = (CancellationToken::new(), folder.path());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let page = runtime.block_on(async {
        let looked = async {
            // The file is written last.
            while !dir.join("ready").exists() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let page = tokio::task::block_in_place(|| get(&shown.text()));
            stop.cancel();
            page
        };
        let (down, page) = tokio::join!(up(&plan, &provider, dir, (&journal, &kept), &stop), looked);
        down.held?;
        page
    })?;
    if !page.contains("where executions are") {
        return Err(Failed::from(page));
    }
    look(&created, &vec![("page".to_owned(), page), ("console".to_owned(), shown.text())])
}

/// The page whose address the console told.
fn get(console: &str) -> Result<String, Failed> {
    let address = console
        .split("http://")
        .nth(1)
        .and_then(|rest| rest.split('/').next())
        .ok_or("no page")?;
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut page = String::new();
    stream.read_to_string(&mut page)?;
    Ok(page)
}

/// Worlds in this process that are watched, for a command that makes its own.
struct Here(Created);

impl fmt::Debug for Here {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Here")
    }
}

impl Outside for Here {
    fn world(&self, _: usize, seed: u64) -> Result<Box<dyn World>, BackendError> {
        Ok(Box::new(Watched::new(Embedded::new(Time::Real, seed, &Stores::new())?, &self.0)))
    }

    fn session(&self) -> &Session {
        unreachable!("the world has nothing outside")
    }
}
