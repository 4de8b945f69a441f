"""Artists in a normal form, so that two spellings of a name cannot leak over the split."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

ARTICLE = re.compile(r"^the\s+(?=\S)|,?\s+the$")
GUESTS = re.compile(r"[\s(\[]+(feat|featuring|ft|with)\b\.?\s+\S.*")
JOINED = re.compile(r"\s+(?:&|and)\s+")
VARIOUS = {"various", "various artists", "va", "v.a.", "v/a"}


@dataclass(frozen=True)
class Artists:
    """The artists of tracks in a normal form.

    Attributes
    ----------
    keys : list of str
        One per track, equal for tracks of one artist; empty where the artist is unknown.
    notes : list of str
        What was merged, one line for each kind.
    """

    keys: list[str]
    notes: list[str]


def artist_key(name: str) -> str:
    """Reduce the name of an artist to its normal form.

    Differences in Unicode composition, case and white space, a leading or trailing "the", and
    guests ("feat. ...") are removed. Various artists are no artist: their key is empty.

    Examples
    --------
    >>> artist_key("The  Inventéd Band feat. Somebody")
    'inventéd band'
    >>> artist_key("Various Artists")
    ''
    """
    plain = " ".join(unicodedata.normalize("NFC", name).casefold().split())
    plain = GUESTS.sub("", plain) or plain
    plain = ARTICLE.sub("", plain) or plain
    return "" if plain in VARIOUS else plain


def normalise_artists(names: Sequence[str]) -> Artists:
    """Bring the artists of tracks into a normal form.

    ``X & Y`` counts as X if X also has tracks alone; otherwise it is an artist of its own.

    Parameters
    ----------
    names : sequence of str
        The artist of each track; empty where it is unknown.

    Examples
    --------
    >>> found = normalise_artists(["Ann", "ANN ft. Bo", "Ann & Bo", "Cy & Di", ""])
    >>> found.keys
    ['ann', 'ann', 'ann', 'cy & di', '']
    >>> found.notes
    ["1 spelling of an artist was merged with another, such as 'ANN ft. Bo'",
     "1 joint artist counts as its first member, such as 'ann & bo'"]
    """
    key_of = {name: artist_key(name) for name in dict.fromkeys(names)}
    keys = set(key_of.values())
    first_of = {key: JOINED.split(key, maxsplit=1)[0] for key in keys}
    joined = {key: first for key, first in first_of.items() if first != key and first in keys}
    spelled: dict[str, str] = {}
    merged = [n for n, key in key_of.items() if key and spelled.setdefault(key, n) != n]
    various = sum(1 for name in names if name.strip() and not key_of[name])
    notes = []
    if merged:
        notes.append(
            f"{_count(len(merged), 'spelling')} of an artist {_was(len(merged))} merged with "
            f"another, such as {merged[0]!r}"
        )
    if joined:
        counts = "counts as its" if len(joined) == 1 else "count as their"
        notes.append(
            f"{_count(len(joined), 'joint artist')} {counts} first member, such as {min(joined)!r}"
        )
    if various:
        notes.append(f"{_count(various, 'track')} of various artists: the artist is unknown")
    return Artists([joined.get(key_of[name], key_of[name]) for name in names], notes)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _was(number: int) -> str:
    return "was" if number == 1 else "were"
