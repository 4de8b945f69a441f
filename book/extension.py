"""Make the pages of the book light, and its references readable.

A notebook holds its sounds in itself. The book stores each as a file, which a reader fetches by
playing it. Of FontAwesome's script, 1.5 MB, the pages get only the icons that they show. Formulas
are MathML, which browsers draw without a script. The list of references has the same labels as the
text.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from docutils import nodes
from latex2mathml.converter import convert
from pybtex.database import Entry
from pybtex.plugin import register_plugin
from pybtex.richtext import Text
from pybtex.style.formatting.unsrt import Style
from pybtex.style.labels import BaseLabelStyle
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

SOUND = re.compile(r'src="data:audio/mpeg;base64,([^"]+)"')
SCRIPT = re.compile(r'<script defer src="([^"]*)scripts/fontawesome\.js[^"]*"></script>')
SIGN = re.compile(r"[.,:;)]+")
NAME = re.compile(r"\bfa-([a-z-]+)\b")
# In the script: its name, width, height, other names, code point and path. Solid icons come last.
ICON = re.compile(r'"?([a-z0-9-]+)"?:\[(\d+),(\d+),\[[^\]]*\],"[0-9a-f]+","([^"]+)"\]')
ICONS_CSS = """\
:is(.fa-solid, .fa-brands, .fa-regular) {
  display: inline-block;
  width: 1.25em;
  height: 1em;
  vertical-align: -0.125em;
  background: currentColor;
  mask: var(--icon) center / contain no-repeat;
}

/* Otherwise the font of all icons is loaded. */
:is(.fa-solid, .fa-brands, .fa-regular)::before {
  content: none;
}
"""


class AuthorYear(BaseLabelStyle):
    """Labels references as the text does: Pons and Serra, 2019."""

    def format_labels(self, entries: Iterable[Entry]) -> Iterator[str]:
        """Yield a label per reference."""
        for entry in entries:
            names = [
                Text.from_latex(" ".join([*person.prelast_names, *person.last_names])).render_as(
                    "text"
                )
                for person in entry.persons["author"]
            ]
            authors = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
            yield f"{authors}, {entry.fields['year']}"


class References(Style):
    """Sorts references by author, and links their titles."""

    default_label_style = AuthorYear
    default_sorting_style = "author_year_title"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.add_html_math_renderer("mathml", (visit_formula, None), (visit_equation, None))
    app.config.html_math_renderer = "mathml"
    register_plugin("pybtex.style.formatting", "references", References)
    app.connect("doctree-resolved", join_signs)
    app.connect("doctree-resolved", join_percents)
    app.connect("html-page-context", store_sounds)
    app.connect("html-page-context", release_references)
    app.connect("build-finished", choose_icons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def join_signs(_app: Sphinx, doctree: nodes.document, _page: str) -> None:
    """Give each formula the comma or colon behind it, so that no line begins with one."""
    for formula in doctree.findall(nodes.math):
        after = formula.parent[formula.parent.index(formula) + 1 :][:1]
        sign = SIGN.match(after[0]) if after and isinstance(after[0], nodes.Text) else None
        if sign:
            formula["sign"] = sign.group()
            formula.parent.replace(after[0], nodes.Text(after[0][sign.end() :]))


def join_percents(_app: Sphinx, doctree: nodes.document, _page: str) -> None:
    """Keep each number on the line of its percent sign."""
    for text in list(doctree.findall(nodes.Text)):
        if " %" in text and not isinstance(text.parent, (nodes.literal_block, nodes.raw)):
            text.parent.replace(text, nodes.Text(text.replace(" %", "\N{NO-BREAK SPACE}%")))


def visit_formula(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    formula = mathml(node.astext(), "inline") + node.get("sign", "")
    translator.body.append(f'<span class="math">{formula}</span>')
    raise nodes.SkipNode


def visit_equation(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on its own line, with its number."""
    number = f'<span class="eqno">({node["number"]})</span>' if node["number"] else ""
    place = f' id="{node["ids"][0]}"' if node["ids"] else ""
    formula = mathml(node.astext(), "block")
    translator.body.append(f'<div class="math"{place}>{formula}{number}</div>')
    raise nodes.SkipNode


def mathml(formula: str, display: str) -> str:
    """Write a formula as MathML, with bars of a norm that are equally high."""
    return str(convert(formula, display=display)).replace(
        "<mo>&#x02016;</mo>", '<mo stretchy="false">&#x02016;</mo>'
    )


def store_sounds(
    app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Store the sounds of a page as files."""
    folder = Path(app.outdir) / "_static" / "sounds"

    def stored(found: re.Match[str]) -> str:
        sound = base64.b64decode(found.group(1))
        name = f"{hashlib.sha256(sound).hexdigest()[:16]}.mp3"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(sound)
        return f'src="{context["pathto"](f"_static/sounds/{name}", 1)}"'

    if "body" in context:
        context["body"] = SOUND.sub(stored, context["body"])


def release_references(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: object
) -> None:
    """Take the role of a list from the references: it would need items of the role listitem."""
    if "body" in context:
        named = '<div role="list" class="citation-list">'
        context["body"] = context["body"].replace(named, "<div>")


def choose_icons(app: Sphinx, error: Exception | None) -> None:
    """Replace FontAwesome's script by a style sheet of the icons that pages show."""
    if error or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    pages = {file: file.read_text(encoding="utf-8") for file in Path(app.outdir).rglob("*.html")}
    names = {name for text in pages.values() for name in NAME.findall(text)}
    script = (static / "scripts" / "fontawesome.js").read_text(encoding="utf-8")
    icons = {name: drawing(*icon) for name, *icon in ICON.findall(script) if name in names}
    rules = [
        f".fa-{name} {{ --icon: url('data:image/svg+xml,{quote(icon)}'); }}\n"
        for name, icon in sorted(icons.items())
    ]
    (static / "icons.css").write_text(ICONS_CSS + "".join(rules), encoding="utf-8")
    for file, text in pages.items():
        link = r'<link rel="stylesheet" href="\1icons.css">'
        file.write_text(SCRIPT.sub(link, text), encoding="utf-8")


def drawing(width: str, height: str, path: str) -> str:
    """Return an icon as SVG."""
    size = f"viewBox='0 0 {width} {height}'"
    return f"<svg xmlns='http://www.w3.org/2000/svg' {size}><path d='{path}'/></svg>"
