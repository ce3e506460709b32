"""Every kind of document, from its upload to the sentence that is cited."""

from __future__ import annotations

import pytest
from conftest import ROOT
from nomkit import Nomic

FIXTURES = ROOT / "emulator" / "tests" / "fixtures"


@pytest.mark.parametrize(
    ("name", "question", "cited"),
    [
        (
            "site-specification.docx",
            "Where do leaf guards go?",
            "Outlets must be fitted with leaf guards.” [site-specification.docx, “Roof drainage”, ¶ 4]",
        ),
        (
            "door-schedule.xlsx",
            "Which closer does not latch?",
            "Defect: Closer does not latch.” [door-schedule.xlsx, sheet “Doors”, row 6]",
        ),
        (
            "minutes.html",
            "Is the scaffold incomplete?",
            "must be closed off until it has been inspected.” [minutes.html, “Scaffold”, ¶ 5]",
        ),
        (
            "issues.csv",
            "Which gutter is blocked?",
            'Note: Gutter "blocked" by leaves; Cost: 80.” [issues.csv, row 3]',
        ),
    ],
)
def test_each_kind_is_cited(nomic: Nomic, name: str, question: str, cited: str) -> None:
    result = nomic.ask(question, files=[FIXTURES / name], timeout=60)
    assert cited in result.text
    table = result.artifacts[1]
    assert table.rows is not None and str(table.rows[0]["place"]) in cited
