"""Relatedness of tracks against slow, obvious versions."""

import numpy as np
import pytest
import torch
from scipy import sparse
from scipy.special import digamma
from sklearn.metrics import jaccard_score

from tagspace.errors import TagspaceError
from tagspace.tags.relatedness import (
    Cosine,
    Overlap,
    SameGroup,
    _lda_vectors,
    jaccard,
    lsi_vectors,
    relatedness_from_tags,
    tf_idf,
)

TRAIN = np.arange(40)


@pytest.fixture
def tags():
    """Draw nine tags of 60 tracks."""
    carried = np.random.default_rng(0).random((60, 9)) < 0.3
    return sparse.csr_array(carried.astype(float))


def cosines(vectors):
    """Compute the cosines of all pairs; 0 for a zero vector."""
    return np.array([[cosine(a, b) for b in vectors] for a in vectors])


def cosine(a, b):
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    return a @ b / lengths if lengths > 1e-9 else 0.0


def slow_lsi(matrix, topics):
    left, _, _ = np.linalg.svd(matrix[TRAIN].T, full_matrices=False)
    return cosines(matrix @ left[:, :topics])


def slow_tfidf(matrix, topics):
    weighted = matrix.copy()
    for tag in range(matrix.shape[1]):
        n_carriers = (matrix[TRAIN, tag] > 0).sum()
        weighted[:, tag] *= 1 + np.log((1 + len(TRAIN)) / (1 + n_carriers))
    return slow_lsi(weighted, topics)


def slow_overlap(matrix, _topics):
    sets = [set(np.flatnonzero(row)) for row in matrix]
    return np.array([[len(a & b) / max(len(a | b), 1) for b in sets] for a in sets])


def slow_lda(matrix, topics):
    """Fit by variational Bayes, a document at a time (Hoffman et al. 2010, with all documents)."""
    prior = 1 / topics
    weights = np.random.RandomState(0).gamma(100.0, 0.01, (topics, matrix.shape[1]))
    for _ in range(50):
        counts = np.zeros_like(weights)
        for document in matrix[TRAIN]:
            counts += responsibilities(document, weights, prior) * document
        weights = prior + counts
    mixtures = []
    for document in matrix:
        counts = (responsibilities(document, weights, prior) * document).sum(axis=1)
        mixtures.append(prior + counts)
    return cosines(mixtures)


def responsibilities(document, weights, prior):
    """Return the share of each topic in each word of a document, shape (topics, n_words)."""
    words = np.exp(digamma(weights) - digamma(weights.sum(axis=1, keepdims=True)))
    mixture = np.ones(len(weights))
    for _ in range(100):
        topics = np.exp(digamma(mixture) - digamma(mixture.sum()))
        shares = topics[:, None] * words
        shares /= shares.sum(axis=0)
        mixture = prior + (shares * document).sum(axis=1)
    return shares


@pytest.mark.parametrize("topics", [1, 3, 9, 16])
@pytest.mark.parametrize(
    ("kind", "slow"), [("lsi", slow_lsi), ("tfidf", slow_tfidf), ("overlap", slow_overlap)]
)
def test_relatedness_from_tags_equals_the_slow_version(tags, kind, slow, topics):
    rows = torch.tensor([4, 0, 59, 41, 7, 12])
    related = relatedness_from_tags(tags, TRAIN, kind, topics)
    found = related(rows)
    assert found.dtype == torch.float32
    expected = slow(tags.toarray(), topics)[np.ix_(rows, rows)]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_relatedness_by_lda_equals_the_slow_version(tags):
    found = relatedness_from_tags(tags, TRAIN, "lda", topics=3)(torch.arange(60))
    expected = slow_lda(tags.toarray(), topics=3)
    assert expected.min() < 0.5
    np.testing.assert_allclose(found, expected, atol=0.02)


def test_lsi_and_its_topics_are_the_defaults(tags):
    rows = torch.arange(60)
    found = relatedness_from_tags(tags, TRAIN)(rows)
    assert torch.equal(found, relatedness_from_tags(tags, TRAIN, "lsi", topics=16)(rows))


def test_the_seed_initialises_lda(tags):
    vectors = [_lda_vectors(tags, TRAIN, 3, seed) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(vectors[0], vectors[1])
    assert not np.allclose(vectors[0], vectors[2])


@pytest.mark.parametrize("kind", ["lsi", "tfidf"])
def test_training_tracks_without_tags_are_refused(tags, kind):
    tags = sparse.vstack([sparse.csr_array((40, 9)), tags], format="csr")
    with pytest.raises(TagspaceError, match="^tagsets: no training track carries any"):
        relatedness_from_tags(tags, TRAIN, kind)


def test_cosine_gives_the_cosines_of_the_chosen_rows():
    noise = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
    vectors = torch.nn.functional.normalize(noise, dim=1)
    rows = torch.tensor([4, 0, 5])
    found = Cosine(vectors)(rows)
    expected = torch.cosine_similarity(vectors[rows][:, None], vectors[rows][None], dim=2)
    torch.testing.assert_close(found, expected)


def test_overlap_is_the_jaccard_index_of_the_chosen_rows(tags):
    rows = torch.tensor([4, 0, 59])
    found = Overlap(tags)(rows)
    dense = tags.toarray()
    expected = [[jaccard_score(dense[a], dense[b], zero_division=0) for b in rows] for a in rows]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_tracks_without_tags_do_not_overlap():
    assert not Overlap(sparse.csr_array((2, 3)))(torch.tensor([0, 1])).any()


def test_tracks_of_one_group_are_related_and_others_are_not():
    found = SameGroup(torch.tensor([7, 8, 7, 9]))(torch.tensor([2, 1, 0]))
    assert found.tolist() == [[1, 0, 1], [0, 1, 0], [1, 0, 1]]


@pytest.mark.parametrize("seed", range(5))
def test_jaccard_equals_that_of_python_sets(seed):
    generator = np.random.default_rng(seed)
    left, right = (generator.random((n, 6)) < 0.3 for n in (15, 25))
    left[0] = right[0] = False  # the empty set
    left_sets, right_sets = (
        [set(np.flatnonzero(row).tolist()) for row in matrix] for matrix in (left, right)
    )
    expected = [[len(a & b) / len(a | b) if a | b else 0 for b in right_sets] for a in left_sets]
    for dtype in (np.float64, np.float32):
        found = jaccard(sparse.csr_array(left.astype(dtype)), sparse.csr_array(right.astype(dtype)))
        assert found.dtype == dtype
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_tf_idf_gives_a_rare_tag_more_weight_than_a_common_one(tags):
    weighted = tf_idf(tags, TRAIN).toarray()
    n_carriers = tags.toarray()[TRAIN].sum(0)
    for tag in range(9):
        values = np.unique(weighted[:, tag][tags.toarray()[:, tag] > 0])
        assert values == pytest.approx([1 + np.log(41 / (1 + n_carriers[tag]))])
    assert (weighted > 0).sum() == tags.sum()


def test_lda_separates_two_vocabularies():
    words = np.zeros((40, 6))
    generator = np.random.default_rng(0)
    for row in range(40):
        start = 3 * (row % 2)
        words[row, generator.choice(np.arange(start, start + 3), 2, replace=False)] = 1
    vectors = _lda_vectors(sparse.csr_array(words), np.arange(30), topics=2, seed=0)
    found = vectors @ vectors.T
    same_vocabulary = np.arange(40)[:, None] % 2 == np.arange(40) % 2
    assert found[same_vocabulary].min() > 0.8 > 0.6 > found[~same_vocabulary].max()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1)


def test_lsi_learns_topics_from_training_tracks_alone(tags):
    vectors = lsi_vectors(tags, TRAIN, 3)
    expected = slow_lsi(tags.toarray(), 3)
    np.testing.assert_allclose(vectors @ vectors.T, expected, atol=1e-9)
    from_all_tracks = lsi_vectors(tags, np.arange(60), 3)
    assert not np.allclose(vectors @ vectors.T, from_all_tracks @ from_all_tracks.T, atol=0.01)


def test_lsi_has_no_more_topics_than_the_rank_of_the_training_tags(tags):
    assert lsi_vectors(tags, TRAIN, 400).shape == (60, 9)
    assert lsi_vectors(tags, TRAIN[:4], 400).shape == (60, 4)


def test_lsi_relates_a_track_that_has_only_unknown_tags_to_none():
    tags = sparse.csr_array(np.array([[1.0, 1, 0], [0, 1, 0], [0, 0, 1]]))
    assert not lsi_vectors(tags, np.arange(2), 2)[2].any()


@pytest.mark.parametrize("columns", [[2], []])
def test_lsi_refuses_tags_that_no_training_track_carries(columns):
    tags = sparse.csr_array(np.array([[1.0, 1, 0], [0, 1, 0], [0, 0, 1]]))
    with pytest.raises(TagspaceError, match="^tagsets: no training track"):
        lsi_vectors(tags[:, columns], np.arange(2), 5)
