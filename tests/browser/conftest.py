"""One Chromium for a test process, a local server for the built book, and pages that note what goes wrong."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect, sync_playwright

from tools.notebooks import ROOT

SITE = ROOT / "_build" / "html"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
EXECUTABLES = ("chromium", "chromium-browser", "google-chrome")
PATIENCE = 90_000  # milliseconds: a limit on waiting for a busy machine, not a time that anything should take


@dataclass
class Noted:
    """What a page asked for and complained about."""

    outside: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    responses: list[Response] = field(default_factory=list)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = next((p for name in EXECUTABLES if (p := shutil.which(name))), None)
    if path is None:
        pytest.fail("Chromium is missing: install the package chromium, or run make test BROWSER=no")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS, timeout=PATIENCE)
        yield browser
        browser.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Serve the built book on a free port of this machine."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()


def open_page(browser: Browser, url: str, *, width: int = 1280, scheme: str = "light") -> tuple[Page, Noted]:
    """Open a page, refuse every other host, wait until its formulas are set and nothing will move any more."""
    context = new_context(browser, width=width, color_scheme=scheme)
    page, noted = context.new_page(), Noted()
    start = url.split("/")[0] + "//" + url.split("/")[2] if url.startswith("http") else "file://"

    def route(route) -> None:  # type: ignore[no-untyped-def]
        if route.request.url.startswith((start, "data:", "blob:")):
            route.continue_()
        else:
            noted.outside.append(route.request.url)
            route.abort()

    page.route("**/*", route)
    page.on("console", lambda m: noted.complaints.append(m.text) if m.type in ("warning", "error") else None)
    page.on("pageerror", lambda error: noted.complaints.append(str(error)))
    page.on("response", lambda response: noted.responses.append(response))
    page.add_init_script(SHIFT)
    page.goto(url, wait_until="load")
    page.wait_for_function("() => document.documentElement.dataset.settled")
    page.wait_for_function(ALL_SET)
    return page, noted


def new_context(browser: Browser, *, width: int = 1280, height: int = 900, **options: Any) -> BrowserContext:
    context = browser.new_context(viewport={"width": width, "height": height}, **options)
    context.set_default_timeout(PATIENCE)
    return context


ALL_SET = "() => [...document.querySelectorAll('article .math')].every((m) => m.querySelector('mjx-container'))"
SHIFT = """
window.dlfShift = 0;
new PerformanceObserver((list) => list.getEntries().filter((e) => !e.hadRecentInput)
  .forEach((e) => { window.dlfShift += e.value; }))
  .observe({type: 'layout-shift', buffered: true});
"""
