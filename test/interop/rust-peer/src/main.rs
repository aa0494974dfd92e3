//! A FIPS node for interop tests, driven by JSON lines.
//!
//! With `--tun` it runs as the reference daemon does: its own TUN, and a `.fips` DNS responder on
//! [::1]:5354 that also teaches it the keys behind the names it is asked for. Without `--tun` it
//! needs no privilege: IPv6 packets, endpoint data and datagrams pass through stdin and stdout.
//!
//! stdin, one JSON object a line:
//! - `{"op":"show_peers"}`: any control query; the answer is an event of that name
//! - `{"op":"ip","hex":"60.."}`: send a whole IPv6 packet (no TUN)
//! - `{"op":"data","to":"npub1..","hex":".."}`: session message 0x15 (no TUN, fork to fork)
//! - `{"op":"datagram","to":"npub1..","port":4242,"hex":".."}`: DataPacket (no TUN, `latest`)
//!
//! stdout, one JSON object a line, told apart by `event`: `ready`, `state` (once a second), `ip`,
//! `data`, `datagram`, `error`, or the name of the query. Logs go to stderr, chosen by RUST_LOG.

#[cfg(not(feature = "latest"))]
use fips_baseline as fips;
#[cfg(feature = "latest")]
use fips_latest as fips;

use clap::Parser;
use fips::config::{PeerConfig, TcpConfig, TransportInstances};
use fips::{Config, FipsEndpoint, Identity, Node, UdpConfig};
use serde_json::{Value, json};
use std::{error::Error, path::Path, path::PathBuf, time::Duration};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::signal::unix::{SignalKind, signal};

use api::{open_service, receive_data, receive_datagrams, send_data, send_datagram};

type Res<T> = Result<T, Box<dyn Error>>;

/// IPv6 needs 77 bytes above its own 1280 in a session datagram; this leaves room on Ethernet.
const UDP_MTU: u16 = 1472;

#[derive(Parser)]
struct Args {
    /// Secret key, as nsec or 64 hex digits.
    #[arg(long, conflicts_with = "seed", required_unless_present = "seed")]
    nsec: Option<String>,
    /// Secret key given as a small number, for tests only.
    #[arg(long)]
    seed: Option<u64>,
    /// UDP address to listen on.
    #[arg(long, default_value = "127.0.0.1:2121")]
    udp: String,
    /// TCP address to accept connections at.
    #[arg(long)]
    tcp: Option<String>,
    /// Peer to connect to, as npub@host:port, or npub@tcp:host:port; repeatable.
    #[arg(long)]
    peer: Vec<String>,
    /// Name of the TUN to create (needs root).
    #[arg(long)]
    tun: Option<String>,
    /// Service port to open for datagrams; repeatable (`latest` only).
    #[arg(long)]
    service: Vec<u16>,
    /// Seconds between rekeys.
    #[arg(long, default_value_t = 120)]
    rekey: u64,
    /// Unix socket for the library's own control queries.
    #[arg(long, default_value = "fips-peer.sock")]
    control: PathBuf,
    /// Print the identity and exit.
    #[arg(long)]
    id: bool,
}

impl Args {
    fn secret(&self) -> String {
        match self.seed {
            Some(seed) => format!("{seed:064x}"),
            None => self.nsec.clone().unwrap_or_default(),
        }
    }

    fn config(&self) -> Res<Config> {
        let mut config = Config::new();
        config.node.identity.nsec = Some(self.secret());
        config.node.system_files_enabled = false;
        config.node.discovery.lan.enabled = false;
        // The reference's present defaults, which these crates left behind.
        config.node.discovery.backoff_base_secs = 0;
        config.node.discovery.backoff_max_secs = 0;
        config.node.bloom.max_inbound_fpr = 0.20;
        config.node.rekey.after_secs = self.rekey;
        config.node.control.socket_path = self.control.display().to_string();
        config.transports.udp = TransportInstances::Single(UdpConfig {
            bind_addr: Some(self.udp.clone()),
            mtu: Some(UDP_MTU),
            ..UdpConfig::default()
        });
        if let Some(tcp) = &self.tcp {
            config.transports.tcp = TransportInstances::Single(TcpConfig {
                bind_addr: Some(tcp.clone()),
                ..TcpConfig::default()
            });
        }
        config.tun.enabled = self.tun.is_some();
        config.tun.name = self.tun.clone();
        config.dns.enabled = self.tun.is_some();
        for peer in &self.peer {
            let (npub, addr) = peer.split_once('@').ok_or("--peer wants npub@host:port")?;
            let (kind, addr) = match addr.strip_prefix("tcp:") {
                Some(addr) => ("tcp", addr),
                None => ("udp", addr),
            };
            config.peers.push(PeerConfig::new(npub, kind, addr));
        }
        Ok(config)
    }
}

fn emit(event: &str, body: Value) {
    let mut line = json!({ "event": event });
    for (key, value) in body.as_object().into_iter().flatten() {
        line[key] = value.clone();
    }
    println!("{line}");
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Res<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let args = Args::parse();
    let id = Identity::from_secret_str(&args.secret())?;
    let ready = json!({
        "npub": id.npub(),
        "address": id.address().to_string(),
        "node_addr": hex::encode(id.node_addr().as_bytes()),
    });
    if args.id {
        println!("{ready}");
        return Ok(());
    }

    if args.tun.is_some() {
        run_daemon(&args, ready).await?;
    } else {
        run_endpoint(&args, ready).await?;
    }
    // The thread that reads stdin would hold up an ordinary return.
    std::process::exit(0);
}

async fn run_daemon(args: &Args, ready: Value) -> Res<()> {
    let mut node = Node::new(args.config()?)?;
    node.start().await?;
    emit("ready", ready);
    tokio::select! {
        result = node.run_rx_loop() => result?,
        result = commands(args, None) => result?,
        () = report(&args.control) => {}
        () = terminated() => {}
    }
    Ok(node.stop().await?)
}

async fn run_endpoint(args: &Args, ready: Value) -> Res<()> {
    let endpoint = FipsEndpoint::builder()
        .config(args.config()?)
        .bind()
        .await?;
    for port in &args.service {
        open_service(&endpoint, *port).await?;
    }
    emit("ready", ready);
    tokio::select! {
        result = commands(args, Some(&endpoint)) => result?,
        () = receive_ip(&endpoint) => {}
        () = receive_data(&endpoint) => {}
        () = receive_datagrams(&endpoint) => {}
        () = report(&args.control) => {}
        () = terminated() => {}
    }
    Ok(endpoint.shutdown().await?)
}

/// Ends with SIGINT or SIGTERM, so that the node says goodbye to its peers.
async fn terminated() {
    let mut term = signal(SignalKind::terminate()).expect("signal handler");
    tokio::select! {
        _ = term.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// Runs stdin until it closes; then waits, so that `</dev/null` keeps the node up.
async fn commands(args: &Args, endpoint: Option<&FipsEndpoint>) -> Res<()> {
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        if let Err(error) = command(args, endpoint, &line).await {
            emit("error", json!({ "line": line, "error": error.to_string() }));
        }
    }
    std::future::pending().await
}

async fn command(args: &Args, endpoint: Option<&FipsEndpoint>, line: &str) -> Res<()> {
    let request: Value = serde_json::from_str(line)?;
    let op = request["op"].as_str().ok_or("no op")?;
    let bytes = || hex::decode(request["hex"].as_str().unwrap_or_default());
    let to = || request["to"].as_str().ok_or("no destination");
    match (op, endpoint) {
        ("ip", Some(endpoint)) => endpoint.send_ip_packet(bytes()?).await?,
        ("data", Some(endpoint)) => send_data(endpoint, to()?, bytes()?).await?,
        ("datagram", Some(endpoint)) => {
            let port = request["port"]
                .as_u64()
                .and_then(|p| u16::try_from(p).ok())
                .ok_or("no port")?;
            send_datagram(endpoint, to()?, port, bytes()?).await?;
        }
        (query, _) => emit(query, query_control(&args.control, query).await?),
    }
    Ok(())
}

async fn report(control: &Path) {
    let mut every = tokio::time::interval(Duration::from_secs(1));
    loop {
        every.tick().await;
        let mut state = json!({});
        for part in ["peers", "tree", "bloom", "sessions"] {
            state[part] = query_control(control, &format!("show_{part}"))
                .await
                .unwrap_or(Value::Null);
        }
        emit("state", state);
    }
}

async fn query_control(socket: &Path, query: &str) -> Res<Value> {
    let mut stream = UnixStream::connect(socket).await?;
    stream
        .write_all(format!("{}\n", json!({ "command": query })).as_bytes())
        .await?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await?;
    let mut reply: Value = serde_json::from_str(&reply)?;
    match reply["status"].as_str() {
        Some("ok") => Ok(reply["data"].take()),
        _ => Err(reply["message"].as_str().unwrap_or("no answer").into()),
    }
}

async fn receive_ip(endpoint: &FipsEndpoint) {
    while let Some(packet) = endpoint.recv_ip_packet().await {
        emit(
            "ip",
            json!({ "from": packet.source_npub, "hex": hex::encode(&packet.packet[..]) }),
        );
    }
}

// What differs between the two crates.

#[cfg(not(feature = "latest"))]
mod api {
    use super::*;

    pub async fn send_data(endpoint: &FipsEndpoint, to: &str, data: Vec<u8>) -> Res<()> {
        Ok(endpoint.send(to, data).await?)
    }

    pub async fn receive_data(endpoint: &FipsEndpoint) {
        while let Some(message) = endpoint.recv().await {
            emit(
                "data",
                json!({ "from": message.source_npub, "hex": hex::encode(message.data) }),
            );
        }
    }

    pub async fn open_service(_: &FipsEndpoint, _: u16) -> Res<()> {
        Err("services need the feature `latest`".into())
    }

    pub async fn send_datagram(_: &FipsEndpoint, _: &str, _: u16, _: Vec<u8>) -> Res<()> {
        Err("datagrams need the feature `latest`".into())
    }

    pub async fn receive_datagrams(_: &FipsEndpoint) {
        std::future::pending().await
    }
}

#[cfg(feature = "latest")]
mod api {
    use super::*;
    use fips::PeerIdentity;

    const BATCH: usize = 16;

    pub async fn send_data(endpoint: &FipsEndpoint, to: &str, data: Vec<u8>) -> Res<()> {
        Ok(endpoint
            .send_batch_to_peer(PeerIdentity::from_npub(to)?, vec![data])
            .await?)
    }

    pub async fn receive_data(endpoint: &FipsEndpoint) {
        let mut messages = Vec::new();
        while endpoint
            .recv_batch_into(&mut messages, BATCH)
            .await
            .is_some()
        {
            for message in &messages {
                emit(
                    "data",
                    json!({ "from": message.source_peer.npub(), "hex": hex::encode(&message.data) }),
                );
            }
        }
    }

    pub async fn open_service(endpoint: &FipsEndpoint, port: u16) -> Res<()> {
        Ok(endpoint.register_service(port).await?)
    }

    pub async fn send_datagram(
        endpoint: &FipsEndpoint,
        to: &str,
        port: u16,
        data: Vec<u8>,
    ) -> Res<()> {
        Ok(endpoint
            .send_datagram(PeerIdentity::from_npub(to)?, port, port, data)
            .await?)
    }

    pub async fn receive_datagrams(endpoint: &FipsEndpoint) {
        let mut datagrams = Vec::new();
        while endpoint
            .recv_service_datagram_batch_into(&mut datagrams, BATCH)
            .await
            .is_some()
        {
            for datagram in &datagrams {
                emit(
                    "datagram",
                    json!({
                        "from": datagram.source_peer.npub(),
                        "port": datagram.destination_port,
                        "hex": hex::encode(&datagram.data),
                    }),
                );
            }
        }
    }
}
