"""A reader clicks through the explorer in a browser."""

import dataclasses
import json
import re

import numpy as np
import pytest
import soundfile
from browsers import collect_faults, opened_tab
from playwright.sync_api import expect

from tagspace.search import collection as collections
from tagspace.search import explorer
from tagspace.search.query import nearest
from tagspace.search.seeds import of_row

HOSTILE = '<img src=x onerror="alert(1)"></script><script>alert(2)</script> & "quoted"'
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def chosen(made, tmp_path_factory):
    """The made collection with names, one of them hostile, and with sound for two tracks."""
    music = tmp_path_factory.mktemp("music # 100 %")
    numbers = made.tracks.index
    tracks = made.tracks.assign(
        title=[f"piece {number}" for number in numbers],
        artist=[f"artist {code}" for code in made.tracks["artist_code"]],
        album=[f"album {code}" for code in made.tracks["album_code"]],
    )
    tracks.loc[7, ["title", "tags"]] = HOSTILE
    for path in tracks["path"][:3]:
        (music / path).parent.mkdir(exist_ok=True)
        tone = np.sin(np.arange(10 * 8000) / 10)
        soundfile.write(music / path, tone, 8000, format="WAV", subtype="PCM_16")
    folder = tmp_path_factory.mktemp("index")
    return collections.save(folder, music, tracks, made.failures, made.representations)


@pytest.fixture(scope="module")
def written(chosen, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "my page"
    explorer.write(chosen, out)
    return out / "explorer.html"


@pytest.fixture(scope="module")
def tab():
    with opened_tab() as tab:
        yield tab


@pytest.fixture(scope="module")
def faults(tab):
    return collect_faults(tab, "file:", "about:")


@pytest.fixture
def page(tab, faults, written):
    """The page, newly opened; the test ends without faults."""
    tab.emulate_media(color_scheme="light")
    tab.set_viewport_size({"width": 1600, "height": 900})
    tab.goto(written.as_uri())
    faults.clear()
    yield tab
    assert faults == []


def read_data(folder):
    first, *_ = (folder / "data.js").read_text().splitlines()
    return json.loads(first.removeprefix("window.TAGSPACE=").removesuffix(";"))


def choose(page, row):
    page.get_by_label("Search tracks").fill(f"piece {row}")
    page.get_by_label("Search tracks").press("Enter")
    expect(page.locator(".query strong")).to_contain_text(f"piece {row}")


def listed(page, number):
    """Titles in a list of neighbours."""
    return page.locator(".lists section").nth(number).locator(".track").all_inner_texts()


def test_neighbours_are_listed_for_each_representation(page, chosen):
    choose(page, 40)
    page.get_by_label("other artists only").uncheck()
    headings = page.locator(".lists h2").all_inner_texts()
    assert [heading.lower() for heading in headings] == ["sound", "moods"]
    for number, name in enumerate(["sound", "moods"]):
        vectors = chosen.representations[name].vectors
        similar = vectors @ vectors[40]
        similar[40] = -2
        expected = chosen.tracks["title"][np.argsort(-similar, kind="stable")[:10]]
        assert [text.partition(": ")[2] for text in listed(page, number)] == expected.tolist()
    score = page.locator(".lists section").nth(1).locator(".score").first.inner_text()
    hits = nearest(chosen, [of_row(chosen, 40)], weights={"moods": 1})
    assert float(score.split()[0]) == pytest.approx(hits["score"].iloc[0], abs=0.1)


def test_other_artists_and_one_per_album(page, chosen):
    choose(page, 40)
    page.get_by_label("one per album").check()
    tracks = chosen.tracks.set_index("title")
    for number in range(2):
        found = tracks.loc[[text.partition(": ")[2] for text in listed(page, number)]]
        assert tracks["artist"]["piece 40"] not in found["artist"].tolist()
        assert found["album"].is_unique


def test_shared_tags_are_marked(page, chosen):
    choose(page, 40)  # loud... or calm
    own = set(chosen.tracks["tags"][40].split("|"))
    for item in page.locator(".lists li").all():
        title = item.locator(".track").inner_text().partition(": ")[2]
        tags = chosen.tracks.set_index("title")["tags"][title].split("|")
        marked = item.locator("mark").all_inner_texts()
        assert set(tags) & own <= set(marked)


def test_a_neighbour_becomes_the_query(page):
    choose(page, 40)
    button = page.locator(".lists .track").nth(3)
    title = button.inner_text()
    button.click()
    expect(page.locator(".query strong")).to_have_text(title)


def test_a_track_plays_and_only_one_at_a_time(page):
    choose(page, 1)
    page.locator(".query .play").click()
    page.wait_for_function("document.querySelector('audio').currentTime > 0.2")
    assert not page.evaluate("document.querySelector('audio').paused")
    expect(page.locator(".query .play")).to_have_attribute("aria-pressed", "true")
    choose(page, 2)
    page.locator(".query .play").click()
    page.wait_for_function("document.querySelector('audio').currentTime > 0.2")
    assert page.locator("audio").count() == 1
    page.locator(".query .play").click()
    page.wait_for_function("document.querySelector('audio').paused")


def test_sound_is_loaded_on_demand(page):
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    choose(page, 1)
    assert requests == []


def test_a_file_that_is_gone_is_told(page, faults):
    choose(page, 50)
    page.locator(".query .play").click()
    expect(page.locator("[aria-live]")).to_contain_text("cannot be played")
    expect(page.locator(".query .play")).to_have_attribute("aria-pressed", "false")
    faults.clear()


def test_names_are_text(page):
    page.get_by_label("Search tracks").fill("onerror")
    page.get_by_label("Search tracks").press("Enter")
    expect(page.locator(".query strong")).to_contain_text(HOSTILE)
    assert page.locator("#explorer img").count() == 0


def test_arrow_keys_move_on_the_map(page):
    choose(page, 40)
    page.locator("canvas").focus()
    titles = [page.locator(".query strong").inner_text()]
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
        titles.append(page.locator(".query strong").inner_text())
    assert len(set(titles)) >= 3


def test_a_click_on_the_map_chooses_the_nearest_point(page):
    place = page.evaluate("window.TAGSPACE.places[60]")
    box = page.locator("canvas").bounding_box()
    x, y = (16 + (box[size] - 32) * at for size, at in zip(("width", "height"), place, strict=True))
    page.mouse.click(box["x"] + x, box["y"] + y)
    expect(page.locator(".query strong")).to_contain_text("piece 60")


def test_the_colours_follow_the_tag_set(page):
    page.get_by_label("Colour by").select_option("predicted by musicnn")
    assert set(page.locator(".legend span").all_inner_texts()) == {
        *("rock", "jazz", "pop", "House", "others")
    }
    choose(page, 3)
    assert page.locator(".query .tags").inner_text() == "calm, low, rock, jazz"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1600])
def test_it_fits_wide_and_narrow_light_and_dark(page, width, scheme):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    choose(page, 40)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    colour = page.evaluate("getComputedStyle(document.querySelector('#explorer')).backgroundColor")
    brightness = sum(int(part) for part in re.findall(r"\d+", colour)[:3])
    assert (brightness > 600) == (scheme == "light")


def test_the_map_says_how_faithful_it_is(made):
    places, note = explorer.project(made.representations["moods"].vectors)
    assert places.shape == (120, 2)
    assert places.min() == 0
    assert places.max() == 1
    assert 0.7 < float(re.findall(r"neighbours: ([\d.]+) of 1", note)[0]) <= 1


@pytest.mark.parametrize("number", [1, 2, 30])
def test_few_tracks_have_a_map(made, tmp_path, number):
    representations = {
        name: dataclasses.replace(one, vectors=one.vectors[:number])
        for name, one in made.representations.items()
    }
    tracks = made.tracks[:number]
    few = dataclasses.replace(made, tracks=tracks, representations=representations)
    explorer.write(few, tmp_path / "out")
    data = read_data(tmp_path / "out")
    assert len(data["places"]) == len(data["tracks"]) == number
    assert all(len(near) == number - 1 for near in data["neighbours"]["sound"])


def test_music_below_the_page_is_addressed_from_the_page(chosen, tmp_path):
    below = dataclasses.replace(chosen, music=tmp_path / "out" / "some music")
    tags = {"moods": [["calm"]] * 120}
    explorer.write(below, tmp_path / "out")
    explorer.write_data(below, tmp_path / "out", tags, start=3)
    data = read_data(tmp_path / "out")
    assert data["tracks"][0]["audio"] == "some%20music/folder%200/track%20000.mp3"
    assert data["tracks"][0]["tags"] == {"moods": ["calm"]}
    assert data["predicted"] == []
    assert data["start"] == 3
