"""What people type becomes what models know: one form of text everywhere, one sentence at a time."""

import unicodedata

import pytest

from nmt.corpora.normalise import calmed, clean, split_sentences, translatable_parts


@pytest.mark.parametrize(
    ("typed", "known"),
    [
        ("You can\u2019t open the file.", "You can't open the file."),
        ("\u201cWhy?\u201d he asked. \u201eDarum\u201c", '"Why?" he asked. "Darum"'),
        ("a well\u2011known\u00a0man \u2013 the\u202fking", "a well-known man — the king"),
        ("\ufeffsoft\u00adware\u200b is \u2026 here\u2060", "software is ... here"),
        ("  two \t lines\u2028one  ", "two lines one"),
        (unicodedata.normalize("NFD", "Ёлка и йод"), "Ёлка и йод"),
        ("«Война и мир» — роман.", "«Война и мир» — роман."),
    ],
)
def test_text_has_one_form(typed, known):
    assert clean(typed) == known == clean(known)


@pytest.mark.parametrize(
    ("line", "sentences"),
    [
        ("Hello. How are you? I'm fine!", ["Hello.", "How are you?", "I'm fine!"]),
        ("hello. how are you?", ["hello.", "how are you?"]),
        ("Mr. Smith came at 5 p.m. with Dr. Who.", ["Mr. Smith came at 5 p.m. with Dr. Who."]),
        ("A. S. Pushkin was born in 1799. He died in 1837.", ["A. S. Pushkin was born in 1799. He died in 1837."]),
        ("It costs 3.5 euros. Cheap!", ["It costs 3.5 euros.", "Cheap!"]),
        ('"Why?" he asked. "No."', ['"Why?" he asked.', '"No."']),
        ("It is I. Wait...", ["It is I.", "Wait..."]),
        ("No end", ["No end"]),
        ("", []),
    ],
)
def test_sentences_end_where_people_end_them(line, sentences):
    assert split_sentences(line) == sentences
    assert " ".join(split_sentences(line)) == line  # nothing is lost


def test_a_pronoun_stays_with_what_it_stands_for():
    assert translatable_parts("Where is the cup? It is on the balcony.") == ["Where is the cup? It is on the balcony."]
    assert translatable_parts("I have a cat. It sleeps. It eats. Bye!") == [
        "I have a cat. It sleeps.",
        "It eats.",
        "Bye!",
    ]
    assert translatable_parts(" \ufeff ") == []


@pytest.mark.parametrize(
    "answer", ["Yes, I am.", "No, I'm not.", "no, I don\u2019t", "Yes, there is!", "No, we cannot.", "No, she won't."]
)
def test_a_short_answer_stays_with_its_question_and_a_full_one_does_not(answer):
    """Russian repeats the word asked about: "Are you an artist? Yes, I am." is «Ты художник? Да, художник.»"""
    assert translatable_parts(f"Are you? {answer}") == [clean(f"Are you? {answer}")]
    assert translatable_parts(f"You are. {answer}") == ["You are.", clean(answer)]
    for full in ("Yes, I am here.", "No, I drink tea.", "No.", "Yes, of course."):
        assert translatable_parts(f"Are you? {full}") == ["Are you?", full]


@pytest.mark.parametrize(
    ("typed", "quiet"),
    [
        ("STOP IT!", "Stop it!"),
        ("ARE YOU OK? I AM. SO AM I", "Are you ok? I am. So am I"),
        ('"HI THERE," HE SAID.', '"Hi there," he said.'),
        ("HELLO", "Hello"),
        ("USA", None),
        ("Hello, USA!", None),
        ("12:30", None),
        ("", None),
    ],
)
def test_who_shouts_is_understood(typed, quiet):
    assert calmed(typed) == quiet
