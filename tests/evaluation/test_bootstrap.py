import numpy as np
import pytest

from tagspace.evaluation.bootstrap import N_DRAWS, ArtistBootstrap, Figure


def test_samples_draw_whole_artists():
    artists = np.array([7, 7, 3, 9, 3, 7])
    values = np.random.default_rng(0).random(6)
    values[2] = np.nan
    (found,) = ArtistBootstrap(artists, seed=5).figures({"mine": values}).values()
    drawn = np.random.default_rng(5).multinomial(3, [1 / 3] * 3, N_DRAWS)
    expected = []
    for times in drawn:
        weights = np.array([times[[3, 7, 9].index(artist)] for artist in artists], dtype=float)
        weights[2] = 0
        total = weights.sum()
        expected.append(np.nansum(weights * values) / total if total else np.nan)
    np.testing.assert_allclose(found.draws, expected)
    assert found.value == pytest.approx(np.nanmean(values))
    assert found.n_queries == 5
    assert found.interval() == pytest.approx(np.nanpercentile(expected, [2.5, 97.5]))


def test_the_mean_of_figures_averages_their_samples():
    parts = [Figure(0.2, 8, np.array([0.1, 0.3])), Figure(0.6, 5, np.array([0.5, 0.7]))]
    mean = Figure.mean(parts)
    assert (mean.value, mean.n_queries) == (pytest.approx(0.4), 5)
    np.testing.assert_allclose(mean.draws, [0.3, 0.5])
