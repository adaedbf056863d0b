"""A report as text: Markdown, or one HTML file that needs nothing else: pictures inside, light and dark, readable on a phone.

Words of agents are rendered without HTML and without pictures of theirs, so that nothing in them is fetched or run.
"""

import re
from collections.abc import Collection
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

from org.lab.report.reporting import Block, Folded, Markdown, Picture, Report
from org.model.errors import Refused, UsageError
from org.plots.theme import DARK, LIGHT, Theme, stylesheet
from org.store import atomic, secrets

MADE_BY = "made by org report"
SUFFIXES = (".html", ".md")
STYLE = """
:root{color-scheme:light dark;%s}
@media (prefers-color-scheme:dark){:root{%s}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:60rem;margin:0 auto;padding:1.2rem 1rem 4rem}
h1{font-size:1.5rem;line-height:1.25}
h2{font-size:1.2rem;margin-top:2.4rem;border-bottom:1px solid var(--grid);padding-bottom:.3rem}
a{color:var(--better)}code{font-size:.88em;background:var(--grid);padding:.1em .3em;border-radius:3px;overflow-wrap:anywhere}
pre{overflow-x:auto;background:var(--grid);padding:.8rem;border-radius:4px}pre code{padding:0}
blockquote{margin:.8rem 0;padding:.1rem 1rem;border-left:3px solid var(--dim);color:var(--dim)}
.wide{overflow-x:auto;margin:1rem 0}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .7rem;border-bottom:1px solid var(--grid);text-align:left;vertical-align:top}
td:nth-child(n+3):not(:last-child){white-space:nowrap}
th{color:var(--dim);font-weight:600;white-space:nowrap}
figure{margin:1.6rem 0}figure .wide svg{width:100%%;min-width:46rem;height:auto;display:block;border:1px solid var(--grid)}
figcaption{color:var(--dim);font-size:.9rem}
details{border:1px solid var(--grid);border-radius:4px;margin:.5rem 0;padding:0 .9rem}
summary{cursor:pointer;padding:.55rem 0;overflow-wrap:anywhere}details h1{font-size:1.15rem}details h2{font-size:1.02rem}
@media print{
:root{color-scheme:light;%s}
body{font-size:10pt}main{max-width:none;padding:0}
.wide{overflow:visible}figure .wide svg{min-width:0;max-height:9.5cm}
table{font-size:8pt}th,td{padding:.2rem .4rem}th,td:nth-child(n){white-space:normal}
figure,tr,summary{break-inside:avoid}h1,h2,h3,summary{break-after:avoid}
details.open::details-content{content-visibility:visible;block-size:auto}
}
"""
_LINK = re.compile(r"\[(\w+)\]\(\.\./notebook/\1\.md\)")  # as the office writes them
_HREF = re.compile(r'<a href="(?!https?:|mailto:)([^"]*)">(.*?)</a>', re.S)
_PAGE = re.compile(r"\.\./notebook/(\w+)\.md")


def write(report: Report, path: Path) -> None:
    """As the file's name says. Refused where there is a file that org did not make."""
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--to {path.name}: a report's name ends in {' or '.join(SUFFIXES)}")
    if path.exists() and MADE_BY not in path.read_text(encoding="utf-8", errors="replace")[:400]:
        raise Refused(f"{path} is no report that org made; it stays as it is: choose another name")
    text = html(report) if path.suffix.lower() == ".html" else f"<!-- {MADE_BY} -->\n\n{markdown(report)}"
    atomic.write_text(path, text)


def markdown(report: Report) -> str:
    """For a terminal or a repository; pictures are named by their command."""
    blocks = "\n\n".join(_markdown(block) for block in report.blocks)
    return secrets.conceal(f"# {report.title}\n\n{blocks}\n")


def _markdown(block: Block) -> str:
    match block:
        case Picture():
            return f"*{block.caption}* `{block.command} --to FILE.svg`"
        case Folded():
            return f"- {block.title}: {block.instead}" if block.instead else _LINK.sub(r"\1", _deeper(block.text))
        case Markdown():
            return _LINK.sub(r"\1", block.text)  # wherever the file goes, the notebook does not go with it


def _deeper(text: str) -> str:
    """Headings below those of the report."""
    return re.sub(r"^(#+) ", r"##\1 ", text.strip(), flags=re.M)


def html(report: Report) -> str:
    """One file. A link to a page of the notebook leads to that page where the report holds it."""
    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    pages = {block.anchor for block in report.blocks if isinstance(block, Folded)}
    body = "\n".join(_html(block, reader, pages) for block in report.blocks)
    colours = STYLE % (_variables(LIGHT), _variables(DARK), _variables(LIGHT))
    printed = f"@media print{{{stylesheet(LIGHT)}}}"  # also of who reads dark pages
    return secrets.conceal(
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="generator" content="{MADE_BY}">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f"<title>{escape(report.title)}</title>\n<style>{colours}{stylesheet(LIGHT, DARK)}{printed}</style></head>\n"
        f"<body><main>\n<h1>{escape(report.title)}</h1>\n{body}\n</main></body></html>\n"
    )


def _html(block: Block, reader: MarkdownIt, pages: Collection[str]) -> str:
    match block:
        case Picture():
            told = f"<figcaption>{escape(block.caption)} <code>{escape(block.command)}</code></figcaption>"
            return f'<figure><div class="wide">{block.drawing.inner(styled=False)}</div>{told}</figure>'
        case Folded():
            text = _rendered(block.text, reader, pages)
            # The name is inside: whoever follows a link to it has the page opened by the browser.
            inside = f'<div id="{escape(block.anchor)}">{text}</div>' if block.anchor else text
            kind = "" if block.instead else ' class="open"'  # on paper
            return f"<details{kind}><summary>{escape(block.title)}</summary>{inside}</details>"
        case Markdown():
            return _rendered(block.text, reader, pages)


def _rendered(text: str, reader: MarkdownIt, pages: Collection[str]) -> str:
    """Tables scroll by themselves, the page does not. A link that leads to a file of the lab leads nowhere from here, but for
    pages that are in the report."""
    made: str = _HREF.sub(lambda found: _link(found[1], found[2], pages), reader.render(text))
    return made.replace("<table>", '<div class="wide"><table>').replace("</table>", "</table></div>")


def _link(target: str, words: str, pages: Collection[str]) -> str:
    page = _PAGE.fullmatch(target)
    return f'<a href="#{page[1]}">{words}</a>' if page is not None and page[1] in pages else words


def _variables(theme: Theme) -> str:
    return ";".join(f"--{name}:{getattr(theme, name)}" for name in ("paper", "ink", "dim", "grid", "better"))
