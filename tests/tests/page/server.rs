//! A static web server for the built page, as any host would serve it, that keeps the page from asking others.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{CONNECTION, CONTENT_SECURITY_POLICY};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::task::AbortHandle;
use tower::ServiceExt;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// Only this server may be asked, by the page and by its workers; the browser refuses the rest and reports it.
const POLICY: &str =
    "default-src 'self' blob: data: 'unsafe-inline' 'wasm-unsafe-eval'; form-action 'self'; report-uri /refused";

/// Where the page is on the server: not at its root, so that nothing can count on that.
const PATH: &str = "/tools/vhd/";

/// The server, for as long as the test's runtime lives.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    log: Log,
    running: AbortHandle,
}

/// What the server knows and serves, changeable while it runs.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    folder: PathBuf,
    refused: Vec<String>,
    requests: Vec<String>,
}

impl Server {
    /// Serves a folder on a free port of this computer.
    pub async fn start(folder: &Path) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let log = Log::default();
        log.with(|known| known.folder = folder.to_owned());
        let site = Router::new()
            .route("/refused", post(take_report))
            .nest_service(PATH, Router::new().fallback(serve).with_state(log.clone()))
            .layer(middleware::from_fn_with_state(log.clone(), note))
            .layer(SetResponseHeaderLayer::overriding(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)))
            // So that nothing is left of the server once it is stopped.
            .layer(SetResponseHeaderLayer::overriding(CONNECTION, HeaderValue::from_static("close")))
            .with_state(log.clone());
        let running = tokio::spawn(async move { axum::serve(listener, site).await }).abort_handle();
        Ok(Self { address, log, running })
    }

    /// The page's address.
    pub fn page(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Stops it for good.
    pub fn stop(&self) {
        self.running.abort();
    }

    /// From now on serves another folder.
    pub fn serve(&self, folder: &Path) {
        self.log.with(|known| known.folder = folder.to_owned());
    }

    /// The browser's reports of what it refused to ask others for.
    pub fn refused(&self) -> Vec<String> {
        self.log.with(|known| known.refused.clone())
    }

    /// What was asked for since the last call, other than reports.
    pub fn requests(&self) -> Vec<String> {
        self.log.with(|known| std::mem::take(&mut known.requests))
    }
}

impl Log {
    fn with<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn take_report(State(log): State<Log>, report: String) -> StatusCode {
    log.with(|known| known.refused.push(report));
    StatusCode::NO_CONTENT
}

async fn note(State(log): State<Log>, request: Request, next: Next) -> Response {
    if request.uri().path() != "/refused" {
        log.with(|known| known.requests.push(format!("{} {}", request.method(), request.uri())));
    }
    next.run(request).await
}

async fn serve(State(log): State<Log>, request: Request) -> Result<Response, StatusCode> {
    let folder = ServeDir::new(log.with(|known| known.folder.clone()));
    let response = folder.oneshot(request).await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(response.map(axum::body::Body::new))
}
