"""Any audio file gives finite excerpts, or one clear error."""

import os
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile
from encoding import write
from fuzz.mutation import MUTATIONS, mutated, or_one_clear_error
from hypothesis import given

from tagspace.audio import identity
from tagspace.audio.reading import log_mel_excerpts
from tagspace.audio.spectrogram import SHAPE
from tagspace.audio.store import Store
from tagspace.datasets import embedded
from tagspace.support.chatter import captured_chatter

REAL = Path(__file__).parents[3] / "shared" / "data"
FORMATS = {
    "wav": ("WAV", "PCM_16"),
    "wav-float": ("WAV", "FLOAT"),
    "flac": ("FLAC", "PCM_16"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "aiff": ("AIFF", "PCM_16"),
    "au": ("AU", "PCM_16"),
    "caf": ("CAF", "PCM_16"),
    "w64": ("W64", "PCM_16"),
}
BY_PYAV = {
    "m4a": {"codec": "aac"},
    "m4a-alac": {"codec": "alac"},
    "wma": {"codec": "wmav2", "container": "asf"},
    "wv": {"codec": "wavpack"},
    "tta": {"codec": "tta", "sample_format": "s16"},
    "webm": {"codec": "libopus"},
    "aac": {"codec": "aac", "container": "adts"},
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Nine seconds of sound in each format, and a real clip where there is one."""
    folder = tmp_path_factory.mktemp("audio")
    time = np.arange(9 * 24_000) / 24_000
    sound = 0.3 * np.sin(2 * np.pi * 330 * time[:, None]) * np.c_[np.sin(time), np.cos(time)]
    files = {}
    for name, (container, subtype) in FORMATS.items():
        file = folder / f"{name}.{name.partition('-')[0]}"
        soundfile.write(file, sound, 24_000, format=container, subtype=subtype)
        files[name] = file
    for name, options in BY_PYAV.items():
        file = folder / f"{name}.{name.partition('-')[0]}"
        files[name] = write(file, sound.astype(np.float32), rate=24_000, **options)
    return {**files, "real.mp3": next(iter(sorted(REAL.rglob("*.mp3"))), files["mp3"])}


@pytest.mark.parametrize("name", [*FORMATS, *BY_PYAV, "real.mp3"])
@given(mutations=MUTATIONS)
def test_damaged_audio_gives_finite_excerpts_or_one_clear_error(name, mutations, sources, tmp_path):
    file = tmp_path / f"a.{name.rpartition('.')[2].partition('-')[0]}"
    file.write_bytes(mutated(sources[name].read_bytes(), mutations))
    with captured_chatter():
        for number in (1, 3):
            with or_one_clear_error():
                values, notes = log_mel_excerpts(file, number)
                assert values.shape == (number, *SHAPE)
                assert np.isfinite(values).all()
                assert all(note.isprintable() for note in notes)


@pytest.mark.parametrize(
    "name", ["mp3", "flac", "ogg", "wav", "aiff", "m4a", "wma", "wv", "tta", "real.mp3"]
)
@given(mutations=MUTATIONS)
def test_damaged_metadata_gives_a_manifest_or_names_the_file(name, mutations, sources, tmp_path):
    for other in tmp_path.iterdir():
        other.unlink()
    file = tmp_path / f"a.{name.rpartition('.')[2]}"
    file.write_bytes(sources[name].read_bytes())
    tags = mutagen.File(file, easy=True)
    if tags.tags is None:
        tags.add_tags()
    if name not in ("wav", "aiff", "wma"):
        tags["genre"] = ["Folk; Pop"]
        tags.save()
    data = file.read_bytes()
    part = data[:3000]  # the metadata is at the start
    file.write_bytes(mutated(part, mutations) + data[3000:])
    with or_one_clear_error():
        table, unreadable = embedded.describe(tmp_path)
        assert len(table) + len(unreadable) == 1


@given(mutations=MUTATIONS)
def test_a_damaged_store_never_gives_other_excerpts(mutations, sources, tmp_path):
    folder = tmp_path / "store"
    files = {}
    for name in ("wav", "flac", "ogg"):
        path = tmp_path / f"a.{name}"
        path.write_bytes(sources[name].read_bytes())
        files[identity.content_id(path)] = str(path)
    store = Store(folder, 1)
    for old in store.folder.iterdir():
        old.unlink()
    right = {
        content: store.arrays()[place.segment][place.row].copy()
        for content, place in store.compute(files, "s", identity.content_id)[0].items()
    }
    target = store.folder / "s.tsv"
    target.write_bytes(mutated(target.read_bytes(), mutations))
    arrays = store.arrays()
    for content, place in store.find(set(files)).items():
        assert (arrays[place.segment][place.row] == right[content]).all()
    store.compute(files, "s", identity.content_id)
    assert set(store.find(set(files))) == set(files)


@given(mutations=MUTATIONS)
def test_a_damaged_table_of_known_files_never_gives_other_contents(mutations, tmp_path):
    paths = [str(tmp_path / f"{number}.wav") for number in range(5)]
    for number, path in enumerate(paths):
        Path(path).write_bytes(os.urandom(number + 10))
    table = tmp_path / "files.tsv"
    table.unlink(missing_ok=True)
    right = identity.identify(paths, table).ids
    table.write_bytes(mutated(table.read_bytes(), mutations))
    assert identity.identify(paths, table).ids == right
    assert identity.identify(paths, table).read == set()
