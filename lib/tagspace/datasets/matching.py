"""Assign album tags to tracks by matching the names of artists and releases (Section V).

The paper had tags of albums, identified by artist and title. The Million Song Dataset lists the
artist and release of each track. Names are compared twice: first ignoring only case and spacing,
then normalised. A track that matches several albums with different tags is ambiguous and gets none.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

NAMES = ("artist", "release")
LEVELS = ("equal", "normalised")

# Unicode decomposition does not split these letters into a letter and an accent.
LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th"})
GUEST = re.compile(r"[\s(\[]+(feat(?!\s+of\b)|featuring|ft)\b\.?\s+\S.*")
EDITION = (
    r"(re-?master|re-?issue|deluxe|expanded|edition|anniversary|bonus|digital|explicit|"
    r"(mono|stereo|import)\b|dis[ck] \d|cd ?\d|\d{4} version)"
)
BRACKETED_EDITION = re.compile(rf"[(\[][^)\]]*\b{EDITION}[^)\]]*[)\]]")
TRAILING_EDITION = re.compile(rf"\s+-\s+[^-]*\b{EDITION}.*$")
ARTICLE = re.compile(r"^the\s+(?=\S)|\s+the$")


@dataclass(frozen=True)
class Matches:
    """The result of :func:`match`: the tagged album of each track.

    Attributes
    ----------
    tracks : pandas.DataFrame
        One row per track, indexed by track id. ``album`` is the row of the album in its table, or
        -1 if no album matches or the track is ambiguous. ``level`` is the comparison that found one
        or several albums, ``equal`` or ``normalised``. It is empty if no album matches.
    ambiguous : pandas.DataFrame
        One row per release that matches several albums with different tags: ``artist``,
        ``release``, ``level``, ``tracks`` (how many it has) and ``albums`` (all that match).
    n_albums : int
        Number of albums in the table.
    """

    tracks: pd.DataFrame
    ambiguous: pd.DataFrame
    n_albums: int

    def report(self) -> str:
        """Summarise how many tracks and albums were matched, one count per line."""
        matched = self.tracks[self.tracks["album"] >= 0]
        ambiguous = int(self.ambiguous["tracks"].sum())
        counts = {
            "tracks matched by equal names": int((matched["level"] == "equal").sum()),
            "tracks matched by normalised names": int((matched["level"] == "normalised").sum()),
            "tracks that match several albums": ambiguous,
            "tracks without a match": len(self.tracks) - len(matched) - ambiguous,
        }
        lines = [
            f"{count:>9,} {name} ({count / len(self.tracks):.1%})" for name, count in counts.items()
        ]
        n_found = matched["album"].nunique()
        lines.append(
            f"{n_found:>9,} of {self.n_albums:,} albums were found ({n_found / self.n_albums:.1%})"
        )
        return "\n".join(lines)


def match(albums: pd.DataFrame, songs: pd.DataFrame) -> Matches:
    """Find the album of each track by the names of artist and release.

    Parameters
    ----------
    albums : pandas.DataFrame
        Columns ``artist`` and ``release``, and one per tag set. If a track matches several albums
        with the same tags, it gets the first of them.
    songs : pandas.DataFrame
        Columns ``artist`` and ``release``, indexed by track id.

    Returns
    -------
    Matches
        Normalised names are compared only for tracks that match no album by equal names.
    """
    # Many tracks share a release, and each distinct release is matched once.
    releases = songs[list(NAMES)].drop_duplicates(ignore_index=True)
    # Albums with the same tags have the same number.
    tag_columns = list(albums.columns.difference(NAMES))
    tag_numbers = albums.groupby(tag_columns, sort=False, dropna=False).ngroup()
    result = pd.DataFrame({"album": -1, "level": ""}, index=releases.index)
    candidates: dict[int, list[int]] = {}  # row of an ambiguous release -> rows of albums
    for level, simplify in zip(LEVELS, (_plain, normalise), strict=True):
        release_keys = _keys(releases[result["level"] == ""], simplify)
        album_keys = _keys(albums, simplify)
        album_keys = album_keys[album_keys.isin(release_keys)]
        rows_by_key = album_keys.index.to_series().groupby(album_keys.to_numpy())
        first_rows, all_rows = rows_by_key.first(), rows_by_key.agg(list)
        n_tags = tag_numbers[album_keys.index].groupby(album_keys.to_numpy()).nunique()
        matched = release_keys[release_keys.isin(first_rows.index)]
        is_ambiguous = matched.map(n_tags > 1).astype(bool)
        unique = matched[~is_ambiguous]
        result.loc[matched.index, "level"] = level
        result.loc[unique.index, "album"] = unique.map(first_rows)
        candidates |= {row: all_rows[key] for row, key in matched[is_ambiguous].items()}
    release_rows = songs.reset_index(drop=True).merge(
        releases.assign(row=releases.index), how="left", on=list(NAMES), validate="many_to_one"
    )["row"]
    tracks = result.loc[release_rows].set_index(songs.index)
    ambiguous = _ambiguous(candidates, releases, albums, result["level"], release_rows)
    return Matches(tracks, ambiguous, len(albums))


def _keys(table: pd.DataFrame, simplify: Callable[[str], str]) -> pd.Series:
    """Join simplified artist and release; rows with an empty name are dropped."""
    artist, release = (
        table[name].map({text: simplify(text) for text in table[name].unique()}) for name in NAMES
    )
    return (artist + "\n" + release)[(artist != "") & (release != "")]


def _ambiguous(
    candidates: dict[int, list[int]],
    releases: pd.DataFrame,
    albums: pd.DataFrame,
    levels: pd.Series,
    release_rows: pd.Series,
) -> pd.DataFrame:
    """Build the table of ambiguous releases, those with most tracks first."""
    rows = list(candidates)
    names = albums["artist"] + ": " + albums["release"]
    table = releases.loc[rows].assign(
        level=levels.loc[rows],
        tracks=release_rows.value_counts().reindex(rows).to_numpy(),
        albums=[
            " | ".join(f"{names[album]} (row {album})" for album in fitting)
            for fitting in candidates.values()
        ],
    )
    return table.sort_values("tracks", ascending=False, ignore_index=True)


def _plain(name: str) -> str:
    """Fold case and white space, and compose accents."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def normalise(name: str) -> str:
    """Reduce the name of an artist or release to what different sources have in common.

    Accents, case, punctuation, a leading or trailing "the", guest artists ("feat. ...") and
    editions ("(Deluxe Edition)", "- 2009 Remaster") are removed. "&" and "+" become "and". If
    nothing remains, only case and spacing are changed.

    Examples
    --------
    >>> normalise("The Inventéd & Friends feat. Nobody")
    'invented and friends'
    >>> normalise("Greatest Hits [Deluxe Edition]")
    'greatest hits'
    """
    plain = _plain(name)
    text = unicodedata.normalize("NFKD", plain)
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    text = text.translate(LETTERS).replace("&", " and ").replace("+", " and ")
    text = TRAILING_EDITION.sub("", BRACKETED_EDITION.sub(" ", GUEST.sub("", text)))
    text = re.sub(r"[^\w\s]|_", " ", re.sub(r"['’`´]", "", text))
    text = ARTICLE.sub("", " ".join(text.split()))
    return text or plain
