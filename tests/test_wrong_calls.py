"""What users get wrong in notebooks and commands, and the one line that they read."""

import subprocess
import sys

import pytest
from in_process import NOTEBOOKS, run_notebook

from tagspace import cli
from tagspace.errors import TagspaceError

# Notebook, parameters as papermill gives them, and the line. FOLDER is a folder without data.
CALLS = [
    # Names and types
    ("train", {"tagset": "moods"}, "tagset: unknown parameter; did you mean tagsets?"),
    ("train", {"epoch": 3}, "epoch: unknown parameter; did you mean epochs?"),
    ("train", {"lr": 0.1}, "lr: unknown parameter; known: dataset, shards, tagsets"),
    ("train", {"epochs": "minus"}, "epochs: 'minus' is not accepted; accepted: a whole number"),
    ("train", {"epochs": 2.5}, "epochs: 2.5 is not accepted; accepted: a whole number"),
    ("train", {"epochs": -1}, "epochs: -1 is not accepted; accepted: a whole number"),
    ("train", {"topics": 0}, "topics: 0 is not accepted; accepted: a whole number, 1 or more"),
    ("train", {"topics": "[2, 4]"}, "topics: [2, 4] is not accepted; accepted: a whole number"),
    ("train", {"topics": True}, "topics: True is not accepted; accepted: a whole number"),
    ("train", {"seed": -1}, "seed: -1 is not accepted; accepted: a whole number, 0 to 429"),
    ("train", {"excerpts": 21}, "excerpts: 21 is not accepted; accepted: a whole number, 1 (the"),
    ("train", {"learning_rate": "fast"}, "learning_rate: 'fast' is not accepted; accepted: a num"),
    ("train", {"learning_rate": float("nan")}, "learning_rate: nan is not accepted; accepted: a"),
    ("train", {"dataset": None}, "dataset: None is not accepted; accepted: demo, emotify, fma"),
    # Choices
    ("train", {"encoder": "vggish"}, "encoder: 'vggish' is not accepted; accepted: dpnn, trained"),
    ("train", {"loss": "bce"}, "loss: 'bce' is not accepted; accepted: triplet, contrastive,"),
    ("train", {"mining": "semi-hard"}, "mining: 'semi-hard' is not accepted; accepted: all, sem"),
    ("train", {"batch_filter": "song"}, "batch_filter: 'song' is not accepted; accepted: album"),
    ("train", {"pool": "train"}, "pool: 'train' is not accepted; accepted: test, all or valida"),
    ("train", {"precision": "float16"}, "precision: 'float16' is not accepted; accepted: auto"),
    ("train", {"spellings": "join"}, "spellings: 'join' is not accepted; accepted: keep, or me"),
    ("train", {"device": "gpu"}, "device: 'gpu' is not accepted; accepted: auto, cpu, cuda"),
    ("train", {"device": "mps"}, "device: this machine has no 'mps'; use auto"),
    ("train", {"relatedness": "lyrics.csv"}, "relatedness: 'lyrics.csv' is not accepted; accept"),
    (
        "train",
        {"tagsets": "mood"},
        "tagsets: 'mood' is not a tag set of this data set; accepted: g",
    ),
    ("train", {"tagsets": "moods+moods"}, "tagsets: 'moods+moods' repeats a name or has none"),
    ("train", {"tagsets": "[genres, mods]"}, "tagsets: 'mods' is not a tag set of this data set"),
    ("train", {"tagsets": ""}, "tagsets: '' is not a tag set of this data set; accepted: genres"),
    (
        "train",
        {"split": "official"},
        "split: demo has no split 'official'; accepted for it: artist",
    ),
    # Values that do not go together
    ("train", {"folds": 1}, "folds: 1 is not accepted; accepted: 0 (the paper's split"),
    (
        "train",
        {"folds": 5, "fold": 5},
        "fold: 5 is not accepted; accepted: a whole number from 0 to",
    ),
    (
        "train",
        {"fold": 1},
        "fold: 1 is not accepted; accepted: a whole number from 0 to below folds",
    ),
    ("train", {"folds": 5, "split": "split-0"}, "folds: 5 cannot be combined with split 'split-0'"),
    (
        "train",
        {"positive_threshold": 0.1},
        "negative_threshold: 0.2 is not accepted; accepted: a n",
    ),
    (
        "train",
        {"margin": 100},
        "margin: 100.0 is not accepted; accepted: a number above 0, up to 4",
    ),
    ("train", {"batch_size": 2}, "batch_size: 2 is not accepted; accepted: a whole number, 2 or"),
    (
        "train",
        {"folds": 200},
        "folds: 200 folds of 964 tracks leave 5 tracks for test; at least",
    ),
    # Places
    ("train", {"dataset": "/nowhere"}, "dataset: '/nowhere' is neither a known data set (demo"),
    ("train", {"dataset": 2019}, "dataset: '2019' is neither a known data set (demo, emotify, fma"),
    ("train", {"dataset": "FOLDER"}, "dataset: FOLDER contains no known data set; it needs one of"),
    (
        "train",
        {"dataset": "msd"},
        "dataset: 'msd' is not in CACHE/datasets/msd and cannot be downlo",
    ),
    ("train", {"shards": 7}, "shards: '7' is not accepted with dataset demo; leave shards empty"),
    ("train", {"dataset": "jamendo", "shards": "x"}, "shards: 'x' is not accepted; accepted: numb"),
    ("train", {"dataset": "fma", "shards": "tiny"}, "shards: 'tiny' is not accepted; accepted: sm"),
    ("train", {"runs": "/dev/null/runs"}, "runs: /dev/null/runs cannot be written (Not a dir"),
    # The other notebooks
    ("audio", {"tagsets": "moods"}, "tagsets: this notebook has no such parameter, so it would h"),
    ("audio", {"dataset": "/nowhere"}, "dataset: '/nowhere' is neither a known data set"),
    ("configuration", {"seed": "one"}, "seed: 'one' is not accepted; accepted: a whole number"),
    ("cost", {"batch_size": 0}, "batch_size: 0 is not accepted; accepted: a whole number, 2 or"),
    ("datasets", {"data": "merge"}, "data: unknown parameter; did you mean dataset?"),
    ("dpnn", {"tagsets": "sounds"}, "tagsets: 'sounds' is not a tag set of this data set"),
    ("faults", {"dataset": "/nowhere"}, "dataset: '/nowhere' is neither a known data set"),
    ("precision", {"runs": "FOLDER"}, "runs: FOLDER has no runs; accepted: a folder of records"),
    ("search", {"topics": 3}, "topics: unknown parameter; known: collection, query, models"),
    ("search", {"collection": "/nowhere"}, "collection: /nowhere is not indexed; run: tagspace"),
    ("search", {"models": "themes"}, "models: 'themes' is not accepted; accepted: sound, moods"),
    ("search", {"models": 3}, "models: 3 is not accepted; accepted: sound, moods"),
    ("search", {"query": 3}, "query: 3 is not accepted; accepted: text"),
    ("relatedness", {"tagsets": "moods"}, "dataset: demo has tags in moods only; one set is held"),
    ("relatedness", {"dataset": "/nowhere"}, "dataset: '/nowhere' is neither a known data set"),
    ("results", {"runs": "/nowhere"}, "runs: the book keeps its own; to make or read others, name"),
    (
        "encoders",
        {"folds": 3, "fold": [0, 1]},
        "dataset: the book keeps no runs with this folds,",
    ),
    ("encoders", {"dataset": "/nowhere"}, "dataset: '/nowhere' is neither a known data set"),
    (
        "batches",
        {"topics": 40},
        "dataset: the book keeps no runs with this topics; name a data",
    ),
    ("albums", {"seed": -1}, "seed: -1 is not accepted; accepted: a whole number, 0 to 429496729"),
    ("train", {"preset": "beste"}, "preset: 'beste' is not accepted; accepted: paper, best"),
    ("tagsets", {"dataset": ""}, "dataset: '' is not accepted; accepted: demo, emotify, fma"),
    ("topics", {"topics": "few"}, "topics: 'few' is not accepted; accepted: a whole number"),
    ("topics", {"negative_threshold": 0.9}, "negative_threshold: 0.9 is not accepted; accepted"),
    ("triplets", {"batch_size": 2}, "batch_size: 2 is not accepted; accepted: a whole number"),
    # Sweeps
    ("sweep", {"topics": "[2, few]"}, "topics: 'few' is not accepted; accepted: a whole number"),
    ("sweep", {"topics": []}, "topics: [] is not accepted; accepted: one value or more"),
    ("sweep", {"workers": "two"}, "workers: 'two' is not accepted; accepted: a whole number"),
    ("sweep", {"scheduler": 8786}, "scheduler: 8786 is not accepted; accepted: the address of a"),
    ("sweep", {"scheduler": "slurm"}, "scheduler: slurm needs the command sbatch, which this mach"),
    ("sweep", {"dataset": "[demo, merge]"}, "dataset: '[demo, merge]' is neither a known data set"),
    (
        "baselines",
        {"variants": "none"},
        "variants: 'none' is not accepted; accepted: names, each wit",
    ),
    (
        "baselines",
        {"variants": {"a": {"runs": "x"}}},
        "variants: {'a': {'runs': 'x'}} is not accept",
    ),
    ("ablations", {"variants": {"a": {"lr": 1}}}, "lr: unknown parameter; known: dataset, shards"),
    (
        "ablations",
        {"folds": 3, "fold": [0, 3]},
        "fold: 3 is not accepted; accepted: a whole number",
    ),
]
COMMANDS = [
    (["runs", "/nowhere"], "runs: /nowhere contains no run records; give their folder"),
    (["runs", "FOLDER"], "runs: FOLDER contains no run records; give their folder"),
    (["keep", "FOLDER", "FOLDER/out"], "runs: FOLDER contains no run records; give their folder"),
    (["manifest", "/nowhere"], "/nowhere is not a folder; give the folder of your music"),
    (["manifest", "FOLDER"], "dataset: FOLDER contains 0 audio files"),
    (["match", "/nowhere.csv", "FOLDER", "FOLDER"], "dataset: /nowhere.csv: cannot be read: No su"),
    (["match", "FOLDER", "FOLDER", "FOLDER"], "dataset: FOLDER: cannot be read: it is not a reg"),
]


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Return a function that replaces the words FOLDER and CACHE by an empty folder's path."""
    monkeypatch.setenv("TAGSPACE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "empty").mkdir()

    def replace(text):
        if not isinstance(text, str):
            return text
        return text.replace("FOLDER", str(tmp_path / "empty")).replace(
            "CACHE", str(tmp_path / "cache")
        )

    return replace


def is_one_line(text):
    return text.isprintable() and len(text) < 900


@pytest.mark.parametrize(("notebook", "given", "line"), CALLS)
def test_a_wrong_parameter_gives_one_line_that_says_what_to_do(places, notebook, given, line):
    with pytest.raises(TagspaceError) as caught:
        run_notebook(notebook, {name: places(value) for name, value in given.items()})
    assert str(caught.value).startswith(places(line))
    assert is_one_line(str(caught.value))


@pytest.mark.parametrize(("arguments", "line"), COMMANDS)
def test_a_wrong_command_gives_one_line_that_says_what_to_do(places, arguments, line):
    with pytest.raises(SystemExit) as caught:
        cli.main([places(argument) for argument in arguments])
    assert caught.value.code.startswith(places(line))
    assert is_one_line(caught.value.code)


def test_the_table_is_long_and_has_all_notebooks_and_commands():
    assert len(CALLS) + len(COMMANDS) >= 60
    notebooks = {path.stem for path in NOTEBOOKS.glob("*.py")}
    assert {notebook for notebook, _, _ in CALLS} == notebooks


@pytest.mark.slow
@pytest.mark.parametrize(
    ("notebook", "given"),
    [
        ("train", {"tagset": "moods"}),
        ("train", {"tagsets": "[genres, mods]"}),
        ("train", {"dataset": 2019}),
        ("train", {"shards": 7}),
        ("results", {"runs": "/nowhere"}),
        ("sweep", {"topics": "[2, few]"}),
    ],
)
def test_papermill_prints_the_same_line_last(tmp_path, notebook, given):
    line = next(line for name, other, line in CALLS if (name, other) == (notebook, given))
    told = [part for name, value in given.items() for part in ("-p", name, str(value))]
    command = [sys.executable, "-m", "papermill", str(NOTEBOOKS / f"{notebook}.ipynb"), "out.ipynb"]
    run = subprocess.run(
        [*command, *told], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    last = [text for text in run.stderr.splitlines() if text.strip()][-1]
    assert run.returncode == 1
    assert last.startswith(f"TagspaceError: {line}")
