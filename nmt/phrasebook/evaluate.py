"""How well a model knows the phrasebook, beside those that know nothing: `python -m nmt.phrasebook.evaluate RUN` writes
the table into the data card, data/phrasebook/README.md.
"""

import sys
from collections import Counter

import torch

from nmt.analysis import score_pairs
from nmt.corpora.corpus import prepare
from nmt.decoding import translate
from nmt.phrasebook.contrast import contrast_table, load_contrast, unigram
from nmt.phrasebook.gold import load_gold, words
from nmt.plumbing.files import write_text
from nmt.plumbing.places import shipped
from nmt.runs import Run, load
from nmt.scoring import corpus_scores
from nmt.transformer import Transformer

BEGIN, END = "<!-- scores -->", "<!-- /scores -->"


def majority_words() -> dict[str, str]:
    """For each English word of the training split the Russian form that most often has its meaning."""
    forms: dict[str, Counter] = {}
    for gold in load_gold("train"):
        for word, sources in zip(gold.russian, gold.alignment, strict=True):
            if sources:
                forms.setdefault(gold.english[sources[0]].lower(), Counter())[word.lower()] += 1
    return {english: counts.most_common(1)[0][0] for english, counts in forms.items()}


def word_by_word(english: str, forms: dict[str, str]) -> str:
    """Each English word's majority form, words without one left out: knows words, and no grammar."""
    found = [forms.get(word.lower(), "") for word in words(english)]
    text = " ".join(word for word in found if word[:1].isalpha())
    return text[:1].upper() + text[1:] + english[-1]


def evaluate(run: Run) -> str:
    """Markdown: BLEU of greedy translations on both test splits, and contrast accuracy for each phenomenon."""
    trained, corpus, forms = load(run.directory), prepare("phrasebook"), majority_words()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        untrained = Transformer(trained.model.config).eval()
    translators = {
        "this model": lambda lines: translate(trained.model, trained.bpe, lines, beam=1),
        "English copied": list,
        "majority form, word by word": lambda lines: [word_by_word(line, forms) for line in lines],
        "untrained model": lambda lines: translate(untrained, trained.bpe, lines, beam=1),
    }
    last, session = run.lines()[-1], run.lines("sessions.jsonl")[0]
    lines = [
        f"`nmt demo`: {last['minutes']:.1f} minutes of training, {last['epoch']:.1f} epochs, {session['device']}, seed "
        f"{run.config['training']['seed']}, code {session['git'][:7]}{session['git'][40:]}. BLEU and chrF of greedy "
        "translations, 1,000 pairs each:",
        "",
        "| | `test_seen` BLEU | chrF | `test` BLEU | chrF |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, function in translators.items():
        cells = []
        for split in ("test_seen", "test"):
            english, russian = zip(*corpus.pairs(split), strict=True)
            scores = corpus_scores(function(list(english)), russian)
            cells += [f"{scores['bleu']:.1f}", f"{scores['chrf']:.1f}"]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    majority = unigram(corpus.lines("train", "ru"))
    models = [
        lambda pairs: score_pairs(trained.model, trained.bpe, pairs, 100),
        lambda pairs: [majority(russian) for _, russian in pairs],
        lambda pairs: score_pairs(untrained, trained.bpe, pairs, 100),
    ]
    tables = [contrast_table(model, load_contrast()) for model in models]
    lines += [
        "",
        f"BLEU: `{scores['signature']}`. Contrast accuracy, percent (an item counts if the right line scores above all "
        "wrong ones; chance is a coin among the lines; majority prefers the more frequent words):",
        "",
        "| phenomenon | items | this model | majority | untrained | chance |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for rows in zip(*tables, strict=True):
        cells = " | ".join(f"{100 * row.accuracy:.0f}" for row in rows)
        lines.append(f"| `{rows[0].phenomenon}` | {rows[0].items:,} | {cells} | {100 * rows[0].chance:.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    card = shipped() / "phrasebook" / "README.md"
    before, _, rest = card.read_text(encoding="utf-8").partition(BEGIN)
    write_text(card, f"{before}{BEGIN}\n{evaluate(Run(sys.argv[1]))}\n{END}{rest.partition(END)[2]}")
    print(card)
