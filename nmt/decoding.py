"""From a model to sentences: greedy search, beam search, and text in, text out.

Nothing here ever sees a reference.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from nmt import BOS, EOS, PAD, NmtError
from nmt.batches import source_batch
from nmt.bpe import BPE
from nmt.corpora.normalise import calmed, clean, split_sentences, translatable_parts
from nmt.plumbing.fast.incremental import Decoder
from nmt.transformer import Transformer

LENGTH_PENALTY = 0.6
# Nats per token. Of 100 everyday sentences `real` translates 15 wrong: 6 of these are below it, and 8 of the 85 right
# ones; `phrasebook`, of 299 of its own that hold no unseen word, 23 of 68 wrong ones and none of the 231 right ones.
DOUBTFUL = -0.3
# Steps after which a search looks who has ended, and the share that must still go on for these to stay in the batch.
LOOKS = {"cuda": (8, 0.5)}  # to look waits for the GPU, which replays batches of one shape; elsewhere (1, 1)
LONGEST = 256  # source tokens read at once; `translate` cuts longer lines


@dataclass
class Hypothesis:
    ids: list[int]  # without BOS and EOS
    log_prob: float  # of all its tokens, EOS among them: what the model's softmax says
    score: float  # log_prob / lp(length): what beam search ranks by
    finished: bool = True  # False: cut at the maximum length, without EOS


def wu_penalty(length: int | Tensor, alpha: float) -> float | Tensor:
    """lp(Y) = ((5 + |Y|) / 6)^alpha of Wu et al. 2016, equation 14. EOS counts as a token."""
    return ((5 + length) / 6) ** alpha


PENALTIES = {"wu": wu_penalty, "length": lambda length, alpha: length**alpha}  # lp(Y); "length" is that of Hugging Face


@contextmanager
def evaluating(model: Transformer) -> Iterator[None]:
    """Inside, there is no dropout and no autograd; afterwards each module is in the mode it was in before."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for module, training in modes:
            module.training = training


def _next(decoder: Decoder, targets: Tensor, empty: bool) -> Tensor:
    """What may come next: float32 log-probabilities (R, V) as the model's softmax gives them, -inf where forbidden.

    targets (R, T), the same number of rows for each sentence, beginning with BOS. Not `empty`: EOS may not come first.
    """
    log_probs = decoder.step(targets[:, -1]).float().log_softmax(-1)
    # UNK stays possible: it is better to see what the model does not know than to hide it.
    log_probs[:, PAD] = log_probs[:, BOS] = float("-inf")
    if targets.size(1) == 1 and not empty:
        log_probs[:, EOS] = float("-inf")
    return log_probs


def _limits(src: Tensor, max_length: int | None) -> Tensor:
    """How many tokens, EOS among them, each sentence may have: int64 (B,); by default 2S + 10, S without padding."""
    return 2 * (src != PAD).sum(1) + 10 if max_length is None else src.new_full((len(src),), max_length)


def check_search(length_penalty: float, penalty: str, max_length=None, beam=1, n_best=1, batch_size=1) -> None:
    """Raises NmtError for options that no search can have."""
    if beam < 1 or batch_size < 1 or not 1 <= n_best <= beam:
        raise NmtError(f"--beam {beam}, --n_best {n_best}, --batch_size {batch_size}: at least 1 each, n_best <= beam")
    if not 0 <= length_penalty <= 10:
        raise NmtError(f"--length_penalty must be at least 0 and at most 10, not {length_penalty}")
    if penalty not in PENALTIES:
        raise NmtError(f"--penalty must be {' or '.join(PENALTIES)}, not {penalty!r}")
    if max_length is not None and max_length < 1:
        raise NmtError(f"--max_length must be at least 1, not {max_length}")


def greedy(
    model: Transformer,
    src: Tensor,
    max_length: int | None = None,
    length_penalty: float = LENGTH_PENALTY,
    empty: bool = True,
    penalty: str = "wu",
) -> list[Hypothesis]:
    """The most probable token at each step. src int64 (B, S), as `source_batch` makes it.

    max_length: tokens with EOS, by default 2S + 10 for each sentence. `length_penalty` only normalises the scores.
    Not `empty`: EOS may not come first. penalty: of PENALTIES, what length_penalty is the alpha of.
    """
    check_search(length_penalty, penalty, max_length)
    found: list[Hypothesis | None] = [None] * len(src)
    limits, (look, left) = _limits(src, max_length), LOOKS.get(src.device.type, (1, 1))
    with evaluating(model):
        decoder = Decoder(model, src)
        rows = torch.arange(len(src), device=src.device)  # which sentences are still being written: (R,)
        targets = src.new_full((len(src), 1), BOS)  # (R, T)
        log_probs, going = torch.zeros(len(src), device=src.device), torch.ones_like(rows, dtype=torch.bool)
        while len(rows):
            best, tokens = _next(decoder, targets, empty).max(-1)
            log_probs = log_probs + best * going
            targets = torch.cat([targets, (tokens * going)[:, None]], 1)  # (R, T + 1), PAD where it has ended before
            length = targets.size(1) - 1
            going = going & (tokens != EOS) & (length < limits)
            if length % look or going.sum() > left * (len(rows) - 1):
                continue
            scores = log_probs / PENALTIES[penalty]((targets != PAD).sum(1) - 1, length_penalty)
            for i in (~going).nonzero().flatten().tolist():
                found[rows[i]] = _hypothesis(targets[i], log_probs[i], scores[i])
            keep = going.nonzero().flatten()  # a finished sentence leaves the batch and delays no other
            rows, targets, log_probs, limits, going = (x[keep] for x in (rows, targets, log_probs, limits, going))
            decoder.select(keep, keep)
    return found


def _hypothesis(target: Tensor, log_prob: Tensor, score: Tensor) -> Hypothesis:
    if math.isnan(log_prob):
        raise NmtError("the model answers with NaN: its training diverged (lower --lr), or its weights are damaged")
    ids = target[target != PAD].tolist()[1:]
    finished = ids[-1] == EOS
    return Hypothesis(ids[:-1] if finished else ids, log_prob.item(), score.item(), finished)


def beam_search(
    model: Transformer,
    src: Tensor,
    beam: int = 4,
    length_penalty: float = LENGTH_PENALTY,
    n_best: int = 1,
    max_length: int | None = None,
    empty: bool = True,
    penalty: str = "wu",
) -> list[list[Hypothesis]]:
    """For each sentence its `n_best` translations, best first; arguments as for `greedy`.

    At each step the best `beam` continuations of a sentence are kept, by log-probability; those that end in EOS
    are finished and compared by score = log_prob / lp(length). A sentence is done when no living hypothesis
    can come among its n_best, even if all its further tokens were certain: with a penalty >= 0 its score stays below
    log_prob / lp(maximum length). Unfinished ones fill places only where fewer than n_best finished.
    """
    check_search(length_penalty, penalty, max_length, beam, n_best)
    lp = partial(PENALTIES[penalty], alpha=length_penalty)
    look, left = LOOKS.get(src.device.type, (1, 1))
    pools = _Pools(_limits(src, max_length), lp, n_best, left)
    with evaluating(model):
        decoder, steps = Decoder(model, src), []
        targets = src.new_full((len(src), 1, 1), BOS)  # (R, W, T), R sentences are not done; W = 1, then up to beam
        log_probs = torch.zeros(len(src), 1, device=src.device)  # (R, W), -inf: an empty place
        while len(targets):
            count, width, length = targets.shape
            following = _next(decoder, targets.flatten(0, 1), empty)  # (R W, V)
            each = min(beam, following.size(1))  # no hypothesis can have more than `beam` of its continuations kept
            best, tokens = following.topk(each)  # (R W, each)
            best = (best.view(count, width, each) + log_probs[:, :, None]).flatten(1)  # (R, W each)
            log_probs, chosen = best.topk(min(beam, best.size(1)))  # (R, W'), W' is the next width
            tokens = tokens.view(count, -1).gather(1, chosen)
            parents = chosen // each  # (R, W')
            targets = targets.gather(1, parents[:, :, None].expand(-1, -1, length))
            targets = torch.cat([targets, tokens[:, :, None]], 2)  # (R, W', T + 1)

            ended, keep = tokens == EOS, None
            steps.append((targets, log_probs, ended))
            log_probs = log_probs.masked_fill(ended, float("-inf"))
            if length % look == 0:
                keep, steps = pools.look(steps), []
                if keep is not None:
                    keep = keep.to(src.device)
                    targets, log_probs, parents = targets[keep], log_probs[keep], parents[keep]
            first = torch.arange(count, device=src.device) if keep is None else keep
            decoder.select((first[:, None] * width + parents).flatten(), keep)
    return pools.found


class _Pools:
    """What a beam search has found for each sentence. It looks at one step or more at once, on the CPU."""

    def __init__(self, limits: Tensor, lp: Callable, n_best: int, left: float) -> None:
        self.found: list[list[Hypothesis]] = [[] for _ in limits]
        self.limits, self.lp, self.n_best, self.left = limits.cpu(), lp, n_best, left
        self.rows = torch.arange(len(limits))  # the sentences in the batch, and whether they are not done: (R,)
        self.going = torch.ones_like(self.rows, dtype=torch.bool)
        self.worst = torch.full((len(limits),), float("-inf"))  # the scores to beat: (R,)

    def look(self, steps: list[tuple[Tensor, Tensor, Tensor]]) -> Tensor | None:
        """Of each step targets (R, W, T + 1), log_probs and what ended (R, W). Returns which rows stay, None: all."""
        for targets, log_probs, ended in [[part.cpu() for part in step] for step in steps]:
            length = targets.size(2) - 1
            scores = log_probs / self.lp(length)
            for i, j in (ended & (scores > self.worst[:, None]) & self.going[:, None]).nonzero().tolist():
                pool = self.found[self.rows[i]]
                pool.append(_hypothesis(targets[i, j], log_probs[i, j], scores[i, j]))
                pool.sort(key=lambda hypothesis: -hypothesis.score)
                del pool[self.n_best :]
                if len(pool) == self.n_best:
                    self.worst[i] = pool[-1].score
            log_probs = log_probs.masked_fill(ended, float("-inf"))
            able = log_probs.amax(1) / self.lp(self.limits) > self.worst
            able &= length < self.limits
            for i in (self.going & ~able).nonzero().flatten().tolist():
                pool = self.found[self.rows[i]]
                for j in (log_probs[i] != float("-inf")).nonzero().flatten().tolist()[: self.n_best - len(pool)]:
                    pool.append(_hypothesis(targets[i, j], log_probs[i, j], scores[i, j]))
            self.going &= able
        if self.going.sum() > self.left * (len(self.rows) - 1):
            return None
        keep = self.going.nonzero().flatten()
        of_rows = self.rows, self.worst, self.limits, self.going
        self.rows, self.worst, self.limits, self.going = (one[keep] for one in of_rows)
        return keep


@dataclass
class Translation:
    """One translation of a line. It has a hypothesis for each part of the line, and none where the line is blank."""

    text: str
    hypotheses: list[Hypothesis]
    unknown: list[str] = field(default_factory=list)  # characters of the line that the model has no piece for
    unseen: list[str] = field(default_factory=list)  # words of the line that the model was not trained on, where known
    sentences: list[str] = field(default_factory=list)  # what of the line was translated by itself

    @property
    def doubt(self) -> str:
        """Why not to trust this translation, in words; "" where nothing speaks against it."""
        tokens = sum(len(one.ids) + one.finished for one in self.hypotheses)
        if any("а" <= letter.lower() <= "я" for letter in self.unknown):
            return "this is not English: it translates from English into Russian"
        if self.unknown:
            return f"the model has no piece for {' '.join(self.unknown)}"
        if self.unseen:
            return f"the model never saw {', '.join(self.unseen)}"
        if (letters := [*filter(str.isalpha, self.text.lower())]) and not any("а" <= one <= "я" for one in letters):
            return "nothing in it is Russian"
        if tokens and sum(one.log_prob for one in self.hypotheses) / tokens < DOUBTFUL:
            return "the model itself finds this translation improbable"
        return ""


def translate(
    model: Transformer, bpe: tuple[BPE, BPE], sentences: Sequence[str], beam: int = 4, **options
) -> list[str]:
    """Text in, text out, one for each: the best of `translate_n_best`, which takes the same options."""
    return [best[0].text for best in translate_n_best(model, bpe, sentences, beam, **options)]


def translate_n_best(
    model: Transformer,
    bpe: tuple[BPE, BPE],
    sentences: Sequence[str],
    beam: int = 4,
    n_best: int = 1,
    batch_size: int = 32,
    typed: bool = False,
    lowercase: bool = False,
    **search,
) -> list[list[Translation]]:
    """For each line its translations, best first; `search` as for `greedy`, `beam_search`. NmtError for no list.

    A blank line has the empty translation. `typed`: the lines are what people type; they are cut into sentences, and no
    sentence comes back empty; what is all in capitals is translated without them, and put in capitals again. Two that
    stay together, see `translatable_parts`, are translated one by one where the best translation of both is one
    sentence. What has more than LONGEST tokens is cut in any case, at the end of a sentence or of a word where there is
    one. The n-th translation of a line joins the n-th of its parts. `lowercase`: the model reads nothing else.
    """
    if not isinstance(sentences, (list, tuple)) or not all(isinstance(one, str) for one in sentences):
        raise NmtError(f'what is translated must be a list of sentences, ["The cat sleeps."], not {sentences!r:.60}')
    sentences, device = [s.lower() if lowercase else s for s in sentences], next(model.parameters()).device
    calm = [calmed(line) if typed else None for line in sentences]  # of those that are all in capitals
    texts = [translatable_parts(q or s) if typed else [clean(s)] for s, q in zip(sentences, calm, strict=True)]
    if typed:
        both = [text for of_line in texts for text in of_line if len(split_sentences(text)) > 1]
        best = zip(both, translate(model, bpe, both, beam, batch_size=batch_size, **search), strict=True)
        lost = {text for text, russian in best if len(split_sentences(russian)) < 2}
        texts = [[s for text in line for s in (split_sentences(text) if text in lost else [text])] for line in texts]
    encoded = iter(bpe[0].encode([text for of_line in texts for text in of_line]))
    lines = [[part for text in of_line for part in _cut(bpe[0], text, next(encoded))] for of_line in texts]
    parts = [part for line in lines for part in line]
    found: list[list[Hypothesis]] = [[] for _ in parts]
    for rows in by_length(parts, batch_size):
        src = source_batch([parts[i] for i in rows], device)
        if beam == n_best == 1:
            outputs = [[one] for one in greedy(model, src, empty=not typed, **search)]
        else:
            outputs = beam_search(model, src, beam, n_best=n_best, empty=not typed, **search)
        for place, row in enumerate(rows):
            found[row] = outputs[place]
    of_parts, translations = iter(found), []
    for line, of_line, quiet in zip(lines, texts, calm, strict=True):
        unknown = bpe[0].unknown(" ".join(of_line))
        joined = list(zip(*[next(of_parts) for _ in line], strict=False)) or [()]
        written = [" ".join(filter(None, bpe[1].decode([part.ids for part in one]))) for one in joined]
        written = [text.upper() for text in written] if quiet else written
        ranked = zip(written, joined, strict=True)
        translations.append([Translation(text, list(one), unknown, sentences=of_line) for text, one in ranked])
    return translations


def _cut(bpe: BPE, text: str, ids: list[int]) -> list[list[int]]:
    """The ids of a text in parts of at most LONGEST: no model here was trained on much longer sentences."""
    if len(ids) <= LONGEST:
        return [ids] if ids else []
    parts: list[list[int]] = [[]]
    words = text.split()
    for word, new in zip(words, bpe.encode(words), strict=True):  # no piece crosses a space: the same ids again
        if len(parts[-1]) + len(new) > LONGEST:
            parts.append([])
        parts[-1] += new
        if word[-1] in ".!?…" and len(parts[-1]) > LONGEST // 2:
            parts.append([])
    return [part[i : i + LONGEST] for part in parts for i in range(0, len(part), LONGEST)]


def by_length(sentences: Sequence[list[int]], batch_size: int) -> Iterator[list[int]]:
    """The row numbers in batches of sentences of similar length, which need little padding."""
    if batch_size < 1:
        raise NmtError(f"the batch size must be at least 1, not {batch_size}")
    order = sorted(range(len(sentences)), key=lambda i: len(sentences[i]))
    for start in range(0, len(order), batch_size):
        yield order[start : start + batch_size]
