"""The notebooks in JupyterLab: blocks are set, nothing raw is seen, sliders move."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import PATIENCE, new_context
from tests.browser.test_pages import move_and_compare
from tools.notebooks import ROOT, executed_notebooks, lab_notebooks, output_texts, page_of, read

pytestmark = pytest.mark.browser


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.fixture(scope="module")
def jupyterlab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve copies of the notebooks, trusted, by a JupyterLab of their own."""
    root = tmp_path_factory.mktemp("lab")
    for path in [*executed_notebooks(), *lab_notebooks()]:
        target = root / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    (root / "_toc.yml").touch()
    environment = {
        **os.environ,
        **{f"JUPYTER_{name}_DIR": str(root / ".jupyter" / name) for name in ("CONFIG", "DATA", "RUNTIME")},
    }
    environment["JUPYTERLAB_SETTINGS_DIR"] = str(root / ".jupyter" / "settings")
    notebooks = [str(root / p.relative_to(ROOT)) for p in executed_notebooks()]
    subprocess.run(
        [sys.executable, "-m", "jupyter", "trust", *notebooks], env=environment, check=True, capture_output=True
    )
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "jupyter",
        "lab",
        "--allow-root",
        "--no-browser",
        "--ip=127.0.0.1",
        f"--port={port}",
    ]
    command += [
        "--IdentityProvider.token=",
        f"--ServerApp.root_dir={root}",
        "--LabApp.news_url=",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    with (root / "server.log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_for(f"http://127.0.0.1:{port}/api", server, root / "server.log")
            yield f"http://127.0.0.1:{port}/lab/"
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE / 1000
    while server.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=10):
                return
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"JupyterLab did not start: {log.read_text()[-2000:]}")


def open_notebook(browser: Browser, server: str, path: Path, task: str) -> Page:
    """Open a notebook in a workspace of its own: a shared one would bring back what other tests had open."""
    workspace = f"{task}-{page_of(path).replace('/', '-')}"
    url = f"{server}workspaces/{workspace}/tree/{path.relative_to(ROOT).as_posix()}"
    page = new_context(browser, height=4000).new_page()
    page.goto(url)
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    return page


def screens(page: Page, count: int) -> Iterator[dict[str, str]]:
    """Scroll through a notebook of ``count`` cells; give the texts that are seen on each screen, by number of cell.

    JupyterLab brings cells in as they are needed. A screen is ready when cells fill it and every text on it is set. One
    call waits and reads: between two, JupyterLab may bring in a cell whose source still shows.
    """
    for _ in range(3 * count):
        ready = page.wait_for_function(SCREEN, arg=count).json_value()
        yield ready["texts"]
        if ready["last"]:
            return
        page.evaluate("document.querySelector('.jp-WindowedPanel-outer').scrollBy({top: 2500, behavior: 'instant'})")
    pytest.fail("the end of the notebook is not reached")


SCREEN = """(count) => {
  const panel = document.querySelector('.jp-WindowedPanel-outer'), window_ = panel.getBoundingClientRect();
  const cells = [...document.querySelectorAll('.jp-Notebook .jp-Cell')]
    .map((cell) => [cell, cell.getBoundingClientRect()])
    .filter(([, box]) => box.height > 0 && box.bottom > window_.top && box.top < window_.bottom);
  if (!cells.length) return false;
  const number = (cell) => Number(cell.dataset.windowedListIndex), [end, box] = cells.at(-1);
  const last = number(end) === count - 1 && box.bottom <= window_.bottom + 5;
  if (!last && box.bottom < window_.bottom - 5) return false;
  const shown = (cell, selector) => [...cell.querySelectorAll(selector)].some((each) => each.offsetParent !== null);
  const texts = cells.filter(([cell]) => cell.matches('.jp-MarkdownCell'));
  if (texts.some(([cell]) => shown(cell, '.jp-InputArea-editor') || !cell.innerText.trim())) return false;
  return {last, texts: Object.fromEntries(texts.map(([cell]) => [number(cell), cell.innerText]))};
}"""


def with_explorable() -> list[Path]:
    return [
        p
        for p in executed_notebooks()
        if any('class="dlx"' in t for c in read(p).cells for t in output_texts(c, "text/html"))
    ]


def texts(page: Page, path: Path) -> str:
    """Return all texts of a notebook as they are seen. Fails when one is never seen."""
    cells = read(path).cells
    seen = {number: text for screen in screens(page, len(cells)) for number, text in screen.items()}
    assert set(seen) == {str(k) for k, cell in enumerate(cells) if cell.cell_type == "markdown"}
    return "\n".join(seen.values())


@pytest.mark.parametrize("path", [*executed_notebooks(), *lab_notebooks()], ids=page_of)
def test_blocks_are_set_and_nothing_raw_is_seen(chromium: Browser, jupyterlab: str, path: Path) -> None:
    page = open_notebook(chromium, jupyterlab, path, "read")
    try:
        text = texts(page, path)
        for raw in (":label:", ":::", "{prf:", ":class:", "{numref", "{eq"):
            assert raw not in text, text[max(0, text.index(raw) - 200) : text.index(raw) + 100]
        if path in lab_notebooks():  # sections keep their citations for the book; JupyterLab shows their keys
            assert re.findall(r"\b[A-Z]\w+(?:19|20)\d\d[A-Z]\w+", text) == []
            assert page.locator(".jp-MarkdownCell .text-yellow-600").all_inner_texts() == [], "found no target"
    finally:
        page.context.close()


@pytest.mark.parametrize("path", with_explorable(), ids=page_of)
def test_sliders_move_in_jupyterlab(chromium: Browser, jupyterlab: str, path: Path) -> None:
    page = open_notebook(chromium, jupyterlab, path, "sliders")
    try:
        for _ in screens(page, len(read(path).cells)):
            if page.locator("figure.dlx input[type=range]").count():
                break
        move_and_compare(page, 0)
    finally:
        page.context.close()
