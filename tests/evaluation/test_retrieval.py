"""Figures of evaluate against a slow, obvious version of each."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from scores import mean_ndcg

from tagspace.datasets import groups
from tagspace.datasets.base import build
from tagspace.errors import TagspaceError
from tagspace.evaluation import retrieval
from tagspace.evaluation.retrieval import evaluate
from tagspace.tags.tagsets import binary_matrix

N = 130
TASKS = ("moods", "themes")
KEYS = ["relevance", "filter", "task", "metric", "cutoff"]


def draw(seed, n=N):
    """Draw tracks: a third have one artist; some have no album, several albums, or no tags."""
    generator = np.random.default_rng(seed)
    tracks, tags = [], []
    for row in range(n):
        artist = f"artist {0 if row % 3 == 0 else generator.integers(1, 15)}"
        album = generator.choice(30, generator.choice([0, 1, 1, 1, 2]), replace=False)
        tracks.append((f"x{row}", artist, tuple(map(str, album)), "", ""))
        for task in TASKS:
            chosen = np.flatnonzero(generator.random(5) < 0.3)
            tags += [(f"x{row}", task, f"tag {tag}") for tag in chosen]
    return build("random", tracks, tags, TASKS)


class Slow:
    """Compute each figure of one representation by loops over queries and tracks."""

    def __init__(self, dataset, embedding, queries, recording=range(N)):
        self.recording = recording
        self.artist = dataset.tracks["artist"].tolist()
        self.albums = [set(album) for album in dataset.tracks["album"]]
        ids = dataset.tracks.index
        by_task = dict(iter(dataset.tags.groupby("tagset")))
        self.tags = {
            task: [set(by_task[task].loc[by_task[task]["track_id"] == i, "tag"]) for i in ids]
            for task in TASKS
        }
        self.queries = queries
        distances = torch.cdist(embedding.double(), embedding.double()).tolist()
        self.ranked = {
            (filtered, q): sorted(self.allowed(filtered, q), key=distances[q].__getitem__)
            for filtered in ("none", "album", "artist")
            for q in queries
        }

    def gain(self, relevance, task, a, b):
        if task == "artist":
            return float(self.artist[a] == self.artist[b])
        if task == "album":
            return float(len(self.albums[a] & self.albums[b]) > 0)
        tags_a, tags_b = self.tags[task][a], self.tags[task][b]
        if relevance == "exact":
            return float(tags_a == tags_b)
        if relevance == "any":
            return float(len(tags_a & tags_b) > 0)
        return len(tags_a & tags_b) / len(tags_a | tags_b)

    def is_query_of(self, task, query):
        if task == "artist":
            return True
        return len(self.albums[query] if task == "album" else self.tags[task][query]) > 0

    def allowed(self, filtered, query):
        for other in range(len(self.artist)):
            if self.recording[other] == self.recording[query]:
                continue
            if filtered == "album" and self.albums[query] & self.albums[other]:
                continue
            if filtered == "artist" and self.artist[query] == self.artist[other]:
                continue
            yield other

    def score(self, relevance, filtered, task, metric, cutoff, query):
        """Return value, chance and ceiling of one query; None if it has no relevant track."""
        gains = [self.gain(relevance, task, query, b) for b in self.ranked[filtered, query]]
        best = sorted(gains, reverse=True)
        mean = sum(gains) / len(gains)
        depth = min(cutoff, len(gains))
        if metric == "rprecision":
            found = int(sum(gains))
            return (sum(gains[:found]) / found, mean, 1.0) if found else None
        if metric == "precision":
            return sum(gains[:cutoff]) / depth, mean, sum(best[:cutoff]) / depth
        ideal = dcg(best[:cutoff])
        if ideal == 0:
            return None
        return dcg(gains[:cutoff]) / ideal, dcg([mean] * depth) / ideal, 1.0

    def figures(self, *key):
        """Return the mean value, chance and ceiling, and the number of queries."""
        task = key[2]
        if task == "mean":
            *parts, counts = zip(*(self.figures(*key[:2], t, *key[3:]) for t in TASKS), strict=True)
            return *np.mean(parts, axis=1), min(counts)
        scores = [self.score(*key, q) for q in self.queries if self.is_query_of(task, q)]
        scores = [score for score in scores if score is not None]
        return *np.mean(scores, axis=0), len(scores)


def dcg(gains):
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains))


def draw_embeddings(n=N, *names):
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(n, 8, generator=generator) for name in names or ("trained",)}


def evaluate_dataset(dataset, representations, recording=None, **options):
    grouped = replace(groups.from_tracks(dataset.tracks), recording=recording)
    return evaluate(representations, binary_matrix(dataset), grouped, **options)


def expected_keys():
    tag_keys = {
        (relevance, filtered, task)
        for relevance in ("exact", "any", "graded")
        for filtered in ("none", "album", "artist")
        for task in (*TASKS, "mean")
    }
    others = {("exact", "none", "artist"), ("exact", "album", "artist"), ("exact", "none", "album")}
    at_cutoffs = {
        (*key, metric, cutoff)
        for key in tag_keys | others
        for metric in ("precision", "ndcg")
        for cutoff in (10, 100)
    }
    return at_cutoffs | {(*k, "rprecision", 0) for k in tag_keys | others if k[0] == "exact"}


COPIES = np.random.default_rng(0).integers(0, 60, N)  # most tracks have copies


@pytest.mark.parametrize("recording", [np.arange(N), COPIES])
@pytest.mark.parametrize("queries", [None, np.array([3, 0, 77, 129, 12, 40, 41])])
def test_every_figure_equals_the_slow_one(queries, recording):
    dataset = draw(0)
    representations = draw_embeddings(N, "trained", "random")
    metrics = evaluate_dataset(dataset, representations, recording, queries=queries)
    for name, embedding in representations.items():
        slow = Slow(dataset, embedding, range(N) if queries is None else queries, recording)
        rows = metrics[metrics["representation"] == name].set_index(KEYS)
        assert set(rows.index) == expected_keys()
        for key, row in rows.iterrows():
            *figures, n_queries = slow.figures(*key)
            found = row[["value", "chance", "ceiling"]].tolist()
            assert found == pytest.approx(figures, abs=2e-6), key
            assert row["n_queries"] == n_queries, key


def test_figures_have_the_columns_of_a_record():
    found = ",".join(evaluate_dataset(draw(0), draw_embeddings()).columns)
    assert found == (
        "representation,relevance,filter,task,metric,cutoff,value,low,high,chance,ceiling,n_queries"
    )


def test_figures_do_not_depend_on_the_size_of_blocks(monkeypatch):
    dataset, representations = draw(1), draw_embeddings()
    whole = evaluate_dataset(dataset, representations)
    monkeypatch.setattr(retrieval, "BLOCK_CELLS", 7 * N + 1)
    pd.testing.assert_frame_equal(evaluate_dataset(dataset, representations), whole)


def test_chance_is_the_mean_over_random_orders():
    orders = draw_embeddings(N, *(f"order {n}" for n in range(40)))
    metrics = evaluate_dataset(draw(2), orders)
    means = metrics.groupby(KEYS, sort=False)[["value", "chance"]].mean()
    assert np.abs(means["value"] - means["chance"]).max() < 0.02
    assert means["chance"].max() - means["chance"].min() > 0.3


def test_tags_as_embeddings_reach_the_ceiling():
    dataset = draw(3)
    moods = binary_matrix(dataset).tagset("moods").toarray()
    found = evaluate_dataset(dataset, {"tags": torch.tensor(moods, dtype=torch.float32)})
    exact = found[(found["task"] == "moods") & (found["relevance"] == "exact")]
    np.testing.assert_allclose(exact["value"], exact["ceiling"], atol=1e-6)
    others = found[(found["task"] == "themes") & (found["cutoff"] == 10)]
    assert (others["value"] < others["ceiling"] - 0.1).all()


def test_queries_without_tags_or_album_are_left_out():
    dataset = draw(4)
    metrics = evaluate_dataset(dataset, draw_embeddings())
    counts = metrics[metrics["metric"] == "precision"].groupby("task")["n_queries"].unique()
    tagged = dataset.tags.groupby("tagset")["track_id"].nunique()
    assert counts["artist"].tolist() == [N]
    assert counts["album"].tolist() == [(dataset.tracks["album"].map(len) > 0).sum()]
    assert counts["moods"].tolist() == [tagged["moods"]]
    assert 0 < tagged["moods"] < N


def test_a_single_query_without_tags_is_left_out():
    tracks = [(f"x{n}", "", (), "", "") for n in range(20)]
    dataset = build("small", tracks, [(f"x{n}", "moods", "calm") for n in range(19)], ("moods",))
    metrics = evaluate_dataset(dataset, draw_embeddings(20)).set_index("task")
    assert (metrics.loc["moods", "n_queries"] == 19).all()


def test_a_cutoff_that_includes_every_track_is_left_out():
    metrics = evaluate_dataset(draw(5, n=12), draw_embeddings(12))
    assert set(metrics["cutoff"]) == {10, 0}


def test_too_few_tracks_are_refused():
    with pytest.raises(TagspaceError, match="11 tracks"):
        evaluate_dataset(draw(5, n=11), draw_embeddings(11))


def slow_bootstrap(values, artists, names, draws):
    """Average over drawn artists, each with all of its queries."""
    by_artist = {
        name: [value for value, artist in zip(values, artists, strict=True) if artist == name]
        for name in names
    }
    means = []
    for counts in draws:
        drawn = []
        for name, count in zip(names, counts, strict=True):
            drawn += count * by_artist[name]
        means.append(np.mean(drawn) if drawn else np.nan)
    return np.array(means)


def test_intervals_equal_those_of_a_slow_bootstrap():
    dataset, embedding = draw(6), draw_embeddings()["trained"]
    queries = np.arange(5, N, 2)
    metrics = evaluate_dataset(dataset, {"trained": embedding}, queries=queries, seed=5).set_index(
        KEYS
    )
    codes = groups.from_tracks(dataset.tracks).artist
    names = sorted(set(codes[queries]))
    n_artists = len(names)
    generator = np.random.default_rng(5)
    draws = generator.multinomial(n_artists, [1 / n_artists] * n_artists, size=1000)
    slow = Slow(dataset, embedding, queries)
    samples = {}
    for task in TASKS:
        key = "graded", "artist", task, "ndcg", 10
        scores = {q: slow.score(*key, q) for q in queries if slow.is_query_of(task, q)}
        values = {q: score[0] for q, score in scores.items() if score is not None}
        artists = [codes[q] for q in values]
        samples[task] = slow_bootstrap(list(values.values()), artists, names, draws)
    samples["mean"] = sum(samples.values()) / len(TASKS)
    for task, sample in samples.items():
        found = metrics.loc[("graded", "artist", task, "ndcg", 10), ["low", "high"]].tolist()
        assert found == pytest.approx(np.nanpercentile(sample, [2.5, 97.5]), abs=1e-6)


def test_intervals_contain_the_value_and_follow_from_the_seed():
    dataset, representations = draw(7), draw_embeddings()
    first, again, other = (evaluate_dataset(dataset, representations, seed=s) for s in (1, 1, 2))
    assert (first["low"] <= first["value"]).all()
    assert (first["value"] <= first["high"]).all()
    pd.testing.assert_frame_equal(first, again)
    assert not first["low"].equals(other["low"])
    pd.testing.assert_series_equal(first["value"], other["value"])


def test_ndcg_equals_that_of_plain_loops():
    generator = np.random.default_rng(0)
    embedding = torch.tensor(generator.normal(size=(25, 4)), dtype=torch.float32)
    gains = generator.random((25, 25)) * (generator.random((25, 25)) < 0.4)
    gains[3] = 0  # nothing is relevant to this query
    gains[:, 3] = 0
    gains[3, 3] = 1  # the query itself does not count
    distances = torch.cdist(embedding, embedding).tolist()
    expected = []
    for query in set(range(25)) - {3}:
        others = [other for other in range(25) if other != query]
        ranked = sorted(others, key=distances[query].__getitem__)
        best = sorted((gains[query][b] for b in others), reverse=True)
        expected.append(dcg([gains[query][b] for b in ranked[:10]]) / dcg(best[:10]))
    found = mean_ndcg(embedding, torch.tensor(gains, dtype=torch.float32).__getitem__)
    assert found == pytest.approx(np.mean(expected), abs=1e-6)


def test_ndcg_accepts_fewer_tracks_than_the_cutoff():
    embedding = torch.tensor([[0.0], [1.0], [3.0]])
    gains = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 1.0]])
    # The first and the last query find their relevant track second; the other query has none.
    assert mean_ndcg(embedding, gains.__getitem__) == pytest.approx(1 / math.log2(3))


@pytest.mark.parametrize("value", [torch.nan, torch.inf, 1e30])
def test_ndcg_of_meaningless_embeddings_does_not_count_the_query_itself(value):
    gains = torch.eye(4) + torch.tensor([[0, 0.1, 0, 0]] * 4)
    assert mean_ndcg(torch.full((4, 2), value), gains.__getitem__, cutoff=3) <= 1


def test_ndcg_is_the_same_in_blocks_and_without_excluded_tracks(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    embeddings, gains = (
        torch.rand(30, 3, generator=generator),
        torch.rand(30, 30, generator=generator),
    )
    hidden = torch.rand(30, 30, generator=generator) < 0.2
    whole = mean_ndcg(embeddings, gains.__getitem__, lambda queries: hidden[queries].clone())
    monkeypatch.setattr(retrieval, "BLOCK_CELLS", 7 * 30)
    in_blocks = mean_ndcg(embeddings, gains.__getitem__, lambda queries: hidden[queries].clone())
    assert in_blocks == pytest.approx(whole)
    expected = []
    distances = torch.cdist(embeddings, embeddings)
    for query in range(30):
        allowed = [b for b in range(30) if b != query and not hidden[query, b]]
        ranked = sorted(allowed, key=distances[query].__getitem__)
        best = sorted((gains[query, b].item() for b in allowed), reverse=True)
        reached = dcg([gains[query, b].item() for b in ranked[:10]])
        expected.append(reached / dcg(best[:10]))
    assert whole == pytest.approx(np.mean(expected), abs=1e-6)


@pytest.mark.parametrize("cutoff", [1, 5, 9])
def test_equally_distant_neighbours_come_in_order_of_rows(cutoff):
    generator = torch.Generator().manual_seed(0)
    distances = torch.randint(0, 3, (20, 9), generator=generator).float()
    distances[3, 2:] = torch.inf
    for row, found in zip(distances, retrieval.neighbours(distances, cutoff), strict=True):
        assert found.tolist() == sorted(range(9), key=row.__getitem__)[:cutoff]


def test_r_precision_beyond_the_cutoffs_takes_ties_in_order_of_rows():
    n = 300
    rng = np.random.default_rng(0)
    mood = rng.permutation(n) % 2  # 149 other tracks are relevant to each query
    tracks = [(f"t{row}", f"artist {row}", (), "", "") for row in range(n)]
    tags = [(f"t{row}", "moods", ("calm", "wild")[mood[row]]) for row in range(n)]
    dataset = build("ties", tracks, tags, ("moods",))
    place = rng.integers(0, 4, n)
    embeddings = torch.as_tensor(place[:, None], dtype=torch.float32)
    found = evaluate(
        {"mine": embeddings}, binary_matrix(dataset), groups.from_tracks(dataset.tracks)
    )
    expected = []
    for query in range(n):
        others = [row for row in range(n) if row != query]
        ranked = sorted(others, key=lambda row: abs(place[row] - place[query]))[:149]
        expected.append(np.mean(mood[ranked] == mood[query]))
    row = found[(found["metric"] == "rprecision") & (found["filter"] == "none")]
    value = row.loc[row["task"] == "moods", "value"].item()
    assert value == pytest.approx(np.mean(expected), abs=1e-6)
