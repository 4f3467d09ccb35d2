"""The widgets in JupyterLab in a real Chromium, with the model phrasebook that ships: `python -m pytest -m browser`.

It needs Chromium (Debian: apt-get install -y --no-install-recommends chromium fonts-dejavu-core) and playwright (pip
install playwright, without browsers of its own); where one is missing the test is skipped and says so. A screenshot
goes to the folder that NMT_SCREENSHOTS names, where it is set.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

import nmt
from nmt.show.live import Live

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium here: apt-get install chromium"),
    pytest.mark.skipif(not find_spec("playwright"), reason="no playwright here: pip install playwright"),
]
PATIENCE = 240  # seconds for what a busy machine may take
BEGUN = "The old teacher"
TYPED = " bought a new house. <img src=x>"


@pytest.fixture
def lab(tmp_path):
    """The address of a JupyterLab that serves a notebook with two panels."""
    cells = [
        "from nmt.show.widgets import SeeAttention, Switchboard",
        f"Switchboard({BEGUN!r}, ['phrasebook'])",
        f"SeeAttention({BEGUN!r}, ['phrasebook'])",
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}  # without it Lab asks which
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata=kernel)
    nbformat.write(notebook, tmp_path / "panels.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    own = {name: str(tmp_path / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")}
    path = os.pathsep.join(filter(None, [str(Path(nmt.__file__).parent.parent), os.environ.get("PYTHONPATH")]))
    with open(tmp_path / "lab.log", "wb") as log:
        server = subprocess.Popen(
            [*command, "--IdentityProvider.token=", "--ServerApp.port_retries=0"],  # only for this machine
            cwd=tmp_path, env={**os.environ, **own, "PYTHONPATH": path}, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        address = f"http://127.0.0.1:{port}"
        until = time.monotonic() + PATIENCE
        while True:
            try:
                urllib.request.urlopen(f"{address}/api", timeout=5).close()
                break
            except OSError:
                assert server.poll() is None and time.monotonic() < until, (tmp_path / "lab.log").read_text()
                time.sleep(0.5)
        yield f"{address}/lab/tree/panels.ipynb?reset"
    finally:
        server.terminate()
        server.wait(30)


def test_typing_and_closing_a_head_in_jupyterlab(lab):
    from playwright import sync_api

    live = Live.load("phrasebook")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = chromium.new_page(viewport={"width": 1400, "height": 2200})
        page.set_default_timeout(1000 * PATIENCE)
        try:
            drive(page, lab, live)
        finally:
            if folder := os.environ.get("NMT_SCREENSHOTS"):
                page.screenshot(path=str(Path(folder) / "panels.png"))
            chromium.close()


def drive(page, lab, live):
    page.goto(lab)
    page.locator(".jp-Notebook .jp-CodeCell").nth(2).wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells").first.click()
    picture = page.locator(".widget-image").first
    picture.wait_for()

    def bytes_of_the_map() -> list[int]:
        script = "async i => [...new Uint8Array(await (await fetch(i.src)).arrayBuffer())]"
        return picture.evaluate(script)

    before = bytes_of_the_map()
    assert bytes(before).startswith(b"\x89PNG")

    board, see = page.locator(".widget-text input[placeholder^='type']").all()
    board.press_sequentially(TYPED)  # key by key, after what stands there: the last answer is the one to stay
    sentence = BEGUN + TYPED
    if board.input_value() != sentence:
        board.fill(sentence)
    whole = live.answer(sentence).lines[0].text
    page.get_by_text(whole).first.wait_for()
    assert not page.locator("img[src=x]").count()  # what was typed is text

    layer, head = next(place for place in live.heads["cross"].nonzero().tolist() if without(live, *place) != whole)
    page.get_by_role("button", name=f"{layer}.{head}", exact=True).nth(2).click()  # of cross-attention
    page.get_by_text("47 of 48 open").wait_for()
    page.get_by_text(f"{live.answer(sentence).lines[0].log_prob:.2f} of its own line").wait_for()
    assert page.locator("mark").count()  # words that changed
    assert page.get_by_role("button", name=f"({layer}.{head})", exact=True).count() == 1

    see.fill("My brother sees the sea.")
    until = time.monotonic() + PATIENCE
    while (after := bytes_of_the_map()) == before and time.monotonic() < until:
        time.sleep(0.5)
    assert after != before and bytes(after).startswith(b"\x89PNG") and len(after) > 5000  # a blank one is smaller


def without(live, layer, head):
    """What is written with this head of cross-attention closed; it stays closed."""
    live.open_only(live.heads)
    live.open_only(live.toggled("cross", layer, head))
    return live.answer(BEGUN + TYPED).lines[0].text
