import itertools

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from compendium import tag_figures
from tagspace.datasets.base import build
from tagspace.tags import tagsets
from tagspace.tags.lsi import LSI

mpl.use("agg")

SETS = ("genres", "moods", "instruments")
TRACKS = {
    "a": {"genres": ["Folk"], "moods": ["calm", "warm"], "instruments": ["flute"]},
    "b": {"genres": ["Folk"], "moods": ["calm", "warm"], "instruments": ["fiddle"]},
    "c": {"genres": ["Folk", "Rock"], "moods": ["calm"], "instruments": ["flute"]},
    "d": {"genres": ["Rock"], "moods": ["loud"], "instruments": ["guitar"]},
}


@pytest.fixture
def tags():
    rows = [
        (track, tagset, tag)
        for track, sets in TRACKS.items()
        for tagset, chosen in sets.items()
        for tag in chosen
    ]
    return tagsets.binary_matrix(build("x", [(t, "", (), "", "") for t in TRACKS], rows, SETS))


@pytest.fixture
def model(tags):
    return LSI().fit(tags.matrix)


def test_frequencies_count_tracks_the_most_frequent_first(tags):
    found = tagsets.frequencies(tags)
    assert list(found[found["tagset"] == "moods"].itertuples(index=False, name=None)) == [
        ("moods", "calm", 3),
        ("moods", "warm", 2),
        ("moods", "loud", 1),
    ]
    assert found["tagset"].unique().tolist() == list(SETS)


def test_cooccurrence_is_the_jaccard_index_of_the_tracks(tags):
    columns = np.arange(len(tags.vocabulary))
    carriers = [
        {t for t, sets in TRACKS.items() if row.tag in sets[row.tagset]}
        for row in tags.vocabulary.itertuples()
    ]
    expected = [[len(a & b) / len(a | b) for b in carriers] for a in carriers]
    np.testing.assert_allclose(tagsets.cooccurrence(tags, columns), expected)
    order = columns[::-1]
    np.testing.assert_allclose(
        tagsets.cooccurrence(tags, order), np.array(expected)[np.ix_(order, order)]
    )


def test_every_tag_set_has_a_colour_of_its_own():
    names = ["genres", "styles", "moods", "themes", "instruments", "tags", "eras", "places"]
    assert len(set(tag_figures.colours(names).values())) == len(names)


def test_frequencies_are_drawn_in_a_panel_per_set(tags):
    figure = tag_figures.frequencies_figure(tagsets.frequencies(tags), top=2)
    assert [axes.get_title() for axes in figure.axes] == list(SETS)
    widths = [bar.get_width() for bar in figure.axes[1].patches]
    assert widths == [3, 2]


def test_cooccurrence_is_drawn_for_the_most_frequent_tags(tags):
    axes = tag_figures.cooccurrence_figure(tags, top=2).axes[0]
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == ["Folk", "Rock", "calm", "warm", "flute", "fiddle"]
    values = axes.collections[0].get_array()
    assert values[0, 2] == pytest.approx(1)  # Folk and calm are on the same tracks
    assert values.mask.diagonal().all()


def test_loadings_are_those_of_the_topic(tags, model):
    axes = tag_figures.loadings_figure(model, tags.vocabulary, [2]).axes[0]
    drawn = {
        label.get_text(): bar.get_width()
        for label, bar in zip(axes.get_yticklabels(), axes.patches, strict=True)
    }
    expected = dict(zip(tags.vocabulary["tag"], model.components_[1], strict=True))
    assert drawn == pytest.approx(expected)


def test_nearest_tags_are_those_of_the_largest_cosine(tags, model):
    found = tag_figures.nearest_tags(model, tags.vocabulary, "genres", "Folk", model.rank)
    # At full rank the cosines are those of the columns of the matrix itself.
    columns = tags.matrix.toarray().T
    unit = columns / np.linalg.norm(columns, axis=1, keepdims=True)
    row = tags.vocabulary.index[tags.vocabulary["tag"] == "Folk"].item()
    cosines = pd.Series(unit @ unit[row], tags.vocabulary["tag"]).drop("Folk")
    assert found["tag"].iloc[0] == "calm"
    assert found.set_index("tag")["cosine"].to_dict() == pytest.approx(
        cosines.nlargest(8).round(3).to_dict()
    )


def test_the_shares_on_each_side_of_the_thresholds_are_told():
    cosines = np.array([-0.5, 0.1, 0.2, 0.5, 0.8, 0.9])
    axes = tag_figures.cosines_figure(cosines, positive=0.8, negative=0.2).axes[0]
    assert axes.get_title() == "unrelated: 33.3% of pairs; related: 33.3%"
    assert [line.get_xdata()[0] for line in axes.lines] == [0.2, 0.8]


def test_shares_and_spectrum_are_drawn(model):
    shares = pd.DataFrame({"related": [0.2, 0.1], "unrelated": [0.5, 0.6]}, index=[2, 5])
    curves = tag_figures.shares_figure(shares).axes[0].lines
    assert [list(curve.get_ydata()) for curve in curves] == [[0.2, 0.1], [0.5, 0.6]]
    left, right = tag_figures.spectrum_figure(model, 2).axes
    assert list(left.lines[0].get_ydata()) == model.singular_values_.tolist()
    assert right.lines[0].get_ydata()[-1] == pytest.approx(1)


def test_pairs_are_counted_among_training_tracks(small):
    corpus, configuration = small()
    systems = {
        "cosines": configuration,
        "overlap": configuration.model_copy(update={"relatedness": "overlap", "positive_threshold": 0.5}),
    }
    table = tag_figures.pairs_table(corpus, systems)
    rows = corpus.split.train
    vectors = corpus.topics.vectors(("moods",), configuration.topics)
    carried = [set(np.flatnonzero(row)) for row in corpus.tags.of("moods").toarray()]
    tags = [set(np.flatnonzero(row)) for row in corpus.tags.matrix.toarray()]
    compare = {
        "cosines": lambda a, b: vectors[a] @ vectors[b],
        "overlap": lambda a, b: len(carried[a] & carried[b]) / len(carried[a] | carried[b]),
    }
    for name, chosen in systems.items():
        of_one_album = corpus.groups.same("album", np.arange(len(corpus)))
        related, unrelated = set(), set()
        for a, b in itertools.permutations(rows, 2):
            if not of_one_album[a, b] and compare[name](a, b) >= chosen.positive - 1e-6:
                related.add((a, b))
            if not of_one_album[a, b] and compare[name](a, b) < chosen.negative - 1e-6:
                unrelated.add((a, b))
        anchors = {a for a, _ in related} & {a for a, _ in unrelated}
        n_pairs = len(rows) * (len(rows) - 1)
        strangers = [(a, b) for a, b in related if not tags[a] & tags[b]]
        expected = [len(related) / n_pairs, len(unrelated) / n_pairs, len(anchors) / len(rows)]
        assert 0 < expected[0] < expected[1]
        expected.append(len(strangers) / len(related))
        np.testing.assert_allclose(table.loc[name], expected, rtol=1e-6)


def test_related_pairs_without_a_common_tag_are_counted(small):
    corpus, configuration = small(positive=0.0, negative=-0.5)
    counted = tag_figures.pairs_table(corpus, {"all": configuration}).loc["all", "no common tag"]
    tags = corpus.tags.matrix.toarray()
    same_album = corpus.groups.same("album", np.arange(len(corpus)))
    pairs = itertools.permutations(corpus.split.train, 2)
    others = [(a, b) for a, b in pairs if not same_album[a, b]]  # no cosine here is below zero
    assert counted == pytest.approx(np.mean([not (tags[a] * tags[b]).any() for a, b in others]))
    assert 0 < counted < 1


def test_of_many_tracks_pairs_are_counted_in_a_sample(small):
    corpus, configuration = small()
    two = tag_figures.pairs_table(corpus, {"two": configuration}, size=2)
    assert set(two.loc["two", ["related", "unrelated"]]) <= {0, 1}


def test_hits_by_chance_are_those_of_all_pairs():
    chosen = np.random.default_rng(0).choice(("a", "ab", "abc", "bcd", "e"), 40)  # a letter a tag
    rows = [(str(track), "x", tag) for track, letters in enumerate(chosen) for tag in letters]
    tracks = [(str(track), "", (), "", "") for track in range(len(chosen))]
    tags = tagsets.binary_matrix(build("x", tracks, rows, ("x",)))
    hits = []
    for query, other in itertools.permutations(map(set, chosen), 2):
        shared = len(query & other) / len(query | other)
        part = len(query & other) / len(query)
        hits.append((shared > 0, shared, shared >= 1 / 2, part == 1, shared >= 2 / 3, shared == 1))
    table = tag_figures.hits_table(tags)
    assert table["tracks"].tolist() == [len(chosen)]
    np.testing.assert_allclose(table.iloc[0, 1:].astype(float), np.mean(hits, axis=0), rtol=1e-12)
    assert table.iloc[0].nunique() == table.shape[1]
