"""The check of async exports can fail."""

from __future__ import annotations

import pytest
from async_exports import ROOT, SOURCES, async_exports

METHODS = """
#[uniffi::export{given}]
impl Thing {{
    pub fn now(&self) {{}}

    pub async fn later(&self) {{
        if true {{}}
    }}
}}

#[uniffi::export]
impl Thing {{
    /// No async fn is here.
    pub fn now(&self) {{}}
}}

impl Thing {{
    async fn own(&self) {{}}
}}
"""
FUNCTION = """
#[uniffi::export{given}]
#[allow(clippy::unused_async)]
pub async fn later() {{}}
"""
MACRO = """
macro_rules! things {{
    () => {{
        #[uniffi::export{given}]
        impl Thing {{
            pub(crate) async fn later(&self) {{}}
        }}
    }};
}}
"""


@pytest.mark.parametrize("source", [METHODS, FUNCTION, MACRO])
@pytest.mark.parametrize(
    ("given", "named"),
    [
        ("", False),
        ('(name = "Other")', False),
        ('(async_runtime = "tokio")', True),
        ('(\n    name = "Other",\n    async_runtime = "tokio"\n)', True),
    ],
)
def test_async_functions_need_a_runtime(source: str, given: str, named: bool) -> None:
    assert [found for _, found in async_exports(source.format(given=given))] == [named]


def test_what_the_bridge_exports_is_found_wherever_its_runtime_is_left_out() -> None:
    for path in (path for source in SOURCES for path in (ROOT / source).rglob("*.rs")):
        text = path.read_text()
        without = async_exports(text.replace('(async_runtime = "tokio")', ""))
        assert [line for line, _ in without] == [line for line, _ in async_exports(text)]
        assert not any(named for _, named in without)
