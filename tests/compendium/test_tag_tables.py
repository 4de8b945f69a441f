"""Counts of tags, checked by hand."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from compendium import measured, tag_tables
from compendium.tag_tables import anchors_table, counts_table, frequencies
from tagspace.datasets.base import build
from tagspace.model.batches import UniformBatches
from tagspace.tags.lsi import LSI
from tagspace.tags.tagsets import binary_matrix, combination_codes, intersection, restrict


@pytest.fixture
def dataset(make_tagged):
    return make_tagged("styles", "moods")


def test_tags_combinations_albums_and_tracks_are_counted(dataset):
    tags = binary_matrix(dataset)
    columns = ["tags", "combinations", "albums", "tracks"]
    of_all = counts_table(dataset, tags)
    assert of_all.loc["styles", columns].tolist() == [3, 3, 3, 3]
    assert of_all.loc["moods", columns].tolist() == [2, 1, 2, 2]
    of_intersection = counts_table(dataset, restrict(tags, intersection(tags)))
    assert of_intersection.loc["styles", columns].tolist() == [2, 2, 2, 2]
    assert of_intersection.loc["moods", columns].tolist() == [2, 1, 2, 2]


def test_frequencies_count_the_tracks_of_each_tag_in_descending_order(dataset):
    found = frequencies(binary_matrix(dataset))
    assert found.to_numpy().tolist() == [
        ["styles", "ska", 2],
        ["styles", "playful", 1],
        ["styles", "polka", 1],
        ["moods", "calm", 2],
        ["moods", "playful", 2],
    ]


def test_combination_codes_are_equal_only_for_equal_sets_of_tags():
    dense = np.random.default_rng(0).integers(0, 2, size=(60, 4))
    codes = combination_codes(sparse.csr_array(dense))
    for a, b in itertools.combinations(range(60), 2):
        assert (codes[a] == codes[b]) == np.array_equal(dense[a], dense[b])


def test_no_tracks_have_no_combination_codes():
    assert len(combination_codes(sparse.csr_array((0, 3)))) == 0


def test_anchors_are_those_of_one_epoch_of_batches(small):
    corpus, _ = small()
    train = corpus.split.train
    moods = corpus.tags.select(("moods",))
    table = anchors_table(moods, corpus.groups, train, [2], batch_size=8)
    wild = moods.matrix[[0]].toarray() != moods.matrix.toarray()
    mood = wild.any(axis=1)
    anchors, pairs = 0, []
    batches = UniformBatches(train, 8)(np.random.default_rng(0))
    for batch in batches:
        same_album = corpus.groups.same_album(batch, batch)
        related = (mood[batch][:, None] == mood[batch]) & ~same_album
        unrelated = (mood[batch][:, None] != mood[batch]) & ~same_album
        anchors += (related.any(axis=1) & unrelated.any(axis=1)).sum()
        pairs.append(related.sum() / 2)
    found = table.loc[2].to_dict()
    assert found["uniform: anchors"] == anchors / len(train)
    assert found["uniform: pairs"] == np.mean(pairs)
    assert (found["uniform: empty"], found["alone"]) == (0, 0)
    assert found["related: anchors"] > 0.9


def test_archived_anchors_have_the_form_of_the_table(small):
    corpus, _ = small()
    table = anchors_table(corpus.tags, corpus.groups, corpus.split.train, [2])
    archived = measured.anchors()
    assert archived.columns.tolist() == table.columns.tolist()
    assert (archived["related: anchors"] > 0.9).all()


def test_held_out_table_has_means_and_differences_from_both_references(held_out):
    table = tag_tables.held_out_table(held_out, [4])
    assert table.index.tolist() == ["overlap", "lsi 4", "tfidf 4"]
    assert table["nDCG@10"].tolist() == ["0.400", "0.350", "0.450"]
    expected = ["", "−0.050 [−0.150, +0.250]", "+0.050 [−0.050, +0.350]"]
    assert table["difference from overlap"].tolist() == expected
    assert table.columns.tolist() == [
        "nDCG@10",
        "difference from overlap",
        "difference from lsi 16",
    ]


def test_held_out_matrix_leads_from_the_sets_learned_from_to_those_held_out(held_out):
    matrix = tag_tables.held_out_matrix(held_out, "lsi", 4)
    assert matrix.index.tolist() == ["all others", "moods"]
    assert matrix.columns.tolist() == ["moods", "themes"]
    assert matrix.loc["all others"].tolist() == pytest.approx([0.25, 0.45])
    assert matrix.loc["moods", "themes"] == pytest.approx(0.55)
    differences = tag_tables.held_out_matrix(held_out, "lsi", 4, "difference")
    assert differences.loc["moods", "themes"] == pytest.approx(-0.05)


def test_cooccurrence_is_the_jaccard_index_of_the_tracks(tags, tagged):
    table = tag_tables.cooccurrence_table(tags)
    assert len(table) == len(tags.vocabulary)
    carriers = [
        {track for track, sets in tagged.items() if tag in sets[tagset]}
        for tagset, tag in table.index
    ]
    expected = [[len(a & b) / len(a | b) for b in carriers] for a in carriers]
    np.testing.assert_allclose(table, expected)
    assert table.columns.equals(table.index)


def test_loadings_table_has_the_largest_loadings_of_each_topic(tags):
    model = LSI().fit(tags.matrix)
    table = tag_tables.loadings_table(model, tags.vocabulary, [1, 2], top=3)
    for topic, rows in table.groupby("topic"):
        expected = sorted(sorted(model.components_[topic - 1], key=abs)[-3:])
        assert rows["loading"].tolist() == pytest.approx(expected)


def test_nearest_tags_are_those_with_the_largest_cosines(tags):
    model = LSI().fit(tags.matrix)
    found = tag_tables.nearest_tags(model, tags.vocabulary, "genres", "Folk", model.rank)
    # At full rank the cosines are those of the columns of the matrix itself.
    columns = tags.matrix.toarray().T
    unit = columns / np.linalg.norm(columns, axis=1, keepdims=True)
    row = tags.vocabulary.index[tags.vocabulary["tag"] == "Folk"].item()
    cosines = pd.Series(unit @ unit[row], tags.vocabulary["tag"]).drop("Folk")
    assert found["tag"].iloc[0] == "calm"
    assert found.set_index("tag")["cosine"].to_dict() == pytest.approx(
        cosines.nlargest(8).to_dict()
    )


def test_sample_cosines_has_each_pair_once():
    vectors = np.eye(4)[[0, 0, 1, 2, 3]]
    cosines = tag_tables.sample_cosines(vectors)
    assert sorted(cosines) == [0.0] * 9 + [1.0]
    assert len(tag_tables.sample_cosines(vectors, size=3)) == 3


def test_hits_table_averages_each_definition_over_all_pairs():
    letters = np.random.default_rng(0).choice(("a", "ab", "abc", "bcd", "e"), 40)
    rows = [(str(track), "x", tag) for track, tags in enumerate(letters) for tag in tags]
    tracks = [(str(track), "", (), "", "") for track in range(len(letters))]
    tags = binary_matrix(build("x", tracks, rows, ("x",)))
    hits = []
    for query, other in itertools.permutations(map(set, letters), 2):
        share = len(query & other) / len(query | other)
        is_subset = query <= other
        hits.append((share > 0, share, share >= 1 / 2, is_subset, share >= 2 / 3, share == 1))
    table = tag_tables.hits_table(tags)
    assert table["tracks"].tolist() == [len(letters)]
    np.testing.assert_allclose(table.iloc[0, 1:].astype(float), np.mean(hits, axis=0), rtol=1e-12)
    assert table.iloc[0].nunique() == table.shape[1]
