//! A static web server for the built page, as any host would serve it, that keeps the page from asking others.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::http::{HeaderValue, StatusCode};
use axum::routing::post;
use tokio::net::TcpListener;
use tower_http::services::ServeDir;
use tower_http::set_header::SetResponseHeaderLayer;

/// Only this server may be asked, by the page and by its workers; the browser refuses the rest and reports it.
const POLICY: &str =
    "default-src 'self' blob: data: 'unsafe-inline' 'wasm-unsafe-eval'; form-action 'self'; report-uri /refused";

/// The server, for as long as the test's runtime lives.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    refused: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Serves a folder on a free port of this computer.
    pub async fn start(folder: &Path) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let refused = Arc::new(Mutex::new(Vec::new()));
        let reports = refused.clone();
        let take_report = async move |report: String| {
            reports.lock().unwrap_or_else(PoisonError::into_inner).push(report);
            StatusCode::NO_CONTENT
        };
        let site = Router::new()
            .route("/refused", post(take_report))
            .fallback_service(ServeDir::new(folder))
            .layer(SetResponseHeaderLayer::overriding(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)));
        tokio::spawn(async move { axum::serve(listener, site).await });
        Ok(Self { address, refused })
    }

    /// The browser's reports of what it refused to ask others for.
    pub fn refused(&self) -> Vec<String> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
