"""`nmt app`: the switchboard as a page of its own, code hidden, served by Voila."""

import argparse
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from nmt import NmtError

TITLE = "A translator whose heads you can close"


def app_command(given: argparse.Namespace) -> None:
    """Serves until Ctrl-C. Raises NmtError where Voila is missing or ends by itself."""
    if not find_spec("voila"):
        raise NmtError("nmt app needs Voila: pip install voila")
    with TemporaryDirectory() as folder:
        page = Path(folder, "app.ipynb")
        page.write_text(json.dumps(notebook(Path.cwd())), encoding="utf-8")
        theme, browser = "dark" if given.dark else "light", [] if given.browser else ["--no-browser"]
        command = [sys.executable, "-m", "voila", str(page), f"--port={given.port}", f"--theme={theme}", *browser]
        if subprocess.run(command).returncode:
            raise NmtError(f"Voila stopped; what it says stands above. Is port {given.port} taken? Try --port")


def notebook(folder: Path) -> dict:
    """One panel. `folder`: where runs/ is looked for."""
    from nbformat import v4  # Voila brings it

    code = f"import os\n\nos.chdir({str(folder)!r})\nfrom nmt.show.widgets import Switchboard\n\nSwitchboard()"
    cells = [v4.new_markdown_cell(f"# {TITLE}"), v4.new_code_cell(code)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return v4.new_notebook(cells=cells, metadata={"kernelspec": kernel, "title": TITLE})
