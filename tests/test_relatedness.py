import numpy as np
import pytest
import torch

from tagspace.datasets import build
from tagspace.errors import TagspaceError
from tagspace.lsi import LSI
from tagspace.relatedness import Cosine, lsi, sample_cosines
from tagspace.tagsets import binary_matrix


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
    vectors = lsi(tags, train, 3)
    dense = tags.matrix.toarray()
    expected = LSI().fit(dense[:10]).transform(dense, 3)
    np.testing.assert_allclose(vectors @ vectors.T, expected @ expected.T, atol=1e-9)
    of_all = LSI().fit(dense).transform(dense, 3)
    assert not np.allclose(vectors @ vectors.T, of_all @ of_all.T, atol=0.01)


def test_topics_are_cut_at_the_rank_of_the_training_tags(tags):
    assert lsi(tags, np.arange(20), 400).shape == (21, 5)


def test_a_track_with_new_tags_only_is_related_to_none(tags):
    assert not lsi(tags, np.arange(20), 5)[20].any()


def test_a_tag_set_without_tags_is_refused(tags):
    with pytest.raises(TagspaceError, match="^tagsets: no training track"):
        lsi(tags.select(("themes",)), np.arange(20), 5)
    with pytest.raises(TagspaceError, match="^tagsets: no training track"):
        lsi(tags.select(()), np.arange(20), 5)


def test_cosine_gives_the_products_of_the_rows_asked_for():
    vectors = torch.nn.functional.normalize(torch.randn(6, 3), dim=1)
    rows = torch.tensor([4, 0, 5])
    found = Cosine(vectors)(rows)
    expected = torch.cosine_similarity(vectors[rows][:, None], vectors[rows][None], dim=2)
    torch.testing.assert_close(found, expected)


def test_sampled_cosines_are_of_each_pair_once():
    vectors = np.eye(5)[[0, 0, 1, 2, 2, 2]]
    cosines = sample_cosines(vectors)
    assert sorted(cosines) == [0] * 11 + [1] * 4
    assert len(sample_cosines(vectors, size=3)) == 3
