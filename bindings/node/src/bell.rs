//! The bell that the background thread rings for a JavaScript thread: a threadsafe function of Node's, hung here by
//! hand. Nothing that Node keeps with it may hold on to the listener, so that a copy of the package which nobody uses
//! any more can be collected; and what looks for open handles must see that an idle bell is none.

// SAFETY of all that follows: a rope is used under its lock and taken out of it before Node frees it; everything else
// happens in the thread of the environment, before that ends.
#![allow(unsafe_code)]

use napi::{
    bindgen_prelude::{Env, FromNapiValue, Function, JsObjectValue, JsValue, Object, Result},
    check_status, sys,
    threadsafe_function::ThreadsafeFunctionHandle,
};
use std::{
    cell::Cell,
    ffi::c_void,
    ptr,
    rc::Rc,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// The end that any thread may pull.
#[derive(Clone, Default)]
pub(crate) struct Bell(Arc<Mutex<Option<Rope>>>);

struct Rope(sys::napi_threadsafe_function);

unsafe impl Send for Rope {}

/// Who hears it. This end belongs to the thread where the bell hangs.
pub(crate) struct Listener {
    env: Env,
    heard: sys::napi_ref,
    held: Rc<Cell<bool>>,
}

/// What Node keeps with the bell.
type Kept = (Bell, Rc<Listener>);

/// A bell, and who hears it. It does not keep the event loop going until it is held.
pub(crate) fn hang(env: Env, heard: &Function<'_, (), ()>) -> Result<Kept> {
    // Threads that outlive this one shall not find the module unloaded.
    drop(ThreadsafeFunctionHandle::null());
    let (bell, listener) = (Bell::default(), Rc::new(Listener::new(env, heard)?));
    let kept = Box::into_raw(Box::<Kept>::new((bell.clone(), listener.clone())));
    let name = env.create_string("nomkit")?;
    let resource = listener.resource()?;
    let mut rope = ptr::null_mut();
    check_status!(unsafe {
        sys::napi_create_threadsafe_function(
            env.raw(),
            ptr::null_mut(),
            resource.raw(),
            name.raw(),
            0,
            1,
            kept.cast(),
            Some(taken_down),
            kept.cast(),
            Some(rung),
            &mut rope,
        )
    })
    .inspect_err(|_| drop(unsafe { Box::from_raw(kept) }))?;
    unsafe { sys::napi_unref_threadsafe_function(env.raw(), rope) };
    *bell.rope() = Some(Rope(rope));
    Ok((bell, listener))
}

/// In the thread where it hangs; at its end there is no environment any more.
unsafe extern "C" fn rung(env: sys::napi_env, _: sys::napi_value, kept: *mut c_void, _: *mut c_void) {
    if !env.is_null() {
        let listener = unsafe { &*kept.cast::<Kept>() }.1.clone();
        listener.call();
    }
}

unsafe extern "C" fn taken_down(_: sys::napi_env, kept: *mut c_void, _: *mut c_void) {
    unsafe { Box::from_raw(kept.cast::<Kept>()) }.0.take_down();
}

impl Bell {
    pub(crate) fn ring(&self) {
        let mut rope = self.rope();
        let Some(Rope(raw)) = &*rope else { return };
        let done = unsafe {
            sys::napi_call_threadsafe_function(*raw, ptr::null_mut(), sys::ThreadsafeFunctionCallMode::nonblocking)
        };
        // Node counts whom it tells that it is closing as gone.
        if done == sys::Status::napi_closing {
            *rope = None;
        }
    }

    /// In the thread where it hangs: in another one it might be freed while that thread ends.
    pub(crate) fn take_down(&self) {
        if let Some(Rope(raw)) = self.rope().take() {
            unsafe { sys::napi_release_threadsafe_function(raw, sys::ThreadsafeFunctionReleaseMode::release) };
        }
    }

    /// Nothing that holds this lock panics.
    fn rope(&self) -> MutexGuard<'_, Option<Rope>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    fn new(env: Env, heard: &Function<'_, (), ()>) -> Result<Self> {
        let mut found = ptr::null_mut();
        check_status!(unsafe { sys::napi_create_reference(env.raw(), heard.raw(), 0, &mut found) })?;
        Ok(Self { env, heard: found, held: Rc::default() })
    }

    /// What those see of the bell who look for open handles.
    fn resource(&self) -> Result<Object<'_>> {
        let held = self.held.clone();
        let mut resource = Object::new(&self.env)?;
        let has_ref = self.env.create_function_from_closure::<(), bool, _>("hasRef", move |_| Ok(held.get()))?;
        resource.set_named_property("hasRef", has_ref)?;
        Ok(resource)
    }

    /// Whether the event loop is kept going and the listener is kept, as they must be while calls are open.
    pub(crate) fn hold(&self, bell: &Bell, held: bool) {
        if self.held.replace(held) == held {
            return;
        }
        let (env, mut count) = (self.env.raw(), 0);
        let rope = bell.rope();
        let Some(Rope(raw)) = &*rope else { return };
        unsafe {
            if held {
                sys::napi_reference_ref(env, self.heard, &mut count);
                sys::napi_ref_threadsafe_function(env, *raw);
            } else {
                sys::napi_unref_threadsafe_function(env, *raw);
                sys::napi_reference_unref(env, self.heard, &mut count);
            }
        }
    }

    fn call(&self) {
        let mut found = ptr::null_mut();
        let done = unsafe { sys::napi_get_reference_value(self.env.raw(), self.heard, &mut found) };
        if done == sys::Status::napi_ok && !found.is_null() {
            let heard = unsafe { Function::<(), ()>::from_napi_value(self.env.raw(), found) };
            // It throws nothing; what a thread says that is being ended concerns nobody.
            let _ = heard.and_then(|heard| heard.call(()));
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        unsafe { sys::napi_delete_reference(self.env.raw(), self.heard) };
    }
}
