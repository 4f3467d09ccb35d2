"""How well a model knows the phrasebook, beside those that know nothing.

`python data/phrasebook/evaluate.py RUN` writes the tables into the data card, README.md beside this script.
"""

import sys
from collections import Counter

import torch
from tabulate import tabulate

from frequency import unigram
from gold import load_gold, words
from nmt.analysis import score_pairs
from nmt.corpora.corpus import prepare
from nmt.decoding import translate
from nmt.phrasebook.contrast import contrast_table, load_contrast
from nmt.plumbing.files import write_text
from nmt.plumbing.places import in_clone, shipped
from nmt.runs import Run, load
from nmt.scoring import corpus_scores
from nmt.transformer import Transformer

sys.path.append(str(in_clone("data")))

from page_parts import replaced_between


def evaluate(run: Run) -> str:
    """Markdown: BLEU of greedy translations on both test splits, and contrast accuracy for each phenomenon."""
    trained, corpus, forms = load(run.directory), prepare("phrasebook"), majority_forms()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        untrained = Transformer(trained.model.config).eval()
    translators = {
        "this model": lambda lines: translate(trained.model, trained.bpe, lines, beam=1),
        "English copied": list,
        "majority form, word by word": lambda lines: [word_by_word(line, forms) for line in lines],
        "untrained model": lambda lines: translate(untrained, trained.bpe, lines, beam=1),
    }
    translation = [[name] for name in translators]
    for split in ("test_seen", "test"):
        english, russian = zip(*corpus.pairs(split), strict=True)
        for row, translator in zip(translation, translators.values(), strict=True):
            scores = corpus_scores(translator(list(english)), russian)
            row += [f"{scores['bleu']:.1f}", f"{scores['chrf']:.1f}"]
    frequency = unigram(corpus.lines("train", "ru"))
    scorers = [
        lambda pairs: score_pairs(trained.model, trained.bpe, pairs, 100),
        lambda pairs: [frequency(russian) for _, russian in pairs],
        lambda pairs: score_pairs(untrained, trained.bpe, pairs, 100),
    ]
    items, contrast = load_contrast(), []
    for rows in zip(*(contrast_table(scorer, items) for scorer in scorers), strict=True):
        percent = [f"{100 * share:.0f}" for share in (*(row.accuracy for row in rows), rows[0].chance)]
        contrast.append([f"`{rows[0].phenomenon}`", f"{rows[0].items:,}", *percent])
    last, session = run.lines()[-1], run.lines("sessions.jsonl")[0]
    seed, git = run.config["training"]["seed"], session["git"]
    return (
        f"`nmt demo`: {last['minutes']:.1f} minutes of training, {last['epoch']:.1f} epochs, {session['device']}, "
        f"seed {seed}, code {git[:7]}{git[40:]}. BLEU and chrF of greedy translations, 1,000 pairs each:\n\n"
        f"{table(['', '`test_seen` BLEU', 'chrF', '`test` BLEU', 'chrF'], translation)}\n\n"
        f"BLEU: `{scores['signature']}`. Contrast accuracy, percent (an item counts if the right line scores above all "
        "wrong ones; chance is a coin among the lines; majority prefers the more frequent words):\n\n"
        f"{table(['phenomenon', 'items', 'this model', 'majority', 'untrained', 'chance'], contrast)}"
    )


def table(header: list[str], rows: list[list[str]]) -> str:
    """Markdown, the first column left, the others right."""
    align = ("left", *["right"] * (len(header) - 1))
    return tabulate(rows, header, tablefmt="pipe", colalign=align, disable_numparse=True)


def majority_forms() -> dict[str, str]:
    """For each English word of the training split the Russian form that most often has its meaning."""
    forms: dict[str, Counter] = {}
    for gold in load_gold("train"):
        for word, sources in zip(gold.russian, gold.alignment, strict=True):
            if sources:
                forms.setdefault(gold.english[sources[0]].lower(), Counter())[word.lower()] += 1
    return {english: counts.most_common(1)[0][0] for english, counts in forms.items()}


def word_by_word(english: str, forms: dict[str, str]) -> str:
    """Each English word's majority form; a word that has none is left out. This knows words, and no grammar."""
    found = [forms.get(word.lower(), "") for word in words(english)]
    text = " ".join(word for word in found if word[:1].isalpha())
    return text[:1].upper() + text[1:] + english[-1]


if __name__ == "__main__":
    card = shipped() / "phrasebook" / "README.md"
    write_text(card, replaced_between(card, "scores", evaluate(Run(sys.argv[1]))))
    print(card)
