"""The demo corpus: short pieces composed and synthesised by the package itself.

It stands in for a music collection where none is at hand: real audio files, four tag sets given
per album, artists with a sound and albums with a production. What is measured on it says that
the pipeline works, and nothing about music.

The modules read in the order in which a piece is made: :mod:`styles`, :mod:`moods` and
:mod:`instruments` are the tables, :mod:`piece` says what is asked of a piece, :mod:`plan` draws the
catalogue, :mod:`compose` writes the notes, :mod:`synth` plays them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
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

# Raise this whenever the same plan would sound different, so that no stale file is found.
VERSION = "2"


def load() -> Dataset:
    """List the demo corpus; its audio is made by ``make_audio`` of the result.

    Returns
    -------
    Dataset
        About 1,200 tracks of 12 s in the tag sets genres, styles, moods and themes. The files lie
        in the cache folder.
    """
    folder = cache_folder() / "datasets" / f"demo-{VERSION}"
    albums = catalogue()
    pieces = [(album, piece) for album in albums for piece in album.pieces]
    return build(
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


def audio_path(piece: Piece, folder: Path) -> Path:
    """Where the audio of a piece lies in a folder."""
    return folder / f"{piece.track_id}.flac"


def render(pieces: Sequence[Piece], folder: Path) -> None:
    """Make the audio files that are not there yet, on all processors, with a progress bar.

    Parameters
    ----------
    pieces : sequence of Piece
        What to render.
    folder : Path
        Where the files go. A file appears there whole or not at all, so that an interrupted run
        is taken up where it stopped.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{folder}.lock"):  # of several workers, one makes them and the others wait
        missing = [piece for piece in pieces if not audio_path(piece, folder).exists()]
        if not missing:
            return
        # Threads are enough, as numpy lets go of the interpreter lock for nearly all of the work.
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            made = pool.map(partial(render_piece, folder=folder), missing)
            for _ in Progress(made, desc="demo corpus", total=len(missing), unit="piece"):
                pass


def render_piece(piece: Piece, folder: Path) -> None:
    """Compose, play and write one piece.

    Parameters
    ----------
    piece : Piece
        What is asked for.
    folder : Path
        An existing folder.
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
