//! What the logs say.

use std::rc::Rc;

use vhd_analyser_logs::{Moment, Names, On, Step, Trouble};
use yew::prelude::*;

use crate::components::common::callout::{Tone, callout};
use crate::components::common::copy_button::CopyButton;
use crate::components::common::icon::{Shape, icon};
use crate::components::common::section::section;
use crate::protocol::file_set::FileSet;
use vhd_analyser_core::units;

/// What is shown.
#[derive(Clone, PartialEq, Properties)]
pub struct LogsProps {
    /// What the files are.
    pub file_set: Rc<FileSet>,
    /// Shows the report of a disk, by its number.
    pub on_select: Callback<usize>,
}

/// The trouble in the logs, the newest first.
#[component]
pub fn Logs(props: &LogsProps) -> Html {
    let storage = use_state_eq(|| On::Files);
    let Some(answer) = &props.file_set.answer else { return Html::default() };
    if answer.troubles.is_empty() {
        let nothing = html! {
            <p class="muted">{ "Nothing in them is known here as trouble. That is no proof: look around the time at which it went wrong." }</p>
        };
        return section("In the logs", None, Html::default(), nothing);
    }
    let differs = answer.troubles.iter().flat_map(|trouble| &trouble.commands).any(|step| step.on != On::Any);
    let tools = html! { if differs { { storage_choice(&storage) } } };
    let troubles = answer.troubles.iter().enumerate();
    let content = html! {
        <>
            <div class="rows">{ for troubles.map(|(number, trouble)| row(number, trouble, props, *storage)) }</div>
            if answer.left_out > 0 {
                <p class="muted small">{ format!("{} more, older or lighter, are left out.", units::decimal(answer.left_out)) }</p>
            }
        </>
    };
    section("In the logs", Some("the newest first".into()), tools, content)
}

fn storage_choice(storage: &UseStateHandle<On>) -> Html {
    let choice = |on: On, label: &'static str| {
        let onchange = {
            let storage = storage.clone();
            Callback::from(move |_: Event| storage.set(on))
        };
        html! {
            <label class="labelled">
                <input type="radio" name="storage" checked={**storage == on} {onchange} />{ label }
            </label>
        }
    };
    html! {
        <div class="actions" role="radiogroup" aria-label="What the storage repository is made of">
            <span class="small muted">{ "Commands for" }</span>
            { choice(On::Files, "files (NFS, EXT)") }
            { choice(On::Lvm, "logical volumes (LVM)") }
        </div>
    }
}

fn row(number: usize, trouble: &Trouble, props: &LogsProps, storage: On) -> Html {
    let (word, tone) = (trouble.severity.to_string(), Tone::from(trouble.severity));
    let detail = if trouble.detail.is_empty() { String::new() } else { format!(" ({})", trouble.detail) };
    html! {
        // Only the newest is unfolded: it is what somebody comes with.
        <details class="row" data-testid="log-finding" data-id={trouble.id.clone()} data-severity={word.clone()} open={number == 0}>
            <summary>
                <span class={classes!("severity", tone.class())}>{ icon(Shape::from(trouble.severity)) }{ word }</span>
                <span class="row-title">{ &trouble.title }{ detail }</span>
                <span class="row-place mono">{ &trouble.last.time }</span>
            </summary>
            <div class="row-body">
                <p>{ &trouble.happened }</p>
                { disks(trouble, props) }
                <dl class="reasons">
                    { reason("Why that usually is", &trouble.why) }
                    { reason("How to make sure", &trouble.check) }
                    { reason("What to do", &trouble.remedy) }
                </dl>
                <pre class="log-line">{ &trouble.line }</pre>
                <dl class="facts">{ facts(trouble) }</dl>
                { commands(trouble, &props.file_set, storage) }
            </div>
        </details>
    }
}

/// What to run, for one kind of storage.
fn commands(trouble: &Trouble, file_set: &FileSet, storage: On) -> Html {
    let steps: Vec<&Step> = trouble.commands.iter().filter(|step| step.on == On::Any || step.on == storage).collect();
    if steps.is_empty() {
        return Html::default();
    }
    let warning = |step: &Step| {
        let text = html! { <p class="small">{ &step.warning }</p> };
        callout(Tone::Warn, Shape::Warning, "command-warning", text)
    };
    html! {
        <details class="fold" data-testid="commands">
            <summary>{ units::count(steps.len() as u64, "command") }{ " for this case" }</summary>
            <ol class="commands">
                { for steps.into_iter().map(|step| html! {
                    <li>
                        <p class="small">{ &step.says }</p>
                        if !step.warning.is_empty() {
                            { warning(step) }
                        }
                        <Command line={file_set.filled(trouble, &step.line)} />
                    </li>
                }) }
            </ol>
        </details>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct CommandProps {
    line: AttrValue,
}

/// A command with a button that copies it.
#[component]
fn Command(props: &CommandProps) -> Html {
    let line = use_node_ref();
    html! {
        <div class="command">
            <code ref={line.clone()}>{ &props.line }</code>
            <CopyButton text={props.line.clone()} shown_in={line} testid="copy-command" label={props.line.clone()} />
        </div>
    }
}

/// Which of the disks that are here it is about.
fn disks(trouble: &Trouble, props: &LogsProps) -> Html {
    let file_set = &props.file_set;
    let disks = &file_set.forest.disks;
    let named = [("The disk", file_set.disk_of(trouble)), ("Its parent", file_set.parent_of(trouble))];
    let mut lines: Vec<Html> = named
        .into_iter()
        .filter_map(|(what, disk)| Some(disk_line(&format!("{what} is here: "), disk?, props)))
        .collect();
    if lines.is_empty() && !disks.is_empty() {
        // Names of it that lead nowhere are not filled up with guesses.
        let names_another = trouble.names.vdi.is_some();
        let damaged: Vec<usize> = file_set.in_trouble().take(3).collect();
        lines = match (&damaged[..], names_another) {
            ([], true) => vec![html! { <p>{ "The disk that it names is not among the files here." }</p> }],
            ([], false) => Vec::new(),
            (damaged, names_another) => {
                let says = if names_another {
                    "It names a disk that is not here. Of those that are here, this one is in trouble: "
                } else {
                    "It does not name the disk. Of those that are here, this one is in trouble: "
                };
                damaged.iter().map(|disk| disk_line(says, *disk, props)).collect()
            }
        };
    }
    lines.into_iter().collect()
}

fn disk_line(says: &str, number: usize, props: &LogsProps) -> Html {
    let Some(disk) = props.file_set.forest.disks.get(number) else { return Html::default() };
    let state = match (&disk.error, props.file_set.is_in_trouble(number)) {
        (Some(error), _) => format!(" ({error})"),
        (None, true) => " (its chain is broken)".into(),
        (None, false) => " (sound)".into(),
    };
    let onclick = props.on_select.reform(move |_| number);
    html! {
        <p data-testid="log-disk" data-file={disk.file.clone()}>
            { says }<button type="button" class="link" {onclick}>{ &disk.file }</button>{ state }
        </p>
    }
}

fn reason(name: &'static str, text: &str) -> Html {
    html! {
        if !text.is_empty() {
            <><dt>{ name }</dt><dd>{ text }</dd></>
        }
    }
}

fn facts(trouble: &Trouble) -> Html {
    let Names { vdi, parent, sr, instance, vm, host, request, task, path } = &trouble.names;
    let names = [
        ("Disk", vdi),
        ("Its file", path),
        ("Parent", parent),
        ("Storage repository", sr),
        ("Instance", instance),
        ("Virtual machine", vm),
        ("Host", host),
        ("Request", request),
        ("Task", task),
    ];
    let fact = |name: &str, value: &str| html! { <><dt>{ name }</dt><dd class="mono">{ value }</dd></> };
    let place = match trouble.count {
        0 | 1 => at(&trouble.last),
        many => format!("{}, first {}, last {}", units::count(many, "time"), at(&trouble.first), at(&trouble.last)),
    };
    html! {
        <>
            { for names.iter().filter_map(|(name, value)| Some(fact(name, value.as_deref()?))) }
            { fact("Where", &place) }
            if !trouble.traceback.is_empty() {
                { fact("Steps", &trouble.traceback.join(" → ")) }
            }
            { fact("Name", &trouble.id) }
        </>
    }
}

/// "SMlog:5 at Sep 14 16:36:26".
fn at(Moment { log, line, time }: &Moment) -> String {
    if time.is_empty() { format!("{log}:{line}") } else { format!("{log}:{line} at {time}") }
}
