"""BLEU and chrF as sacreBLEU counts them, with their signatures."""

import math

import pytest

from nmt import NmtError
from nmt.scoring import corpus_scores


def test_a_perfect_translation_is_a_hundred():
    text = ["Кошка видит старый дом у моря.", "Собака ищет письмо под мостом."]
    scores = corpus_scores(text, text)
    assert scores["bleu"] == pytest.approx(100) and scores["chrf"] == pytest.approx(100)
    assert scores["sentences"] == 2
    assert "tok:13a" in scores["signature"] and "version:" in scores["signature"]
    assert scores["chrf_signature"].startswith("nrefs:1|")


def test_bleu_by_hand():
    """Six words: of their n-grams, n = 1 to 4, these are in the reference: 5/6, 3/5, 2/4, 1/3. The same length."""
    scores = corpus_scores(["one two three four nine six"], ["one two three four five six"])
    assert scores["bleu"] == pytest.approx(100 * (5 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25)


def test_too_short_is_punished():
    scores = corpus_scores(["one two three four five"], ["one two three four five six seven eight"])
    assert scores["bleu"] == pytest.approx(100 * math.exp(1 - 8 / 5))


def test_characters_flatter():
    """The origin's BLEU was one of characters: on the same output it is far higher."""
    said, meant = ["Старая собака видела мосты."], ["Старые собаки видят мост."]
    words, characters = corpus_scores(said, meant), corpus_scores(said, meant, tokenize="char")
    assert characters["bleu"] > words["bleu"] + 20
    assert "tok:char" in characters["signature"]


def test_empty_translations_score_nothing():
    scores = corpus_scores(["", ""], ["Да.", "Нет."])
    assert scores["bleu"] == 0 and scores["chrf"] == 0


def test_what_does_not_match_is_refused():
    with pytest.raises(NmtError, match="2 translations for 1 references"):
        corpus_scores(["a", "b"], ["a"])
    with pytest.raises(NmtError):
        corpus_scores([], [])
