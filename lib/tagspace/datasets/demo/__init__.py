"""The demo corpus: about 1,200 short pieces that this package composes and synthesises.

It replaces a music collection in examples and tests. The pieces are real audio files. Each album
has tags in four tag sets and its own production, and each artist has a characteristic sound.
Results on the demo corpus show that the pipeline works; they say nothing about music.

The modules, in the order in which a piece is made:

- :mod:`styles`, :mod:`moods` and :mod:`instruments`: tables of constants
- :mod:`piece`: the parameters of a piece
- :mod:`plan`: draws artists, albums, tags and the parameters of all pieces
- :mod:`compose`: turns the parameters of a piece into notes
- :mod:`synth`: turns notes into audio
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import soundfile
from filelock import FileLock

from tagspace.datasets.base import Dataset, build
from tagspace.datasets.demo.compose import compose
from tagspace.datasets.demo.piece import Piece
from tagspace.datasets.demo.plan import TAGSETS, catalogue
from tagspace.datasets.demo.synth import SAMPLE_RATE, synthesise
from tagspace.support.cache import cache_folder
from tagspace.support.progress import Progress

# Increase this number whenever the audio of a piece changes, so that cached files are not reused.
VERSION = "2"


def load() -> Dataset:
    """Return the tracks and tags of the demo corpus, without creating its audio.

    Returns
    -------
    Dataset
        About 1,200 tracks of 12 s with the tag sets genres, styles, moods and themes. Its
        ``make_audio`` creates the audio files in the cache folder.
    """
    folder = cache_folder() / "datasets" / f"demo-{VERSION}"
    albums = catalogue()
    pieces = [(album, piece) for album in albums for piece in album.pieces]
    dataset = build(
        "demo",
        tracks=[
            (
                piece.track_id,
                album.artist,
                (album.title,),
                piece.title,
                str(audio_path(piece, folder)),
            )
            for album, piece in pieces
        ],
        tags=[
            (piece.track_id, tagset, tag)
            for album, piece in pieces
            for tagset in TAGSETS
            for tag in album.tags[tagset]
        ],
        tagsets=TAGSETS,
        make_audio=partial(render, [piece for _, piece in pieces], folder),
    )
    return replace(dataset, recipe=f"demo-{VERSION}")


def audio_path(piece: Piece, folder: Path) -> Path:
    """Return the path of the audio file of a piece in the given folder."""
    return folder / f"{piece.track_id}.flac"


def render(pieces: Sequence[Piece], folder: Path) -> None:
    """Create the missing audio files on all processors, with a progress bar.

    An interrupted run can be resumed, because a file appears only when it is complete.

    Parameters
    ----------
    pieces : sequence of Piece
        The pieces to render.
    folder : Path
        Where the files are stored. It is created if it does not exist.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):  # one of several processes renders, the others wait
        missing = [piece for piece in pieces if not audio_path(piece, folder).exists()]
        if not missing:
            return
        # Threads suffice, because numpy releases the interpreter lock for nearly all of the work.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            rendered = pool.map(partial(render_piece, folder=folder), missing)
            for _ in Progress(rendered, desc="demo corpus", total=len(missing), unit="piece"):
                pass


def render_piece(piece: Piece, folder: Path) -> None:
    """Compose and synthesise one piece and write it as a FLAC file.

    Parameters
    ----------
    piece : Piece
        The piece to render.
    folder : Path
        An existing folder for the file.
    """
    path = audio_path(piece, folder)
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    try:
        soundfile.write(
            unfinished, synthesise(compose(piece), piece), SAMPLE_RATE, "PCM_16", format="FLAC"
        )
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
