"""The built pages in Chromium: light, dark, phone; from a server and from disk."""

from __future__ import annotations

import gzip

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page

from tests.browser.conftest import SITE, Noted, open_page
from tools.notebooks import toc_pages

pytestmark = pytest.mark.browser
PAGES = toc_pages()
THEMES_OWN = {"label-content-name-mismatch", "region"}  # sphinx-book-theme: search and theme buttons, sidebar logo
TEXTUAL = ("text/", "javascript", "json", "svg")
with_sliders = (
    [p for p in PAGES if 'class="dlx"' in (SITE / f"{p}.html").read_text(encoding="utf-8")] if SITE.is_dir() else []
)


def scroll_through(page: Page) -> None:
    """Scroll to the end as a reader does, so that whatever loads late has loaded."""
    height = page.evaluate("document.documentElement.scrollHeight")
    for y in range(0, height, 700):
        page.evaluate(f"window.scrollTo(0, {y})")
        page.wait_for_timeout(15)
    page.wait_for_load_state("networkidle")


def kilobytes(noted: Noted) -> float:
    """Bytes fetched, text counted as a server sends it (gzip)."""
    total = 0
    for response in noted.responses:
        if response.url.startswith("data:") or response.status != 200:
            continue
        body = response.body()
        kind = response.headers.get("content-type", "")
        total += len(gzip.compress(body)) if any(word in kind for word in TEXTUAL) else len(body)
    return total / 1000


@pytest.mark.parametrize("page_name", PAGES)
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
def test_page(chromium: Browser, address: str, page_name: str, width: int, scheme: str) -> None:
    page, noted = open_page(chromium, f"{address}{page_name}.html", width=width, scheme=scheme)
    scroll_through(page)
    try:
        assert not noted.outside, "the page asked another host"
        assert not noted.complaints, "the console complains"
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        assert page.locator("mjx-merror, [data-mjx-error]").count() == 0, "a formula shows an error"
        assert (
            page.evaluate(
                "[...document.images].filter((i) => i.src && i.complete && i.naturalWidth === 0).map((i) => i.src)"
            )
            == []
        )
        assert page.evaluate("window.dlfShift") <= 0.1, "the layout shifts"
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1"), (
            "the page scrolls sideways"
        )
        assert page.evaluate(CUT_OFF) == []
        if (width, scheme) == (1280, "light"):
            assert kilobytes(noted) <= 1500
        violations = Axe().run(page).response["violations"]
        assert [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in violations if v["id"] not in THEMES_OWN] == []
    finally:
        page.context.close()


# Elements of the article that stick out of the window and cannot be scrolled to inside a box of their own.
CUT_OFF = """() => {
  const scrolls = (e) => { for (let p = e; p && p.tagName !== 'ARTICLE'; p = p.parentElement) {
    if (['auto', 'scroll'].includes(getComputedStyle(p).overflowX)) return true; } return false; };
  const hidden = (e) => e.closest('mjx-assistive-mml, .visually-hidden, .sr-only, details:not([open])') !== null;
  return [...document.querySelectorAll('article *')].filter((e) => {
    const r = e.getBoundingClientRect();
    return r.width > 1 && r.height > 1 && r.right > window.innerWidth + 1 && !hidden(e) && !scrolls(e);
  }).map((e) => e.outerHTML.slice(0, 100)).slice(0, 3);
}"""


@pytest.mark.parametrize("page_name", PAGES)
def test_page_from_disk(chromium: Browser, page_name: str) -> None:
    page, noted = open_page(chromium, f"file://{SITE}/{page_name}.html")
    try:
        assert not noted.outside
        assert not noted.complaints
        assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
        assert page.evaluate("[...document.images].every((i) => !i.src || i.naturalWidth > 0)")
        for k in range(page.locator("figure.dlx").count()):
            move_and_compare(page, k)
    finally:
        page.context.close()


def seen(image: Locator, slider: Locator) -> tuple[str | None, str | None, str | None]:
    return image.get_attribute("src"), image.get_attribute("alt"), slider.get_attribute("aria-valuetext")


def move_and_compare(page: Page, k: int) -> None:
    """Move every slider of figure k by mouse and by keyboard: picture, text alternative and value change."""
    figure = page.locator("figure.dlx").nth(k)
    image = figure.locator("img")
    for i in range(figure.locator("input[type=range]").count()):
        slider = figure.locator("input[type=range]").nth(i)
        slider.scroll_into_view_if_needed()
        before = seen(image, slider)
        box = slider.bounding_box()
        assert box is not None
        page.mouse.click(box["x"] + 0.95 * box["width"], box["y"] + box["height"] / 2)
        moved = seen(image, slider)
        assert all(a != b for a, b in zip(before, moved, strict=True)), "the mouse moves nothing"
        slider.press("ArrowLeft")
        assert all(a != b for a, b in zip(moved, seen(image, slider), strict=True)), "the keyboard moves nothing"
        page.wait_for_function("(i) => i.complete && i.naturalWidth > 0", arg=image.element_handle())


@pytest.mark.parametrize("page_name", with_sliders)
def test_sliders(chromium: Browser, address: str, page_name: str) -> None:
    page, noted = open_page(chromium, f"{address}{page_name}.html")
    try:
        assert not [
            r
            for r in noted.responses
            if "frame-" in r.url and r.url.count("frame-") > page.locator("figure.dlx").count()
        ]
        for k in range(page.locator("figure.dlx").count()):
            move_and_compare(page, k)
        assert not noted.complaints
    finally:
        page.context.close()


def test_frames_are_loaded_when_a_slider_moves(chromium: Browser, address: str) -> None:
    page, noted = open_page(chromium, f"{address}{with_sliders[0]}.html")
    try:
        frames = len([r for r in noted.responses if "frame-" in r.url])
        assert frames == page.locator("figure.dlx").count()
        move_and_compare(page, 0)
        assert len([r for r in noted.responses if "frame-" in r.url]) > frames
    finally:
        page.context.close()


def test_a_claim_opens_by_keyboard(chromium: Browser, address: str) -> None:
    page, _ = open_page(chromium, f"{address}chapters/15_optimization/02_momentum.html")
    try:
        seal = page.locator("details.dlf-claim").first
        seal.locator("summary").focus()
        page.keyboard.press("Enter")
        assert seal.get_attribute("open") is not None
        assert seal.locator("dl").is_visible()
    finally:
        page.context.close()


def test_without_javascript_everything_is_there(chromium: Browser, address: str) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}{with_sliders[0]}.html")
    try:
        assert page.locator("main").is_visible()
        assert page.locator("figure.dlx img").first.is_visible()
    finally:
        context.close()
