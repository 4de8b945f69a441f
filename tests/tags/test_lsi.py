"""The factorisation of the Gram matrix against the SVD of the matrix itself."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.decomposition import TruncatedSVD

from compendium.tag_tables import tag_cosines
from tagspace.errors import TagspaceError
from tagspace.tags.lsi import LSI


def draw(seed, n_tracks=60, n_tags=12):
    """Draw tags whose singular values differ, so that every number of topics is well defined."""
    generator = np.random.default_rng(seed)
    matrix = (generator.random((n_tracks, n_tags)) < np.linspace(0.6, 0.1, n_tags)).astype(float)
    values = np.linalg.svd(matrix, compute_uv=False)
    assert (values[:-1] - values[1:] > 1e-3 * values[0]).all()
    return matrix


def draw_rank_deficient(seed):
    """Append columns that are copies and sums of others."""
    matrix = draw(seed)
    return np.hstack([matrix, matrix[:, :3], matrix[:, 3:4] + matrix[:, 4:5]])


def cosines(vectors):
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 1e-9)
    return unit @ unit.T


@pytest.mark.parametrize("make", [draw, draw_rank_deficient])
@pytest.mark.parametrize("seed", [0, 2, 3])
def test_cosines_equal_those_of_the_dense_svd(make, seed):
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


def test_new_tracks_are_projected_on_the_learned_topics():
    matrix = draw(5)
    train, others = matrix[:40], matrix[40:]
    left = np.linalg.svd(train.T, full_matrices=False)[0]
    vectors = LSI().fit(train).transform(others, 5)
    np.testing.assert_allclose(vectors @ vectors.T, cosines(others @ left[:, :5]), atol=1e-9)


def test_sparse_and_dense_matrices_give_equal_vectors():
    matrix = draw(6)
    sparse_matrix = sparse.csr_array(matrix)
    from_dense, from_sparse = LSI().fit(matrix), LSI().fit(sparse_matrix)
    np.testing.assert_allclose(from_dense.components_, from_sparse.components_, atol=1e-9)
    np.testing.assert_allclose(
        from_dense.transform(matrix, 4), from_sparse.transform(sparse_matrix, 4), atol=1e-9
    )


def test_cosines_of_fewer_tracks_than_tags_equal_those_of_the_dense_svd():
    matrix = draw(7)[:8]
    model = LSI().fit(matrix)
    left = np.linalg.svd(matrix.T, full_matrices=False)[0]
    assert model.rank == np.linalg.matrix_rank(matrix) == 8
    for topics in range(1, 9):
        vectors = model.transform(matrix, topics)
        expected = cosines(matrix @ left[:, :topics])
        np.testing.assert_allclose(vectors @ vectors.T, expected, atol=1e-6)


def test_tracks_outside_the_topics_have_the_zero_vector():
    frequent, rare, absent = [1.0, 1, 0, 0], [0.0, 0, 1, 0], [0.0, 0, 0, 1]
    model = LSI().fit(np.array([frequent] * 5 + [rare]))
    assert model.rank == 2
    tracks = np.array([frequent, rare, absent, [0.0] * 4, [1.0, 1, 1, 1]])
    np.testing.assert_allclose(
        np.abs(model.transform(tracks, 1)), [[1], [0], [0], [0], [1]], atol=1e-12
    )
    vectors = model.transform(tracks, 2)
    assert not vectors[[2, 3]].any()
    np.testing.assert_allclose(np.linalg.norm(vectors[[0, 1, 4]], axis=1), 1)


def test_vectors_made_of_rounding_errors_become_zero():
    frequent, rare = draw(10), np.eye(3)
    matrix = np.zeros((63, 15))
    matrix[:60, :12], matrix[60:, 12:] = frequent[:, ::-1], rare
    matrix = matrix[:, np.random.default_rng(0).permutation(15)]
    model = LSI().fit(matrix)
    assert model.singular_values_[8] > 1.1
    leaked = matrix[60:] @ model.components_[:9].T
    assert 0 < np.abs(leaked).max() < 1e-12
    assert not model.transform(matrix, 9)[60:].any()


def test_the_entry_with_the_largest_magnitude_is_positive():
    components = LSI().fit(draw(8)).components_
    largest = np.abs(components).argmax(axis=1)
    assert (components[np.arange(len(components)), largest] > 0).all()


@pytest.mark.parametrize("topics", [-1, 0, 13])
def test_topics_out_of_range_are_refused(topics):
    model = LSI().fit(draw(9))
    with pytest.raises(TagspaceError, match=f"^topics: {topics} is not accepted.* 1 to 12, .*$"):
        model.transform(draw(9), topics)


@pytest.mark.parametrize("shape", [(5, 3), (5, 0), (0, 3)])
def test_a_matrix_without_tags_is_refused(shape):
    for matrix in (np.zeros(shape), sparse.csr_array(shape)):
        with pytest.raises(TagspaceError, match="^tagsets: no training track carries any"):
            LSI().fit(matrix)


def test_cosines_of_tags_equal_those_of_the_truncated_matrix():
    matrix = draw(0)
    model = LSI().fit(matrix)
    left, values, right = np.linalg.svd(matrix.T, full_matrices=False)
    for topics in (1, 5, 12):
        truncated = left[:, :topics] * values[:topics] @ right[:topics]
        np.testing.assert_allclose(tag_cosines(model, topics), cosines(truncated), atol=1e-9)


def test_a_tag_outside_the_topics_has_no_cosine():
    model = LSI().fit(np.array([[1.0, 1, 0]] * 5 + [[0.0, 0, 1]]))
    np.testing.assert_allclose(tag_cosines(model, 1), [[1, 1, 0], [1, 1, 0], [0, 0, 0]], atol=1e-12)
