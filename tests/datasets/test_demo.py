"""The demo corpus: its tags, its notes, and whether its audio has the requested properties."""

from dataclasses import replace
from itertools import combinations

import librosa
import numpy as np
import pytest
import soundfile

from tagspace.datasets import demo
from tagspace.datasets.demo import audio_path, render, render_piece
from tagspace.datasets.demo.compose import SECONDS, compose
from tagspace.datasets.demo.instruments import DRUMS, INSTRUMENTS
from tagspace.datasets.demo.moods import MOODS, THEMES
from tagspace.datasets.demo.plan import TAGSETS, catalogue
from tagspace.datasets.demo.styles import BEATS, GENRES, STYLES
from tagspace.datasets.demo.synth import PEAK, SAMPLE_RATE, SAMPLES, synthesise

HOP = 256
# Key profiles by Krumhansl and Kessler, starting at the tonic.
MAJOR = [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88]
MINOR = [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17]
ALBUMS = catalogue()
PIECES = [piece for album in ALBUMS for piece in album.pieces]
# One piece of each style.
SAMPLE = [[piece for piece in PIECES if piece.style == style][7] for style in STYLES]


@pytest.fixture(scope="module")
def waves():
    return {piece.track_id: render_wave(piece) for piece in SAMPLE}


@pytest.fixture
def dataset(tmp_path, monkeypatch):
    monkeypatch.setenv("TAGSPACE_CACHE", str(tmp_path))
    return demo.load()


def render_wave(piece):
    return synthesise(compose(piece), piece)


def periodicity(wave):
    """Return the autocorrelation of the onset strength, by lag in frames of HOP samples."""
    onsets = librosa.onset.onset_strength(y=wave, sr=SAMPLE_RATE, hop_length=HOP)
    onsets = onsets - onsets.mean()
    products = np.correlate(onsets, onsets, "full")[len(onsets) - 1 :]
    return products / np.arange(len(onsets), 0, -1)


def frames(piece, beats):
    return beats * 60 / piece.tempo * SAMPLE_RATE / HOP


def by_style(piece):
    return piece.style


# Structure


def test_load_lists_all_tracks_and_creates_no_audio(dataset, tmp_path):
    assert 1150 <= len(dataset.tracks) <= 1250
    assert dataset.tracks["artist"].nunique() == 240
    assert dataset.tagsets == TAGSETS
    assert dataset.tracks["path"].is_unique
    assert dataset.tracks["path"].str.startswith(str(tmp_path / "datasets" / "demo-")).all()
    assert not list(tmp_path.iterdir())


def test_artists_have_at_least_two_albums_and_albums_have_one_artist(dataset):
    tracks = dataset.tracks.assign(album=dataset.tracks["album"].str[0])
    assert tracks.groupby("artist")["album"].nunique().min() >= 2
    assert tracks.groupby("album")["artist"].nunique().max() == 1
    assert tracks.groupby("album").size().between(2, 3).all()


def test_tracks_of_an_album_have_the_same_tags(dataset):
    album = dataset.tracks["album"].str[0]
    tags = dataset.tags.groupby("track_id").apply(
        lambda rows: frozenset(zip(rows["tagset"], rows["tag"], strict=True))
    )
    assert tags.groupby(album.loc[tags.index]).nunique().max() == 1


def test_only_one_word_is_a_tag_in_two_tag_sets(dataset):
    words = dataset.tags.groupby("tagset")["tag"].agg(set)
    assert words["genres"] == set(GENRES)
    assert words["styles"] == set(STYLES)
    assert words["moods"] == set(MOODS)
    assert words["themes"] == set(THEMES)
    shared = [words[a] & words[b] for a, b in combinations(TAGSETS, 2)]
    assert set.union(*shared) == {"Playful"}


def test_some_tags_and_whole_tag_sets_are_omitted(dataset):
    sets = dataset.tags.groupby("track_id")["tagset"].nunique()
    assert 0.75 <= (sets == len(TAGSETS)).sum() / len(dataset.tracks) <= 0.85
    assert all(any(not album.tags[tagset] for album in ALBUMS) for tagset in TAGSETS)
    # Albums omit one style in ten, so the style of most pieces is among their tags.
    tagged = [piece.style in album.tags["styles"] for album in ALBUMS for piece in album.pieces]
    assert 0.8 < np.mean(tagged) < 0.95


def test_moods_of_an_album_are_near_each_other():
    def distance(a, b):
        return np.hypot(*np.subtract(MOODS[a], MOODS[b]))

    same_album = [
        distance(*pair) for album in ALBUMS for pair in combinations(album.tags["moods"], 2)
    ]
    all_pairs = [distance(*pair) for pair in combinations(MOODS, 2)]
    assert np.mean(same_album) < 0.6 * np.mean(all_pairs)


# The tables and the notes


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_patterns_have_whole_beats_and_known_instruments(style):
    for pattern in (style.bass, style.chords, style.lead, *style.drums.values()):
        assert len(pattern) % BEATS[style.metre] == 0
    assert set(style.drums) <= set(DRUMS)
    assert {*style.leads, *style.harmonies, *style.basses} <= set(INSTRUMENTS)


@pytest.mark.parametrize("piece", SAMPLE, ids=by_style)
def test_notes_belong_to_the_key_and_to_the_beat_grid(piece):
    scale = {"major": {0, 2, 4, 5, 7, 9, 11}, "minor": {0, 2, 3, 5, 7, 8, 10, 11}}[piece.mode]
    tones = [note for note in compose(piece) if note.instrument in INSTRUMENTS]
    assert {note.instrument for note in tones} == {piece.lead, piece.harmony, piece.bass}
    assert {(note.pitch - piece.tonic) % 12 for note in tones} <= scale
    assert min(note.pitch for note in tones) >= 28
    assert max(note.pitch for note in tones) <= 96
    steps = [note.onset * piece.tempo / 60 * 12 for note in tones]
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-6)
    assert max(note.onset for note in tones) < SECONDS


# The sound


@pytest.mark.parametrize("piece", SAMPLE, ids=by_style)
def test_the_audio_has_neither_gaps_nor_clipping(waves, piece):
    wave = waves[piece.track_id]
    assert wave.shape == (SAMPLES,)
    assert wave.dtype == np.float32
    assert np.abs(wave).max() <= PEAK
    seconds = wave[3 * SAMPLE_RATE : 9 * SAMPLE_RATE].reshape(6, -1)
    level = 20 * np.log10(np.sqrt(np.mean(wave**2)))
    assert 20 * np.log10(np.sqrt(np.mean(seconds**2, axis=1))).min() > level - 20
    assert abs(wave[-1]) < 1e-3


def test_the_tempo_can_be_measured(waves):
    # The test measures the length of a bar, because every style marks it; beats may be silent, as
    # in an adagio. The window of +-15 % excludes multiples and fractions of the bar.
    for piece in SAMPLE:
        strength = periodicity(waves[piece.track_id])
        bar = frames(piece, BEATS[STYLES[piece.style].metre])
        first = int(0.85 * bar)
        found = first + np.argmax(strength[first : int(1.15 * bar)])
        assert found == pytest.approx(bar, rel=0.01), piece


def test_the_metre_can_be_measured(waves):
    # The period of a bar is compared with that of a bar in another metre. 6/8 differs from 2/4 only
    # in how its beats are divided.
    periods = {"4/4": (4, 3), "3/4": (3, 4), "6/8": (1 / 3, 1 / 2)}
    agreed = []
    for piece in SAMPLE:
        strength = periodicity(waves[piece.track_id])
        correct, other = (
            strength[round(frames(piece, beats))] for beats in periods[STYLES[piece.style].metre]
        )
        agreed.append(correct > other)
    # Chance level is 0.5. Some styles have the same rhythm on every beat and are ambiguous.
    assert np.mean(agreed) > 0.8


def test_the_mode_can_be_measured(waves):
    agreed = [estimated_mode(waves[piece.track_id], piece) == piece.mode for piece in SAMPLE]
    assert {piece.mode for piece in SAMPLE} == {"major", "minor"}
    # Chance level is 0.5. A minor piece with many major chords may be classified as major.
    assert np.mean(agreed) > 0.9


def estimated_mode(wave, piece):
    """Return the mode whose key profile, on the known tonic, correlates better with the chroma."""
    chroma = librosa.feature.chroma_stft(
        y=wave, sr=SAMPLE_RATE, n_fft=8192, hop_length=2048, tuning=piece.sound.detune / 100
    ).mean(axis=1)
    from_tonic = np.roll(chroma, -piece.tonic)
    major, minor = (np.corrcoef(from_tonic, profile)[0, 1] for profile in (MAJOR, MINOR))
    return "major" if major > minor else "minor"


def centroid(piece):
    """Return the spectral centroid of the pitched instruments, in hertz."""
    tones = [note for note in compose(piece) if note.instrument in INSTRUMENTS]
    spectrum = np.mean(np.abs(librosa.stft(synthesise(tones, piece))), axis=1)
    return np.average(librosa.fft_frequencies(sr=SAMPLE_RATE), weights=spectrum)


@pytest.mark.parametrize("piece", SAMPLE[::6], ids=by_style)
def test_lively_music_is_brighter_and_denser(piece):
    calm, lively = (replace(piece, energy=energy) for energy in (-0.8, 0.8))
    assert centroid(lively) > 1.5 * centroid(calm)
    assert len(compose(lively)) > 1.1 * len(compose(calm))


@pytest.mark.parametrize("piece", SAMPLE[::6], ids=by_style)
def test_happy_melodies_rise_and_sad_ones_fall(piece):
    def rise(valence):
        parameters = {"valence": valence, "energy": 0.5, "tempo": 60}
        notes = compose(replace(piece, **parameters, lead="flute", harmony="pad", bass="pick"))
        lead = [(note.onset, note.pitch) for note in notes if note.instrument == "flute"]
        beat, pitch = np.round(np.array(lead).T, 3)
        return np.corrcoef(beat % (2 * BEATS[STYLES[piece.style].metre]), pitch)[0, 1]

    assert rise(0.8) > 0.5
    assert rise(-0.8) < -0.5


def level_and_tilt(wave):
    """Return RMS level in decibels, and slope from 200 Hz to 6 kHz in decibels per octave."""
    power = np.mean(np.abs(librosa.stft(wave)) ** 2, axis=1)
    hertz = librosa.fft_frequencies(sr=SAMPLE_RATE)
    band = (hertz > 200) & (hertz < 6000)
    tilt = np.polyfit(np.log2(hertz[band]), 10 * np.log10(power[band]), 1)[0]
    return 10 * np.log10(np.mean(wave**2)), tilt


def test_production_changes_level_and_tilt():
    # The same piece with the production of twelve albums.
    albums = ALBUMS[:: len(ALBUMS) // 11][:12]
    variants = [replace(SAMPLE[4], production=album.pieces[0].production) for album in albums]
    level, tilt = np.std([level_and_tilt(render_wave(piece)) for piece in variants], axis=0)
    assert level > 3
    assert tilt > 0.4


def test_pieces_of_an_album_have_the_same_room_and_similar_equalisers():
    for album in ALBUMS:
        shared = {
            (piece.production.reverb_s, piece.production.compression) for piece in album.pieces
        }
        assert len(shared) == 1
    for name in ("tilt", "noise_db", "level_db"):
        first, second = np.array(
            [[getattr(piece.production, name) for piece in album.pieces[:2]] for album in ALBUMS]
        ).T
        assert 0.1 < np.corrcoef(first, second)[0, 1] < 0.6


# The files


def test_rendering_resumes_and_is_reproducible(tmp_path, capsys):
    pieces = PIECES[:3]
    render(pieces, tmp_path)
    assert "0/3" in capsys.readouterr().err
    rendered = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert sorted(rendered) == sorted(audio_path(piece, tmp_path) for piece in pieces)
    kept, deleted = audio_path(pieces[0], tmp_path), audio_path(pieces[2], tmp_path)
    deleted.unlink()
    stale = tmp_path / f"{deleted.stem}.1.part"
    stale.write_bytes(b"half a file")
    modified = kept.stat().st_mtime_ns
    render(pieces, tmp_path)
    assert "0/1" in capsys.readouterr().err
    assert kept.stat().st_mtime_ns == modified
    assert deleted.read_bytes() == rendered[deleted]
    render_piece(pieces[1], tmp_path / "..")
    assert (
        audio_path(pieces[1], tmp_path / "..").read_bytes()
        == rendered[audio_path(pieces[1], tmp_path)]
    )


def test_an_interrupted_write_leaves_no_file(tmp_path, monkeypatch):
    def interrupted(file, *_, **__):
        file.write_bytes(b"half a file")
        raise KeyboardInterrupt

    monkeypatch.setattr(soundfile, "write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        render_piece(PIECES[0], tmp_path)
    assert not list(tmp_path.iterdir())


def test_files_contain_the_synthesised_audio(tmp_path, waves):
    render_piece(SAMPLE[0], tmp_path)
    wave, rate = soundfile.read(audio_path(SAMPLE[0], tmp_path), dtype="float32")
    assert rate == SAMPLE_RATE
    np.testing.assert_allclose(wave, waves[SAMPLE[0].track_id], atol=1e-4)


def test_another_seed_gives_another_corpus():
    assert catalogue(1) != ALBUMS
