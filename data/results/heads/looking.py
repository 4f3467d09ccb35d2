"""What heads look at: attention between words in place of pieces, and the roles that Voita et al. 2019 found in it.

Scores are shares, 0 to 1, one for each head: tensors (L, H), a removed head at 0. `Looked` is what one sentence gives
for one kind of attention: how much each word looks at the word that it looks at most, and which word that is.
Words are those of `Gold`, counted from 0; BOS and EOS are no words, what a head gives to them is left out.
"""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from nmt.analysis import attention_maps
from nmt.bpe import BPE
from nmt.corpora.normalise import clean
from nmt.plumbing.places import shipped
from nmt.transformer import KINDS, Transformer

sys.path.append(str(shipped() / "phrasebook"))

from gold import pieces_of_words

Pairs = Sequence[tuple[int, int]]  # (word that looks, word that it should look at) in one sentence
Looked = tuple[Tensor, Tensor]  # (L, H, Q) each: the largest weight, and the word it lies on, -1 where on none
Words = Sequence[Sequence[int]]  # for each word the indices of its pieces, as `pieces_of_words` gives them


def rows_and_columns(kind: str, english: Words, russian: Words, reading: str = "predicts") -> tuple[Words, Words]:
    """The rows of words that look in a map of `attention_maps`, and the columns of those looked at.

    A Russian word looks while it is written (reading "predicts"), one row before it is read ("input").
    """
    read = [[piece + 1 for piece in word] for word in russian]  # BOS comes first
    looks = read if reading == "input" else russian
    return {"encoder": (english, english), "decoder": (looks, read), "cross": (looks, english)}[kind]


def over_words(weights: Tensor, rows: Words, columns: Words) -> Tensor:
    """Attention between pieces (…, query, key) -> words (…, Q, K): the mean over the pieces of a word that looks
    of the sum over those of a word looked at. A piece of two words is shared between them."""
    query = _membership(rows, weights.size(-2)).to(weights)
    key = _membership(columns, weights.size(-1)).to(weights)
    query = query / query.sum(1, keepdim=True)
    key = key / key.sum(0).clamp(min=1)
    return query @ weights @ key.T


def _membership(words: Words, pieces: int) -> Tensor:  # (words, pieces): 1 where a piece belongs to a word
    members = torch.zeros(len(words), pieces)
    for row, word in zip(members, words, strict=True):
        row[list(word)] = 1
    return members


def looked(words: Tensor) -> Looked:
    """Attention between words (L, H, Q, K) -> where each word looks most; of equals the first."""
    weight, at = words.max(-1)
    return weight, at.masked_fill(weight == 0, -1)


def look(
    model: Transformer,
    bpe: tuple[BPE, BPE],
    texts: Sequence[tuple[str, str]],
    words: Sequence[tuple[list[str], list[str]]],
    batch_size: int = 50,
) -> dict[str, list[Looked]]:
    """How the words of sentence pairs look, a `Looked` for each pair: of each kind, and of "cross input".

    texts and words: English and Russian of each pair; the words spell the text, as those of `Gold` do.
    """
    found: dict[str, list[Looked]] = {kind: [] for kind in (*KINDS, "cross input")}
    for start in range(0, len(texts), batch_size):
        some = slice(start, start + batch_size)
        ids = [b.encode([clean(pair[side]) for pair in texts[some]]) for side, b in enumerate(bpe)]
        for maps, pair, of_pair in zip(attention_maps(model, *ids), texts[some], words[some], strict=True):
            places = [pieces_of_words(w, b.pieces(text)) for w, b, text in zip(of_pair, bpe, pair, strict=True)]
            for name, seen in found.items():
                kind, _, reading = name.partition(" ")
                where = rows_and_columns(kind, *places, reading or "predicts")
                seen.append(looked(over_words(maps[kind], *where)))
    return found


def confidence(sentences: Iterable[Looked]) -> Tensor:
    """The mean over words of the largest weight."""
    return torch.cat([weight for weight, _ in sentences], dim=-1).mean(-1)


def positional(sentences: Iterable[Looked], offset: int) -> Tensor:
    """The share of words that look most at the word `offset` places after them, of those that look at any."""
    hits, of = 0, 0
    for _, at in sentences:
        hits = hits + (at == torch.arange(at.size(-1)) + offset).logical_and(at >= 0).sum(-1)
        of = of + (at >= 0).sum(-1)
    return hits / of.clamp(min=1)


def pointing(sentences: Iterable[Looked], pairs: Iterable[Pairs]) -> Tensor:
    """The share of all pairs whose first word looks most at the second; the pairs of each sentence in turn."""
    hits, of = 0, 0
    for (_, at), links in zip(sentences, pairs, strict=True):
        for word, partner in links:
            hits = hits + (at[..., word] == partner)
            of += 1
    return hits / max(of, 1) + torch.zeros(1)


def best_offset(pairs: Iterable[Pairs]) -> int:
    """The place of the second word, counted from the first, that most pairs have: what one can know without looking."""
    return Counter(partner - word for links in pairs for word, partner in links).most_common(1)[0][0]


def at_offset(pairs: Iterable[Pairs], offset: int) -> float:
    """The share of pairs whose second word is `offset` places after the first."""
    all_pairs = [partner - word for links in pairs for word, partner in links]
    return all_pairs.count(offset) / len(all_pairs)


def rare_word(sentences: Iterable[Looked], counts: Iterable[Sequence[int]], most: int = 1) -> Tensor:
    """The share of sentences in which the word that most words look at is among its `most` rarest, by the `counts` of
    each sentence's words in the training data."""
    hits, of = 0, 0
    for (_, at), count in zip(sentences, counts, strict=True):
        votes = (at[..., None] == torch.arange(len(count))).sum(2)  # (L, H, words)
        rarest = sorted(range(len(count)), key=lambda word: count[word])[:most]
        chosen = votes.argmax(-1)
        hits = hits + (torch.isin(chosen, torch.tensor(rarest)) & votes.any(-1))
        of += 1
    return hits / of


def alignment_error(sentences: Iterable[Looked], alignments: Iterable[Sequence[Sequence[int]]]) -> Tensor:
    """The alignment error rate, 0 to 1, of the links from each Russian word to the English word it looks at most.

    1 - (|A ∩ S| + |A ∩ P|) / (|A| + |S|): P are all gold links, S those to the main word, A the head's. Words that only
    Russian has, which have no link, are left out: then |A| = |S|.
    """
    right, of = 0, 0
    for (_, at), alignment in zip(sentences, alignments, strict=True):
        for word, sources in enumerate(alignment):
            if sources:
                right = right + (at[..., word] == sources[0]).int() + torch.isin(at[..., word], torch.tensor(sources))
                of += 2
    return 1 - right / of
