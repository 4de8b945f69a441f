"""Tags that differ only in case and punctuation, such as Hip-Hop and hip hop."""

from __future__ import annotations

import unicodedata

import pandas as pd


def spelling_key(tag: str) -> str:
    """Reduce a tag to its letters and digits, without case and accents' composition.

    Examples
    --------
    >>> spelling_key("Hip-Hop") == spelling_key("hip hop")
    True
    >>> spelling_key("R&B") == spelling_key("RB"), spelling_key("&")
    (True, '&')
    """
    plain = unicodedata.normalize("NFC", tag).casefold()
    return "".join(letter for letter in plain if letter.isalnum()) or plain


def other_spellings(tags: pd.DataFrame) -> pd.DataFrame:
    """Find the most frequent spelling of each tag that is spelled in several ways.

    Parameters
    ----------
    tags : pandas.DataFrame
        See :class:`tagspace.datasets.base.Dataset`.

    Returns
    -------
    pandas.DataFrame
        ``tagset``, ``tag`` and its most frequent ``spelling``, a row for each rarer spelling.
    """
    counts = tags.groupby(["tagset", "tag"], sort=False).size().reset_index(name="tracks")
    counts["key"] = counts["tag"].map(spelling_key)
    counts = counts.sort_values(["tracks", "tag"], ascending=[False, True], kind="stable")
    counts["spelling"] = counts.groupby(["tagset", "key"])["tag"].transform("first")
    rarer = counts[counts["tag"] != counts["spelling"]].sort_values(["tagset", "spelling", "tag"])
    return rarer[["tagset", "tag", "spelling"]].reset_index(drop=True)


def merge_spellings(tags: pd.DataFrame) -> pd.DataFrame:
    """Replace rarer spellings of tags by the most frequent one of their tag set.

    Examples
    --------
    >>> rows = [("a", "genres", "Hip-Hop"), ("b", "genres", "Hip-Hop"), ("c", "genres", "hip hop")]
    >>> merge_spellings(pd.DataFrame(rows, columns=["track_id", "tagset", "tag"]))["tag"].tolist()
    ['Hip-Hop', 'Hip-Hop', 'Hip-Hop']
    """
    spellings = tags.merge(other_spellings(tags), how="left", on=["tagset", "tag"])["spelling"]
    merged = tags.assign(tag=spellings.fillna(tags["tag"].reset_index(drop=True)).to_numpy())
    return merged.astype({"tag": tags["tag"].dtype}).drop_duplicates(ignore_index=True)
