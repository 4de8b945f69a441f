"""Define the styles of the demo corpus: patterns, chords, tempo, mood and instruments.

A pattern is one bar. Each character is one step, and all steps have the same length:

    .       silence
    -       continuation of the previous note
    x       a hit, a chord or a melody note
    o       a softer hit; it may be left out at low density
    1 to 8  this scale step, counted from the root of the chord

Sixteen steps are a 4/4 bar of semiquavers. Twelve steps are a 4/4 bar of swung triplets, or a bar
of 3/4 or 6/8.
"""

from dataclasses import dataclass

BEATS = {"4/4": 4, "3/4": 3, "6/8": 2}


@dataclass(frozen=True)
class Style:
    """A musical style.

    Attributes
    ----------
    genre : str
        Genre of the style.
    metre : str
        A key of ``BEATS``.
    tempo : tuple of float
        Lowest and highest tempo, in beats per minute.
    mood : tuple of float
        Valence and energy that its albums tend towards, each in [-1, 1].
    drums : dict of str to str
        Pattern of each drum.
    bass, chords, lead : str
        Patterns of the three pitched parts.
    progressions : tuple of str
        Chord progressions: each digit is the scale degree of one bar's chord.
    voicing : str
        Scale steps of a chord, counted from its root.
    leads, harmonies, basses : tuple of str
        Instruments that may play each part.
    """

    genre: str
    metre: str
    tempo: tuple[float, float]
    mood: tuple[float, float]
    drums: dict[str, str]
    bass: str
    chords: str
    lead: str
    progressions: tuple[str, ...]
    voicing: str
    leads: tuple[str, ...]
    harmonies: tuple[str, ...]
    basses: tuple[str, ...]


def _style(head: str, drums: str, parts: str, harmony: str, band: str) -> Style:
    """Parse the five strings that define a style in ``STYLES``."""
    genre, metre, slow, fast, valence, energy = head.split()
    kit = drums.split()
    bass, chords, lead = parts.split()
    voicing, *progressions = harmony.split()
    return Style(
        genre,
        metre,
        (float(slow), float(fast)),
        (float(valence), float(energy)),
        dict(zip(kit[::2], kit[1::2], strict=True)),
        bass,
        chords,
        lead,
        tuple(progressions),
        voicing,
        *(tuple(part.split()) for part in band.split("/")),
    )


# The five strings of a style are:
# 1. genre, metre, lowest and highest tempo, valence and energy
# 2. drums, each followed by its pattern
# 3. patterns of bass, chords and lead
# 4. voicing and progressions
# 5. instruments of lead / chords / bass
STYLES = {
    "Fiddle Jig": _style(
        "Folk 6/8 104 132 .5 .4",
        "kick x.....x..... shaker x.o.x.x.o.x.",
        "1.....5..... ....x.....x. x.x.x.x.x.x.",
        "135 1145 1514 1415",
        "fiddle flute accordion/guitar accordion/upright",
    ),
    "Slow Waltz": _style(
        "Folk 3/4 80 108 .0 -.4",
        "kick x........... brush ....x...x.o.",
        "1---........ ....x-..x-.. x-------x---",
        "135 1451 1625 1541",
        "accordion fiddle piano/guitar piano accordion/upright",
    ),
    "Campfire Song": _style(
        "Folk 4/4 84 116 .4 -.1",
        "kick x.......x....... clap ....x.......x...",
        "1.......5....... x-x.x-xxx-x.x-xx x---x-x-x---x---",
        "135 1564 1415 1645",
        "flute clarinet guitar/guitar/upright",
    ),
    "Garage Rock": _style(
        "Rock 4/4 116 148 .0 .6",
        "kick x.....x.x....... snare ....x.......x... hat x.o.x.o.x.o.x.o. crash x...............",
        "1.1.1.1.1.1.1.5. x---..x-x---x-x- x--.x-x-..x-x---",
        "1358 1414 1745 1641",
        "overdrive organ/overdrive/pick",
    ),
    "Punk Rock": _style(
        "Rock 4/4 164 200 -.2 .9",
        "kick x...x...x.x.x... snare ..x...x...x..xx. crash x.o.x.o.x.o.x.o.",
        "1.1.1.1.1.1.1.1. x-x-x-x-x-x-x-x- x---x---x-x-x---",
        "1358 1564 1455 1674",
        "overdrive/overdrive/pick",
    ),
    "Power Ballad": _style(
        "Rock 4/4 60 80 -.1 .0",
        "kick x.........x..... snare ........x....... hat x.o.x.o.x.o.x.o.",
        "1-------1-----5- x--------------- x---x-----x-x---",
        "135 1564 1645 1465",
        "overdrive piano strings/piano overdrive/pick",
    ),
    "Four on the Floor": _style(
        "Electronic 4/4 118 132 .3 .6",
        "kick x...x...x...x... open ..x...x...x...x. clap ....x.......x...",
        "..1...1...1...1. x..x..x...x..x.. x.x..x.x..x.x...",
        "135 1645 1161 1476",
        "square bell/square pad/synthbass",
    ),
    "Breakbeat": _style(
        "Electronic 4/4 150 174 -.3 .7",
        "kick x.........x..... snare ....x..o.o..x..o hat x.o.x.o.x.o.x.o.",
        "1-------...3-5-- x--------------- x-----..x-------",
        "1357 1167 1616 1147",
        "square bell/pad/synthbass",
    ),
    "Ambient Drift": _style(
        "Electronic 4/4 56 76 .0 -.8",
        "shaker ....o.......o...",
        "1-------1------- x-------x------- x-----x-----x---",
        "1357 1414 1615 1114",
        "bell flute pad/pad strings/synthbass",
    ),
    "Swing Combo": _style(
        "Jazz 4/4 144 196 .5 .5",
        "kick o..o..o..o.. hat ...x.....x.. ride x..x.xx..x.x",
        "1..3..5..6.. ..x.....x... x.xx.x.xx.x.",
        "1357 1625 2516 1425",
        "brass clarinet/piano guitar/upright",
    ),
    "Cool Trio": _style(
        "Jazz 4/4 84 116 .0 -.4",
        "brush x..x.ox..x.o ride x.....x.....",
        "1-----5----- x----...x--- x--x-x---..x",
        "1357 2511 1625 3625",
        "piano bell clarinet/piano guitar bell/upright",
    ),
    "Funk Workout": _style(
        "Jazz 4/4 90 114 .3 .6",
        "kick x..x......x..x.. snare ....x..o.o..x..o hat xxxxxxxxxxxxxxxx",
        "1..1..5...8.5.1. ..x..x....x..x.. x.x...xx..x.....",
        "1357 1114 1414 2525",
        "brass organ/guitar organ/pick",
    ),
    "Soft Bossa": _style(
        "Latin 4/4 62 84 .3 -.4",
        "rim x..x..x...x..x.. shaker xoxoxoxoxoxoxoxo kick x..xx..xx..xx..x",
        "1--15--11--15--1 x-.x-.x-..x-.x.. x--x--x---x-----",
        "1357 1625 2514 1425",
        "flute clarinet guitar/guitar piano/upright",
    ),
    "Salsa Montuno": _style(
        "Latin 4/4 88 112 .5 .7",
        "rim x..x..x...x.x... cowbell x...x.x.x...x.x. tom ..o...xx..o...xx",
        "......5-----8--- 1.35.81.35.8.5.3 x..x..x...x.x---",
        "1358 1455 1454 2514",
        "brass flute/piano/upright",
    ),
    "Street Tango": _style(
        "Latin 4/4 104 128 -.5 .3",
        "tom x.....x.x.......",
        "1...5...1...5.8. x...x...x...x.x. x---x-x---x-x---",
        "135 1451 1541 1145",
        "accordion fiddle/accordion strings piano/cello upright",
    ),
    "Court Minuet": _style(
        "Chamber 3/4 108 140 .5 .1",
        "",
        "1-------5--- x...x...x... x---x-x-x-x-",
        "135 1451 1525 1415",
        "flute harpsichord fiddle/harpsichord strings/cello",
    ),
    "Toccata": _style(
        "Chamber 4/4 96 132 -.3 .6",
        "",
        "1-------1------- 1535853515358535 x-------x-x-x---",
        "135 1415 1645 1541",
        "organ harpsichord/harpsichord organ piano/cello",
    ),
    "String Adagio": _style(
        "Chamber 4/4 48 66 -.5 -.6",
        "",
        "1-------5------- x-------x------- x-----x-x-------",
        "1358 1645 1541 1465",
        "fiddle strings/strings/cello",
    ),
}

GENRES = tuple(dict.fromkeys(style.genre for style in STYLES.values()))
