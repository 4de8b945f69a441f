"""The built book, opened in a browser: `make book` first, else these tests are skipped."""

import functools
import http.server
import shutil
import threading
from pathlib import Path

import pytest
import yaml

sync_api = pytest.importorskip("playwright.sync_api")

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "_build" / "html"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next((path for name in BROWSERS if (path := shutil.which(name))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not BROWSER, reason="no Chromium is installed"),
    pytest.mark.skipif(not BUILT.exists(), reason="the book is not built: make book"),
]


def chapters():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(page["file"] for part in toc["parts"] for page in part["chapters"])]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def address():
    handler = functools.partial(Quiet, directory=BUILT)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("chapter", chapters())
def test_a_page_opens_as_it_should(browser, address, chapter, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    faults, outside = [], []
    page.on("console", lambda told: faults.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("requestfailed", lambda request: faults.append(request.url))
    page.on("response", lambda answer: faults.append(answer.url) if answer.status >= 400 else None)
    page.on(
        "request",
        lambda request: (
            None if request.url.startswith((address, "data:", "blob:")) else outside.append(request)
        ),
    )
    page.goto(f"{address}{chapter}.html", wait_until="networkidle")
    assert page.locator("article h1").count() == 1
    equations = page.locator(".math").count()
    assert page.locator(".math mjx-container").count() >= equations
    assert page.locator("mjx-merror").count() == 0
    images = page.locator("img")
    for number in range(images.count()):
        image = images.nth(number)
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
        assert (image.get_attribute("alt") or "").strip() not in ("", image.get_attribute("src"))
    assert page.locator("html").evaluate("root => root.scrollWidth") <= width
    assert (faults, [request.url for request in outside]) == ([], [])
    page.close()
