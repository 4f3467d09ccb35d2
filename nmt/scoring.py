"""Corpus BLEU (Papineni et al. 2002) and chrF (Popović 2015) with sacreBLEU (Post 2018), and how they were counted."""

from collections.abc import Sequence

from sacrebleu.metrics import BLEU, CHRF

from nmt import NmtError


def corpus_scores(hypotheses: Sequence[str], references: Sequence[str], tokenize: str = "13a") -> dict:
    """{"bleu", "chrf": float, 0 to 100; "signature", "chrf_signature": sacreBLEU's; "sentences": int}.

    One reference a sentence; plain text, which BLEU itself cuts into words as `tokenize` says. A number is
    comparable with another only if their signatures agree: tokenize="char", say, counts n-grams of characters
    and comes out far higher. Raises NmtError where the two are not of the same length, or empty.
    """
    if len(hypotheses) != len(references) or not references:
        raise NmtError(f"{len(hypotheses)} translations for {len(references)} references: BLEU needs one for each")
    # force: text that is tokenised already, as that of hotels, is scored without a warning.
    bleu, chrf = BLEU(tokenize=tokenize, force=True), CHRF()
    return {
        "bleu": bleu.corpus_score(hypotheses, [references]).score,
        "chrf": chrf.corpus_score(hypotheses, [references]).score,
        "signature": str(bleu.get_signature()),
        "chrf_signature": str(chrf.get_signature()),
        "sentences": len(references),
    }


def score_table(scores: Sequence[dict]) -> str:
    """Objects that `nmt score` printed as a table of Markdown."""
    lines = ["| data, split | pairs | search | BLEU | chrF | BLEU signature |", "|---|---|---|---|---|---|"]
    for score in scores:
        search = "greedy" if score["beam"] == 1 else f"beam {score['beam']}, length penalty {score['length_penalty']}"
        signature = score["signature"].replace("|", r"\|")  # a bar would end the table's cell
        lines.append(
            f"| {score['data']}, {score['split']} | {score['sentences']:,} | {search} | {score['bleu']:.2f} "
            f"| {score['chrf']:.2f} | `{signature}` |"
        )
    return "\n".join(lines)
