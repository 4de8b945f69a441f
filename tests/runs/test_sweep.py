"""Sweeps: their grids, and runs on a real Dask cluster with a scheduler over TCP."""

import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import distributed
import pytest
import torch

from compendium import result_figures
from tagspace.configuration import Configuration
from tagspace.errors import TagspaceError
from tagspace.runs import experiment, sweep
from tagspace.runs.grid import Grid, joined_tagsets, read_grid

N_TAGS = {"moods": 2, "themes": 2}


def planned_values(grid, *names):
    """List the values of some parameters in the planned runs."""
    runs, _ = grid.plan(N_TAGS)
    return [tuple(getattr(run.configuration, name) for name in names) for run in runs]


def test_joined_tagsets_lists_fifteen_combinations_few_tag_sets_first():
    combinations = joined_tagsets(["genres", "styles", "moods", "themes"])
    assert len(combinations) == len(set(combinations)) == 15
    assert combinations[:5] == ["genres", "styles", "moods", "themes", "genres+styles"]
    assert combinations[-1] == "genres+styles+moods+themes"


def test_grid_has_a_run_for_every_combination_of_values():
    grid = read_grid({"topics": [1, 2], "seed": [0, 1], "margin": 0.3})
    expected = [(topics, seed, 0.3, "moods+themes") for topics in (1, 2) for seed in (0, 1)]
    assert planned_values(grid, "topics", "seed", "margin", "tagsets") == expected


def test_grid_may_contain_all_folds():
    grid = read_grid({"folds": 3, "fold": [0, 1, 2]})
    assert planned_values(grid, "fold") == [(0,), (1,), (2,)]


def test_variant_changes_every_run_of_the_grid():
    variants = {"paper": {}, "siamese": {"loss": "contrastive", "margin": 1.0}}
    grid = read_grid({"seed": [0, 1], "variants": variants})
    runs, _ = grid.plan(N_TAGS)
    assert [run.variant for run in runs] == ["paper", "paper", "siamese", "siamese"]
    assert planned_values(grid, "seed", "loss", "margin") == [
        (0, "triplet", 0.2),
        (1, "triplet", 0.2),
        (0, "contrastive", 1.0),
        (1, "contrastive", 1.0),
    ]


def test_number_of_topics_is_reduced_to_the_number_of_tags():
    grid = read_grid({"tagsets": "every combination", "topics": [1, 3, 9]})
    assert planned_values(grid, "tagsets", "topics") == [
        ("moods", 1),
        ("moods", 2),
        ("themes", 1),
        ("themes", 2),
        ("moods+themes", 1),
        ("moods+themes", 3),
        ("moods+themes", 4),
    ]


def test_impossible_runs_are_listed_and_the_others_remain():
    variants = {"moods": {"tagsets": "moods"}, "styles": {"tagsets": "styles"}}
    thresholds = {"positive_threshold": [0.8, 0.5], "negative_threshold": [0.2, 0.6]}
    grid = read_grid({"variants": variants, **thresholds})
    runs, failed = grid.plan(N_TAGS)
    assert {run.variant for run in runs} == {"moods"}
    assert planned_values(grid, *thresholds) == [(0.8, 0.2), (0.8, 0.6), (0.5, 0.2)]
    assert failed.columns.tolist() == ["variant", *thresholds, "tagsets", "reason"]
    reasons = failed.set_index("variant")["reason"]
    assert reasons["moods"].startswith("negative_threshold: 0.6 is not accepted")
    assert reasons["styles"].str.startswith("tagsets: ").all()
    assert len(failed) == 5


def test_paths_become_absolute_because_workers_may_run_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "music").mkdir()
    grid = read_grid({"dataset": "music", "runs": "records"})
    assert grid.axes["dataset"] == [str(tmp_path / "music")]
    assert grid.axes["runs"] == [str(tmp_path / "records")]
    (tmp_path / "vectors.csv").touch()
    variants = {"lyrics": {"relatedness": "vectors.csv"}, "tags": {"relatedness": "lsi"}}
    grid = read_grid({"variants": variants, "relatedness": ["lda", "vectors.csv"]})
    absolute = str(tmp_path / "vectors.csv")
    assert grid.axes["relatedness"] == ["lda", absolute]
    assert [changes["relatedness"] for changes in grid.variants.values()] == [absolute, "lsi"]


def test_names_are_not_mistaken_for_files_of_the_same_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert read_grid({"dataset": "demo"}).axes["dataset"] == ["demo"]
    (tmp_path / "demo").mkdir()
    (tmp_path / "lsi").touch()
    variants = {"tags": {"relatedness": "lsi"}}
    grid = read_grid({"dataset": "demo", "relatedness": "lsi", "variants": variants})
    assert grid.axes["dataset"] == ["demo"]
    assert grid.axes["relatedness"] == ["lsi"]
    assert grid.variants == variants


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"topic": [1]}, "topic: unknown parameter; did you mean topics?"),
        ({"topics": [4, 0]}, "topics: 0 is not accepted"),
        ({"topics": []}, r"topics: \[\] is not accepted; accepted: one value or more"),
        ({"fold": [0, 5], "folds": 5}, "fold: 5 is not accepted"),
        ({"dataset": ["demo", "fma"]}, r"dataset: \['demo', 'fma'\] is not accepted"),
        (
            {"variants": {"hard": {"minning": "hard"}}},
            "minning: unknown parameter; did you mean mining?",
        ),
        ({"variants": {"hard": "hard"}}, "variants: {'hard': 'hard'} is not accepted"),
        ({"variants": {}}, "variants: {} is not accepted"),
        ({"variants": {"there": {"runs": "there"}}}, "variants: .* is not accepted"),
        ({"workers": -1}, "workers: -1 is not accepted"),
        ({"scheduler": 8786}, "scheduler: 8786 is not accepted"),
    ],
)
def test_user_errors_are_reported_in_one_line(given, message):
    with pytest.raises(TagspaceError, match=f"^{message}.*$"):
        read_grid(given)


def test_scheduler_that_does_not_answer_is_reported(monkeypatch):
    monkeypatch.setattr(sweep, "CONNECT_TIMEOUT", 0.5)
    grid = Grid({}, {}, scheduler="tcp://127.0.0.1:9")
    with pytest.raises(
        TagspaceError, match=r"^scheduler: no scheduler answers at 'tcp://127\.0\.0\.1:9'$"
    ):
        sweep.run_sweep(grid)


# The next test uses real workers and a folder with forty tones.

GRID = {
    "dataset": "manifest.csv",
    "tagsets": ["styles", "moods", "all"],
    "topics": [2, 3],
    "excerpts": 1,
    "epochs": 1,
    "folds": 3,
}


@pytest.fixture
def music(manifest, monkeypatch):
    """The folder of tones, as the current folder."""
    monkeypatch.chdir(manifest)
    monkeypatch.setenv("TAGSPACE_CACHE", str(manifest / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # figures are equal only with as many threads
    return manifest


@pytest.fixture
def start():
    """Return a function that starts a Python program; it is killed after the test."""
    processes = []

    def start_program(*arguments):
        command = [sys.executable, *map(str, arguments)]
        processes.append(subprocess.Popen(command, start_new_session=True))
        return processes[-1]

    yield start_program
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def cluster(music, start):
    """The address of a scheduler, and its two workers; each is a process, as on a cluster."""
    file = music / "scheduler.json"
    start("-m", "distributed.cli.dask_scheduler", "--port", "0", "--no-dashboard",
          "--scheduler-file", file)  # fmt: skip
    workers = [
        start("-m", "distributed.cli.dask_worker", "--scheduler-file", file, "--nthreads", 1,
              "--no-nanny", "--no-dashboard")
        for _ in range(2)
    ]  # fmt: skip
    # The file exists before it is complete; a complete one ends with a brace on its own line.
    wait_for(lambda: file.exists() and file.read_text().endswith("\n}"))
    return json.loads(file.read_text())["address"], workers


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def recorded(folder):
    """Return the time of writing of each record."""
    return {path: path.stat().st_mtime_ns for path in folder.glob("[!.]*/run.json")}


def is_alive(process_group):
    try:
        os.killpg(process_group, 0)
    except ProcessLookupError:
        return False
    return True


def table_2(outcome):
    return result_figures.arrange_table_2(outcome.gathered, "exact P@10").to_csv().encode()


@pytest.mark.slow
def test_killing_the_sweep_or_a_worker_does_not_change_the_table(music, start, cluster):
    address, (worker, _) = cluster
    steep = {"loss": "tags", "learning_rate": 1e30, "tagsets": "styles", "topics": 2}
    grid = {**GRID, "variants": {"usual": {}, "steep": steep}}
    complete = sweep.run_sweep(read_grid({**grid, "runs": "complete", "scheduler": address}))
    assert complete.gathered["run"].nunique() == 6
    # The run that fails is listed, and the others are made.
    assert complete.failed["variant"].tolist() == ["steep"]
    assert complete.failed["reason"].str.startswith("learning_rate: 1e+30 is too high").all()

    grid |= {"runs": "interrupted"}
    folder = music / "interrupted"
    program = start(
        "-c", f"from tagspace.runs import grid, sweep; sweep.run_sweep(grid.read_grid({grid!r}))"
    )
    wait_for(lambda: recorded(folder))
    os.kill(program.pid, signal.SIGKILL)
    program.wait()
    wait_for(lambda: not is_alive(program.pid))  # its workers end with it
    before = recorded(folder)
    assert 1 <= len(before) < 6

    def kill_worker_during_a_run():
        wait_for(lambda: list(folder.glob(".*")) or len(recorded(folder)) > 5)
        worker.kill()

    killer = threading.Thread(target=kill_worker_during_a_run)
    killer.start()
    resumed = sweep.run_sweep(read_grid({**grid, "scheduler": address}))
    killer.join()
    assert table_2(resumed) == table_2(complete)
    after = recorded(folder)
    assert len(after) == 6
    assert {path: after[path] for path in before} == before


@pytest.mark.slow
def test_each_sweep_of_a_process_divides_the_cores_anew(monkeypatch):
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    before, threads = dict(os.environ), []
    for workers in (1, 2):
        cluster = sweep._cluster(Grid({}, {}, workers=workers))
        with cluster, distributed.Client(cluster) as client:
            threads.append(client.submit(torch.get_num_threads).result())
        assert dict(os.environ) == before
    assert threads == [2, 1]


FAULTS = {
    1: (MemoryError(), "out of memory (MemoryError); try a smaller batch_size or fewer workers"),
    2: (torch.OutOfMemoryError("CUDA out of memory\nmore"), "out of memory (CUDA out of memory)"),
    3: (
        OSError(errno.ENOSPC, "No space left on device", "/runs"),
        "No space left on device (/runs",
    ),
    4: (ZeroDivisionError("division by zero"), "a fault of this package: ZeroDivisionError: div"),
    5: (TagspaceError("topics: too many"), "topics: too many"),
}


@pytest.mark.parametrize(
    ("name", "card"), [(0, 0), (1, 1), (5, 1), ("tcp://10.0.0.1:80", 0), ("SLURMCluster-3", 0)]
)
def test_the_workers_of_a_machine_share_its_cards(monkeypatch, name, card):
    taken = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    monkeypatch.setattr(distributed, "get_worker", lambda: SimpleNamespace(name=name))
    sweep._take_card()
    assert taken == [card]


def test_whatever_happens_to_a_run_the_others_are_made(small, tmp_path, monkeypatch):
    record = experiment.run_experiment(*small(epochs=1, runs=str(tmp_path)))

    def run(_, configuration):
        if configuration.seed in FAULTS:
            raise FAULTS[configuration.seed][0]
        return record

    monkeypatch.setattr(sweep.experiment, "run_experiment", run)
    monkeypatch.setattr(sweep, "_corpus", lambda _: None)
    configurations = [Configuration(seed=seed) for seed in range(7)]
    with distributed.Client(processes=False, dashboard_address=":0") as client:
        names, reasons = sweep._run_all(configurations, client)
    assert {each.seed for each in names} == {0, 6}
    for configuration, reason in reasons.items():
        assert reason.startswith(FAULTS[configuration.seed][1])
        assert "\n" not in reason
