"""From tags of albums to tags of tracks, by matching names directly (Section V).

The paper had tags of albums, by artist and title, and tracks of which the Million Song Dataset
tells artist and release. Both are matched as strings: first as they stand, then normalised. What
could be several albums is listed, never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import pandas as pd

NAMES = ("artist", "release")
LEVELS = ("equal", "normalised")

# Letters that Unicode does not take apart into a letter and a mark.
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
    """Which tracks are on which tagged albums.

    Attributes
    ----------
    tracks : pandas.DataFrame
        Indexed by track id, one row per track: ``album``, the row of the album in its table (-1:
        none), and ``level``, ``equal`` or ``normalised``, at which it was found (or was ambiguous);
        empty where nothing was.
    ambiguous : pandas.DataFrame
        One row per release of the tracks that several albums with different tags fit: ``artist``,
        ``release``, ``level``, ``tracks`` (how many) and ``albums`` (all that fit).
    n_albums : int
        Size of the table of albums.
    """

    tracks: pd.DataFrame
    ambiguous: pd.DataFrame
    n_albums: int

    def report(self) -> str:
        """Say in a few lines what was matched and what was not."""
        matched = self.tracks[self.tracks["album"] >= 0]
        ambiguous = int(self.ambiguous["tracks"].sum())
        counts = {level: int((matched["level"] == level).sum()) for level in LEVELS}
        nothing = len(self.tracks) - len(matched) - ambiguous
        albums = matched["album"].nunique()
        lines = {
            "tracks matched by equal names": counts["equal"],
            "tracks matched by normalised names": counts["normalised"],
            "tracks that several albums fit": ambiguous,
            "tracks that no album fits": nothing,
        }
        shares = [
            f"{count:>9,} {what} ({count / len(self.tracks):.1%})" for what, count in lines.items()
        ]
        found = (
            f"{albums:>9,} of {self.n_albums:,} albums were found ({albums / self.n_albums:.1%})"
        )
        return "\n".join([*shares, found])


def match(albums: pd.DataFrame, songs: pd.DataFrame) -> Matches:
    """Find the album of each track by the names of artist and release.

    Parameters
    ----------
    albums : pandas.DataFrame
        ``artist``, ``release``, and one column per tag set. Albums that cannot be told apart by
        their names are no trouble if their tags are the same.
    songs : pandas.DataFrame
        Indexed by track id: ``artist`` and ``release``, as names.

    Returns
    -------
    Matches
        Each track has an album, or is ambiguous, or has none. What is found at one level is not
        sought at the next one.
    """
    releases = songs[list(NAMES)].drop_duplicates(ignore_index=True)
    kinds = albums.groupby(
        list(albums.columns.difference(NAMES)), sort=False, dropna=False
    ).ngroup()
    found = pd.DataFrame({"album": -1, "level": "", "n": 0}, index=releases.index)
    fitting: dict[int, list[int]] = {}
    for level, key in zip(LEVELS, (_plain, normalise), strict=True):
        wanted = _keys(releases[found["level"] == ""], key)
        offered = _keys(albums, key)
        offered = offered[offered.isin(wanted)]
        by_key = offered.index.to_series().groupby(offered.to_numpy())
        first = by_key.first()
        kind = kinds[offered.index].groupby(offered.to_numpy()).agg(["min", "max"])
        several = kind["min"] != kind["max"]
        wanted = wanted[wanted.isin(first.index)]
        unclear = wanted.map(several).astype(bool)
        found.loc[wanted.index, "level"] = level
        found.loc[wanted.index[~unclear], "album"] = wanted[~unclear].map(first)
        lists = by_key.agg(list)
        fitting |= {row: lists[name] for row, name in wanted[unclear].items()}
    joined = songs.reset_index().merge(
        releases.assign(row=releases.index), on=list(NAMES), validate="many_to_one"
    )
    joined = joined.set_index(songs.index.name or "index").loc[songs.index]
    tracks = found.loc[joined["row"], ["album", "level"]].set_index(songs.index)
    return Matches(tracks, _listed(fitting, releases, albums, found, joined["row"]), len(albums))


def _keys(table: pd.DataFrame, key) -> pd.Series:  # noqa: ANN001
    """Join the keys of artist and release; an empty name fits nothing."""
    parts = [table[name].map({text: key(text) for text in table[name].unique()}) for name in NAMES]
    keys = parts[0] + "\n" + parts[1]
    return keys[(parts[0] != "") & (parts[1] != "")]


def _listed(
    fitting: dict[int, list[int]],
    releases: pd.DataFrame,
    albums: pd.DataFrame,
    found: pd.DataFrame,
    rows: pd.Series,
) -> pd.DataFrame:
    names = albums["artist"] + ": " + albums["release"]
    listed = releases.loc[list(fitting)].assign(
        level=found.loc[list(fitting), "level"],
        tracks=rows.value_counts().reindex(list(fitting)).to_numpy(),
        albums=[
            " | ".join(f"{names[row]} (row {row})" for row in some) for some in fitting.values()
        ],
    )
    return listed.sort_values("tracks", ascending=False, ignore_index=True)


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def normalise(name: str) -> str:
    """Reduce a name of an artist or a release to what different writers have in common.

    Accents, case, punctuation, a leading or trailing "the", guests ("feat. ...") and what tells
    editions apart ("(Deluxe Edition)", "- 2009 Remaster") go; "&" and "+" become "and". A name of
    which nothing would be left stays as it is.

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
