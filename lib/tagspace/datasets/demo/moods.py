"""Define the moods and themes of the demo corpus as points of valence and energy.

Valence ranges from sad (-1) to happy (1), energy from calm (-1) to lively (1). Albums receive tags
that are near to each other. Latent semantic indexing can find these co-occurrences.
"""

from dataclasses import dataclass

MOODS = {
    "Angry": (-0.8, 0.9),
    "Restless": (-0.35, 0.75),
    "Driving": (0.05, 0.9),
    "Rousing": (0.45, 0.9),
    "Exuberant": (0.85, 0.85),
    "Tense": (-0.75, 0.5),
    "Brash": (-0.3, 0.4),
    "Confident": (0.2, 0.45),
    "Playful": (0.6, 0.45),
    "Cheerful": (0.95, 0.4),
    "Brooding": (-0.9, 0.1),
    "Yearning": (-0.45, 0.0),
    "Earnest": (0.0, 0.0),
    "Easy-Going": (0.5, 0.0),
    "Sunny": (0.9, 0.0),
    "Gloomy": (-0.9, -0.4),
    "Wistful": (-0.45, -0.4),
    "Reflective": (0.0, -0.45),
    "Warm": (0.45, -0.4),
    "Sweet": (0.85, -0.4),
    "Desolate": (-0.75, -0.85),
    "Sombre": (-0.35, -0.85),
    "Dreamy": (0.1, -0.9),
    "Peaceful": (0.65, -0.85),
}


@dataclass(frozen=True)
class Theme:
    """A theme: its valence and energy, and the genres in which it is more frequent."""

    mood: tuple[float, float]
    genres: tuple[str, ...]


THEMES = {
    "Celebration": Theme((0.8, 0.8), ("Latin", "Folk")),
    "Dancing": Theme((0.4, 0.8), ("Electronic", "Latin")),
    "Rebellion": Theme((-0.7, 0.9), ("Rock",)),
    "Road Trip": Theme((0.1, 0.6), ("Rock", "Folk")),
    "Playful": Theme((0.7, 0.5), ("Jazz", "Folk")),
    "Big City": Theme((-0.2, 0.4), ("Jazz", "Electronic")),
    "Summer": Theme((0.8, 0.0), ("Latin",)),
    "Seaside": Theme((0.4, -0.4), ("Latin", "Folk")),
    "Romance": Theme((0.4, -0.2), ("Jazz", "Latin")),
    "Late Night": Theme((-0.2, -0.4), ("Jazz", "Electronic")),
    "Heartbreak": Theme((-0.7, -0.1), ("Rock", "Folk")),
    "Rainy Day": Theme((-0.5, -0.6), ("Folk", "Chamber")),
    "Remembrance": Theme((-0.6, -0.8), ("Chamber",)),
    "Starlight": Theme((0.4, -0.9), ("Electronic", "Chamber")),
}
