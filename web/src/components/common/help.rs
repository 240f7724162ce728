//! What the page does, and what it does not.

use web_sys::{HtmlDialogElement, HtmlElement};
use yew::prelude::*;

/// Where help begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// How to use the page.
    Use,
    /// How it works.
    Works,
    /// What it finds.
    Finds,
}

/// What help needs.
#[derive(Clone, PartialEq, Properties)]
pub struct HelpProps {
    /// What to show; nothing while help is closed.
    pub topic: Option<Topic>,
    /// Hears that it was closed.
    pub on_close: Callback<()>,
}

/// One dialog for all help, opened at the topic that was asked for.
#[component]
pub fn Help(props: &HelpProps) -> Html {
    let dialog = use_node_ref();
    let (usage, works, finds) = (use_node_ref(), use_node_ref(), use_node_ref());
    use_effect_with(props.topic, {
        let dialog = dialog.clone();
        let headings = (usage.clone(), works.clone(), finds.clone());
        move |topic| {
            let (Some(topic), Some(dialog)) = (topic, dialog.cast::<HtmlDialogElement>()) else { return };
            // It fails only where it is open already.
            let _ = dialog.show_modal();
            let heading = match topic {
                Topic::Use => headings.0,
                Topic::Works => headings.1,
                Topic::Finds => headings.2,
            };
            if let Some(heading) = heading.cast::<HtmlElement>() {
                heading.scroll_into_view();
                let _ = heading.focus();
            }
        }
    });
    let onclick = {
        let dialog = dialog.clone();
        Callback::from(move |_| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                dialog.close();
            }
        })
    };
    let heading = |heading, text| html! { <h3 ref={heading} tabindex="-1">{ text }</h3> };
    html! {
        <dialog ref={dialog} aria-label="Help" data-testid="help" onclose={props.on_close.reform(|_| ())}>
            <div class="help">
                <div class="help-header">
                    <h2>{ "Help" }</h2>
                    <button type="button" class="button small" {onclick}>{ "Close" }</button>
                </div>
                <section>{ heading(usage, "How to use it") }{ paragraphs(USE) }</section>
                <section>{ heading(works, "How it works") }{ paragraphs(WORKS) }</section>
                <section>
                    { heading(finds, "What it finds") }
                    <ul>{ for FINDS.iter().map(|text| html! { <li>{ *text }</li> }) }</ul>
                    { paragraphs(LIMITS) }
                </section>
            </div>
        </dialog>
    }
}

fn paragraphs(texts: &'static [&'static str]) -> Html {
    texts.iter().map(|text| html! { <p>{ *text }</p> }).collect()
}

/// How to use the page.
const USE: &[&str] = &[
    "Drop a .vhd anywhere on the page, or choose it. The first box gives the answer and the next step; \
     everything below it is the reason.",
    "Drop several files or a folder, and the disks are shown as chains, each below its parent. The report below the tree is \
     of the disk that you select there; “Add files” takes what was missing.",
    "Drop a log with them, or paste its lines: SMlog, nova-compute.log, xensource.log, also gzipped. What went wrong comes \
     newest first, with the commands for this case. A file called by the disk’s UUID is found from the log.",
    "The journal of a resize that was cut off is used when it comes along with its disk.",
    "Before you repair a disk, shut down the virtual machine that uses it or detach the disk. Keep the original \
     until the fixed copy has proved itself.",
];

/// How it works.
const WORKS: &[&str] = &[
    "Your browser reads the file, on this computer: the footers at both ends, the dynamic header, the block \
     allocation table and what they point to. That is little, whatever the size of the disk.",
    "Several files are read one after the other, and little is kept of each: of a disk what links it to others, of a log \
     what matters. A log is read to its end, whatever its size; in a folder only disks, logs and journals are read.",
    "From what is wrong a repair is worked out. It is applied in memory, and the result is checked like any \
     disk. A repair whose result would not be sound is not offered.",
    "The fixed copy is the original with a few bytes changed, put together by the browser while you save it. \
     The original is not written to, unless you ask for a repair in place: that saves an undo file first, and changes a copy \
     that then takes the file’s place.",
    "A whole chain becomes one image in the same way. A chain with a damaged or missing disk does not: what is read \
     through it would be wrong.",
    "A script does the same on the host that has the disk. It looks at every byte that it will replace before it writes, \
     and takes the repair back when it is asked to.",
    "Nothing leaves this computer. The page is a set of files without a server behind it; once it is open it \
     needs no network.",
];

/// What it finds …
const FINDS: &[&str] = &[
    "Footers: the one at the end or its copy missing, damaged, too short, with a wrong checksum or at odds with \
     one another.",
    "The dynamic header: damaged, with a wrong checksum, or pointing to where nothing can be.",
    "The block allocation table: blocks outside the file, on top of the disk’s own structures or of one \
     another, and blocks that no entry points at. tapdisk’s batmap beside it.",
    "A differencing disk’s own words about its parent: name and locators.",
    "Bytes behind the end of the disk, a null UUID, an operation that was cut off half-way.",
    "With the deep check, which reads every block: bitmaps that do not agree with the data behind them.",
    "Chains: a parent that is missing, damaged, another disk or under another name; two files with one UUID; a chain that \
     leads back to itself; a hidden disk that nothing is based on.",
    "Coalesce: whether it can run, which fault stops it, whether the parent must grow first, the bytes to copy and the space \
     that must be free. Now, and after the repairs.",
    "Logs: a coalesce that failed and at which step, commands that failed, journals found again, no space, chains too long, \
     locks, storage that does not answer.",
];

/// … and what it does not.
const LIMITS: &[&str] = &[
    "Under “Accepted by” stands what other tools would say of the disk, foretold from their rules; they are not \
     run. So is the coalesce.",
    "A parent is looked at when it is dropped as well. A log in which nothing is found does not prove that nothing \
     happened.",
    "Not looked at: partitions and file systems inside the disk. A disk that is called sound here can still hold damaged \
     files.",
];
