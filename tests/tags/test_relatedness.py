import numpy as np
import pandas as pd
import pytest
import torch
from scipy import sparse
from sklearn.metrics import jaccard_score

from tagspace.errors import TagspaceError
from tagspace.tags import relatedness
from tagspace.tags.relatedness import Cosine, Overlap, SameGroup, lda, read_vectors, tf_idf

CPU = torch.device("cpu")
IDS = pd.Index(["a", "b", "c"])


@pytest.fixture
def tags():
    carried = np.random.default_rng(0).random((60, 9)) < 0.3
    return sparse.csr_array(carried.astype(float))


def test_cosine_gives_the_products_of_the_rows_asked_for():
    vectors = torch.nn.functional.normalize(torch.randn(6, 3), dim=1)
    rows = torch.tensor([4, 0, 5])
    found = Cosine(vectors)(rows)
    expected = torch.cosine_similarity(vectors[rows][:, None], vectors[rows][None], dim=2)
    torch.testing.assert_close(found, expected)


def test_overlap_is_the_share_of_common_tags(tags):
    rows = torch.tensor([4, 0, 59])
    found = Overlap(tags, CPU)(rows)
    dense = tags.toarray()
    expected = [[jaccard_score(dense[a], dense[b], zero_division=0) for b in rows] for a in rows]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_tracks_without_tags_do_not_overlap():
    assert not Overlap(sparse.csr_array((2, 3)), CPU)(torch.tensor([0, 1])).any()


def test_tracks_of_one_artist_are_related_and_others_are_not():
    found = SameGroup(torch.tensor([7, 8, 7, 9]))(torch.tensor([2, 1, 0]))
    assert found.tolist() == [[1, 0, 1], [0, 1, 0], [1, 0, 1]]


def test_a_rare_tag_counts_more_than_a_common_one(tags):
    train = np.arange(40)
    weighted = tf_idf(tags, train).toarray()
    carriers = tags.toarray()[train].sum(0)
    for tag in range(9):
        values = np.unique(weighted[:, tag][tags.toarray()[:, tag] > 0])
        assert values == pytest.approx([1 + np.log(41 / (1 + carriers[tag]))])
    assert (weighted > 0).sum() == tags.sum()


def test_topic_mixtures_tell_two_vocabularies_apart():
    words = np.zeros((40, 6))
    generator = np.random.default_rng(0)
    for row in range(40):
        start = 3 * (row % 2)
        words[row, generator.choice(np.arange(start, start + 3), 2, replace=False)] = 1
    vectors = lda(sparse.csr_array(words), np.arange(30), topics=2, seed=0)
    cosines = vectors @ vectors.T
    same = np.arange(40)[:, None] % 2 == np.arange(40) % 2
    assert cosines[same].min() > 0.8 > 0.6 > cosines[~same].max()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_vectors_are_read_by_track(tmp_path, suffix):
    table = pd.DataFrame({"track_id": ["c", "x", "a"], "x": [3, 1, 0], "y": [4, 1, 2]})
    file = tmp_path / f"vectors.{suffix}"
    table.to_csv(file, index=False) if suffix == "csv" else table.to_parquet(file)
    found = read_vectors(file, IDS)
    np.testing.assert_allclose(found, [[0, 1], [0, 0], [0.6, 0.8]])


def test_ids_are_read_as_they_are_written(tmp_path):
    (tmp_path / "vectors.csv").write_text("track_id,x\n001,1\nNA,2\n")
    found = read_vectors(tmp_path / "vectors.csv", pd.Index(["NA", "1", "001"]))
    assert found.tolist() == [[1], [0], [1]]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("track,x\na,1\n", "this is no table"),
        ("track_id,x\na,low\n", "this is no table"),
        ("track_id,x\na,1\na,2\n", "a track is there twice"),
        ("track_id,x\na,\n", "this is no table"),
        ("track_id,x\na,nan\n", "a number is missing"),
        ("track_id\na\n", "no numbers"),
        ("track_id,x\nz,1\n", "none of the data set's tracks"),
        ("", "this is no table"),
    ],
)
def test_a_table_that_does_not_serve_is_refused(tmp_path, text, reason):
    file = tmp_path / "vectors.csv"
    file.write_text(text)
    with pytest.raises(TagspaceError, match=f"^relatedness: {file}: .*{reason}.*$"):
        read_vectors(file, IDS)


@pytest.mark.parametrize("kind", ["lsi", "tfidf", "lda", "overlap"])
def test_what_is_related_follows_from_the_tag_sets_asked_for(small, kind):
    # Moods alternate within an album pair, themes change between the fifth artist and the sixth.
    corpus, configuration = small(tagsets="themes", relatedness=kind)
    found = relatedness.of(corpus, configuration, CPU)(torch.tensor([0, 1, 39]))
    assert found[0, 1] == pytest.approx(1, abs=1e-5)
    assert found[0, 2] < 0.7


def test_sampled_cosines_are_of_each_pair_once():
    vectors = np.eye(5)[[0, 0, 1, 2, 2, 2]]
    cosines = relatedness.sample_cosines(vectors)
    assert sorted(cosines) == [0] * 11 + [1] * 4
    assert len(relatedness.sample_cosines(vectors, size=3)) == 3
