//! A browser with the built page in it, and what a person does with a page.

use std::io::{BufRead, BufReader};
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fmt, fs, io, thread};

use futures_util::FutureExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::common::capabilities::firefox::FirefoxPreferences;
use thirtyfour::error::WebDriverErrorInner;
use thirtyfour::prelude::*;
use thirtyfour::{Capabilities, ChromiumLikeCapabilities};

use crate::processes;
use crate::server::Server;

/// Long enough for a computer that is busy with something else.
const PATIENCE: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(50);
/// How often a browser is started at most. On a busy computer it may not come up in time, or another program takes
/// the port that its driver has just found free; neither has to do with the page.
const STARTS: u32 = 3;

/// Why a test could not be carried out. What it checks, it asserts.
#[derive(thiserror::Error)]
pub enum Failure {
    #[error("the browser did not do as it was told: {0}")]
    WebDriver(#[from] WebDriverError),
    #[error("a file of the test: {0}")]
    File(#[from] io::Error),
    #[error("JSON of the test: {0}")]
    Json(#[from] serde_json::Error),
    #[error("{0} is not set: start these tests with `cargo xtask test browser`, which builds the page")]
    NotStartedByXtask(&'static str),
    #[error("the schema of the report: {0}")]
    Schema(String),
    #[error("the corpus: {0}")]
    Corpus(String),
    #[error("{name} ended without telling its port; it said: {said}")]
    NoPort { name: &'static str, said: String },
    #[error("waited {} s in vain: {what}", PATIENCE.as_secs())]
    Waited { what: String },
}

/// The test runner prints what a test returns in this way; it is to be the sentence.
impl fmt::Debug for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// A browser that the page works in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Browser {
    Chromium,
    Firefox,
}

impl Browser {
    /// Starts it, with a profile and downloads in this folder.
    async fn start(self, folder: &Path) -> Result<(DriverProgram, WebDriver), Failure> {
        let (program, capabilities) = match self {
            Self::Chromium => (DriverProgram::chromium()?, chromium(folder)?),
            Self::Firefox => (DriverProgram::firefox()?, firefox(folder)?),
        };
        let driver = WebDriver::new(&program.address, capabilities).await?;
        Ok((program, driver))
    }
}

/// Where the page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// On a web server, below its root.
    Server,
    /// In one file on this computer.
    File,
}

/// The page in a browser of its own.
pub struct Page {
    driver: WebDriver,
    // Dropped before the folder, since the browser writes into that.
    program: DriverProgram,
    folder: TempDir,
    /// Where the page comes from, if it comes from a server.
    pub server: Server,
    address: String,
}

/// Opens the page in Chromium for a test, from a server.
pub async fn browse(test: impl AsyncFnOnce(&Page) -> Result<(), Failure>) -> Result<(), Failure> {
    visit(Browser::Chromium, Place::Server, test).await
}

/// Opens the page for a test, and closes it however the test ends; if it failed, with a screenshot first.
pub async fn visit(
    browser: Browser,
    place: Place,
    test: impl AsyncFnOnce(&Page) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let page = Page::open(browser, place).await?;
    let loaded_and_tested = async {
        page.load().await?;
        test(&page).await
    };
    let outcome = AssertUnwindSafe(loaded_and_tested).catch_unwind().await;
    if !matches!(outcome, Ok(Ok(()))) {
        page.screenshot().await;
    }
    let closed = page.driver.quit().await;
    outcome.unwrap_or_else(|panic| resume_unwind(panic))?;
    Ok(closed?)
}

impl Page {
    async fn open(browser: Browser, place: Place) -> Result<Self, Failure> {
        let dist = from_xtask("VHD_ANALYSER_DIST")?;
        let server = Server::start(&dist).await?;
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("downloads"))?;
        let address = match place {
            Place::Server => server.page(),
            Place::File => {
                // Saved under another name, in a folder with a space in its name, as people do.
                let saved = folder.path().join("my tools");
                fs::create_dir(&saved)?;
                fs::copy(dist.join("vhd-analyser.html"), saved.join("analyser (1).html"))?;
                format!("file://{}/my%20tools/analyser%20(1).html", folder.path().display())
            }
        };
        let mut starts = 1;
        let (program, driver) = loop {
            match browser.start(folder.path()).await {
                Err(failure) if starts < STARTS => eprintln!("starting the browser again: {failure}"),
                outcome => break outcome?,
            }
            starts += 1;
        };
        Ok(Self { driver, program, folder, server, address })
    }

    /// Loads the page, or loads it anew.
    pub async fn load(&self) -> Result<(), Failure> {
        self.driver.goto(&self.address).await?;
        self.find("drop-zone").await?;
        Ok(())
    }

    /// A folder for the files of the test.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The element with this `data-testid`, as soon as it is shown.
    pub async fn find(&self, test_id: &str) -> Result<WebElement, Failure> {
        let query = self.driver.query(By::Testid(test_id)).and_displayed().wait(PATIENCE, POLL);
        Ok(query.desc(test_id).first().await?)
    }

    /// Presses the element with this `data-testid`, as soon as it is shown.
    pub async fn click(&self, test_id: &str) -> Result<(), Failure> {
        self.click_first(&format!("[data-testid='{test_id}']")).await
    }

    /// Chooses a file with the page's own input.
    pub async fn choose(&self, file: &Path) -> Result<(), Failure> {
        // Not shown as such: its label is.
        let input = self.driver.query(By::Testid("file-input")).wait(PATIENCE, POLL).first().await?;
        Ok(input.send_keys(file.to_string_lossy()).await?)
    }

    /// Chooses several files with the page's own input.
    pub async fn choose_all(&self, files: &[PathBuf]) -> Result<(), Failure> {
        // As the driver wants several: a line each.
        let lines: Vec<_> = files.iter().map(|file| file.to_string_lossy()).collect();
        self.choose(Path::new(&lines.join("\n"))).await
    }

    /// Adds files to those that are shown.
    pub async fn add(&self, files: &[PathBuf]) -> Result<(), Failure> {
        let lines: Vec<_> = files.iter().map(|file| file.to_string_lossy()).collect();
        let input = self.driver.query(By::Testid("add-files")).wait(PATIENCE, POLL).first().await?;
        Ok(input.send_keys(lines.join("\n")).await?)
    }

    /// Presses the first element that this CSS selector selects, as soon as it is shown.
    pub async fn click_first(&self, selector: &str) -> Result<(), Failure> {
        let end = Instant::now() + PATIENCE;
        loop {
            let query = self.driver.query(By::Css(selector)).and_displayed().wait(PATIENCE, POLL);
            match query.desc(selector).first().await?.click().await {
                // The page has drawn it anew in between; a person presses what is there now.
                Err(error) if is_stale(&error) && Instant::now() < end => {}
                outcome => return Ok(outcome?),
            }
        }
    }

    /// Chooses a folder with the page's own input.
    pub async fn choose_folder(&self, folder: &Path) -> Result<(), Failure> {
        let input = self.driver.query(By::Testid("folder-input")).wait(PATIENCE, POLL).first().await?;
        Ok(input.send_keys(folder.to_string_lossy()).await?)
    }

    /// Drops files and folders in the middle of the window, as the system does.
    pub async fn drop_paths(&self, paths: &[PathBuf]) -> Result<(), Failure> {
        let data = json!({ "items": [], "files": paths, "dragOperationsMask": 1 });
        let drag = async |kind: &str| {
            let event = json!({ "type": kind, "x": 300, "y": 200, "data": data });
            self.emulate("Input.dispatchDragEvent", event).await
        };
        drag("dragEnter").await?;
        // The browser drops nothing where the page has not said yet that it takes it.
        self.expect(".drop-overlay", "").await?;
        drag("dragOver").await?;
        drag("drop").await
    }

    /// Takes a file from the file manager: [`Page::drop`] then drops it.
    ///
    /// The browser hands out real files to real inputs only, so that it is brought in by one of the test's own.
    pub async fn take(&self, file: &Path) -> Result<(), Failure> {
        let script = "const input = document.createElement('input'); input.type = 'file'; document.body.append(input); \
                      return input";
        let input = self.driver.execute(script, vec![]).await?.element()?;
        input.send_keys(file.to_string_lossy()).await?;
        self.script("window.takenFile = arguments[0].files[0]; arguments[0].remove()", vec![input.to_json()?]).await?;
        Ok(())
    }

    /// Drops the file that was taken on whatever this CSS selector selects.
    pub async fn drop_on(&self, selector: &str) -> Result<(), Failure> {
        let script = "
            const transfer = new DataTransfer();
            transfer.items.add(window.takenFile);
            for (const kind of ['dragenter', 'dragover', 'drop']) {
                const event = new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true });
                document.querySelector(arguments[0]).dispatchEvent(event);
            }";
        self.script(script, vec![json!(selector)]).await?;
        Ok(())
    }

    /// Waits for the verdict on a file of this name.
    pub async fn expect_verdict(&self, file: &str, verdict: &str) -> Result<(), Failure> {
        self.expect(&format!("[data-testid=verdict][data-verdict={verdict}]"), "").await?;
        self.expect("main", file).await
    }

    /// Waits for an element that this CSS selector selects and that has this text in it.
    pub async fn expect(&self, selector: &str, text: &str) -> Result<(), Failure> {
        let script =
            "return [...document.querySelectorAll(arguments[0])].some(e => e.textContent.includes(arguments[1]))";
        self.expect_script(script, &[json!(selector), json!(text)]).await
    }

    /// Waits until a script in the page returns `true`.
    pub async fn expect_script(&self, script: &str, arguments: &[Value]) -> Result<(), Failure> {
        if self.eventually(async || Ok(self.script(script, arguments.to_vec()).await? == true)).await? {
            return Ok(());
        }
        let page = self.text("main").await?;
        Err(Failure::Waited { what: format!("{script} with {arguments:?}; the page says {page}") })
    }

    /// The text of the first element that this CSS selector selects, character by character.
    pub async fn text(&self, selector: &str) -> Result<String, Failure> {
        let script = "return document.querySelector(arguments[0])?.textContent ?? ''";
        Ok(serde_json::from_value(self.script(script, vec![json!(selector)]).await?)?)
    }

    /// Chooses the option with this value in the list with this `data-testid`.
    pub async fn select(&self, test_id: &str, value: &str) -> Result<(), Failure> {
        let list = self.find(test_id).await?;
        Ok(list.find(By::Css(format!("option[value='{value}']"))).await?.click().await?)
    }

    /// Chooses the option that has this text in the list with this `data-testid`, as soon as there is one.
    pub async fn select_text(&self, test_id: &str, text: &str) -> Result<(), Failure> {
        let script = "
            const list = document.querySelector(`[data-testid=${arguments[0]}]`);
            const option = [...list?.options ?? []].find(option => option.text.includes(arguments[1]));
            if (!option) return false;
            list.value = option.value;
            list.dispatchEvent(new Event('change', { bubbles: true }));
            return true";
        self.expect_script(script, &[json!(test_id), json!(text)]).await
    }

    /// Waits for a download of this name to be complete.
    pub async fn downloaded(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.folder().join("downloads");
        let file = folder.join(name);
        // Firefox makes an empty file first, and fills another beside it.
        let is_whole = || -> io::Result<bool> {
            for entry in fs::read_dir(&folder)? {
                if entry?.path().extension().is_some_and(|kind| kind == "part") {
                    return Ok(false);
                }
            }
            Ok(file.exists() && fs::metadata(&file)?.len() > 0)
        };
        if self.eventually(async || Ok(is_whole()?)).await? {
            return Ok(file);
        }
        Err(Failure::Waited { what: format!("{name} was not downloaded") })
    }

    /// The text that is downloaded under this name when the element with this `data-testid` is pressed.
    pub async fn downloaded_by(&self, test_id: &str, name: &str) -> Result<String, Failure> {
        self.click(test_id).await?;
        Ok(fs::read_to_string(self.downloaded(name).await?)?)
    }

    /// Lets the page and the test use the clipboard.
    pub async fn allow_clipboard(&self) -> Result<(), Failure> {
        let permissions = json!({ "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"] });
        self.emulate("Browser.grantPermissions", permissions).await
    }

    /// The text in the clipboard.
    pub async fn clipboard(&self) -> Result<String, Failure> {
        let script =
            "const done = arguments[0]; navigator.clipboard.readText().then(done, error => done(String(error)))";
        Ok(serde_json::from_value(self.script_with_callback(script, vec![]).await?)?)
    }

    /// Lays the page out as on paper.
    pub async fn print(&self) -> Result<(), Failure> {
        self.emulate("Emulation.setEmulatedMedia", json!({ "media": "print" })).await
    }

    /// Runs a script in the page.
    pub async fn script(&self, script: &str, arguments: Vec<Value>) -> Result<Value, Failure> {
        Ok(self.driver.execute(script, arguments).await?.json().clone())
    }

    /// Runs a script in the page that calls its last argument when it is done.
    pub async fn script_with_callback(&self, script: &str, arguments: Vec<Value>) -> Result<Value, Failure> {
        Ok(self.driver.execute_async(script, arguments).await?.json().clone())
    }

    /// Presses a key where the focus is.
    pub async fn press(&self, key: Key) -> Result<(), Failure> {
        Ok(self.driver.action_chain().send_keys(key).perform().await?)
    }

    /// Types text where the focus is.
    pub async fn type_text(&self, text: &str) -> Result<(), Failure> {
        Ok(self.driver.action_chain().send_keys(text).perform().await?)
    }

    /// Writes a text into the field that this CSS selector selects, in place of what is there, as soon as it is shown.
    pub async fn fill(&self, selector: &str, text: &str) -> Result<(), Failure> {
        let query = self.driver.query(By::Css(selector)).and_displayed().wait(PATIENCE, POLL);
        let field = query.desc(selector).first().await?;
        field.clear().await?;
        Ok(field.send_keys(text).await?)
    }

    /// Goes on with the Tab key until the focus is in the element with this `data-testid`.
    pub async fn tab_to(&self, test_id: &str) -> Result<(), Failure> {
        let focused = "return document.activeElement?.closest('[data-testid]')?.dataset.testid ?? null";
        for _ in 0..100 {
            self.press(Key::Tab).await?;
            if self.script(focused, vec![]).await? == test_id {
                return Ok(());
            }
        }
        Err(Failure::Waited { what: format!("the Tab key never came to {test_id}") })
    }

    /// Gives the page this width, as on a small screen.
    pub async fn narrow(&self, width: u32) -> Result<(), Failure> {
        let size = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.emulate("Emulation.setDeviceMetricsOverride", size).await
    }

    /// Lets the system prefer `light` or `dark`.
    pub async fn prefer_colours(&self, scheme: &str) -> Result<(), Failure> {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.emulate("Emulation.setEmulatedMedia", features).await
    }

    /// Runs a script whenever a page is loaded, before the page's own.
    pub async fn before_the_page(&self, script: &str) -> Result<(), Failure> {
        self.emulate("Page.addScriptToEvaluateOnNewDocument", json!({ "source": script })).await
    }

    async fn emulate(&self, command: &str, parameters: Value) -> Result<(), Failure> {
        self.driver.cdp().send_raw(command, parameters).await?;
        Ok(())
    }

    /// The memory of all of the browser's processes, in bytes.
    pub fn memory(&self) -> Result<u64, Failure> {
        Ok(processes::memory(&self.program.family()?))
    }

    /// What the page or its workers wanted to have from anywhere but their own host, as the browser reports it.
    pub fn refused(&self) -> Vec<String> {
        self.server.refused()
    }

    /// Waits until the browser has refused this many requests.
    pub async fn expect_refused(&self, count: usize) -> Result<(), Failure> {
        if self.eventually(async || Ok(self.refused().len() == count)).await? {
            return Ok(());
        }
        Err(Failure::Waited { what: format!("{count} refused requests; there were {:?}", self.refused()) })
    }

    async fn eventually(&self, mut condition: impl AsyncFnMut() -> Result<bool, Failure>) -> Result<bool, Failure> {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if condition().await? {
                return Ok(true);
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(false)
    }

    async fn screenshot(&self) {
        let test = thread::current().name().unwrap_or("test").replace("::", "-");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/screenshots");
        let file = folder.join(test).with_extension("png");
        // The test's own failure is what is to be told, whatever becomes of its picture.
        if fs::create_dir_all(&folder).is_ok() && self.driver.screenshot(&file).await.is_ok() {
            eprintln!("screenshot: {}", file.display());
        }
    }
}

/// Whether an element is no longer in the page.
fn is_stale(error: &WebDriverError) -> bool {
    matches!(error.as_inner(), WebDriverErrorInner::StaleElementReference(_))
}

/// Chromium as the component tests start it, too, with a profile and downloads of its own.
fn chromium(folder: &Path) -> Result<Capabilities, Failure> {
    let shared: Value = serde_json::from_str(include_str!("../../../web/webdriver.json"))?;
    let mut capabilities = DesiredCapabilities::chrome();
    for argument in shared["goog:chromeOptions"]["args"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        capabilities.add_arg(argument)?;
    }
    capabilities.add_arg(&format!("--user-data-dir={}", folder.join("profile").display()))?;
    let preferences = json!({
        "download.default_directory": folder.join("downloads"),
        // Without asking after the first.
        "profile.default_content_setting_values.automatic_downloads": 1,
        // … and scripts, too.
        "safebrowsing.enabled": true,
    });
    capabilities.add_experimental_option("prefs", preferences)?;
    Ok(capabilities.into())
}

/// Firefox without a window, with downloads of its own.
fn firefox(folder: &Path) -> Result<Capabilities, Failure> {
    let mut preferences = FirefoxPreferences::new();
    preferences.set("browser.download.folderList", 2)?;
    preferences.set("browser.download.dir", folder.join("downloads").display().to_string())?;
    let mut capabilities = DesiredCapabilities::firefox();
    capabilities.set_headless()?;
    capabilities.set_preferences(preferences)?;
    Ok(capabilities.into())
}

/// A file or folder that `cargo xtask test browser` has prepared.
pub fn from_xtask(variable: &'static str) -> Result<PathBuf, Failure> {
    env::var_os(variable).map(PathBuf::from).ok_or(Failure::NotStartedByXtask(variable))
}

/// The program that drives the browser.
struct DriverProgram {
    process: Child,
    address: String,
}

impl DriverProgram {
    fn chromium() -> Result<Self, Failure> {
        let program = env::var_os("CHROMEDRIVER").unwrap_or_else(|| "chromedriver".into());
        let mut command = Command::new(program);
        command.arg("--port=0");
        Self::start(command, "chromedriver", "successfully on port ")
    }

    fn firefox() -> Result<Self, Failure> {
        let program = env::var_os("GECKODRIVER").unwrap_or_else(|| "geckodriver".into());
        let mut command = Command::new(program);
        command.args(["--port", "0"]);
        Self::start(command, "geckodriver", "Listening on 127.0.0.1:")
    }

    /// Starts it; the port stands in the first line that has `before_port`.
    fn start(mut command: Command, name: &'static str, before_port: &str) -> Result<Self, Failure> {
        let (output, printed) = io::pipe()?;
        let process = command.stdin(Stdio::null()).stdout(printed.try_clone()?).stderr(printed).spawn()?;
        // It has the pipe's other end, too, so that the driver's end would not be noticed.
        drop(command);
        let mut driver = Self { process, address: String::new() };
        let mut lines = BufReader::new(output).lines();
        let mut said = String::new();
        for line in &mut lines {
            let line = line?;
            if let Some((_, port)) = line.rsplit_once(before_port) {
                driver.address = format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
                // What it prints later must go somewhere, or it would wait for a reader.
                thread::spawn(move || lines.count());
                return Ok(driver);
            }
            said.push_str(&line);
            said.push('\n');
        }
        Err(Failure::NoPort { name, said })
    }

    fn family(&self) -> io::Result<Vec<u32>> {
        processes::family(self.process.id())
    }
}

impl Drop for DriverProgram {
    fn drop(&mut self) {
        // The browser goes with it, also where a test never came to say goodbye.
        let family = self.family().unwrap_or_else(|_| vec![self.process.id()]);
        processes::kill(&family);
        let _ = self.process.wait();
    }
}
