"""The lists of what people type, the counting of right translations, and pairs to learn from."""

import re

import pytest

from nmt import NmtError
from nmt.corpora.normalise import sameness_key
from nmt.corpora.pairs import read_table
from nmt.decoding import Translation
from nmt.plumbing.places import in_clone

everyday = pytest.importorskip("everyday", reason="needs the clone: data/models")
typed_phrases = pytest.importorskip("typed_phrases", reason="needs the clone: data/models")
LISTS, letters, load_list, report = everyday.LISTS, everyday.letters, everyday.load_list, everyday.report
COUNTS = dict(zip(LISTS, (100, 300, 100), strict=True))


class Stub:
    """Translates by a table, and doubts what has Latin letters."""

    def __init__(self, **table: str) -> None:
        self.table = table

    def n_best(self, sentences: list[str]) -> list[list[Translation]]:
        return [[Translation(self.table[sentence], [])] for sentence in sentences]


@pytest.fixture
def written(tmp_path):
    """written(text) -> a file with it."""

    def write(text: str):
        path = tmp_path / "list.tsv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_right_is_what_equals_an_accepted_one_but_for_case_punctuation_spaces_and_yo(written):
    path = written("# ours\nA\tЁлка, да.\n\nB\tОдин.\tДва!\nC\tТри.\nD\tТри.\n")
    model = Stub(A="елка  да", B="ДВА", C="cat", D="")
    count = f"{path}: 2 of 4 right, 0 of these doubted; of the 2 others 1"
    assert report(model, path) == f"{count}\n  C | cat | Три. | doubted\n  D |  | Три."


@pytest.mark.parametrize(
    "text, line, fault",
    [
        ("A\tодин\nB", 2, "no cell blank"),
        ("A\tодин\t\n", 1, "no cell blank"),
        ("A\t…\n", 1, "no cell blank"),
        ("# ours\nA.\tодин\na\tдва\n", 3, "in line 2 already"),
    ],
)
def test_a_bad_line_is_named(written, text, line, fault):
    path = written(text)
    with pytest.raises(NmtError, match=rf"{re.escape(str(path))}:{line}: .*{fault}"):
        load_list(path)


def test_a_file_that_is_absent_or_empty_is_named(written, tmp_path):
    for path in (tmp_path / "none.tsv", written("")):
        with pytest.raises(NmtError, match=re.escape(str(path))):
            load_list(path)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_is_sentences_with_their_translations(name):
    rows = load_list(in_clone("data", "models", name))
    assert len(rows) == COUNTS[name]
    for english, accepted in rows:
        assert len(set(map(letters, accepted))) == len(accepted), f"{english}: a translation stands twice"
        if name == "typed.tsv":  # as people type
            continue
        assert re.fullmatch(r"[A-Z][A-Za-z ,'-]*[.?!]", english), english
        for russian in accepted:
            assert re.fullmatch(r"[А-ЯЁ0-9][А-Яа-яЁё0-9 ,:—-]*[.?!]", russian.replace("Wi-Fi", "")), russian
            assert "  " not in russian
    if name == "everyday.tsv":
        assert all(3 <= len(english.split()) <= 10 for english, _ in rows)


def test_no_sentence_of_everyday_stands_in_another_list():
    ours, *others = ({letters(row[0]) for row in load_list(in_clone("data", "models", name))} for name in LISTS)
    assert not any(ours & other for other in others)


def test_no_line_with_a_name_a_time_or_a_quotation_is_learnt_from():
    learnt = {letters(english) for english, _ in typed_phrases.pairs()}
    lines = [english for english, _ in load_list(in_clone("data", "models", "typed.tsv")) if len(english.split()) > 3]
    held_out = [line for line in lines if not (line.islower() or line.isupper())]
    assert len(held_out) > 40 and not learnt & set(map(letters, held_out))


def test_nothing_of_everyday_stands_in_the_phrasebook():
    ours = {sameness_key(english) for english, _ in load_list(in_clone("data", "models", "everyday.tsv"))}
    files = sorted(in_clone("data", "phrasebook").glob("*.tsv.gz"))
    assert files and not {english for file in files for english, _ in read_table(file) if sameness_key(english) in ours}


def test_a_name_has_its_cases():
    named = {
        ("Том", 0): "Том Тома Тому Тома Томом Томе", ("Джордж", 0): "Джордж Джорджа Джорджу Джорджа Джорджем Джордже",
        ("Игорь", 0): "Игорь Игоря Игорю Игоря Игорем Игоре", ("Грей", 0): "Грей Грея Грею Грея Греем Грее",
        ("Дмитрий", 0): "Дмитрий Дмитрия Дмитрию Дмитрия Дмитрием Дмитрии",
        ("Саша", 0): "Саша Саши Саше Сашу Сашей Саше",
        ("Анна", 1): "Анна Анны Анне Анну Анной Анне", ("Таня", 1): "Таня Тани Тане Таню Таней Тане",
        ("Мария", 1): "Мария Марии Марии Марию Марией Марии", ("Ольга", 1): "Ольга Ольги Ольге Ольгу Ольгой Ольге",
        ("Браун", 1): " ".join(["Браун"] * 6), ("Гарри", 0): " ".join(["Гарри"] * 6),
    }  # fmt: skip
    for (name, gender), forms in named.items():
        assert list(typed_phrases.declined(name, gender).values()) == forms.split()


def test_what_is_written_of_people_and_times_is_in_one_piece():
    pairs = typed_phrases.pairs()
    assert len(pairs) > 5_000 and pairs == typed_phrases.pairs()
    for english, russian in pairs:
        assert not re.search(r"[{}\[\]<>|]|  |\.\.", english + russian), (english, russian)
        assert not re.search("[A-Za-z]", russian) and not re.search("[А-Яа-яЁё]", english), (english, russian)
    filled = typed_phrases.filled("Я говорил с {I} о {P}.", {"I": "Стивом", "P": "Анне"}, 0, False)
    assert filled == "Я говорил со Стивом об Анне."


def test_a_hurried_line_has_no_capital_and_no_point():
    given = [["Tom is here.", "Том здесь."], ["Are you well?", "Как ты?"], ["Stop! Go!", "Стой! Иди!"], ["A.", "Б!"]]
    assert typed_phrases.in_a_hurry(given) == [
        ("tom is here", "том здесь"), ("Tom is here", "Том здесь"), ("are you well", "как ты"),
        ("Are you well", "Как ты"),
    ]  # fmt: skip
