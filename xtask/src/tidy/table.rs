//! Who may import whom: the order of the modules in each crate, as docs/architecture.md has it.

/// The order of a crate's modules. A file may import what stands before it in a line that both stand in.
pub struct Order {
    /// The crate's folder in the workspace.
    pub folder: &'static str,
    /// The lines. Modules of one step do not know each other.
    pub lines: &'static [&'static [&'static [&'static str]]],
}

/// The order of every crate that has one. Modules are named as in `ui::report`; what is inside them counts as they do.
pub const ORDERS: &[Order] = &[
    Order {
        folder: "core",
        lines: &[&[
            &["source"],
            &["progress"],
            &["path"],
            &["text"],
            &["units"],
            &["verdict"],
            &["layout"],
            &["image"],
            &["file_type"],
            &["finding"],
            &["check", "compat", "journal"],
            &["repair"],
            &["analysis"],
            &["chain"],
            &["convert"],
            &["report"],
            &["script"],
        ]],
    },
    Order {
        folder: "cli",
        lines: &[&[
            &["exit_code", "os", "ui::text"],
            &["error"],
            &["ui::page", "ui::progress"],
            &["ui::report"],
            &["commands"],
        ]],
    },
    Order {
        folder: "web",
        lines: &[
            &[&["protocol"], &["worker"]],
            &[&["protocol"], &["browser"], &["state"], &["controller"], &["hooks"], &["components"]],
        ],
    },
    Order {
        folder: "xtask",
        lines: &[&[
            &["workspace"],
            &["process"],
            &["setup"],
            &["page"],
            &["fuzz", "dependencies", "tidy", "bench", "dist", "serve"],
            &["test"],
        ]],
    },
];

/// What the crate of logs may take from the core: how grave something is, the helpers for text, and what the tools say.
pub const LOGS_MAY_TAKE: &[&str] = &["Severity", "finding::Severity", "text", "units", "compat"];

impl Order {
    /// The place of a module in a line, with the module of the table that it belongs to. The root of a crate puts
    /// everything together, so it stands behind all and has no place.
    fn place(line: &[&[&'static str]], path: &[String]) -> Option<(usize, &'static str)> {
        let steps = line.iter().enumerate().flat_map(|(at, step)| step.iter().map(move |&name| (at, name)));
        let inside = steps.filter(|(_, name)| {
            let mut segments = path.iter();
            name.split("::").all(|part| segments.next().is_some_and(|segment| segment == part))
        });
        inside.max_by_key(|(_, name)| name.len())
    }

    /// Whether a module may import from another.
    pub fn allows(&self, from: &[String], to: &[String]) -> bool {
        let is_root = |path: &[String]| path.is_empty();
        let stands = |path: &[String]| self.lines.iter().any(|line| Self::place(line, path).is_some());
        if is_root(from) || !stands(from) && !stands(to) {
            return true;
        }
        self.lines.iter().any(|line| match (Self::place(line, from), Self::place(line, to)) {
            (Some((from, importing)), Some((to, imported))) => to < from || importing == imported,
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(folder: &str, from: &str, to: &str) -> bool {
        let path = |text: &str| text.split("::").map(str::to_owned).collect::<Vec<_>>();
        ORDERS.iter().any(|order| order.folder == folder && order.allows(&path(from), &path(to)))
    }

    #[test]
    fn imports_go_one_way() {
        assert!(allows("core", "report::build", "analysis"));
        assert!(!allows("core", "analysis", "report::build"));
        assert!(allows("core", "report::build", "report::model"));
        assert!(!allows("core", "check::bat", "compat::qemu"));
        assert!(!allows("cli", "ui::report", "commands::check"));
        assert!(allows("cli", "ui::report", "ui::text"));
        assert!(!allows("web", "components::app", "worker::serve"));
        assert!(allows("web", "worker::serve", "protocol::request"));
    }
}
