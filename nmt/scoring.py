"""How good a model is: its loss, and corpus BLEU (Papineni et al. 2002) and chrF (Popović 2015) with sacreBLEU."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sacrebleu.metrics import BLEU, CHRF

from nmt import NmtError
from nmt.batches import in_order
from nmt.bpe import BPE
from nmt.corpora.corpus import Corpus
from nmt.decoding import greedy
from nmt.objective import token_loss
from nmt.tokens import ParallelTokens
from nmt.transformer import Transformer


def corpus_scores(hypotheses: Sequence[str], references: Sequence[str], tokenize: str = "13a") -> dict:
    """{"bleu", "chrf": float, 0 to 100; "signature", "chrf_signature": sacreBLEU's; "sentences": int}.

    There is one reference for each sentence. Both are plain text, which BLEU itself cuts into words as `tokenize` says.
    Two numbers can be compared only if their signatures agree (Post 2018): tokenize="char", say, counts n-grams of
    characters and comes out far higher.
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


@dataclass(frozen=True)
class HeldOut:
    """The pairs that a validation scores: `rows` are their line numbers in `tokens`; the texts go by these rows."""

    tokens: ParallelTokens
    rows: list[int]
    sources: list[str]
    references: list[str]

    @classmethod
    def of(cls, corpus: Corpus, split: str, tokens: ParallelTokens, rows: Sequence[int]) -> "HeldOut":
        chosen = set(map(int, rows))
        english, russian = (
            [line for row, line in enumerate(corpus.lines(split, language)) if row in chosen]
            for language in ("en", "ru")
        )
        return cls(tokens, sorted(chosen), english, russian)

    def samples(self, translations: Sequence[str], count: int) -> list[dict]:
        """The first `count` pairs beside their translations, as samples.jsonl stores them."""
        texts = list(zip(self.sources, self.references, translations, strict=True))[:count]
        return [{"source": s, "reference": r, "translation": t} for s, r, t in texts]

    def first(self, count: int) -> list[tuple[tuple[list[int], list[int]], tuple[str, str]]]:
        """Of the first `count` pairs the ids of both sides, without BOS and EOS, and their texts."""
        ids = [tuple(side[row].tolist() for side in self.tokens) for row in self.rows[:count]]
        return list(zip(ids, zip(self.sources, self.references, strict=True), strict=False))


def validate(
    model: Transformer, bpe: tuple[BPE, BPE], held_out: HeldOut, batch_size: int
) -> tuple[dict[str, float | str | int], list[str]]:
    """The loss of a model in evaluation mode, in nats per target token, and the `corpus_scores` of its greedy
    translations; also these translations."""
    device = next(model.parameters()).device
    place = {row: i for i, row in enumerate(held_out.rows)}
    translations, nll, count = [""] * len(held_out.rows), 0.0, 0
    for batch in in_order(held_out.tokens, batch_size, held_out.rows, device):
        nll += float(token_loss(model(batch.src, batch.trg_in), batch.trg_out))
        count += batch.tokens
        texts = bpe[1].decode([one.ids for one in greedy(model, batch.src)])
        for row, text in zip(batch.rows, texts, strict=True):
            translations[place[row]] = text
    loss = nll / count
    # A perplexity that float64 cannot hold is cut: exp(700) is 1e304.
    scores = {"loss": loss, "perplexity": math.exp(min(loss, 700))}
    return scores | corpus_scores(translations, held_out.references), translations
