"""A browser for tests of pages."""

import os
import shutil
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
expect.set_options(timeout=15_000)


def skip_or_fail(reason):
    """Skip a test; where CI is set, fail."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)


@contextmanager
def opened_tab():
    """Open a tab of a headless Chromium."""
    executable = next((path for name in NAMES if (path := shutil.which(name))), None)
    if not executable:
        skip_or_fail("no Chromium is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        tab = browser.new_page(color_scheme="light")
        tab.set_default_timeout(15_000)
        yield tab
        browser.close()


def collect_faults(tab, *hosts):
    """Return a list that collects errors, failed requests and requests to other hosts."""
    found = []
    tab.on("console", lambda line: found.append(line.text) if line.type == "error" else None)
    tab.on("pageerror", lambda error: found.append(str(error)))
    tab.on("requestfailed", lambda request: found.append(request.url))
    tab.on("response", lambda answer: found.append(answer.url) if answer.status >= 400 else None)
    tab.on("request", lambda sent: None if sent.url.startswith(hosts) else found.append(sent.url))
    return found
