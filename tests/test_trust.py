"""No file is unpickled or run, wherever it lies."""

import os
import pickle
import shutil
import warnings
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest

from tagspace import cli
from tagspace.audio import features, reading
from tagspace.datasets import registry
from tagspace.datasets.download import unpack
from tagspace.encoders.vectors import unit_vectors
from tagspace.errors import TagspaceError
from tagspace.runs import archive, experiment, records

LIBRARY = Path(__file__).parents[1] / "lib"


class Hostile:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


@pytest.fixture
def hostile(tmp_path):
    """A pickle, and a function that says whether it was loaded."""
    marker = tmp_path / "it was loaded"
    data = pickle.dumps(Hostile(marker))
    with pytest.raises(FileNotFoundError):  # the pickle works
        pickle.loads(pickle.dumps(Hostile(tmp_path / "no" / "folder")))
    return data, marker.exists


def attempt(call, *arguments):
    """Call a function that may refuse the file, as a user may."""
    with warnings.catch_warnings(), suppress(TagspaceError, SystemExit):
        warnings.simplefilter("ignore")
        call(*arguments)


@pytest.mark.parametrize(
    "name",
    ["manifest.csv", "autotagging.tsv", "genres.csv", "tracks.csv", "annotations_final.csv",
     "clip_info_final.csv", "merge_audio_complete_metadata.csv", "msd_amglabels_all.csv",
     "msd_amglabels_all.h5", "MSD_id_to_7D_id.pkl", "track_metadata.db", "unique_tracks.txt",
     "msd_audio.csv"],
)  # fmt: skip
def test_data_sets_do_not_unpickle(tmp_path, hostile, name):
    data, was_loaded = hostile
    folder = tmp_path / "data"
    folder.mkdir()
    for other in ("genres.csv", "tracks.csv", "annotations_final.csv"):
        if name in ("genres.csv", "tracks.csv", "clip_info_final.csv"):
            (folder / other).write_text("genre_id,parent,title\n")
    if name not in ("manifest.csv", "autotagging.tsv") and "msd" not in name.lower():
        (folder / "msd_amglabels_all.csv").write_text("TRAAAAA00000000001;a;b;c;d\n")
    (folder / name).write_bytes(data)
    attempt(registry.load_dataset, str(folder))
    attempt(registry.load_dataset, str(folder / name))
    assert not was_loaded()


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npy", ".pkl"])
def test_tables_of_vectors_do_not_unpickle(tmp_path, hostile, suffix):
    data, was_loaded = hostile
    file = tmp_path / f"vectors{suffix}"
    file.write_bytes(data)
    attempt(unit_vectors, file, pd.Index(["a"]))
    assert not was_loaded()


@pytest.mark.parametrize("suffix", ["wav", "mp3", "ogg", "flac", "raw"])
def test_audio_does_not_unpickle(tmp_path, hostile, suffix):
    data, was_loaded = hostile
    (tmp_path / f"a.{suffix}").write_bytes(data * 100)
    attempt(reading.read_excerpts, tmp_path / f"a.{suffix}")
    attempt(cli.main, ["manifest", str(tmp_path)])
    assert not was_loaded()


def test_the_cache_does_not_unpickle(tmp_path, hostile, manifest):
    data, was_loaded = hostile
    dataset = registry.load_dataset(str(manifest))
    features.extract(dataset, tmp_path / "features", 1)
    for file in [path for path in (tmp_path / "features").rglob("*") if path.is_file()]:
        file.write_bytes(data)
    attempt(features.extract, dataset, tmp_path / "features", 1)
    assert not was_loaded()


@pytest.fixture(scope="module")
def made(small, tmp_path_factory):
    """The folder of a run of one epoch."""
    folder = tmp_path_factory.mktemp("runs")
    experiment.run_experiment(*small(epochs=1, runs=str(folder)))
    return folder


@pytest.mark.parametrize("name", ["run.json", *records.FILES, ".baselines", ".checkpoints"])
def test_records_do_not_unpickle(tmp_path, hostile, made, small, name):
    data, was_loaded = hostile
    runs = tmp_path / "runs"
    shutil.copytree(made, runs)
    (record,) = [path for path in runs.glob("[!.]*") if path.is_dir()]
    if name == ".baselines":
        for file in (runs / name).iterdir():
            file.write_bytes(data)
        shutil.rmtree(record)
    elif name == ".checkpoints":
        (runs / name).mkdir(exist_ok=True)
        identity = record.name.rpartition("-")[2]
        (runs / name / f"{identity}.safetensors").write_bytes(data)
        shutil.rmtree(record)
    else:
        (record / name).write_bytes(data)
    attempt(cli.main, ["runs", str(runs)])
    attempt(experiment.run_experiment, *small(epochs=1, runs=str(runs)))
    assert not was_loaded()


@pytest.mark.parametrize("name", [archive.RUNS, archive.METRICS])
def test_kept_figures_do_not_unpickle(tmp_path, hostile, gathered, name):
    data, was_loaded = hostile
    archive.save(gathered, tmp_path)
    (tmp_path / name).write_bytes(data)
    attempt(archive.load, tmp_path)
    assert not was_loaded()


@pytest.mark.parametrize("suffix", [".zip", ".tar"])
def test_archives_do_not_unpickle(tmp_path, hostile, suffix):
    data, was_loaded = hostile
    (tmp_path / f"a{suffix}").write_bytes(data)
    attempt(unpack, tmp_path / f"a{suffix}", tmp_path / "out")
    assert not was_loaded()
