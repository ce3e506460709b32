//! The bell that the background thread rings for a JavaScript thread.

use napi::{
    Status,
    bindgen_prelude::{Env, FromNapiValue, Function, JsValue, Result},
    check_status, sys,
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode::NonBlocking},
};
use std::{
    ptr,
    rc::Rc,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Weak, so that an idle client lets the process end.
type Rope = ThreadsafeFunction<(), (), (), Status, false, true>;

/// The end that any thread may pull.
pub(crate) struct Bell(Mutex<Option<Rope>>);

/// The end that belongs to the JavaScript thread: who hears the bell.
pub(crate) struct Listener {
    env: Env,
    heard: sys::napi_ref,
}

/// A bell, and who hears it. Node keeps what it calls for as long as the bell hangs, so it calls a function of ours,
/// which knows the listener only weakly: a copy of the package that nobody uses any more can be collected.
pub(crate) fn hang(env: Env, listener: &Function<'_, (), ()>) -> Result<(Bell, Rc<Listener>)> {
    let listener = Rc::new(Listener::new(env, listener)?);
    let hears = listener.clone();
    let heard = env.create_function_from_closure::<(), (), _>("bell", move |_| hears.call())?;
    let rope = heard.build_threadsafe_function::<()>().weak::<true>().build()?;
    Ok((Bell(Mutex::new(Some(rope))), listener))
}

impl Bell {
    pub(crate) fn ring(&self) {
        if let Some(rope) = &*self.rope() {
            rope.call((), NonBlocking);
        }
    }

    /// Takes it down, in the thread where it hangs: in another one it might be freed while that thread ends.
    pub(crate) fn take_down(&self) {
        drop(self.rope().take());
    }

    /// Whether the event loop is kept going.
    pub(crate) fn hold(&self, env: Env, open: bool) {
        let change = if open { sys::napi_ref_threadsafe_function } else { sys::napi_unref_threadsafe_function };
        if let Some(rope) = &*self.rope() {
            rope.handle.with_read_aborted(|gone| {
                // SAFETY: it is not gone, and this is the thread where it hangs.
                #[allow(unsafe_code)]
                let _ = (!gone).then(|| unsafe { change(env.raw(), rope.raw()) });
            });
        }
    }

    /// Nothing that holds this lock panics.
    fn rope(&self) -> MutexGuard<'_, Option<Rope>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// SAFETY of all that follows: a listener never leaves the thread of its environment, and ends before that does.
#[allow(unsafe_code)]
impl Listener {
    fn new(env: Env, listener: &Function<'_, (), ()>) -> Result<Self> {
        let mut heard = ptr::null_mut();
        check_status!(unsafe { sys::napi_create_reference(env.raw(), listener.raw(), 0, &mut heard) })?;
        Ok(Self { env, heard })
    }

    /// Whether it is kept, as it must be while it waits for something.
    pub(crate) fn keep(&self, kept: bool) {
        let change = if kept { sys::napi_reference_ref } else { sys::napi_reference_unref };
        unsafe { change(self.env.raw(), self.heard, &mut 0) };
    }

    fn call(&self) -> Result<()> {
        let mut found = ptr::null_mut();
        check_status!(unsafe { sys::napi_get_reference_value(self.env.raw(), self.heard, &mut found) })?;
        if found.is_null() {
            return Ok(());
        }
        unsafe { Function::<(), ()>::from_napi_value(self.env.raw(), found) }?.call(())
    }
}

#[allow(unsafe_code)]
impl Drop for Listener {
    fn drop(&mut self) {
        // SAFETY: as above.
        unsafe { sys::napi_delete_reference(self.env.raw(), self.heard) };
    }
}
