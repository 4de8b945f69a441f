"""Open the built book in a browser.

Without the book (`make book`) or a browser these tests are skipped; where CI is set, they fail.
"""

import functools
import http.server
import threading
from pathlib import Path

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from browsers import collect_faults, opened_tab, skip_or_fail
from playwright.sync_api import expect

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "_build" / "html"
WIDTHS = (400, 800, 1280)
HEIGHT = 900
# The theme's breakpoint: from here on, the menu is a column of the page and no drawer.
MENU_IS_A_COLUMN = 992
HEAVIEST = 1_500_000  # bytes of a page at first load
pytestmark = pytest.mark.slow


def chapters():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(page["file"] for part in toc["parts"] for page in part["chapters"])]


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address():
    if not BUILT.exists():
        skip_or_fail("the book is not built: make book")
    handler = functools.partial(QuietHandler, directory=BUILT)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def tab():
    """Return a tab for all tests: a page loads in it in less than half of the time."""
    with opened_tab() as tab:
        yield tab


@pytest.fixture(scope="module")
def faults(tab, address):
    return collect_faults(tab, address, "about:", "blob:", "data:")


@pytest.fixture
def page(tab, faults):
    """Return the tab without the page of the previous test."""
    tab.goto("about:blank")
    faults.clear()
    return tab


@pytest.mark.parametrize("chapter", chapters())
def test_a_page_opens_without_faults_and_fits_each_width(page, faults, address, chapter):
    page.set_viewport_size({"width": WIDTHS[0], "height": HEIGHT})
    page.goto(f"{address}{chapter}.html")
    page.evaluate("() => document.fonts.ready.then(() => null)")

    assert page.locator("article h1").count() == 1
    assert page.locator(".math math").count() == page.locator(".math").count()
    for image in page.locator("img").all():
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
        assert (image.get_attribute("alt") or "").strip() not in ("", image.get_attribute("src"))
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": HEIGHT})
        assert page.locator("html").evaluate("root => root.scrollWidth") <= width
    assert faults == []


@pytest.mark.parametrize("chapter", chapters())
def test_a_page_is_light(tab, address, chapter):
    context = tab.context.browser.new_context()  # nothing is cached
    page = context.new_page()
    sizes = {}
    page.on("response", lambda answer: sizes.update({answer.url: len(answer.body())}))
    page.goto(f"{address}{chapter}.html", wait_until="networkidle")
    context.close()
    assert sum(sizes.values()) < HEAVIEST
    unwanted = ("fontawesome.js", "mathjax", ".mp3")
    assert not [url for url in sizes if any(part in url for part in unwanted)]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("chapter", chapters())
def test_a_page_has_no_serious_fault_of_access(page, address, chapter, theme):
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": WIDTHS[-1], "height": HEIGHT})
    page.goto(f"{address}{chapter}.html")
    page.add_style_tag(content="* { animation: none !important; transition: none !important; }")
    page.locator("details").evaluate_all("all => all.forEach(each => { each.open = true; })")
    found = Axe().run(page).response["violations"]
    page.emulate_media(color_scheme="light")
    serious = [
        (fault["id"], node["html"][:200])
        for fault in found
        if fault["impact"] in ("serious", "critical")
        for node in fault["nodes"]
    ]
    assert serious == []


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("chapter", [page for page in chapters() if page.startswith("notebooks")])
def test_every_figure_is_drawn_as_wide_as_there_is_room(page, address, chapter, width):
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.goto(f"{address}{chapter}.html")
    for drawing in page.locator(".panels svg").all():
        box = drawing.bounding_box()
        assert box["width"] > 150
        assert 0 <= box["x"] <= width - box["width"]
        smallest = drawing.evaluate(
            "svg => svg.getScreenCTM().a * Math.min(...[...svg.querySelectorAll('text')]"
            ".map(text => parseFloat(getComputedStyle(text).fontSize)))"
        )
        assert smallest > 7.5  # pixels


def with_players():
    texts = {page: (BUILT / f"{page}.html") for page in chapters()}
    return [page for page, file in texts.items() if file.exists() and "<audio" in file.read_text()]


def test_pages_have_players_where_sound_explains():
    assert {"notebooks/audio", "notebooks/triplets", "notebooks/dpnn", "notebooks/train",
            "notebooks/search"} <= set(with_players())  # fmt: skip


@pytest.mark.parametrize("chapter", with_players())
def test_each_player_plays_and_silences_the_others(page, faults, address, chapter):
    page.goto(f"{address}{chapter}.html")
    players = page.locator("audio[controls]")
    assert players.count() > 1
    for player in players.all():
        assert player.get_attribute("aria-label")
        assert player.evaluate("audio => audio.readyState") == 0  # nothing is loaded
        player.evaluate("audio => audio.play()")
        expect(player).to_have_js_property("paused", False)
        playing = page.locator("audio").evaluate_all("all => all.filter(a => !a.paused).length")
        assert playing == 1
    assert faults == []


def test_the_slider_moves_the_histogram_and_the_nearest_tags(page, faults, address):
    page.goto(f"{address}notebooks/topics.html")
    slider = page.locator(".topics-slider")
    range_, first = slider.locator("input[type=range]"), slider.locator("li").first
    told = []
    for key in ("Home", "End"):
        range_.press(key)
        heights = slider.locator("rect").evaluate_all(
            "all => all.map(rect => parseFloat(rect.getAttribute('height')))"
        )
        assert max(heights) > 5
        told.append((slider.locator("output").inner_text(), heights, first.inner_text(),
                     slider.locator("b.related").inner_text()))  # fmt: skip
    assert all(one != other for one, other in zip(*told, strict=True))
    slider.locator("select").select_option(index=1)
    expect(first).not_to_have_text(told[1][2])
    assert faults == []


def test_solutions_are_folded_and_can_be_opened(page, address):
    pages = [name for name in chapters() if "Solution" in (BUILT / f"{name}.html").read_text()]
    assert len(pages) >= 6
    for name in pages:
        page.goto(f"{address}{name}.html")
        solutions = page.locator("details", has_text="Solution")
        assert solutions.count() == 2
        for solution in solutions.all():
            expect(solution.locator("pre").first).not_to_be_visible()
            solution.locator("summary").click()
            expect(solution.locator("pre").first).to_be_visible()


@pytest.fixture(params=WIDTHS)
def width(request):
    return request.param


@pytest.fixture(params=[chapters()[0], "notebooks/results"])
def opened(page, address, width, request):
    """Return the landing page and a notebook's page, opened at each width."""
    page.set_viewport_size({"width": width, "height": HEIGHT})
    page.goto(f"{address}{request.param}.html")
    return page


def expect_open(sidebar):
    expect(sidebar).to_be_in_viewport(ratio=1)
    sidebar.click(trial=True)  # raises TimeoutError where something else covers the centre


def expect_closed(sidebar):
    expect(sidebar).not_to_be_in_viewport()
    # The theme moves a closed sidebar from a dialog back into a div, but not at once.
    expect(sidebar.and_(sidebar.page.locator("div"))).to_be_attached()


def test_the_menu_opens_closes_and_leads_to_a_page(opened, width):
    button = opened.locator(".bd-header-article .primary-toggle")
    menu = opened.locator(".bd-sidebar-primary")
    if width >= MENU_IS_A_COLUMN:
        expect_open(menu)
        button.click()
    expect_closed(menu)
    button.click()
    expect_open(menu)
    if width >= MENU_IS_A_COLUMN:
        button.click()
    else:
        opened.mouse.click(width - 10, HEIGHT / 2)
    expect_closed(menu)
    button.click()
    menu.locator("a[href$='related.html']").click()
    opened.wait_for_url("**/related.html")


def test_the_contents_open_close_and_lead_to_a_heading(opened):
    button = opened.locator(".bd-header-article .secondary-toggle")
    contents = opened.locator(".bd-sidebar-secondary")
    expect_closed(contents)
    button.click()
    expect_open(contents)
    opened.mouse.click(10, HEIGHT / 2)
    expect_closed(contents)
    button.click()
    link = contents.locator("a").last
    section = opened.locator(link.get_attribute("href"))
    link.click()
    expect_closed(contents)
    expect(section.get_by_role("heading").first).to_be_in_viewport(ratio=1)
    opened.set_viewport_size({"width": 1600, "height": HEIGHT})
    expect_open(contents)


def test_the_theme_switch_turns_the_page_dark_and_light(opened):
    root = opened.locator("html")
    switch = opened.locator(".theme-switch-button:visible")
    colours = {}
    for theme in ("dark", "light"):
        switch.click()
        expect(root).to_have_attribute("data-theme", theme)
        colours[theme] = opened.locator("body").evaluate("body => getComputedStyle(body).color")
    assert colours["dark"] != colours["light"]
    switch.click()
    expect(root).to_have_attribute("data-mode", "auto")


def test_the_search_finds_a_word(opened):
    opened.locator(".search-button__button:visible").click()
    field = opened.locator("#pst-search-dialog input")
    expect_open(field)
    field.fill("triplet")
    field.press("Enter")
    # Until then, results move while they are added.
    expect(opened.locator("#search-results .search-summary")).to_contain_text("finished")
    opened.locator("#search-results a[href*='notebooks/triplets.html']").first.click()
    opened.wait_for_url("**/notebooks/triplets.html*")
    expect(opened.locator("article")).to_contain_text("triplet")
