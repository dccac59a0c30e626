//! A local HTTP server for the files of MNIST, with faults.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use apical::dataset::embedded::MNIST_FILES;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Behaviour of a server for a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Correct, including range requests.
    Correct,
    /// The whole file, ignoring range requests.
    IgnoresRange,
    /// This many bytes, then a closed connection.
    Interrupted(usize),
    NotFound,
    /// A gzip stream of another file.
    OtherFile,
    /// Not a gzip stream.
    NotGzip,
    /// An endless file.
    Endless,
    /// One byte per 10 ms.
    Slow,
}

/// Requested file and first byte of the range, if any.
pub type Request = (String, Option<usize>);

/// Server for the four files of MNIST.
pub struct Server {
    pub address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Starts a server whose behaviour depends on the file.
    pub fn start(behaviour: impl Fn(&str) -> Behaviour + Send + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/mnist", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = requests.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some((file, resume_at)) = request(&stream) else { continue };
                log.lock().unwrap().push((file.clone(), resume_at));
                // The client may close the connection early.
                let _ = answer(&mut stream, behaviour(&file), &file, resume_at);
            }
        });
        Server { address, requests }
    }

    pub fn correct() -> Server {
        Server::start(|_| Behaviour::Correct)
    }

    /// Returns the address of a port that was free a moment ago, without a server.
    pub fn unreachable() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        Server { address, requests: Arc::default() }
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn request(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    let file = first.split(' ').nth(1)?.strip_prefix("/mnist/")?.to_string();
    let mut resume_at = None;
    for line in lines.map_while(Result::ok).take_while(|line| !line.is_empty()) {
        if let Some(range) = line.to_lowercase().strip_prefix("range: bytes=") {
            resume_at = range.trim_end_matches('-').parse().ok();
        }
    }
    Some((file, resume_at))
}

fn answer(
    stream: &mut TcpStream,
    behaviour: Behaviour,
    file: &str,
    resume_at: Option<usize>,
) -> std::io::Result<()> {
    let (_, content) = MNIST_FILES.iter().find(|(name, _)| *name == file).expect("a known file");
    let head = |status: &str, headers: &str| {
        format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n")
    };
    let length = |bytes: usize| format!("Content-Length: {bytes}\r\n");
    let mut send = |head: String, body: &[u8]| {
        stream.write_all(head.as_bytes())?;
        stream.write_all(body)
    };
    match (behaviour, resume_at) {
        (Behaviour::NotFound, _) => send(head("404 Not Found", &length(0)), &[]),
        (Behaviour::Correct, Some(resume_at)) if resume_at >= content.len() => {
            send(head("416 Range Not Satisfiable", &length(0)), &[])
        }
        (Behaviour::Correct, Some(resume_at)) => {
            let rest = &content[resume_at..];
            let range = format!("bytes {resume_at}-{}/{}", content.len() - 1, content.len());
            let range = format!("Content-Range: {range}\r\n");
            send(head("206 Partial Content", &(range + &length(rest.len()))), rest)
        }
        (Behaviour::Correct | Behaviour::IgnoresRange, _) => {
            send(head("200 OK", &length(content.len())), content)
        }
        (Behaviour::Interrupted(bytes), _) => {
            send(head("200 OK", &length(content.len())), &content[..bytes])
        }
        (Behaviour::OtherFile, _) => {
            let mut other = GzEncoder::new(Vec::new(), Compression::fast());
            other.write_all(b"something else")?;
            let other = other.finish()?;
            send(head("200 OK", &length(other.len())), &other)
        }
        (Behaviour::NotGzip, _) => send(head("200 OK", &length(5)), b"noise"),
        (Behaviour::Endless, _) => {
            send(head("200 OK", ""), &[])?;
            loop {
                stream.write_all(&[0; 1 << 16])?;
            }
        }
        (Behaviour::Slow, _) => {
            send(head("200 OK", &length(1 << 20)), &[])?;
            loop {
                stream.write_all(&[0])?;
                thread::sleep(Duration::from_millis(10));
            }
        }
    }
}
