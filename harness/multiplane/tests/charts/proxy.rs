//! A proxy on loopback that leads every name to one place and wants a login.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use data_encoding::BASE64;

use crate::repository::{head, header};

/// The proxy's address with its login, and the first lines of what it was asked.
pub(crate) fn start(leads_to: SocketAddr) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = format!("http://me:pass@{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let log = log.clone();
            std::thread::spawn(move || serve(stream.unwrap(), leads_to, &log));
        }
    });
    (address, asked)
}

fn serve(mut client: TcpStream, leads_to: SocketAddr, log: &Mutex<Vec<String>>) {
    let request = head(&mut client);
    log.lock().unwrap().push(request.lines().next().unwrap_or_default().to_owned());
    let wanted = format!("Basic {}", BASE64.encode(b"me:pass"));
    if header(&request, "proxy-authorization") != Some(&wanted) {
        let _ = client.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n");
        return;
    }
    let mut server = TcpStream::connect(leads_to).unwrap();
    if request.starts_with("CONNECT ") {
        client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
    } else {
        server.write_all(request.as_bytes()).unwrap();
    }
    let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || io::copy(&mut from_client, &mut to_server));
    let _ = io::copy(&mut server, &mut client);
    let _ = client.shutdown(std::net::Shutdown::Both);
}
