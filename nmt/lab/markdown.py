"""Pieces of Markdown that the pages of the lab are made of."""

from collections.abc import Iterable

from tabulate import tabulate


def table(rows: Iterable[dict[str, object]]) -> str:
    """Rows of {heading: cell}; a bar inside a cell is escaped, it would end the cell."""
    cells = [{heading: str(cell).replace("|", r"\|") for heading, cell in row.items()} for row in rows]
    return tabulate(cells, headers="keys", tablefmt="github", disable_numparse=True)


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
