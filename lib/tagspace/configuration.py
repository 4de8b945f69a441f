"""The parameters of a run: their names, defaults, and what they accept."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tagspace.errors import TagspaceError

ENCODERS = ("dpnn", "musicnn")  # or a folder of a record, or a file of vectors
RELATEDNESS_KINDS = ("lsi", "tfidf", "lda", "overlap", "artist")  # or a file of vectors
FARTHEST = 4.0  # the largest squared distance of two vectors of unit length
# The paper's own settings, as far as published; and those chosen here on validation tracks.
PRESETS: dict[str, dict[str, Any]] = {
    "paper": {
        "mining": "literal",
        "excerpts": 1,
        "batch_size": 600,
        "augment": "never",
        "epochs": 100,
    },
    "best": {"encoder": "musicnn", "loss": "listwise", "relatedness": "tfidf", "topics": 100},
}
PLAIN_TYPES = (str, int, float, bool, list, dict, tuple, type(None))


def _parameter(default: Any, accepted: str, **limits: Any) -> Any:
    return Field(default, description=accepted, **limits)


class Configuration(BaseModel):
    """All parameters of a run. Each field's description says what it accepts.

    The constructor checks each parameter alone. :meth:`check` also checks parameters that depend on
    each other or on a file, and turns errors into one line.

    Examples
    --------
    >>> Configuration(tagsets="styles+moods", topics=60).margin
    0.2
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    # What to learn from
    dataset: str = _parameter(
        "demo",
        "demo, emotify, fma, jamendo, magnatagatune, merge, msd, or the path of a release folder "
        "or manifest.csv",
        min_length=1,
    )  # fmt: skip
    shards: str = _parameter("", "parts of the audio to fetch: 0-4 of jamendo, small of fma")
    tagsets: str | list[str] = _parameter(
        "all", "tag sets of the data set joined by +, a list of them, or all"
    )
    spellings: Literal["keep", "merge"] = _parameter(
        "keep", "keep, or merge tags that differ only in case and punctuation"
    )
    topics: int = _parameter(16, "a whole number, 1 or more", ge=1)
    relatedness: str = _parameter(
        "lsi", "lsi, tfidf, lda, overlap, artist, or the path of a table of track vectors"
    )
    encoder: str = _parameter(
        "dpnn",
        "dpnn, trained from its initial weights; or musicnn, the folder of a run's record, or the "
        "path of a table of track vectors, of which a head is trained",
    )
    excerpts: int = _parameter(5, "a whole number, 1 (the paper) to 20", ge=1, le=20)

    # Which loss, which triplets
    loss: Literal["triplet", "contrastive", "regression", "listwise", "tags"] = _parameter(
        "triplet", "triplet, contrastive, regression, listwise or tags"
    )
    mining: Literal["all", "semihard", "hard", "literal"] = _parameter(
        "all", "all, semihard, hard or literal"
    )
    positive_threshold: float = _parameter(
        0.8, "a number above negative_threshold, up to 1", gt=-1, le=1
    )
    negative_threshold: float = _parameter(
        0.2, "a number from -1 to below positive_threshold", ge=-1, le=1
    )
    batch_filter: Literal["album", "artist", "none"] = _parameter("album", "album, artist or none")

    # How to train
    augment: Literal["auto", "always", "never"] = _parameter(
        "auto", "auto, always or never; only never or auto for a head"
    )
    margin: float = _parameter(
        0.2, "a number above 0, up to 4 with unit_norm output (the largest squared distance)", gt=0
    )
    unit_norm: Literal["output", "weights", "none"] = _parameter(
        "output", "output, weights (only of dpnn) or none"
    )
    dimensions: int = _parameter(256, "a whole number, 1 or more", ge=1)
    epochs: int = _parameter(0, "a whole number; 0 chooses 10 to 100, more for smaller data", ge=0)
    patience: int = _parameter(20, "a whole number, 1 or more", ge=1)
    batch_size: int = _parameter(
        128, "a whole number, 2 or more; with loss triplet, 3 or more", ge=2
    )
    batches: Literal["uniform", "related"] = _parameter("uniform", "uniform (the paper) or related")
    learning_rate: float = _parameter(
        0.0, "a number above 0; 0 chooses 0.0001 for dpnn and 0.001 for a head", ge=0
    )
    precision: Literal["auto", "float32", "bfloat16"] = _parameter(
        "auto",
        "auto (for dpnn, bfloat16 where the device is faster at it; else float32), float32 or "
        "bfloat16",
    )

    # Which tracks to train, validate and test on
    split: str = _parameter(
        "artist",
        "artist (drawn), or a published split: official of fma, split-0 to split-4 of jamendo, "
        "column of a manifest",
        min_length=1,
    )
    folds: int = _parameter(
        0, "0 (the paper's split, or a published one), or a whole number, 2 or more", ge=0
    )
    fold: int = _parameter(0, "a whole number from 0 to below folds", ge=0)

    # How to evaluate
    pool: Literal["test", "all", "validation"] = _parameter("test", "test, all or validation")

    # How to run
    seed: int = _parameter(0, "a whole number, 0 to 4294967295", ge=0, lt=2**32)
    max_lost: float = _parameter(
        0.1, "a number from 0 to 1: the share of audio files that may be unusable", ge=0, le=1
    )
    device: str = _parameter(
        "auto", "auto, cpu, cuda, cuda:1, ... or mps", pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$"
    )
    runs: str = _parameter("", "a folder for the records; empty: runs/ in the project")

    @classmethod
    def check(cls, values: Mapping[str, object]) -> Configuration:
        """Return a checked configuration from parameters by name.

        Parameters
        ----------
        values : mapping of str to object
            Parameters by name; those left out have their defaults.

        Raises
        ------
        TagspaceError
            On the first parameter that is unknown, of a wrong type or out of range: one line that
            names it and says what is accepted.
        """
        for name in values:
            if name not in cls.model_fields:
                raise TagspaceError(f"{name}: {cls._unknown(name)}")
        try:
            configuration = cls.model_validate(dict(values))
        except ValidationError as error:
            name = str(error.errors()[0]["loc"][0])
            raise cls._refused(name, values[name]) from None
        if name := configuration._conflict():
            raise cls._refused(name, getattr(configuration, name))
        if configuration.folds and configuration.split != "artist":
            raise TagspaceError(
                f"folds: {configuration.folds} cannot be combined with split "
                f"{configuration.split!r}; set folds to 0, or split to artist"
            )
        return configuration

    def _conflict(self) -> str:
        """Name the first parameter that does not go with another one or with a file, if any."""
        is_known = self.relatedness in RELATEDNESS_KINDS or _is_file(self.relatedness)
        is_head, encoder = self.encoder != "dpnn", self.encoder
        wrong = {
            "encoder": not (
                encoder in ENCODERS or _is_file(encoder) or _is_file(f"{encoder}/run.json")
            ),
            "augment": is_head and self.augment == "always",
            "unit_norm": is_head and self.unit_norm == "weights",
            "folds": self.folds == 1,
            "fold": self.fold > max(self.folds - 1, 0),
            "relatedness": not is_known,
            "negative_threshold": self.negative_threshold >= self.positive_threshold,
            "margin": (
                self.margin > FARTHEST
                and self.unit_norm == "output"
                and self.loss in ("triplet", "contrastive")
            ),
            "batch_size": self.batch_size < 3 and self.loss == "triplet",
        }
        return next((name for name, is_wrong in wrong.items() if is_wrong), "")

    def only(self, *names: str) -> Configuration:
        """Keep some parameters, and give all others their defaults."""
        return Configuration.check({name: getattr(self, name) for name in names})

    def choose_tagsets(self, known: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the tag sets to learn from, in the order of the data set.

        Parameters
        ----------
        known : tuple of str
            The tag sets of the data set.

        Raises
        ------
        TagspaceError
            If a name is unknown or repeated, or there is none.

        Examples
        --------
        >>> Configuration(tagsets="moods+styles").choose_tagsets(("genres", "styles", "moods"))
        ('styles', 'moods')
        """
        given = self.tagsets
        names = given.split("+") if isinstance(given, str) else list(given)
        names = list(known) if names == ["all"] else [name.strip() for name in names]
        accepted = f"accepted: {', '.join(known)}, several joined by +, or all"
        for name in names:
            if name not in known:
                raise TagspaceError(
                    f"tagsets: {name!r} is not a tag set of this data set; {accepted}"
                )
        if not names or len(set(names)) < len(names):
            raise TagspaceError(f"tagsets: {given!r} repeats a name or has none; {accepted}")
        return tuple(name for name in known if name in names)

    @classmethod
    def table(cls) -> pd.DataFrame:
        """Tabulate the parameters: ``default`` and what is ``accepted``, by name."""
        fields = cls.model_fields.items()
        rows = {name: (repr(field.default), field.description) for name, field in fields}
        return pd.DataFrame.from_dict(rows, orient="index", columns=["default", "accepted"])

    @classmethod
    def _refused(cls, name: str, value: object) -> TagspaceError:
        accepted = cls.model_fields[name].description
        return TagspaceError(f"{name}: {value!r} is not accepted; accepted: {accepted}")

    @classmethod
    def _unknown(cls, name: str) -> str:
        near = difflib.get_close_matches(name, cls.model_fields, n=1)
        advice = f"did you mean {near[0]}?" if near else f"known: {', '.join(cls.model_fields)}"
        return f"unknown parameter; {advice}"


def _as_meant(name: str, value: object) -> object:
    field = Configuration.model_fields.get(name)
    if field is None:
        return value
    if isinstance(field.default, str) and type(value) is int:
        return str(value)
    if isinstance(value, str) and name not in PATHS and re.fullmatch(r"\[.*\]", value):
        texts = [text.strip().strip("'\"") for text in value[1:-1].split(",")]
        return texts if isinstance(field.default, str) else [_number(text) for text in texts]
    return value


def _number(text: str) -> int | float | str:
    for number in (int, float):
        with suppress(ValueError):
            return number(text)
    return text


# Where data and records are, and how a run is made; these do not identify an experiment.
LOCATION_PARAMETERS = {"runs", "device", "dataset", "shards", "max_lost"}
PATHS = {"dataset", "runs"}
EXPERIMENT_PARAMETERS = [
    name for name in Configuration.model_fields if name not in LOCATION_PARAMETERS
]


def _is_file(path: str) -> bool:
    try:
        return Path(path).expanduser().is_file()
    except (OSError, RuntimeError):  # the path is too long, or ~user names no account
        return False


def read_parameters(namespace: Mapping[str, object]) -> Configuration:
    """Collect the parameters that a notebook defines, and check them.

    papermill only warns about an unknown parameter. A notebook therefore calls this function with
    ``globals()`` directly after its parameters cell. Every number, string, list, dict or None
    defined by then must be a parameter.

    Parameters
    ----------
    namespace : mapping of str to object
        The notebook's names. Private ones, and those of IPython, are ignored.

    Raises
    ------
    TagspaceError
        See :meth:`Configuration.check`; or if a parameter is not one that the notebook declares.
    """
    values, declared = plain_values(namespace), namespace.get("__annotations__")
    configuration = Configuration.check(with_preset(values))
    if isinstance(declared, dict) and declared:
        for name in values:
            if name not in declared:
                raise TagspaceError(
                    f"{name}: this notebook has no such parameter, so it would have no effect; it "
                    f"has {', '.join(declared)}"
                )
    return configuration


def with_preset(values: Mapping[str, object]) -> dict[str, object]:
    """Give the parameters of a preset its values where they have their defaults, and print these.

    Parameters
    ----------
    values : mapping of str to object
        Parameters by name. ``preset`` names one of :data:`PRESETS`, or is empty.

    Returns
    -------
    dict of str to object
        The parameters without ``preset``.

    Raises
    ------
    TagspaceError
        If there is no such preset.

    Examples
    --------
    >>> with_preset({"preset": "best", "topics": 40, "loss": "triplet"})["loss"]
    preset best sets encoder musicnn, loss listwise, relatedness tfidf
    'listwise'
    """
    given = dict(values)
    preset = given.pop("preset", "")
    if not preset:
        return given
    if preset not in list(PRESETS):  # it may be of any type
        raise TagspaceError(f"preset: {preset!r} is not accepted; accepted: {', '.join(PRESETS)}")
    fields = Configuration.model_fields
    chosen = {
        name: value
        for name, value in PRESETS[preset].items()
        if given.get(name, fields[name].default) == fields[name].default
    }
    print(f"preset {preset} sets {', '.join(f'{name} {value}' for name, value in chosen.items())}")
    return {**given, **chosen}


def plain_values(namespace: Mapping[str, object]) -> dict[str, object]:
    """Select the parameters among the names that a notebook defines.

    These are the numbers, strings, lists, dicts and None. A value of another type is kept too if
    it has the name of a parameter, so that the check refuses it. Modules are never kept.

    ``papermill -p`` makes numbers of texts such as 2019, and leaves lists such as ``[genres,
    moods]`` as texts; both are turned back.
    """
    return {
        name: _as_meant(name, value)
        for name, value in namespace.items()
        if not name.startswith("_")
        and name not in ("In", "Out")
        and (
            isinstance(value, PLAIN_TYPES)
            or (name in Configuration.model_fields and not isinstance(value, ModuleType))
        )
    }
