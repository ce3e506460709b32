//! Which interpreter asks. Classes and cached objects exist once in a process, so one interpreter alone may have them.

use pyo3::{exceptions::PyImportError, ffi, prelude::*};

/// Refuses sub-interpreters, the first included: the main one could not have what is kept for it.
pub(crate) fn check_main(_py: Python<'_>) -> PyResult<()> {
    // SAFETY: this thread is attached, so it has a current interpreter, which lives as long as this call.
    #[allow(unsafe_code)]
    let id = unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) };
    match id {
        0 => Ok(()),
        _ => Err(PyImportError::new_err(
            "nomkit works in the main interpreter of a process, not in a sub-interpreter. Use a process of its own.",
        )),
    }
}
