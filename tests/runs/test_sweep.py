"""Sweeps, on a real Dask cluster with a scheduler over TCP."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from compendium import result_figures
from tagspace.errors import TagspaceError
from tagspace.runs import sweep

SIZES = {"moods": 2, "themes": 2}


def test_four_sets_are_joined_in_fifteen_ways_few_before_many():
    found = sweep.joined_tagsets(["genres", "styles", "moods", "themes"])
    assert len(found) == len(set(found)) == 15
    assert found[:5] == ["genres", "styles", "moods", "themes", "genres+styles"]
    assert found[-1] == "genres+styles+moods+themes"


def test_a_grid_is_every_combination_of_its_values():
    grid = sweep.read_grid({"topics": [1, 2], "seed": [0, 1], "margin": 0.3})
    found = [(c.topics, c.seed, c.margin, c.tagsets) for _, c in grid.plan(SIZES)[0]]
    assert found == [(topics, seed, 0.3, "moods+themes") for topics in (1, 2) for seed in (0, 1)]


def test_all_folds_make_one_grid():
    grid = sweep.read_grid({"folds": 3, "fold": [0, 1, 2]})
    assert [c.fold for _, c in grid.plan(SIZES)[0]] == [0, 1, 2]


def test_a_variant_changes_every_run_of_the_axes():
    variants = {"paper": {}, "siamese": {"loss": "contrastive", "margin": 1.0}}
    grid = sweep.read_grid({"seed": [0, 1], "variants": variants})
    found = [(name, c.seed, c.loss, c.margin) for name, c in grid.plan(SIZES)[0]]
    assert found == [
        ("paper", 0, "triplet", 0.2),
        ("paper", 1, "triplet", 0.2),
        ("siamese", 0, "contrastive", 1.0),
        ("siamese", 1, "contrastive", 1.0),
    ]


def test_more_topics_than_tags_are_as_many_as_tags():
    grid = sweep.read_grid({"tagsets": "every combination", "topics": [1, 3, 9]})
    found = [(c.tagsets, c.topics) for _, c in grid.plan(SIZES)[0]]
    assert found == [
        ("moods", 1),
        ("moods", 2),
        ("themes", 1),
        ("themes", 2),
        ("moods+themes", 1),
        ("moods+themes", 3),
        ("moods+themes", 4),
    ]


def test_what_cannot_be_is_listed_and_the_rest_stays():
    variants = {"moods": {"tagsets": "moods"}, "styles": {"tagsets": "styles"}}
    grid = sweep.read_grid({"variants": variants, "positive": [0.8, 0.5], "negative": [0.2, 0.6]})
    listed, refused = grid.plan(SIZES)
    found = [(variant, c.positive, c.negative) for variant, c in listed]
    assert found == [("moods", 0.8, 0.2), ("moods", 0.8, 0.6), ("moods", 0.5, 0.2)]
    assert refused.columns.tolist() == ["variant", "positive", "negative", "tagsets", "reason"]
    reasons = refused.set_index("variant")["reason"]
    assert reasons["moods"].startswith("negative: 0.6 is not accepted")
    assert reasons["styles"].str.startswith("tagsets: ").all()
    assert len(refused) == 5


def test_paths_are_whole_as_workers_may_be_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "music").mkdir()
    grid = sweep.read_grid({"dataset": "music", "runs": "records"})
    assert grid.axes["dataset"] == [str(tmp_path / "music")]
    assert grid.axes["runs"] == [str(tmp_path / "records")]
    assert sweep.read_grid({"dataset": "demo"}).axes["dataset"] == ["demo"]
    (tmp_path / "vectors.csv").touch()
    (tmp_path / "demo").mkdir()  # a name is a name, whatever lies here
    (tmp_path / "lsi").touch()
    assert sweep.read_grid({"dataset": "demo"}).axes["dataset"] == ["demo"]
    variants = {"words": {"relatedness": "vectors.csv"}, "tags": {"relatedness": "lsi"}}
    found = sweep.read_grid({"variants": variants, "relatedness": ["lda", "vectors.csv"]})
    whole = str(tmp_path / "vectors.csv")
    assert found.axes["relatedness"] == ["lda", whole]
    assert [v["relatedness"] for v in found.variants.values()] == [whole, "lsi"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"topic": [1]}, "topic: unknown parameter; did you mean topics?"),
        ({"topics": [4, 0]}, "topics: 0 is not accepted"),
        ({"topics": []}, "topics: an empty list is not accepted"),
        ({"fold": [0, 5], "folds": 5}, "fold: 5 is not accepted"),
        ({"dataset": ["demo", "fma"]}, r"dataset: \['demo', 'fma'\] is not accepted"),
        (
            {"variants": {"hard": {"minning": "hard"}}},
            "minning: unknown parameter; did you mean mi",
        ),
        ({"variants": {"hard": "hard"}}, "variants: {'hard': 'hard'} is not accepted"),
        ({"variants": {}}, "variants: {} is not accepted"),
        ({"variants": {"there": {"runs": "there"}}}, "variants: .* is not accepted"),
        ({"workers": -1}, "workers: -1 is not accepted"),
        ({"scheduler": 8786}, "scheduler: 8786 is not accepted"),
    ],
)
def test_mistakes_are_told_in_one_line(given, message):
    with pytest.raises(TagspaceError, match=f"^{message}.*$"):
        sweep.read_grid(given)


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch):
    monkeypatch.setattr(sweep, "PATIENCE", 0.5)
    grid = sweep.Grid({}, {}, scheduler="tcp://127.0.0.1:9")
    with pytest.raises(TagspaceError, match="^scheduler: nobody answers at 'tcp://127.0.0.1:9'"):
        sweep.run_sweep(grid)


# The rest runs on real workers, and on forty tones that are saved as files.

GRID = {
    "dataset": "manifest.csv",
    "tagsets": ["styles", "moods", "all"],
    "topics": [2, 3],
    "excerpts": 1,
    "epochs": 1,
    "folds": 3,
}


@pytest.fixture
def here(manifest, monkeypatch):
    monkeypatch.chdir(manifest)
    monkeypatch.setenv("TAGSPACE_CACHE", str(manifest / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # equal figures need equal numbers of threads
    return manifest


@pytest.fixture
def started():
    """Start programs, and end those that are left."""
    processes = []

    def start(*arguments):
        command = [sys.executable, *map(str, arguments)]
        processes.append(subprocess.Popen(command, start_new_session=True))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def cluster(here, started):
    """A scheduler and two workers, each a process of its own, as on several machines."""
    file = here / "scheduler.json"
    scheduler = ["scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", file]
    worker = ["worker", "--scheduler-file", file, "--nthreads", 1, "--no-nanny", "--no-dashboard"]
    commands = [scheduler, worker, worker]
    _, *workers = [started("-m", f"distributed.cli.dask_{name}", *c) for name, *c in commands]
    # It is there before it is written, and ends in a brace of the first column when it is whole.
    wait_for(lambda: file.exists() and file.read_text().endswith("\n}"))
    return json.loads(file.read_text())["address"], workers


def wait_for(event, seconds=60):
    end = time.monotonic() + seconds
    while not event():
        assert time.monotonic() < end
        time.sleep(0.01)


def records(folder):
    return {path: path.stat().st_mtime_ns for path in folder.glob("[!.]*/run.json")}


def table_of(outcome):
    return result_figures.arrange_table_2(outcome.gathered, "exact P@10").to_csv().encode()


@pytest.mark.slow
def test_whatever_is_killed_the_table_is_the_same(here, started, cluster):
    address, (worker, _) = cluster
    whole = sweep.run_sweep(sweep.read_grid({**GRID, "runs": "whole", "scheduler": address}))
    assert whole.gathered["run"].nunique() == 5
    # What cannot be run is listed, and the rest goes on.
    assert whole.failed["tagsets"].tolist() == ["styles"]
    assert whole.failed["reason"].str.startswith("dataset: no two validation tracks").all()

    grid = {**GRID, "runs": "killed"}
    program = started("-c", f"from tagspace import sweep; sweep.run_sweep(sweep.read_grid({grid!r}))")
    wait_for(lambda: records(here / "killed"))
    os.kill(program.pid, signal.SIGKILL)
    program.wait()
    wait_for(lambda: not alive(program.pid))  # its workers do not outlive it
    done = records(here / "killed")
    assert 1 <= len(done) < 5

    def kill_a_worker():
        wait_for(lambda: list((here / "killed").glob(".*")) or len(records(here / "killed")) > 4)
        worker.kill()

    killer = threading.Thread(target=kill_a_worker)
    killer.start()
    again = sweep.run_sweep(sweep.read_grid({**grid, "scheduler": address}))
    killer.join()
    assert table_of(again) == table_of(whole)
    after = records(here / "killed")
    assert len(after) == 5
    assert {path: after[path] for path in done} == done


def alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
