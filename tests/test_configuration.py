"""The parameters of a run: accepted and refused values, and the parameters cell."""

import ast
import math
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from tagspace.configuration import PRESETS, Configuration, plain_values, read_parameters
from tagspace.errors import TagspaceError
from tagspace.model.losses import TripletLoss
from tagspace.runs.grid import read_grid

TRAIN = Path(__file__).parents[1] / "notebooks" / "train.py"
KNOWN = ("genres", "styles", "moods")
ACCEPTED = [
    ("dataset", "/music/manifest.csv"),
    ("shards", "0-4"),
    ("tagsets", "styles+moods"),
    ("tagsets", ["styles", "moods"]),
    *(("spellings", kind) for kind in ("keep", "merge")),
    ("topics", 1),
    *(("encoder", name) for name in ("dpnn", "musicnn", __file__)),
    *(("relatedness", name) for name in ("lsi", "tfidf", "lda", "overlap", "artist", __file__)),
    *(("loss", kind) for kind in ("triplet", "contrastive", "regression", "listwise", "tags")),
    ("excerpts", 1),
    ("excerpts", 20),
    *(("mining", strategy) for strategy in ("all", "semihard", "hard", "literal")),
    ("positive_threshold", 1.0),
    ("positive_threshold", 1),
    ("negative_threshold", -1),
    *(("batch_filter", name) for name in ("album", "artist", "none")),
    ("augment", "always"),
    ("margin", 1),
    ("margin", 1e-6),
    *(("unit_norm", name) for name in ("output", "weights", "none")),
    ("dimensions", 1),
    ("epochs", 0),
    ("patience", 1),
    ("batch_size", 3),
    *(("precision", kind) for kind in ("auto", "float32", "bfloat16")),
    *(("batches", kind) for kind in ("uniform", "related")),
    ("learning_rate", 1),
    ("learning_rate", 0),
    ("split", "official"),
    ("folds", 2),
    ("pool", "all"),
    ("pool", "validation"),
    ("seed", 12345),
    ("max_lost", 1),
    *(("device", name) for name in ("auto", "cpu", "cuda", "cuda:1", "mps")),
    ("runs", "/records"),
]
REFUSED = [
    *(("dataset", value) for value in ("", None, 3)),
    *(("tagsets", value) for value in (None, 3, [3], {"moods": 1})),
    *(("shards", value) for value in (3, None)),
    *(("spellings", value) for value in ("join", None, True)),
    *(("topics", value) for value in (0, -1, 2.0, "40", None, True, math.nan)),
    *(("encoder", value) for value in ("MusiCNN", "", "no/file.csv", None, True, 5)),
    *(("relatedness", value) for value in ("LSI", "", "no/file.csv", "~nobody/x", "x" * 999, None)),
    *(("loss", value) for value in ("bce", None)),
    *(("excerpts", value) for value in (0, 21, 1.5, "3")),
    *(("mining", value) for value in ("ALL", "easy", "", None, 1)),
    *(("positive_threshold", value) for value in (1.01, -1.0, "0.8", None, True, math.nan)),
    *(("negative_threshold", value) for value in (-1.01, 0.8, 0.9, "0.2", math.nan, [0.2])),
    *(("batch_filter", value) for value in ("albums", None, True)),
    *(("augment", value) for value in (False, "yes", None)),
    *(("margin", value) for value in (0, -0.2, "1", None, math.inf, math.nan, True)),
    *(("unit_norm", value) for value in ("input", None)),
    *(("dimensions", value) for value in (0, 2.0, "256")),
    *(("epochs", value) for value in (-1, 1.5, "40", None, False)),
    *(("patience", value) for value in (0, 2.5, None)),
    *(("batch_size", value) for value in (2, 1, 0, 300.0, "300")),
    *(("precision", value) for value in ("float16", "single", None, 32)),
    *(("batches", value) for value in ("drawn", "", None, True)),
    *(("learning_rate", value) for value in (-1e-4, math.inf, "5e-4", None)),
    *(("split", value) for value in ("", None, 0)),
    *(("folds", value) for value in (1, -1, 2.0, "2", True)),
    *(("fold", value) for value in (1, -1, 0.0, None)),
    *(("pool", value) for value in ("train", "", None)),
    *(("max_lost", value) for value in (-0.1, 1.1, "0.1", None)),
    *(("seed", value) for value in (-1, 0.5, "0", None)),
    *(("device", value) for value in ("", "gpu", "meta", "cuda:", "cuda:x", 0, None)),
    *(("runs", value) for value in (None, 3, Path("runs"))),
]


def refusal(call, values):
    """Return the error message of a call, which must be a single line."""
    with pytest.raises(TagspaceError) as caught:
        call(values)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_folds_and_a_published_split_exclude_each_other():
    message = refusal(Configuration.check, {"split": "official", "folds": 5})
    assert message.startswith("folds: 5 cannot be combined with split 'official'; set folds to 0")


def test_every_parameter_is_tested():
    assert {name for name, _ in REFUSED} == set(Configuration.model_fields)
    assert {name for name, _ in ACCEPTED} == set(Configuration.model_fields) - {"fold"}


@pytest.mark.parametrize(("name", "value"), ACCEPTED)
def test_valid_value_is_accepted(name, value):
    assert getattr(Configuration.check({name: value}), name) == value


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_invalid_value_is_refused_with_a_list_of_accepted_values(name, value):
    accepted = Configuration.model_fields[name].description
    expected = f"{name}: {value!r} is not accepted; accepted: {accepted}"
    assert refusal(Configuration.check, {name: value}) == expected


@pytest.mark.parametrize(("folds", "fold"), [(2, 2), (5, 7)])
def test_fold_must_be_below_folds(folds, fold):
    values = {"folds": folds, "fold": fold}
    assert refusal(Configuration.check, values).startswith(f"fold: {fold} ")
    assert Configuration.check({"folds": folds, "fold": folds - 1}).fold == folds - 1


def test_thresholds_must_differ():
    values = {"positive_threshold": 0.5, "negative_threshold": 0.5}
    message = refusal(Configuration.check, values)
    assert message.startswith("negative_threshold: 0.5 ")
    assert "below positive_threshold" in message


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("tagset", "did you mean tagsets?"),
        ("Epochs", "did you mean epochs?"),
        ("batchsize", "did you mean batch_size?"),
        ("xyz", f"known: {', '.join(Configuration.model_fields)}"),
    ],
)
def test_unknown_parameter_is_refused_with_a_suggestion(name, advice):
    assert refusal(Configuration.check, {name: 1}) == f"{name}: unknown parameter; {advice}"


def test_configuration_cannot_be_changed():
    with pytest.raises(ValidationError):
        Configuration().epochs = 3


def test_equal_numbers_give_equal_configurations():
    assert repr(Configuration.check({"margin": 1})) == repr(Configuration.check({"margin": 1.0}))


def test_only_keeps_some_parameters_and_resets_the_others():
    configuration = Configuration(seed=3, topics=5, margin=0.5)
    assert configuration.only("seed", "topics") == Configuration(seed=3, topics=5)


# Names that IPython and the notebook itself define in a kernel.
NAMES_OF_IPYTHON = {
    "__name__": "__main__",
    "__doc__": "Automatically created module for IPython interactive environment",
    "__annotations__": {"epochs": int, "tagsets": str},
    "In": ["", "epochs = 3"],
    "Out": {1: 3},
    "_": "",
    "_i1": "epochs = 3",
    "_ih": ["", "epochs = 3"],
    "_dh": ["/"],
    "get_ipython": lambda: None,
    "exit": object(),
    "open": open,
    "read_parameters": read_parameters,
    "Path": Path,
    "ast": ast,
    "mining": ast,  # a module with the name of a parameter
}


def test_read_parameters_ignores_names_of_ipython_and_imported_names():
    found = read_parameters({**NAMES_OF_IPYTHON, "epochs": 3, "tagsets": ["moods"]})
    assert found == Configuration(epochs=3, tagsets=["moods"])


@pytest.mark.parametrize(
    ("name", "given", "meant"),
    [
        ("dataset", 2019, "2019"),
        ("shards", 7, "7"),
        ("runs", 1, "1"),
        ("tagsets", "[genres, moods]", ["genres", "moods"]),
        ("tagsets", "['genres', \"moods\"]", ["genres", "moods"]),
        ("tagsets", "[80s, 1990]", ["80s", "1990"]),
        ("dataset", "[mine]", "[mine]"),
        ("topics", "[1, 2.5, x]", [1, 2.5, "x"]),
        ("margin", 1, 1),
        ("variants", "[1]", "[1]"),
    ],
)
def test_types_that_papermill_made_are_turned_back(name, given, meant):
    assert plain_values({name: given}) == {name: meant}


def test_a_parameter_that_the_notebook_does_not_declare_is_refused():
    message = refusal(read_parameters, {**NAMES_OF_IPYTHON, "seed": 3})
    assert message.startswith("seed: this notebook has no such parameter, so it would have no")
    assert message.endswith("it has epochs, tagsets")


@pytest.mark.parametrize(
    ("name", "value", "changes"),
    [
        ("margin", 4.1, {}),
        ("margin", 100.0, {"loss": "contrastive"}),
        ("batch_size", 2, {"loss": "triplet"}),
        ("augment", "always", {"encoder": "musicnn"}),
        ("unit_norm", "weights", {"encoder": "musicnn"}),
    ],
)
def test_a_value_that_another_parameter_makes_senseless_is_refused(name, value, changes):
    message = refusal(Configuration.check, {name: value, **changes})
    assert message.startswith(f"{name}: {value!r} is not accepted")


@pytest.mark.parametrize(
    "values",
    [
        {"margin": 4},
        {"margin": 100, "unit_norm": "none"},
        {"margin": 100, "loss": "tags"},
        {"batch_size": 2, "loss": "contrastive"},
        {"batch_size": 2, "loss": "tags"},
    ],
)
def test_the_same_value_is_accepted_where_it_has_a_meaning(values):
    Configuration.check(values)


@pytest.mark.parametrize(
    ("name", "value"), [("dataset", Path("music")), ("topics", np.int64(3)), ("seed", object())]
)
def test_parameter_of_a_wrong_type_is_not_ignored(name, value):
    message = refusal(read_parameters, {**NAMES_OF_IPYTHON, name: value})
    assert message.startswith(f"{name}: ")


@pytest.mark.parametrize("value", [3, "3", 0.3, True, None, [3], (3,), {"a": 3}])
def test_plain_value_with_another_name_is_an_unknown_parameter(value):
    message = refusal(read_parameters, {**NAMES_OF_IPYTHON, "epoch": value})
    assert message == "epoch: unknown parameter; did you mean epochs?"


def parameters_cell():
    """Return the assignments in the parameters cell of the training notebook."""
    cells = TRAIN.read_text(encoding="utf-8").split("# %%")
    (cell,) = [cell for cell in cells if cell.startswith(' tags=["parameters"]\n')]
    return ast.parse(cell.partition("\n")[2]).body


def test_parameters_cell_lists_all_parameters_in_order_with_their_defaults():
    found = [(line.target.id, ast.literal_eval(line.value)) for line in parameters_cell()]
    assert found == [("preset", ""), *Configuration().model_dump().items()]


def test_parameters_cell_declares_the_types():
    for line in parameters_cell()[1:]:  # the first one is the preset
        default = getattr(Configuration(), line.target.id)
        assert line.annotation.id == type(default).__name__, line.target.id


def test_table_lists_every_parameter():
    table = Configuration.table()
    assert table.index.tolist() == list(Configuration.model_fields)
    assert table.loc["mining"].tolist() == ["'all'", "all, semihard, hard or literal"]
    assert table.loc["epochs", "default"] == "0"


def test_losses_and_configuration_have_the_same_defaults():
    loss, configuration = TripletLoss(), Configuration()
    assert loss.margin == configuration.margin
    assert loss.strategy == configuration.mining
    assert loss.thresholds == (configuration.positive_threshold, configuration.negative_threshold)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("moods", ("moods",)),
        ("moods+genres", ("genres", "moods")),
        (" moods + styles", ("styles", "moods")),
        (["moods", "styles"], ("styles", "moods")),
        ("all", KNOWN),
        (["all"], KNOWN),
    ],
)
def test_tag_sets_are_chosen_in_the_order_of_the_data_set(text, expected):
    assert Configuration(tagsets=text).choose_tagsets(KNOWN) == expected


@pytest.mark.parametrize(
    "text", ["mood", "", "moods+", "moods+all", "moods,styles", "moods+moods", [], ["moods", ""]]
)
def test_unknown_repeated_and_missing_tag_sets_are_refused(text):
    with pytest.raises(TagspaceError, match="^tagsets: .*; accepted: genres, styles, moods, .*$"):
        Configuration(tagsets=text).choose_tagsets(KNOWN)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_sets_what_is_at_its_default_and_prints_it(preset, capsys):
    values = {"preset": preset, **Configuration().model_dump()}
    configuration = read_parameters(values)
    changed = {
        name: value for name, value in configuration.model_dump().items() if value != values[name]
    }
    assert changed == PRESETS[preset]
    told = ", ".join(f"{name} {value}" for name, value in PRESETS[preset].items())
    assert capsys.readouterr().out == f"preset {preset} sets {told}\n"


def test_a_preset_leaves_what_was_chosen(capsys):
    configuration = read_parameters({"preset": "best", "loss": "regression", "encoder": "dpnn"})
    assert configuration.loss == "regression"
    assert configuration.encoder == "musicnn"  # as dpnn is the default
    assert "loss" not in capsys.readouterr().out


def test_a_preset_leaves_the_lists_and_variants_of_a_sweep():
    grid = read_grid(
        {"preset": "best", "topics": [16, 40], "variants": {"a": {}, "b": {"loss": "triplet"}}}
    )
    assert grid.axes["topics"] == [16, 40]
    assert grid.axes["relatedness"] == ["tfidf"]
    assert grid.variants["b"] == {"loss": "triplet"}


@pytest.mark.parametrize("preset", ["beste", 5, ["best"]])
def test_an_unknown_preset_is_refused(preset):
    message = refusal(read_parameters, {"preset": preset})
    assert message == f"preset: {preset!r} is not accepted; accepted: paper, best"
