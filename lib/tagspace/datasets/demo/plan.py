"""The catalogue: which artists there are, how albums are tagged, what each piece asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from tagspace.datasets.demo.moods import MOODS, THEMES
from tagspace.datasets.demo.piece import Album, Piece, Production, Sound
from tagspace.datasets.demo.styles import STYLES

SEED = 2019
TAGSETS = ("genres", "styles", "moods", "themes")
KEYS = ("C", "D flat", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")

# How often an editor leaves out a tag, and a whole set of tags.
TAG_OMITTED = {"genres": 0.0, "styles": 0.1, "moods": 0.12, "themes": 0.15}
SET_OMITTED = {"genres": 0.02, "styles": 0.01, "moods": 0.02, "themes": 0.02}

_FIRST = (
    "Amber Blue Broken Copper Distant Electric Fearless Gentle Golden Hollow Iron Late Little "
    "Northern Paper Quiet Restless Silver Velvet Wandering"
)
_LAST = (
    "Arcade Bridges Compass Foxes Gliders Harbour Lanterns Mirrors Parade Rivers Signals Sparrows"
)
_OF = "Before After Under Beyond Between Without Towards Over Across Around"
_THINGS = (
    "Anchors Beacons Bonfires Candles Clocks Comets Corridors Doorways Driftwood Embers Engines "
    "Feathers Fields Fountains Gardens Harvests Horizons Islands Ladders Letters Maps Markets "
    "Meadows Mornings Oceans Orchards Pebbles Quarries Rooftops Sails Satellites Shadows Snowfall "
    "Staircases Stations Suitcases Thunder Tides Tunnels Valleys Voices Whispers Willows Windows "
    "Winters Wires Woodlands Yards"
)


def catalogue(seed: int = SEED) -> list[Album]:
    """Plan the whole corpus.

    Parameters
    ----------
    seed : int
        Same seed, same corpus.

    Returns
    -------
    list of Album
        Two albums of each of 240 artists, each of two or three pieces.
    """
    rng = np.random.default_rng(seed)
    titles = iter(
        rng.permutation(
            [f"{of} {thing}" for of in _OF.split() for thing in _THINGS.split()]
        ).tolist()
    )
    artists = rng.permutation(
        [f"{first} {last}" for first in _FIRST.split() for last in _LAST.split()]
    ).tolist()
    return [
        album
        for number, artist in enumerate(artists)
        for album in _discography((seed, number), artist, titles)
    ]


def _discography(seed: tuple[int, int], artist: str, titles: Iterator[str]) -> list[Album]:
    rng = np.random.default_rng(seed)
    sound = _sound(rng)
    home = list(STYLES)[seed[1] % len(STYLES)]
    homes = [home, _relative(rng, home)]
    # What the artist adds to the mood of a style.
    temper = rng.normal(0, 0.25, size=2)
    return [
        _album((*seed, number), artist, next(titles), sound, homes, temper) for number in range(2)
    ]


def _sound(rng: np.random.Generator) -> Sound:
    return Sound(
        detune=rng.normal(0, 12),
        slope=rng.uniform(-0.3, 0.3),
        attack=2 ** rng.uniform(-0.8, 0.8),
        drum_pitch=2 ** rng.uniform(-0.3, 0.3),
        drum_decay=2 ** rng.uniform(-0.7, 0.7),
        drum_level=rng.uniform(-4, 4),
        register=int(rng.integers(-3, 4)),
    )


def _album(
    seed: tuple[int, ...],
    artist: str,
    title: str,
    sound: Sound,
    homes: list[str],
    temper: np.ndarray,
) -> Album:
    rng = np.random.default_rng(seed)
    styles = [_pick(rng, homes, (3, 1))]
    for likely in (0.3, 0.1):
        if rng.random() < likely:
            styles.append(_relative(rng, styles[0]))
    styles = list(dict.fromkeys(styles))
    leaning = 0.5 * np.array(STYLES[styles[0]].mood)
    mood = np.clip(leaning + temper + rng.normal(0, 0.4, size=2), -1, 1)
    production = _production(rng)
    pieces = tuple(
        _piece((*seed, number), styles, mood, sound, production)
        for number in range(rng.choice((2, 3)))
    )
    return Album(artist, title, _tags(rng, styles, mood), pieces)


def _relative(rng: np.random.Generator, style: str) -> str:
    """Another style, as a rule of the same genre."""
    others = [name for name in STYLES if name != style]
    weights = [1.0 if STYLES[name].genre == STYLES[style].genre else 0.04 for name in others]
    return _pick(rng, others, weights)


def _production(rng: np.random.Generator) -> Production:
    return Production(
        tilt=rng.uniform(-0.7, 0.7),
        bump_hz=_hertz(rng),
        bump_db=rng.uniform(-3, 3),
        reverb_s=rng.uniform(0.2, 0.8),
        wet=rng.uniform(0.05, 0.3),
        compression=rng.uniform(0, 0.5),
        noise_db=rng.uniform(-68, -56),
        level_db=rng.uniform(-26, -18),
    )


def _varied(rng: np.random.Generator, album: Production) -> Production:
    """Give one piece a tone, noise and level of its own: another day, another room, another tape.

    This is what training must learn to ignore.
    """
    return replace(
        album,
        tilt=album.tilt + rng.normal(0, 0.5),
        bump_hz=_hertz(rng),
        bump_db=album.bump_db + rng.normal(0, 3),
        noise_db=rng.uniform(album.noise_db, -40),
        level_db=album.level_db + rng.uniform(-12, 2),
    )


def _hertz(rng: np.random.Generator) -> float:
    return 200 * 2 ** rng.uniform(0, 4.5)


def _piece(
    seed: tuple[int, ...],
    styles: list[str],
    mood: np.ndarray,
    sound: Sound,
    production: Production,
) -> Piece:
    rng = np.random.default_rng(seed)
    # About half the pieces of an album are in its first style, if it has several; the instruments
    # may be those of any of them.
    style = _pick(rng, styles, (2, 1, 1)[: len(styles)])
    band = STYLES[rng.choice(styles)]
    lead, harmony, bass = (
        str(rng.choice(allowed)) for allowed in (band.leads, band.harmonies, band.basses)
    )
    valence, energy = np.clip(mood + rng.normal(0, 0.06, size=2), -1, 1).tolist()
    slow, fast = STYLES[style].tempo
    mode = "major" if valence > 0 else "minor"
    tonic = int(rng.integers(12))
    return Piece(
        track_id="demo-{1:03d}-{2}-{3}".format(*seed),
        title=f"{rng.choice(_THINGS.split())} in {KEYS[tonic]} {mode}",
        seed=seed,
        style=style,
        lead=lead,
        harmony=harmony,
        bass=bass,
        valence=valence,
        energy=energy,
        tempo=slow + (fast - slow) * (energy + 1) / 2,
        mode=mode,
        tonic=tonic,
        sound=sound,
        production=_varied(rng, production),
    )


def _tags(
    rng: np.random.Generator, styles: list[str], mood: np.ndarray
) -> dict[str, tuple[str, ...]]:
    """Draw the tags of an album, and leave out what an editor does not note."""
    genres = list(dict.fromkeys(STYLES[name].genre for name in styles))
    moods = {name: _closeness(mood, point, width=0.18) for name, point in MOODS.items()}
    themes = {
        name: _closeness(mood, theme.mood, width=0.3)
        * (5 if set(genres) & set(theme.genres) else 1)
        for name, theme in THEMES.items()
    }
    true = {
        "genres": genres,
        "styles": styles,
        "moods": _several(rng, moods, rng.integers(2, 6)),
        "themes": _several(rng, themes, rng.integers(1, 4)),
    }
    return {name: _as_noted(rng, name, tags) for name, tags in true.items()}


def _closeness(point: np.ndarray, other: tuple[float, float], width: float) -> float:
    return float(np.exp(-np.sum((point - other) ** 2) / (2 * width**2)))


def _several(rng: np.random.Generator, weights: dict[str, float], count: int) -> list[str]:
    p = np.array([*weights.values()]) + 1e-9
    return rng.choice([*weights], size=count, replace=False, p=p / p.sum()).tolist()


def _as_noted(rng: np.random.Generator, tagset: str, tags: list[str]) -> tuple[str, ...]:
    if rng.random() < SET_OMITTED[tagset]:
        return ()
    return tuple(tag for tag in tags if rng.random() >= TAG_OMITTED[tagset])


def _pick(rng: np.random.Generator, names: Sequence[str], weights: Sequence[float]) -> str:
    return str(rng.choice(names, p=np.divide(weights, np.sum(weights))))
