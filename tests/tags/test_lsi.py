"""The factorisation of the Gram matrix against the SVD of the matrix itself."""

from itertools import combinations

import numpy as np
import pytest
from scipy import sparse
from sklearn.decomposition import TruncatedSVD

from tagspace.datasets.base import build
from tagspace.errors import TagspaceError
from tagspace.tags.lsi import LSI, Topics
from tagspace.tags.tagsets import binary_matrix


def draw(seed, n_tracks=60, n_tags=12):
    """Draw tags of unequal frequency; singular values differ, so that every cut is unambiguous."""
    generator = np.random.default_rng(seed)
    matrix = (generator.random((n_tracks, n_tags)) < np.linspace(0.6, 0.1, n_tags)).astype(float)
    values = np.linalg.svd(matrix, compute_uv=False)
    assert (values[:-1] - values[1:] > 1e-3 * values[0]).all()
    return matrix


def deficient(seed):
    """Add tags that follow from others: sums and copies of columns."""
    matrix = draw(seed)
    return np.hstack([matrix, matrix[:, :3], matrix[:, 3:4] + matrix[:, 4:5]])


def cosines(vectors):
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 1e-9)
    return unit @ unit.T


@pytest.mark.parametrize("make", [draw, deficient])
@pytest.mark.parametrize("seed", [0, 2, 3])
def test_cosines_equal_those_of_the_dense_svd_for_every_number_of_topics(make, seed):
    matrix = make(seed)
    left, values, _ = np.linalg.svd(matrix.T, full_matrices=False)
    model = LSI().fit(sparse.csr_array(matrix))
    assert model.rank == np.linalg.matrix_rank(matrix) == 12
    np.testing.assert_allclose(model.singular_values_, values[: model.rank], rtol=1e-9)
    for topics in range(1, model.rank + 1):
        vectors = model.transform(sparse.csr_array(matrix), topics)
        assert vectors.shape == (len(matrix), topics)
        expected = cosines(matrix @ left[:, :topics])
        np.testing.assert_allclose(vectors @ vectors.T, expected, atol=1e-9)


@pytest.mark.parametrize("seed", [0, 2, 3])
def test_cosines_equal_those_of_scikit_learn(seed):
    matrix = draw(seed)
    model = LSI().fit(matrix)
    for topics in range(1, model.rank):  # arpack gives fewer than all
        expected = cosines(TruncatedSVD(topics, algorithm="arpack").fit_transform(matrix))
        vectors = model.transform(matrix, topics)
        np.testing.assert_allclose(vectors @ vectors.T, expected, atol=1e-6)


def test_other_tracks_are_projected_on_the_topics_that_were_learned():
    matrix = draw(5)
    train, others = matrix[:40], matrix[40:]
    left = np.linalg.svd(train.T, full_matrices=False)[0]
    vectors = LSI().fit(train).transform(others, 5)
    np.testing.assert_allclose(vectors @ vectors.T, cosines(others @ left[:, :5]), atol=1e-9)


def test_sparse_and_dense_matrices_give_the_same():
    matrix = draw(6)
    dense, thin = LSI().fit(matrix), LSI().fit(sparse.csr_array(matrix))
    np.testing.assert_allclose(dense.components_, thin.components_, atol=1e-9)
    np.testing.assert_allclose(
        dense.transform(matrix, 4), thin.transform(sparse.csr_array(matrix), 4), atol=1e-9
    )


def test_fewer_tracks_than_tags():
    matrix = draw(7)[:8]
    model = LSI().fit(matrix)
    left = np.linalg.svd(matrix.T, full_matrices=False)[0]
    assert model.rank == np.linalg.matrix_rank(matrix) == 8
    for topics in range(1, 9):
        vectors = model.transform(matrix, topics)
        expected = cosines(matrix @ left[:, :topics])
        np.testing.assert_allclose(vectors @ vectors.T, expected, atol=1e-6)


def test_tracks_outside_the_topics_are_related_to_none():
    often, rarely, never = [1.0, 1, 0, 0], [0.0, 0, 1, 0], [0.0, 0, 0, 1]
    model = LSI().fit(np.array([often] * 5 + [rarely]))
    assert model.rank == 2
    tracks = np.array([often, rarely, never, [0.0] * 4, [1.0, 1, 1, 1]])
    np.testing.assert_allclose(
        np.abs(model.transform(tracks, 1)), [[1], [0], [0], [0], [1]], atol=1e-12
    )
    with_both = model.transform(tracks, 2)
    assert not with_both[[2, 3]].any()
    np.testing.assert_allclose(np.linalg.norm(with_both[[0, 1, 4]], axis=1), 1)


def test_rounding_errors_are_no_direction():
    often, rarely = draw(10), np.eye(3)
    matrix = np.zeros((63, 15))
    matrix[:60, :12], matrix[60:, 12:] = often[:, ::-1], rarely
    matrix = matrix[:, np.random.default_rng(0).permutation(15)]
    model = LSI().fit(matrix)
    assert model.singular_values_[8] > 1.1
    leaked = matrix[60:] @ model.components_[:9].T
    assert 0 < np.abs(leaked).max() < 1e-12
    assert not model.transform(matrix, 9)[60:].any()


def test_the_entry_largest_by_magnitude_is_positive():
    components = LSI().fit(draw(8)).components_
    largest = np.abs(components).argmax(axis=1)
    assert (components[np.arange(len(components)), largest] > 0).all()


@pytest.mark.parametrize("topics", [-1, 0, 13])
def test_topics_out_of_range_are_refused(topics):
    model = LSI().fit(draw(9))
    with pytest.raises(TagspaceError, match=f"^topics: {topics} is not accepted.* 1 to 12, .*$"):
        model.transform(draw(9), topics)


@pytest.mark.parametrize("shape", [(5, 3), (5, 0), (0, 3)])
def test_tracks_without_any_tag_are_refused(shape):
    for matrix in (np.zeros(shape), sparse.csr_array(shape)):
        with pytest.raises(TagspaceError, match="^tagsets: no training track carries any"):
            LSI().fit(matrix)


@pytest.fixture
def tags():
    """Twenty tracks with tags of two sets; `rare` is on no training track."""
    generator = np.random.default_rng(0)
    drawn = generator.random((20, 5)) < 0.4
    rows = [(f"x{t}", "moods", f"tag {n}") for t, n in np.argwhere(drawn)]
    tracks = [(f"x{t}", "", (), "", "") for t in range(21)]
    return binary_matrix(
        build("invented", tracks, [*rows, ("x20", "themes", "rare")], ("moods", "themes"))
    )


def test_topics_are_learned_from_training_tracks_alone(tags):
    train = np.arange(10)
    vectors = Topics(tags, train).vectors(("moods",), 3)
    dense = tags.of("moods").toarray()
    expected = LSI().fit(dense[:10]).transform(dense, 3)
    np.testing.assert_allclose(vectors @ vectors.T, expected @ expected.T, atol=1e-9)
    of_all = LSI().fit(dense).transform(dense, 3)
    assert not np.allclose(vectors @ vectors.T, of_all @ of_all.T, atol=0.01)


def test_topics_are_cut_at_the_rank_of_the_training_tags(tags):
    assert Topics(tags, np.arange(20)).vectors(("moods",), 400).shape == (21, 5)


def test_a_track_with_new_tags_only_is_related_to_none(tags):
    assert not Topics(tags, np.arange(20)).vectors(("moods",), 5)[20].any()


def test_a_tag_set_without_tags_is_refused(tags):
    topics = Topics(tags, np.arange(20))
    for tagsets in [("themes",), ()]:
        with pytest.raises(TagspaceError, match="^tagsets: no training track"):
            topics.vectors(tagsets, 5)


def test_every_join_of_tag_sets_has_the_model_of_its_own_tags():
    generator = np.random.default_rng(1)
    sets = ("genres", "styles", "moods")
    tracks = [(f"x{t}", "", (), "", "") for t in range(30)]
    rows = [
        (f"x{t}", tagset, f"tag {n}")
        for tagset in sets
        for t, n in np.argwhere(generator.random((30, 4)) < 0.4)
    ]
    tags = binary_matrix(build("invented", tracks, rows, sets))
    topics = Topics(tags, np.arange(20))
    for size in (1, 2, 3):
        for joined in combinations(sets, size):
            alone = LSI().fit(tags.select(joined).matrix[:20])
            np.testing.assert_array_equal(topics.model(joined).components_, alone.components_)
            assert topics.model(joined) is topics.model(joined)
