"""Draw the artists, albums, tags and pieces of the demo corpus."""

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

# Probability that an editor omits a tag of an album, and all its tags of one set.
TAG_OMITTED = {"genres": 0.0, "styles": 0.1, "moods": 0.12, "themes": 0.15}
SET_OMITTED = {"genres": 0.02, "styles": 0.01, "moods": 0.02, "themes": 0.02}

# Words for the names of artists ("Amber Arcade") and albums ("Before Anchors").
_ADJECTIVES = (
    "Amber Blue Broken Copper Distant Electric Fearless Gentle Golden Hollow Iron Late Little "
    "Northern Paper Quiet Restless Silver Velvet Wandering"
)
_ARTIST_NOUNS = (
    "Arcade Bridges Compass Foxes Gliders Harbour Lanterns Mirrors Parade Rivers Signals Sparrows"
)
_PREPOSITIONS = "Before After Under Beyond Between Without Towards Over Across Around"
_TITLE_NOUNS = (
    "Anchors Beacons Bonfires Candles Clocks Comets Corridors Doorways Driftwood Embers Engines "
    "Feathers Fields Fountains Gardens Harvests Horizons Islands Ladders Letters Maps Markets "
    "Meadows Mornings Oceans Orchards Pebbles Quarries Rooftops Sails Satellites Shadows Snowfall "
    "Staircases Stations Suitcases Thunder Tides Tunnels Valleys Voices Whispers Willows Windows "
    "Winters Wires Woodlands Yards"
)


def catalogue(seed: int = SEED) -> list[Album]:
    """Draw all albums of the corpus.

    Parameters
    ----------
    seed : int
        The same seed gives the same corpus.

    Returns
    -------
    list of Album
        Two albums by each of 240 artists, with two or three pieces each.
    """
    rng = np.random.default_rng(seed)
    titles = iter(_shuffled_pairs(rng, _PREPOSITIONS, _TITLE_NOUNS))
    artists = _shuffled_pairs(rng, _ADJECTIVES, _ARTIST_NOUNS)
    return [
        album
        for number, artist in enumerate(artists)
        for album in _discography((seed, number), artist, titles)
    ]


def _shuffled_pairs(rng: np.random.Generator, first: str, second: str) -> list[str]:
    """Combine each word of one string with each word of another, in random order."""
    pairs = [f"{a} {b}" for a in first.split() for b in second.split()]
    return [str(pair) for pair in rng.permutation(pairs)]


def _discography(seed: tuple[int, int], artist: str, titles: Iterator[str]) -> list[Album]:
    """Draw the two albums of an artist."""
    rng = np.random.default_rng(seed)
    sound = _sound(rng)
    main_style = list(STYLES)[seed[1] % len(STYLES)]
    styles = [main_style, _related_style(rng, main_style)]
    # The artist's own deviation from the typical mood of a style.
    mood_offset = rng.normal(0, 0.25, size=2)
    return [
        _album((*seed, number), artist, next(titles), sound, styles, mood_offset)
        for number in range(2)
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
    artist_styles: list[str],
    mood_offset: np.ndarray,
) -> Album:
    rng = np.random.default_rng(seed)
    styles = [_pick(rng, artist_styles, (3, 1))]
    for probability in (0.3, 0.1):
        if rng.random() < probability:
            styles.append(_related_style(rng, styles[0]))
    styles = list(dict.fromkeys(styles))
    typical_mood = 0.5 * np.array(STYLES[styles[0]].mood)
    mood = np.clip(typical_mood + mood_offset + rng.normal(0, 0.4, size=2), -1, 1)
    production = _production(rng)
    pieces = tuple(
        _piece((*seed, number), styles, mood, sound, production)
        for number in range(rng.choice((2, 3)))
    )
    return Album(artist, title, _tags(rng, styles, mood), pieces)


def _related_style(rng: np.random.Generator, style: str) -> str:
    """Draw another style, usually of the same genre."""
    others = [name for name in STYLES if name != style]
    weights = [1.0 if STYLES[name].genre == STYLES[style].genre else 0.04 for name in others]
    return _pick(rng, others, weights)


def _production(rng: np.random.Generator) -> Production:
    return Production(
        tilt=rng.uniform(-0.7, 0.7),
        bump_hz=_bump_hz(rng),
        bump_db=rng.uniform(-3, 3),
        reverb_s=rng.uniform(0.2, 0.8),
        wet=rng.uniform(0.05, 0.3),
        compression=rng.uniform(0, 0.5),
        noise_db=rng.uniform(-68, -56),
        level_db=rng.uniform(-26, -18),
    )


def _vary(rng: np.random.Generator, album: Production) -> Production:
    """Vary equaliser, noise and level of an album's production for one piece.

    A trained network must learn to ignore these variations.
    """
    return replace(
        album,
        tilt=album.tilt + rng.normal(0, 0.5),
        bump_hz=_bump_hz(rng),
        bump_db=album.bump_db + rng.normal(0, 3),
        noise_db=rng.uniform(album.noise_db, -40),
        level_db=album.level_db + rng.uniform(-12, 2),
    )


def _bump_hz(rng: np.random.Generator) -> float:
    return 200 * 2 ** rng.uniform(0, 4.5)


def _piece(
    seed: tuple[int, ...],
    styles: list[str],
    mood: np.ndarray,
    sound: Sound,
    production: Production,
) -> Piece:
    rng = np.random.default_rng(seed)
    # The first of several styles is used for about half the pieces. The instruments may come from
    # any of the styles.
    style = _pick(rng, styles, (2, 1, 1)[: len(styles)])
    band = STYLES[rng.choice(styles)]
    lead, harmony, bass = (
        str(rng.choice(allowed)) for allowed in (band.leads, band.harmonies, band.basses)
    )
    valence, energy = np.clip(mood + rng.normal(0, 0.06, size=2), -1, 1).tolist()
    slow, fast = STYLES[style].tempo
    mode = "major" if valence > 0 else "minor"
    tonic = int(rng.integers(12))
    _, artist_number, album_number, piece_number = seed
    return Piece(
        track_id=f"demo-{artist_number:03d}-{album_number}-{piece_number}",
        title=f"{rng.choice(_TITLE_NOUNS.split())} in {KEYS[tonic]} {mode}",
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
        production=_vary(rng, production),
    )


def _tags(
    rng: np.random.Generator, styles: list[str], mood: np.ndarray
) -> dict[str, tuple[str, ...]]:
    """Draw the tags of an album, then omit some as an editor would."""
    genres = list(dict.fromkeys(STYLES[name].genre for name in styles))
    moods = {name: _proximity(mood, point, width=0.18) for name, point in MOODS.items()}
    themes = {
        name: _proximity(mood, theme.mood, width=0.3)
        * (5 if set(genres) & set(theme.genres) else 1)
        for name, theme in THEMES.items()
    }
    complete = {
        "genres": genres,
        "styles": styles,
        "moods": _sample(rng, moods, int(rng.integers(2, 6))),
        "themes": _sample(rng, themes, int(rng.integers(1, 4))),
    }
    return {tagset: _omit(rng, tagset, tags) for tagset, tags in complete.items()}


def _proximity(point: np.ndarray, other: tuple[float, float], width: float) -> float:
    return float(np.exp(-np.sum((point - other) ** 2) / (2 * width**2)))


def _sample(rng: np.random.Generator, weights: dict[str, float], count: int) -> list[str]:
    """Draw ``count`` different names with probabilities proportional to their weights."""
    p = np.array([*weights.values()]) + 1e-9
    names = rng.choice([*weights], size=count, replace=False, p=p / p.sum())
    return [str(name) for name in names]


def _omit(rng: np.random.Generator, tagset: str, tags: list[str]) -> tuple[str, ...]:
    """Omit random tags, or all of them."""
    if rng.random() < SET_OMITTED[tagset]:
        return ()
    return tuple(tag for tag in tags if rng.random() >= TAG_OMITTED[tagset])


def _pick(rng: np.random.Generator, names: Sequence[str], weights: Sequence[float]) -> str:
    return str(rng.choice(names, p=np.divide(weights, np.sum(weights))))
