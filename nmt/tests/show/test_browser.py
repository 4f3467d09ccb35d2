"""The widgets in JupyterLab in a real Chromium, with the model phrasebook that ships: `python -m pytest -m browser`.

It needs Chromium (Debian: apt-get install -y --no-install-recommends chromium fonts-dejavu-core) and playwright (pip
install playwright, without browsers of its own); where one is missing the test is skipped and says so. A screenshot
goes to the folder that NMT_SCREENSHOTS names, where it is set.
"""

import os
import re
import shutil
import signal
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
from nmt.show.live import Live, available_models, examples

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no chromium here: apt-get install chromium"),
    pytest.mark.skipif(not find_spec("playwright"), reason="no playwright here: pip install playwright"),
]
PATIENCE = 240  # seconds for what a busy machine may take
TYPED = " bought a new house. <img src=x>"
BEGUN = "The old teacher"
CELLS = [  # as in notebook 05: each makes a panel of its own
    "from nmt.show.widgets import SeeAttention, Switchboard, TranslateAsYouType",
    f"Switchboard({BEGUN!r}, model='phrasebook')",
    "SeeAttention(model='phrasebook-pruned')",
    "board = Switchboard('The girl is sad.', model='phrasebook')\nboard.buttons['cross', 1, 0].value = False\nboard",
    "TranslateAsYouType('The girl is sad.', model='phrasebook')",
]


@pytest.mark.skipif(not find_spec("voila"), reason="no voila here: pip install voila")
@pytest.mark.parametrize("dark", [False, True])
def test_the_app_is_one_panel_without_code(tmp_path, dark):
    from playwright import sync_api

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "nmt", "app", "--no-browser", f"--port={port}", *["--dark"] * dark]
    path = os.pathsep.join(filter(None, [str(Path(nmt.__file__).parent.parent), os.environ.get("PYTHONPATH")]))
    with open(tmp_path / "app.log", "wb") as log:
        told = {"env": {**os.environ, "PYTHONPATH": path}, "stdout": log, "stderr": log}
        app = subprocess.Popen(command, cwd=tmp_path, start_new_session=True, **told)
    try:
        until = time.monotonic() + PATIENCE
        while b"running at" not in (tmp_path / "app.log").read_bytes():
            assert app.poll() is None and time.monotonic() < until, (tmp_path / "app.log").read_text()
            time.sleep(0.5)
        with sync_api.sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
            page = chromium.new_page(viewport={"width": 1400, "height": 700})
            page.set_default_timeout(1000 * PATIENCE)
            page.goto(f"http://127.0.0.1:{port}/")
            box = page.locator("input[placeholder^='type']")
            box.wait_for()
            box.fill(f"{BEGUN} bought a new house.")
            says(page, "Старый учитель купил новый дом.").wait_for()
            assert page.locator("input[placeholder^='type']").count() == 1 and not page.get_by_text("import os").count()
            assert not any(twin.is_visible() for twin in page.locator(".jp-RenderedImage img").all())
            for width in (1400, 1000):
                page.set_viewport_size({"width": width, "height": 700})
                time.sleep(1)
                assert page.evaluate("document.body.scrollWidth <= innerWidth"), f"cut off at {width} pixels"
                if folder := os.environ.get("NMT_SCREENSHOTS"):
                    page.screenshot(path=str(Path(folder) / f"app-{'dark' if dark else 'light'}-{width}.png"))
            chromium.close()
    finally:
        os.killpg(app.pid, signal.SIGINT)
        app.wait(30)


@pytest.fixture
def lab(tmp_path):
    """The address of a JupyterLab that serves a notebook with four panels."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}  # without it Lab asks which
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in CELLS], metadata=kernel)
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


def test_the_panels_in_jupyterlab(lab, tmp_path):
    from playwright import sync_api

    live = Live.load("phrasebook")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = chromium.new_page(viewport={"width": 1400, "height": 3200})
        page.set_default_timeout(1000 * PATIENCE)
        try:
            board, see, closed, translate = panels(page, lab)
            closed.get_by_text("47 of 48 open").wait_for()  # Run All leaves each cell the state that it set
            for whole, english in ((board, BEGUN), (translate, "The girl is sad.")):
                says(whole, live.answer(english).lines[0].text).wait_for()
                assert not whole.get_by_text("of 48 open").count()
            typing_and_closing(board, live)
            looking(see)
            models_and_errors(translate, live)
            twins = page.locator(".jp-OutputArea-child:has(> .jp-RenderedImage) img")
            assert twins.count() == len(CELLS) - 1 and not any(twin.is_visible() for twin in twins.all())
            for width in (1000, 1400):
                page.set_viewport_size({"width": width, "height": 3200})
                time.sleep(1)
                wide = (
                    "[...document.querySelectorAll('.jp-OutputArea-output')].every(o => o.scrollWidth <= o.clientWidth)"
                )
                assert page.evaluate(wide), f"something is cut off at {width} pixels"
            page.keyboard.press("Control+s")
            page.get_by_text("Saving completed").wait_for()
            shutil.copyfile(tmp_path / "panels.ipynb", tmp_path / "again.ipynb")
            page.goto(lab.replace("panels", "again"))  # saved and opened again: no panel lives, all pictures are there
            twins.nth(len(CELLS) - 2).wait_for()
            assert all(twin.is_visible() for twin in twins.all())
        finally:
            if folder := os.environ.get("NMT_SCREENSHOTS"):
                page.screenshot(path=str(Path(folder) / "panels.png"))
            chromium.close()


def panels(page, lab):
    """Runs all cells, and returns the output of each that makes a panel."""
    page.goto(lab)
    page.locator(".jp-Notebook .jp-CodeCell").nth(len(CELLS) - 1).wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells").first.click()
    outputs = page.locator(".jp-OutputArea-output:has(.nmt-panel)")
    outputs.nth(len(CELLS) - 2).locator("input[placeholder^='type']").wait_for()
    return outputs.all()


def says(panel, text):
    """The first cell of a panel's table that holds this text and no other."""
    return panel.get_by_role("cell", name=text, exact=True).first


def typing_and_closing(board, live):
    box, sentence = board.locator("input[placeholder^='type']"), BEGUN + TYPED
    box.press_sequentially(TYPED)  # key by key, after what stands there: the last answer is the one to stay
    if box.input_value() != sentence:
        box.fill(sentence)
    whole = live.answer(sentence).lines[0].text
    says(board, whole).wait_for()
    assert not board.locator("img[src=x]").count()  # what was typed is text

    layer, head = next(place for place in live.heads["cross"].nonzero().tolist() if without(live, *place) != whole)
    tip = f"cross: Russian looks at English · layer {layer} · head {head}: "
    board.locator(f"button[title='{tip}open']").click()
    board.get_by_text("47 of 48 open").wait_for()
    (now,) = live.log_probs(sentence, [whole])
    says(board, f"{now:.2f}").wait_for()
    assert board.locator("mark").count() and board.get_by_text("instead of").count()  # words that changed
    assert board.locator(f"button[title='{tip}closed']").inner_text() == f"({head})"

    board.get_by_label("or test its grammar:").select_option("animacy")
    board.get_by_text("animacy: prefers").wait_for()
    box.fill("My own sentence.")
    board.get_by_text("log P of right").wait_for(state="detached")
    assert board.get_by_label("or test its grammar:").input_value() == "(choose)"


def looking(see):
    picture = see.locator(".widget-image").first

    def bytes_of_the_map() -> list[int]:
        script = "async i => [...new Uint8Array(await (await fetch(i.src)).arrayBuffer())]"
        return picture.evaluate(script)

    before = bytes_of_the_map()
    see.locator("input[placeholder^='type']").fill("My brother sees the sea.")
    until = time.monotonic() + PATIENCE
    while (after := bytes_of_the_map()) == before and time.monotonic() < until:
        time.sleep(0.5)
    assert after != before and bytes(after).startswith(b"\x89PNG") and len(after) > 5000  # a blank one is smaller


def models_and_errors(translate, live):
    models = translate.get_by_label("model", exact=True)
    assert models.locator("option").all_inner_texts() == available_models()
    english = next(iter(examples()["phrasebook"]))
    translate.get_by_role("button", name=english, exact=True).click()
    russian = says(translate, live.answer(english).lines[0].text)
    russian.wait_for()
    translate.get_by_text("More: ").click()
    folder = translate.locator("input[placeholder^='its folder']")
    folder.fill("runs/none")
    folder.press("Enter")
    translate.get_by_text("No model in “runs/none” can be used").wait_for()
    assert not russian.count()  # the error stands in the answer's place
    models.select_option("phrasebook")
    russian.wait_for()
    models.select_option("real")  # what everyone types first comes out right
    translate.locator("input[placeholder^='type']").fill("I love you.")
    right = examples()["real"]["I love you."]["right"]
    translate.get_by_role("cell", name=re.compile("|".join(map(re.escape, right)))).first.wait_for()


def without(live, layer, head):
    """What is written with this head of cross-attention closed; it stays closed."""
    live.open_only(live.heads)
    live.open_only(live.toggled("cross", layer, head))
    return live.answer(BEGUN + TYPED).lines[0].text
