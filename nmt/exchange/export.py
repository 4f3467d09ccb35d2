"""Models of ours for other engines."""

from pathlib import Path

from nmt import NmtError
from nmt.exchange.ctranslate2 import export_ctranslate2
from nmt.exchange.marian import export_hf
from nmt.exchange.onnx import export_onnx
from nmt.exchange.pieces import write_readme
from nmt.models import Trained
from nmt.plumbing.files import whole_directory

FORMS = {"hf": export_hf, "ctranslate2": export_ctranslate2, "onnx": export_onnx}


def export(trained: Trained, form: str, directory: str | Path) -> None:
    """Write a model in one of FORMS into a new folder, with a README.md that says how to use it.

    Raises NmtError where the folder is there, the form cannot hold the model, or its package is not installed.
    """
    if form not in FORMS:
        raise NmtError(f"--to must be one of {', '.join(FORMS)}, not {form!r}")
    with whole_directory(directory, "--out") as new:
        FORMS[form](trained, new)
        write_readme(trained, form, new)
