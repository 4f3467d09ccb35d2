"""What the pages are made of: pieces of Markdown, and the records of a run without the paths of a machine."""

import json
import re
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path

from tabulate import tabulate

from nmt import NmtError
from nmt.runs import Run


def table(rows: Iterable[dict[str, object]]) -> str:
    """Rows of {heading: cell}; a bar inside a cell is escaped, it would end the cell."""
    cells = [{heading: str(cell).replace("|", r"\|") for heading, cell in row.items()} for row in rows]
    return tabulate(cells, headers="keys", tablefmt="github", disable_numparse=True)


def replaced_between(page: str | Path, mark: str, text: str) -> str:
    """The page with `text` between <!-- mark --> and <!-- /mark -->. Raises NmtError where it has no such marks."""
    before, begin, rest = Path(page).read_text(encoding="utf-8").partition(f"<!-- {mark} -->")
    _, end, after = rest.partition(f"<!-- /{mark} -->")
    if not end:
        raise NmtError(f"{page}: <!-- {mark} --> and <!-- /{mark} --> must be there, in this order")
    return f"{before}{begin}\n{text}\n{end}{after}"


def score_table(scores: Iterable[dict]) -> str:
    """A table of the objects that `nmt score` printed."""
    return table(
        {
            "data, split": f"{score['data']}, {score['split']}",
            "pairs": f"{score['sentences']:,}",
            "search": "greedy"
            if score["beam"] == 1
            else "beam {beam}, length penalty {length_penalty}".format(**score),
            "BLEU": f"{score['bleu']:.2f}",
            "chrF": f"{score['chrf']:.2f}",
            "BLEU signature": f"`{score['signature']}`",
        }
        for score in scores
    )


def block(lines: Iterable[str]) -> str:
    return "\n".join(["```", *lines, "```"])


def folded(summary: str, *parts: str) -> str:
    """Parts that a reader sees after a click on the summary."""
    return "\n\n".join([f"<details><summary>{summary}</summary>", *parts, "</details>"])


def circumstances(run: Run, sessions: Sequence[dict]) -> str:
    """Device, version of PyTorch, seed and code: for a reader who wants to repeat the run."""
    told = [(s["device"], s["versions"]["torch"], short_revision(s["git"])) for s in sessions]
    devices, versions, revisions = (", then ".join(dict.fromkeys(values)) for values in zip(*told, strict=True))
    return f"{devices}; PyTorch {versions}; seed {run.config['training']['seed']}; code {revisions}"


def command(session: dict) -> str:
    """The command of a session, without paths of a machine. Another program that called the package is only named."""
    program, *rest = without_paths(session["command"])
    return f"nmt {shlex.join(rest)}" if Path(program).name in ("nmt", "__main__.py") else f"# called by {program}"


def short_revision(git: str | None) -> str:
    """Seven digits of a commit, and "+changes" where the code was edited after it."""
    return git[:7] + git[40:] if git else "unknown"


def without_paths(value: object) -> object:
    """Any JSON, of each absolute path only its last part, also in `--flag=/a/path` and `/a/path:60000`, with a cap."""
    return json.loads(re.sub(r'"(--[^"=]*=)?/([^"/]*/)*(?=[^"/])', r'"\1', json.dumps(value)))
