"""The commands of ``tagspace``, and the programs of the README."""

import gzip
import re
import shutil
import sqlite3

import numpy as np
import pytest

from tagspace.cli import main
from tagspace.configuration import Configuration
from tagspace.corpus import load_corpus
from tagspace.datasets.registry import load_dataset
from tagspace.runs import archive, comparison, experiment, records

README = records.CHECKOUT / "README.md"
ALBUMS = """artist,release,genres,styles,moods,themes
The Inventeds,First & Last,Polka|Ska,Slow Polka,calm,
Bo,Second,Folk,,warm,Rain
Cy,Third,Folk,,,
Cy,Third,Rock,,,
"""
SONGS = [
    ("TRAAAAA00000000001", "AR1", "Inventeds", "First and Last", "Up"),
    ("TRAAAAA00000000002", "AR1", "Inventeds", "Other", "Down"),
    ("TRAAAAA00000000003", "AR2", "Bo", "Second", "Sideways"),
    ("TRAAAAA00000000004", "AR3", "Cy", "Third", "Round"),
]


@pytest.fixture
def release(tmp_path):
    """A folder with tagged albums and with the metadata of the Million Song Dataset."""
    (tmp_path / "albums.csv").write_text(ALBUMS, encoding="utf-8")
    (tmp_path / "msd").mkdir()
    with sqlite3.connect(tmp_path / "msd" / "track_metadata.db") as database:
        columns = "track_id, artist_id, artist_name, release, title"
        database.execute(f"CREATE TABLE songs ({columns})")
        database.executemany("INSERT INTO songs VALUES (?, ?, ?, ?, ?)", SONGS)
    database.close()
    return tmp_path


def test_a_database_without_songs_is_reported(release):
    with sqlite3.connect(release / "msd" / "track_metadata.db") as database:
        database.execute("DELETE FROM songs")
    database.close()
    with pytest.raises(SystemExit, match=r"lists no songs; give the folder of track_metadata\.db"):
        main(["match", *(str(release / name) for name in ("albums.csv", "msd", "out"))])


def test_match_writes_album_tags_of_tracks_that_can_be_loaded(release, capsys):
    main(["match", *(str(release / name) for name in ("albums.csv", "msd", "out"))])
    printed = capsys.readouterr().out
    assert "1 tracks that match several albums (25.0%)" in printed
    assert "2 of 4 albums were found (50.0%)" in printed
    dataset = load_dataset(str(release / "out"))
    assert set(dataset.tags.itertuples(index=False, name=None)) == {
        ("TRAAAAA00000000001", "genres", "Polka"),
        ("TRAAAAA00000000001", "genres", "Ska"),
        ("TRAAAAA00000000001", "styles", "Slow Polka"),
        ("TRAAAAA00000000001", "moods", "calm"),
        ("TRAAAAA00000000003", "genres", "Folk"),
        ("TRAAAAA00000000003", "moods", "warm"),
        ("TRAAAAA00000000003", "themes", "Rain"),
    }
    listed = (release / "out" / "ambiguous.csv").read_text(encoding="utf-8").splitlines()
    assert listed[1].startswith("Cy,Third,equal,1,Cy: Third (row 2) | Cy: Third (row 3)")


@pytest.mark.parametrize(
    ("albums", "message"),
    [
        ("artist,release,genres\n", "has no column styles, moods, themes"),
        (ALBUMS.replace("Ska", '"Ska, fast"').replace('Polka|"Ska, fast"', '"Polka|Ska, fast"'),
         "'Polka|Ska, fast' cannot be written"),
        (ALBUMS.splitlines()[0], "lists no albums"),
        (None, "No such file"),
        (ALBUMS.replace("Ska", "nan"), "is a missing value"),
    ],
)  # fmt: skip
def test_user_errors_are_reported_in_one_line(release, albums, message):
    file = release / "albums.csv"
    file.write_text(albums, encoding="utf-8") if albums else file.unlink()
    with pytest.raises(SystemExit) as caught:
        main(["match", str(file), str(release / "msd"), str(release / "out")])
    assert message in caught.value.code
    assert "\n" not in caught.value.code


@pytest.mark.parametrize("command", ["runs", "keep"])
def test_folder_without_records_is_refused(tmp_path, command):
    out = [str(tmp_path / "out")] if command == "keep" else []
    with pytest.raises(SystemExit) as caught:
        main([command, str(tmp_path), *out])
    assert caught.value.code == f"runs: {tmp_path} contains no run records; give their folder"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_runs_does_not_average_runs_that_differ_only_in_their_version(small, tmp_path, capsys):
    corpus, configuration = small(epochs=1, runs=str(tmp_path))
    record = experiment.run_experiment(corpus, configuration)
    shutil.copytree(record.folder, tmp_path / "of-an-older-version")
    main(["runs", str(tmp_path)])
    assert capsys.readouterr().out.count("(runs: 1)") == 2


@pytest.mark.slow
def test_runs_prints_figures_and_keep_archives_them_without_track_ids(small, tmp_path, capsys):
    corpus, configuration = small(epochs=1, runs=str(tmp_path / "runs"))
    record = experiment.run_experiment(corpus, configuration)
    main(["runs", configuration.runs])
    assert capsys.readouterr().out.startswith("dataset small, tagsets moods (runs: 1)")
    main(["keep", configuration.runs, str(tmp_path / "kept")])
    assert "The figures of 1 runs are in " in capsys.readouterr().out
    kept = comparison.select(archive.load(tmp_path / "kept"), "graded nDCG@10")
    expected = comparison.select(record.metrics, "graded nDCG@10")
    np.testing.assert_allclose(kept["value"], expected["value"], rtol=1e-3)
    assert set(kept["commit"]) == {record.info["commit"]}
    texts = [(tmp_path / "kept" / "runs.csv").read_text(encoding="utf-8")]
    with gzip.open(tmp_path / "kept" / "metrics.csv.gz", "rt", encoding="utf-8") as file:
        texts.append(file.read())
    assert not any(track in text for track in corpus.tags.track_ids for text in texts)


def readme_programs():
    return re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.slow
def test_programs_of_the_readme_run(capsys):
    for program in readme_programs():
        exec(program, {})
        assert capsys.readouterr().out


def test_the_run_of_a_damaged_record_is_made_anew_by_name(manifest, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TAGSPACE_CACHE", str(tmp_path / "cache"))
    given = {"dataset": str(manifest), "tagsets": "moods", "folds": 2, "epochs": 1}
    configuration = Configuration.check({**given, "runs": str(tmp_path / "runs")})
    record = experiment.run_experiment(load_corpus(configuration), configuration)
    metrics = record.folder / "metrics.csv"
    before = metrics.read_bytes()
    metrics.write_bytes(before[:100])
    with pytest.warns(UserWarning, match=r"is damaged .*, and the run is made anew"):
        main(["remake", str(record.folder)])
    assert metrics.read_bytes() == before
    assert "1 epochs on" in capsys.readouterr().out
    assert list((tmp_path / "runs").glob(".damaged-1-*"))
    (record.folder / "run.json").write_text("{")
    with pytest.raises(SystemExit, match=r"run\.json cannot be read; start the run from its noteb"):
        main(["remake", str(record.folder)])
