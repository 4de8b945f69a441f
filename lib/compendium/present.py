"""What a notebook gives to its page of the book: figures, tables, numbers and code.

The text of a page places a figure with the directive ``glue:figure`` and a number with the role
``glue:text``, so that both may stand before the cell that computes them.
"""

from __future__ import annotations

import ast
import html
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence

import pandas as pd
from IPython.display import HTML, Markdown
from matplotlib.figure import Figure
from myst_nb import glue
from pandas.api.types import is_numeric_dtype

from compendium import style

LONG = 12  # rows; longer tables are folded
DIGITS = 3


def figure(name: str, panels: Figure | Sequence[Figure], alt: str) -> None:
    """Show a figure, under a name by which the text places it.

    Parameters
    ----------
    name : str
        Of the figure, in the page.
    panels : Figure or sequence of Figure
        Are drawn side by side, or below one another where there is no room.
    alt : str
        What the figure shows, for readers who cannot see it.
    """
    drawn = "".join(map(style.svg, [panels] if isinstance(panels, Figure) else panels))
    label = html.escape(alt)
    glue(name, HTML(f'<div class="panels" role="img" aria-label="{label}">{drawn}</div>'))


def numbers(texts: Mapping[str, object]) -> None:
    """Give numbers, as text, to the sentences of the page."""
    for name, text in texts.items():
        glue(name, str(text), display=False)


def percent(share: float, digits: int = 0) -> str:
    """Write a share in percent.

    Examples
    --------
    >>> percent(0.123), percent(0.123, 1)
    ('12 %', '12.3 %')
    """
    return f"{100 * share:.{digits}f} %".replace("-", "\N{MINUS SIGN}")


def signed(value: float, digits: int = 1) -> str:
    """Write a number with its sign, and with more digits where it would be rounded to zero.

    Examples
    --------
    >>> signed(2.34), signed(0.004), signed(0.0)
    ('+2.3', '+0.004', '0.0')
    """
    text = f"{value:+.{digits}f}"
    if float(text) == 0:
        text = f"{value:+.1g}" if abs(value) > 0.01 * 10**-digits else f"{0:.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def source(*parts: Callable[..., object]) -> Markdown:
    """Show the code of functions of the library, without their docstrings."""
    return Markdown("```python\n" + "\n\n".join(map(_source, parts)) + "\n```")


def _source(part: Callable[..., object]) -> str:
    text = textwrap.dedent(inspect.getsource(part))
    (definition,) = ast.parse(text).body
    assert isinstance(definition, ast.FunctionDef)
    docstring, *rest = definition.body
    lines = text.splitlines()
    if ast.get_docstring(definition) is None or not rest:
        return text.rstrip()
    return "\n".join([*lines[: docstring.lineno - 1], *lines[rest[0].lineno - 1 :]])


def table(
    frame: pd.DataFrame, caption: str, digits: int = DIGITS, *, best: pd.DataFrame | None = None
) -> HTML:
    """Show a table: one header row, a caption, and the first column always in sight.

    Parameters
    ----------
    frame : pandas.DataFrame
        Its index becomes the first columns.
    caption : str
        What the table shows, in plain text.
    digits : int
        Of numbers that are not whole.
    best : pandas.DataFrame of bool, optional
        Cells to print in bold.

    Returns
    -------
    IPython.display.HTML
        A long table is folded: its caption opens it.
    """
    cells = frame.map(lambda value: _cell(value, digits))
    if best is not None:
        cells = cells.mask(best, "<b>" + cells + "</b>")
    flat = cells.set_axis([_join(name) for name in frame.columns], axis=1)
    is_number = [_is_number(frame.iloc[:, place]) for place in range(frame.shape[1])]
    if frame.index.nlevels > 1 or not isinstance(frame.index, pd.RangeIndex):
        index = frame.index.to_frame(index=False).map(lambda value: _cell(value, digits))
        index.columns = [name if isinstance(name, str) else "" for name in index.columns]
        is_number = [False] * index.shape[1] + is_number
        flat = pd.concat([index, flat.reset_index(drop=True)], axis=1)
    # An interval stands below its value, so that narrow screens show both.
    flat = flat.replace(r" \[(.*)\]$", r"<br>[\1]", regex=True)
    kinds = ["number" if each else "text" for each in is_number]
    head = "".join(
        f'<th scope="col" class="{kind}">{html.escape(str(name))}</th>'
        for name, kind in zip(flat.columns, kinds, strict=True)
    )
    body = "".join(_row(row, kinds) for row in flat.itertuples(index=False))
    return HTML(
        _wrapped(f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>", caption, len(flat))
    )


def _is_number(column: pd.Series) -> bool:
    """Say whether a column has numbers, or texts that each begin with one."""
    texts = column.astype(str)
    return is_numeric_dtype(column) or texts[texts != ""].str.match(r"[-+\N{MINUS SIGN}]?\d").all()


def _row(row: Sequence[str], kinds: Sequence[str]) -> str:
    first, *rest = row
    cells = "".join(
        f'<td class="{kind}">{cell}</td>' for cell, kind in zip(rest, kinds[1:], strict=True)
    )
    return f'<tr><th scope="row">{first}</th>{cells}</tr>'


def _wrapped(inside: str, caption: str, n_rows: int) -> str:
    said = html.escape(caption)
    scrolled = f'<div class="scroll" tabindex="0" role="region" aria-label="{said}">'
    scrolled += f"<table>{inside}</table></div>"
    if n_rows > LONG:
        return f'<details class="figures"><summary>{said}</summary>{scrolled}</details>'
    return f'<figure class="figures"><figcaption>{said}</figcaption>{scrolled}</figure>'


def _cell(value: object, digits: int) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        if pd.isna(value):
            return ""
        is_whole = value.is_integer() and abs(value) >= 1
        return f"{value:,.{0 if is_whole else digits}f}".replace("-", "\N{MINUS SIGN}")
    if isinstance(value, int):
        return f"{value:,}"
    text = html.escape(str(value))
    return f'<a href="{text}">{text}</a>' if text.startswith("https://") else text


def _join(name: object) -> str:
    parts = name if isinstance(name, tuple) else (name,)
    return ", ".join(str(part) for part in parts if str(part))
