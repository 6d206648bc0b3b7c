//! Requests written by hand, so that they can be wrong in every way.

use super::PATIENCE;
use std::net::SocketAddr;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
};

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Answer {
    /// The value of a header that is there at most once.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut own = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        let value = own.next().map(|(_, value)| value.as_str());
        assert!(own.next().is_none(), "{name} is there twice");
        value
    }

    fn read(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1)).expect("a status").parse().expect("a number");
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers = headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect();
        Self { status, headers, body: body.to_owned() }
    }
}

/// Sends text, or what is none, and reads until the other end has nothing more to say.
pub async fn say(mut stream: impl AsyncRead + AsyncWrite + Unpin, text: impl AsRef<[u8]>) -> Answer {
    let mut bytes = Vec::new();
    let conversation = async {
        // Fails if the server has heard enough before all is said.
        let _ = stream.write_all(text.as_ref()).await;
        // TLS may end without a farewell.
        let _ = stream.read_to_end(&mut bytes).await;
    };
    let in_time = tokio::time::timeout(PATIENCE, conversation).await.is_ok();
    assert!(in_time, "the answer has not ended in time: {:?}", String::from_utf8_lossy(&bytes));
    Answer::read(&String::from_utf8_lossy(&bytes))
}

/// A request with further header lines, each with its line end. The oldest HTTP, in which an answer ends with its connection.
pub async fn ask(address: SocketAddr, method: &str, path: &str, headers: &str) -> Answer {
    let stream = TcpStream::connect(address).await.expect("connects");
    let host = if headers.to_lowercase().contains("host:") { String::new() } else { format!("host: {address}\r\n") };
    say(stream, &format!("{method} {path} HTTP/1.0\r\n{host}{headers}\r\n")).await
}
