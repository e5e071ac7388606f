"""The built pages in Chromium: light, dark, phone; from a server and from disk."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, Response, expect

from dlf.explore import DPI
from tests.browser.conftest import SITE, Noted, new_context, open_page
from tools.notebooks import toc_pages

pytestmark = pytest.mark.browser
PAGES = toc_pages()
THEMES_OWN = {"label-content-name-mismatch", "region"}  # sphinx-book-theme: search and theme buttons, sidebar logo
TEXTUAL = ("text/", "javascript", "json", "svg")
with_sliders = (
    [p for p in PAGES if 'class="dlx-spec"' in (SITE / f"{p}.html").read_text(encoding="utf-8")]
    if SITE.is_dir()
    else []
)


def scroll_through(page: Page) -> None:
    """Scroll to the end as a reader does, so that whatever loads late has loaded."""
    page.evaluate("""async () => {
      const painted = () => new Promise((next) => requestAnimationFrame(() => setTimeout(next)));
      for (let y = 0; y < document.documentElement.scrollHeight; y += 700) { window.scrollTo(0, y); await painted(); }
    }""")
    page.wait_for_function("[...document.images].every((image) => !image.src || image.complete)")


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
    phone = width == 390
    try:
        scroll_through(page)
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        nothing_went_wrong(page, noted)
        if not phone:
            complaints_of_axe(page)
        unfold(page)
        nothing_sticks_out(page)
        if phone:
            complaints_of_axe(page)
            pictures_can_be_read(page)
        else:
            assert page.locator(".dlf-picture[tabindex]").count() == 0, "a picture does not fit the column"
        if (width, scheme) == (1280, "light"):
            assert kilobytes(noted) <= 1500
    finally:
        page.context.close()


def nothing_went_wrong(page: Page, noted: Noted) -> None:
    assert not noted.outside, "the page asked another host"
    assert not noted.complaints, "the console complains"
    assert page.locator("mjx-merror, [data-mjx-error]").count() == 0, "a formula shows an error"
    assert page.locator("mjx-mtext[style*='red']").count() == 0, "a formula has an unknown command, set in red"
    assert page.evaluate(BROKEN_PICTURES) == []
    assert page.evaluate("window.dlfShift") <= 0.1, "the layout shifts"


def nothing_sticks_out(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth + 1")
    assert page.evaluate("(window.scrollTo(500, 0), window.scrollX)") == 0, "the page scrolls sideways"
    assert page.evaluate(CUT_OFF) == []


BROKEN_PICTURES = "[...document.images].filter((i) => i.src && i.naturalWidth === 0).map((i) => i.src)"


def complaints_of_axe(page: Page) -> None:
    violations = Axe().run(page).response["violations"]
    assert [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in violations if v["id"] not in THEMES_OWN] == []


def unfold(page: Page) -> None:
    """Open what is folded, and wait until what scrolls in there can be reached by keyboard."""
    page.evaluate("""() => {
      document.querySelectorAll('article details').forEach((each) => { each.open = true; });
      document.querySelectorAll('article .toggle-hidden .toggle-button').forEach((each) => each.click());
    }""")
    assert page.locator("article .toggle-hidden").count() == 0
    page.wait_for_function("""[...document.querySelectorAll('article :is(.dlf-picture, pre, mjx-container[display])')]
      .every((box) => box.scrollWidth <= box.clientWidth + 1 || box.tabIndex === 0)""")
    page.wait_for_function(AT_REST)


AT_REST = "!document.getAnimations().some((a) => a.timeline === document.timeline && a.playState === 'running')"


def pictures_can_be_read(page: Page) -> None:
    """Letters of 9 points have at least 8 pixels; what is too wide scrolls in a box of its own, by keyboard too."""
    for name, scale in page.evaluate(PICTURES):
        with Image.open(SITE / "_images" / name) as picture:
            per_inch = picture.info.get("dpi", (DPI,))[0]  # frames of explorables do not say
        assert 9 / 72 * per_inch * scale >= 8, f"{name}: letters of {9 / 72 * per_inch * scale:.1f} pixels"
    boxes = page.locator(".dlf-picture[tabindex]")
    labels = boxes.evaluate_all(
        "all => all.map((box) => box.getAttribute('role') + ' ' + box.getAttribute('aria-label'))"
    )
    assert len(set(labels)) == len(labels)
    assert all(label.startswith("region ") and "scrolls sideways" in label for label in labels)
    assert all(boxes.evaluate_all(RIGHT_EDGES)), "the right edge of a picture cannot be reached"
    if boxes.count():
        boxes.first.focus()
        boxes.first.press("ArrowLeft")
        moved = "(box) => box.scrollLeft < box.scrollWidth - box.clientWidth - 1"
        page.wait_for_function(moved, arg=boxes.first.element_handle())
    assert page.evaluate("window.scrollX") == 0


PICTURES = """() => [...document.querySelectorAll('article figure img')].filter((i) => i.offsetParent)
  .map((i) => [i.src.split('/').at(-1), i.getBoundingClientRect().width / i.naturalWidth])"""
RIGHT_EDGES = """(boxes) => boxes.map((box) => {
  box.scrollTo({left: box.scrollWidth, behavior: 'instant'});
  return box.querySelector('img').getBoundingClientRect().right <= box.getBoundingClientRect().right + 1;
})"""

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


def move_and_compare(page: Page, k: int) -> None:
    """Move every slider of figure k by mouse and by keyboard: value and text alternative change, and with them the
    picture to that of the point (two points may look alike, but not all)."""
    figure = page.locator("figure.dlx").nth(k)
    image, pictures = figure.locator("img"), set()
    for slider in figure.locator("input[type=range]").all():
        far_end = slider.evaluate("(s) => Number(s.value) < Number(s.max)")
        width, height = slider.evaluate("(s) => [s.clientWidth, s.clientHeight]")
        with text_changes(image, slider, "the mouse"):
            slider.click(position={"x": (0.95 if far_end else 0.05) * width, "y": height / 2})
        pictures.add(image.get_attribute("src"))
        with text_changes(image, slider, "the keyboard"):
            slider.press("ArrowLeft" if far_end else "ArrowRight")
        pictures.add(image.get_attribute("src"))
        assert figure.evaluate(SHOWS_ITS_POINT)
    assert len(pictures) > 1, "nothing moves the picture"
    page.wait_for_function("(i) => i.complete && i.naturalWidth > 0", arg=image.element_handle())


SHOWS_ITS_POINT = """(figure) => {
  const spec = JSON.parse(figure.querySelector('script.dlx-spec').textContent), image = figure.querySelector('img');
  const grids = Object.values(spec.grids), sliders = [...figure.querySelectorAll('input[type=range]')];
  const point = sliders.reduce((sum, slider, i) => sum * grids[i].length + Number(slider.value), 0);
  return image.getAttribute('src') === spec.frames[point] && image.alt === spec.alts[point];
}"""


@contextlib.contextmanager
def text_changes(image: Locator, slider: Locator, by: str) -> Iterator[None]:
    watched = [(image, "alt"), (slider, "aria-valuetext")]
    before = [element.get_attribute(attribute) or "" for element, attribute in watched]
    yield
    for (element, attribute), value in zip(watched, before, strict=True):
        expect(element, f"{by} does not change {attribute}").not_to_have_attribute(attribute, value)


def frame(response: Response) -> bool:
    return "/_images/frame-" in response.url


@pytest.mark.parametrize("page_name", with_sliders)
def test_sliders_load_a_frame_when_they_move(chromium: Browser, address: str, page_name: str) -> None:
    page, noted = open_page(chromium, f"{address}{page_name}.html")
    try:
        first = page.locator("figure.dlx img").evaluate_all("all => all.map((image) => image.src)")
        assert {r.url for r in noted.responses if frame(r)} == set(first)
        for k in range(len(first)):
            with page.expect_response(frame):
                move_and_compare(page, k)
        assert not noted.complaints
    finally:
        page.context.close()


def test_a_claim_opens_by_keyboard(chromium: Browser, address: str) -> None:
    page, _ = open_page(chromium, f"{address}chapters/15_optimization/02_momentum.html")
    try:
        seal = page.locator("details.dlf-claim").first
        seal.locator("summary").focus()
        page.keyboard.press("Enter")
        expect(seal).to_have_attribute("open", "")
        expect(seal.locator("dl")).to_be_visible()
    finally:
        page.context.close()


def test_without_javascript_everything_is_there(chromium: Browser, address: str) -> None:
    context = new_context(chromium, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}{with_sliders[0]}.html")
    try:
        expect(page.locator("main")).to_be_visible()
        expect(page.locator("figure.dlx img").first).to_be_visible()
    finally:
        context.close()
