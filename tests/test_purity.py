"""The check of pure machines can fail."""

from __future__ import annotations

import pytest
from purity import impure, machines


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("use tokio::time::Instant;", "tokio::time::Instant"),
        ("use std::{collections::BTreeMap, time::{Duration, Instant as Moment}};", "std::time::Instant"),
        ("pub(crate) use std::time::SystemTime;", "std::time::SystemTime"),
        ("    use fastrand;", "fastrand"),
        ("use std::*;", "std::*"),
        ("use super::super::http::Exit;", "super::super::http::Exit"),
        ("let now = std::time::Instant::now();", "std::time::Instant::now"),
        ("let now = Timestamp(jiff::Timestamp::now());", "jiff::Timestamp::now"),
        ("let text = ::std::fs::read_to_string(path);", "::std::fs::read_to_string"),
        ("crate::events::tell(event);", "crate::events::tell"),
        ("tracing::info!(wait);", "tracing::info"),
        ('println!("now");', "println!"),
        ("static LAST: u64 = 0;", "static"),
        ("pub(crate) async fn later() {}", "async"),
    ],
)
def test_what_is_not_pure_is_found(line: str, name: str) -> None:
    assert impure(f"//! A machine.\n{line}\n") == [(2, name)]


@pytest.mark.parametrize(
    "line",
    [
        "use std::{collections::{BTreeMap, HashSet}, ops::Range, time::Duration};",
        "use super::{Moment, line::{Line, Place}};",
        'const NAME: &\'static str = "std::fs::read"; // tokio::time::Instant',
        "let back = u64::max(Self::FIRST, pages.iter().sum::<u64>());",
        "if now != began && !matches!(step, Step::Over(..)) {}",
        "#[cfg(test)]\nmod tests {\n    fn now() -> std::time::Instant {\n        panic!()\n    }\n}",
    ],
)
def test_what_is_pure_is_not(line: str) -> None:
    assert impure(line) == []


def test_a_clock_is_found_in_every_machine() -> None:
    assert machines()
    for path in machines():
        text = path.read_text()
        assert impure(text) == []
        assert impure(text + "\nuse tokio::time::Instant;\n") == [(text.count("\n") + 2, "tokio::time::Instant")]
