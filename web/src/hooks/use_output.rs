//! Files that are written, how far they are, and what came of it.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use wasm_bindgen_futures::spawn_local;
use yew::prelude::*;

use crate::browser::file_access::AccessError;
use crate::browser::watch::Watch;
use crate::protocol::Progress;

/// What is known of a file that is to be written.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Output {
    /// Nothing: nobody asked for it.
    #[default]
    Idle,
    /// It is being written.
    Running(Option<Progress>),
    /// It was written: what to say of it.
    Done(String),
    /// It was not.
    Failed(AccessError),
}

/// A file that can be written.
#[derive(Clone)]
pub struct Writer {
    /// What is known of it.
    pub output: Output,
    setter: UseStateSetter<Output>,
    stopped: Rc<Cell<bool>>,
}

impl Writer {
    /// Begins to write it; the work answers with what to say of it, if anything.
    pub fn start<F>(&self, work: impl FnOnce(Watch) -> F)
    where
        F: Future<Output = Result<Option<String>, AccessError>> + 'static,
    {
        self.follow(Box::pin(work(self.watch())));
    }

    fn watch(&self) -> Watch {
        let setter = self.setter.clone();
        Watch::new(Rc::new(move |progress| setter.set(Output::Running(Some(progress)))), self.stopped.clone())
    }

    fn follow(&self, work: Pin<Box<dyn Future<Output = Result<Option<String>, AccessError>>>>) {
        self.stopped.set(false);
        self.setter.set(Output::Running(None));
        let output = self.setter.clone();
        spawn_local(async move {
            output.set(match work.await {
                Ok(Some(sentence)) => Output::Done(sentence),
                Ok(None) | Err(AccessError::Cancelled) => Output::Idle,
                Err(error) => Output::Failed(error),
            });
        });
    }

    /// Stops it.
    pub fn cancel(&self) -> Callback<MouseEvent> {
        let stopped = self.stopped.clone();
        Callback::from(move |_| stopped.set(true))
    }
}

/// Something to write. It is stopped when the component goes.
#[hook]
pub fn use_output() -> Writer {
    let output = use_state(Output::default);
    let stopped = use_memo((), |()| Cell::new(false));
    use_effect_with((), {
        let stopped = stopped.clone();
        move |()| move || stopped.set(true)
    });
    Writer { output: (*output).clone(), setter: output.setter(), stopped }
}
