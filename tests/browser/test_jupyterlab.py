"""The notebooks in JupyterLab: sliders move, blocks are set, nothing raw is seen, the untouched lab runs."""

from __future__ import annotations

import os
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

from tests.browser.test_pages import move_and_compare
from tools.notebooks import ROOT, executed_notebooks, lab_notebooks, output_texts, read

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
            wait_for(f"http://127.0.0.1:{port}/api", root / "server.log")
            yield f"http://127.0.0.1:{port}/lab/"
        finally:
            server.terminate()
            server.wait(20)


def wait_for(url: str, log: Path) -> None:
    for _ in range(120):
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    pytest.fail(f"JupyterLab did not start: {log.read_text()[-2000:]}")


def open_notebook(browser: Browser, server: str, path: Path, task: str) -> Page:
    """Open a notebook in a workspace of its own: a shared one would bring back what other tests had open."""
    url = f"{server}workspaces/{task}-{path.stem}/tree/{path.relative_to(ROOT).as_posix()}"
    page = browser.new_context(viewport={"width": 1280, "height": 4000}).new_page()
    page.goto(url)
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=90_000)
    page.wait_for_timeout(4000)
    return page


def read_through(page: Page) -> str:
    """Scroll through the notebook, so that JupyterLab renders every cell; return what is seen of the texts."""
    seen = []
    for k in range(60):
        page.evaluate(f"document.querySelector('.jp-WindowedPanel-outer')?.scrollTo(0, {3000 * k})")
        page.wait_for_timeout(250)
        # One call waits and reads: between two, JupyterLab may bring in a cell whose source still shows.
        seen.append(page.wait_for_function(f"{RENDERED} && ({TEXT} || ' ')", timeout=60_000).json_value())
        if page.evaluate(AT_THE_END):
            break
    return "\n".join(seen)


CELLS = "[...document.querySelectorAll('.jp-MarkdownCell')].filter((c) => c.offsetParent !== null)"
EDITED = "[...c.querySelectorAll('.jp-InputArea-editor')].some((e) => e.offsetParent !== null)"
RENDERED = f"{CELLS}.every((c) => !{EDITED})"  # a cell whose editor shows is not set yet
TEXT = f"{CELLS}.map((c) => c.innerText).join('\\n')"
AT_THE_END = """(() => {
  const panel = document.querySelector('.jp-WindowedPanel-outer');
  return panel.scrollTop + panel.clientHeight >= panel.scrollHeight - 5;
})()"""


def with_explorable() -> list[Path]:
    return [
        p
        for p in executed_notebooks()
        if any('class="dlx"' in t for c in read(p).cells for t in output_texts(c, "text/html"))
    ]


@pytest.mark.parametrize("path", executed_notebooks(), ids=lambda p: p.stem)
def test_blocks_are_set_and_nothing_raw_is_seen(chromium: Browser, jupyterlab: str, path: Path) -> None:
    page = open_notebook(chromium, jupyterlab, path, "read")
    try:
        text = read_through(page)
        assert len(text) > 500
        for raw in (":label:", ":::", "{prf:", ":class:"):
            assert raw not in text, text[max(0, text.index(raw) - 200) : text.index(raw) + 100]
    finally:
        page.context.close()


@pytest.mark.parametrize("path", with_explorable(), ids=lambda p: p.stem)
def test_sliders_move_in_jupyterlab(chromium: Browser, jupyterlab: str, path: Path) -> None:
    page = open_notebook(chromium, jupyterlab, path, "sliders")
    try:
        for k in range(80):
            if page.locator("figure.dlx input[type=range]").count():
                break
            page.evaluate(f"document.querySelector('.jp-WindowedPanel-outer')?.scrollTo(0, {1500 * k})")
            page.wait_for_timeout(300)
        move_and_compare(page, 0)
    finally:
        page.context.close()
