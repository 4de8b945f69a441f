import numpy as np
import torch

from tagspace.relatedness import Cosine, sample_cosines


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
