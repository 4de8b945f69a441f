"""The page on search opens the book's collection, and any other."""

import json
from pathlib import Path

import pytest
import yaml

from compendium import searching
from compendium.searching import BOOK_COLLECTION, listen_table, open_search
from tagspace.configuration import Configuration
from tagspace.corpus import load_corpus
from tagspace.errors import TagspaceError
from tagspace.search import collection, explorer
from tagspace.search.query import Filters, nearest

PROJECT = Path(__file__).parents[2]
DEFAULTS = {"collection": "", "query": "", "models": ""}


@pytest.fixture(scope="module")
def data():
    first, *_ = (BOOK_COLLECTION / "data.js").read_text(encoding="utf-8").splitlines()
    return json.loads(first.removeprefix("window.TAGSPACE=").removesuffix(";"))


def test_the_page_of_the_book_is_that_of_the_library():
    built = yaml.safe_load((PROJECT / "_config.yml").read_text())["sphinx"]["config"]
    assert str(explorer.PAGE.relative_to(PROJECT)) in built["html_static_path"]
    own = {file.name for file in BOOK_COLLECTION.iterdir()}
    assert own.isdisjoint(file.name for file in explorer.PAGE.iterdir())


@pytest.mark.slow
def test_the_explorer_shows_the_test_tracks_of_the_demo_corpus():
    corpus = load_corpus(Configuration())
    found = collection.load(BOOK_COLLECTION)
    names = {f"{track}.mp3" for track in corpus.tags.track_ids[corpus.split.test]}
    assert set(found.tracks["path"]) == names
    assert {file.name for file in (BOOK_COLLECTION / "audio").iterdir()} == names


def test_the_data_of_the_explorer_are_those_of_the_collection(data):
    found = collection.load(BOOK_COLLECTION)
    assert [track["title"] for track in data["tracks"]] == found.tracks["title"].tolist()
    for track in data["tracks"]:
        assert (BOOK_COLLECTION / track["audio"]).is_file()
    assert list(data["neighbours"]) == list(found.representations)


def test_the_query_is_that_which_the_explorer_shows_first(data):
    search = open_search(DEFAULTS)
    assert search.seed.row == data["start"]
    assert search.models == ("moods", "styles")
    hits = search.hits("moods", 5)
    expected = nearest(
        search.collection, [search.seed], weights={"moods": 1.0}, number=5,
        filters=Filters(other_artists=True),
    )  # fmt: skip
    assert hits.equals(expected)


def test_common_hits_are_those_in_all_lists():
    search = open_search(DEFAULTS)
    counts = searching.common_hits(search, 3)
    assert len(counts) == len(search.collection)
    row = search.seed.row
    near = [set(search.hits(name, 3).index) for name in search.models]
    assert counts[row] == len(near[0] & near[1])
    alone = searching.common_hits(search._replace(models=("sound",)), 3)
    assert set(alone) == {3}


def test_the_table_has_a_player_for_each_track():
    search = open_search({**DEFAULTS, "models": "sound+moods"})
    text = listen_table(search).data
    assert text.count("<audio") == 1 + 2 * searching.HITS
    for name in ("sound", "moods"):
        first = search.collection.tracks.iloc[search.hits(name).index[0]]
        assert first["title"] in text


def test_a_query_may_be_named_by_a_part_of_its_path():
    path = collection.load(BOOK_COLLECTION).tracks["path"].iloc[7]
    assert open_search({**DEFAULTS, "query": path}).seed.row == 7
    assert (
        open_search({**DEFAULTS, "query": path, "collection": str(BOOK_COLLECTION)}).seed.row == 7
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"topics": 3}, "topics: unknown parameter; known: collection, query, models"),
        ({"collection": "/nowhere"}, "collection: /nowhere is not indexed"),
        ({"collection": 3}, "collection: 3 is not accepted; accepted: text"),
        ({"models": "themes"}, "models: 'themes' is not accepted; accepted: sound, moods"),
    ],
)
def test_parameters_that_are_not_accepted(changes, message):
    with pytest.raises(TagspaceError, match=message):
        open_search({**DEFAULTS, **changes})
