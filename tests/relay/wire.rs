//! A small TURN client for the tests, over a datagram socket or any stream.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use callqr::proto::stun::frame::{Next, next};
use stun::attributes::{ATTR_NONCE, ATTR_REALM, ATTR_USERNAME};
use stun::integrity::MessageIntegrity;
use stun::message::{
    CLASS_REQUEST, CLASS_SUCCESS_RESPONSE, Getter as _, METHOD_ALLOCATE, METHOD_CHANNEL_BIND, METHOD_REFRESH, Message,
    MessageType, Method, Setter,
};
use stun::textattrs::TextAttribute;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};
use tokio::net::UdpSocket;
use turn::proto::channum::ChannelNumber;
use turn::proto::peeraddr::PeerAddress;
use turn::proto::relayaddr::RelayedAddress;
use turn::proto::reqtrans::RequestedTransport;

enum Pipe {
    Udp(Arc<UdpSocket>),
    Stream(DuplexStream, Vec<u8>),
}

/// One participant's client.
pub struct Participant {
    pipe: Pipe,
    username: String,
    password: String,
    challenge: Option<(String, String)>,
}

impl Participant {
    pub fn udp(socket: Arc<UdpSocket>, username: &str, password: &str) -> Self {
        Self { pipe: Pipe::Udp(socket), username: username.into(), password: password.into(), challenge: None }
    }

    pub fn stream(stream: DuplexStream, username: &str, password: &str) -> Self {
        let pipe = Pipe::Stream(stream, Vec::new());
        Self { pipe, username: username.into(), password: password.into(), challenge: None }
    }

    /// The stream itself, from which nothing has been read beyond the last answer.
    pub fn into_stream(self) -> DuplexStream {
        match self.pipe {
            Pipe::Stream(stream, buffer) if buffer.is_empty() => stream,
            _ => panic!("a stream with nothing unread"),
        }
    }

    pub async fn allocate(&mut self) -> SocketAddr {
        let transport = RequestedTransport { protocol: turn::proto::PROTO_UDP };
        let refused = self.ask(METHOD_ALLOCATE, &[&transport]).await;
        let text = |attribute| TextAttribute::get_from_as(&refused, attribute).unwrap().text;
        self.challenge = Some((text(ATTR_REALM), text(ATTR_NONCE)));
        let granted = self.ask(METHOD_ALLOCATE, &[&transport]).await;
        let mut relayed = RelayedAddress::default();
        relayed.get_from(&granted).unwrap();
        SocketAddr::new(relayed.ip, relayed.port)
    }

    pub async fn bind(&mut self, number: u16, peer: SocketAddr) {
        let peer = PeerAddress { ip: peer.ip(), port: peer.port() };
        let answer = self.ask(METHOD_CHANNEL_BIND, &[&ChannelNumber(number), &peer]).await;
        assert_eq!(answer.typ.class, CLASS_SUCCESS_RESPONSE);
    }

    pub async fn refresh(&mut self) {
        assert_eq!(self.ask(METHOD_REFRESH, &[]).await.typ.class, CLASS_SUCCESS_RESPONSE);
    }

    pub async fn channel_data(&mut self, number: u16, payload: &[u8]) {
        let length = u16::try_from(payload.len()).unwrap();
        self.write(&[&number.to_be_bytes()[..], &length.to_be_bytes(), payload].concat()).await;
    }

    async fn ask(&mut self, method: Method, attributes: &[&(dyn Setter + Sync)]) -> Message {
        let mut request = Message::new();
        request.typ = MessageType::new(method, CLASS_REQUEST);
        request.new_transaction_id().unwrap();
        request.write_header();
        for attribute in attributes {
            attribute.add_to(&mut request).unwrap();
        }
        if let Some((realm, nonce)) = &self.challenge {
            for (attribute, text) in [(ATTR_USERNAME, &self.username), (ATTR_REALM, realm), (ATTR_NONCE, nonce)] {
                TextAttribute::new(attribute, text.clone()).add_to(&mut request).unwrap();
            }
            let (username, password) = (self.username.clone(), self.password.clone());
            MessageIntegrity::new_long_term_integrity(username, realm.clone(), password).add_to(&mut request).unwrap();
        }
        self.write(&request.raw).await;
        let answered = async {
            loop {
                let mut answer = Message::new();
                let frame = self.read().await;
                if answer.unmarshal_binary(&frame).is_ok() && answer.transaction_id == request.transaction_id {
                    return answer;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(10), answered).await.expect("a request is answered")
    }

    async fn write(&mut self, frame: &[u8]) {
        match &mut self.pipe {
            Pipe::Udp(socket) => drop(socket.send(frame).await.unwrap()),
            Pipe::Stream(stream, _) => stream.write_all(frame).await.unwrap(),
        }
    }

    async fn read(&mut self) -> Vec<u8> {
        match &mut self.pipe {
            Pipe::Udp(socket) => {
                let mut frame = vec![0; 2048];
                let length = socket.recv(&mut frame).await.unwrap();
                frame.truncate(length);
                frame
            }
            Pipe::Stream(stream, buffer) => loop {
                if let Next::Frame { len, taken } = next(buffer) {
                    let rest = buffer.split_off(taken);
                    let mut frame = std::mem::replace(buffer, rest);
                    frame.truncate(len);
                    return frame;
                }
                assert_ne!(stream.read_buf(buffer).await.unwrap(), 0, "the stream ended");
            },
        }
    }
}
