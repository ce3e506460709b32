"""What is said when the native module cannot be loaded. Nothing of this is read where it can."""

from __future__ import annotations

import os
import platform
import sys
import sysconfig

_NATIVE = "_native"


def explain(error: ImportError) -> ImportError:
    """The same error with what a person needs to mend it; one that is not about the native module stays as it is."""
    about_native = error.name in (f"{__package__}.{_NATIVE}", _NATIVE) or f"'{_NATIVE}'" in str(error)
    if not about_native:
        return error
    folder = os.path.dirname(__file__)
    found = [name for name in sorted(os.listdir(folder)) if name.startswith(f"{_NATIVE}.") and not name.endswith("pyi")]
    text = (
        f"nomkit's native module cannot be loaded: {error}\n"
        f"This is {_interpreter()} on {_system()}; in {folder} there is {', '.join(found) or 'no native module'}.\n"
        f"{_remedy()}"
    )
    return ImportError(text, name=error.name, path=error.path)


def _interpreter() -> str:
    build = " (free-threaded)" if _is_free_threaded() else ""
    return f"{platform.python_implementation()} {platform.python_version()}{build}"


def _system() -> str:
    libc = " ".join(platform.libc_ver()) if sys.platform == "linux" else platform.mac_ver()[0]
    return f"{sysconfig.get_platform()}, {libc or 'a C library other than glibc'}"


def _remedy() -> str:
    if _is_free_threaded():
        return "nomkit is not made for free-threaded Python. Use the usual build of this version."
    if platform.python_implementation() != "CPython" or sys.version_info < (3, 10):
        return "nomkit needs CPython 3.10 or later."
    return (
        f"Install it for this very interpreter: {sys.executable or 'python'} -m pip install --force-reinstall "
        "--no-cache-dir nomkit. Where no wheel fits, pip builds it, with Rust 1.92 or later."
    )


def _is_free_threaded() -> bool:
    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
