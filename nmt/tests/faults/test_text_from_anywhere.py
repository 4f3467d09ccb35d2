"""Text from anywhere: every good line is answered, every other one is told, with its number."""

import pytest

from nmt import NmtError
from nmt.cli import main
from nmt.corpora.names import unsplit_pairs
from nmt.corpora.pairs import read_lines, read_table
from nmt.decoding import beam_search
from nmt.tests.faults.test_runs_under_faults import half  # noqa: F401  fixture
from nmt.tests.test_training import _caches  # noqa: F401  fixture

BAD = {1: b"caf\xe9", 4: b"\xed\xb2\x80", 5: b"a\0b", 9: b"\xff"}  # Latin-1, a surrogate, NUL


def test_bad_lines_among_good_ones(half, tmp_path, capfd):  # noqa: F811
    lines = [BAD.get(number, b"the old dog sees snow.") for number in range(10)]
    (tmp_path / "in.txt").write_bytes(b"\n".join(lines) + b"\n")
    status = main(["translate", "--checkpoint", str(half.directory), "--input", f"{tmp_path}/in.txt", "--beam", "1"])
    out, err = capfd.readouterr()
    answers = out.split("\n")[:-1]
    assert status == 2 and [number for number, line in enumerate(answers) if not line] == [*BAD]
    assert len(answers) == 10 and len(set(answers)) == 2
    assert all(f"in.txt, line {number + 1}: " in err for number in BAD) and "4 of 10 lines could not be read" in err


def test_lines_that_end_as_on_old_macs(tmp_path):
    (tmp_path / "a.tsv").write_bytes("a cat\tкот\ra dog\tпёс\r".encode())
    assert list(read_lines(tmp_path / "a.tsv")) == ["a cat\tкот", "a dog\tпёс"]
    (tmp_path / "b.tsv").write_bytes("a \rcat\tкот\r\na dog\tпёс\n".encode())  # as before: \n is there
    assert len(list(read_lines(tmp_path / "b.tsv"))) == 2


def test_nothing_to_read_from(half, monkeypatch, capsys):  # noqa: F811
    monkeypatch.setattr("sys.stdin", None)
    assert main(["translate", "--checkpoint", str(half.directory)]) == 0 and capsys.readouterr().out == ""


@pytest.mark.parametrize("value", ["1e9", "inf", "nan", "-1"])
def test_length_penalties(half, value, capsys):  # noqa: F811
    assert main(["translate", "--checkpoint", str(half.directory), "--length_penalty", value, "a cat."]) == 2
    assert "--length-penalty must be at least 0 and at most 10" in capsys.readouterr().err
    with pytest.raises(NmtError, match="length_penalty"):
        beam_search(None, None, 4, float(value))


def test_tables_from_a_spreadsheet(tmp_path):
    table = tmp_path / "a.tsv"
    table.write_text('"He said ""hi""."\t"Он сказал ""да""."\n"Hi."\t"Да."\n', encoding="utf-8")
    assert list(read_table(table)) == [('He said "hi".', 'Он сказал "да".'), ('"Hi."', '"Да."')]
    published, *_ = read_table(table, strict=False)  # stay as they are
    assert published[0].startswith('"He said ""hi')
    for header in ("English\tRussian", "en\tru", '"source"\t"target"', "Английский\tРусский"):
        table.write_text(f"{header}\na cat\tкот\n", encoding="utf-8")
        with pytest.raises(NmtError, match=r"a.tsv:1: a header, .*; delete this line"):
            list(read_table(table))


def test_what_is_not_scored_is_told(tmp_path):
    (tmp_path / "a.tsv").write_text("a cat\tкот\n" * 4 + "x\t\n" * 20, encoding="utf-8")
    said = []
    assert len(list(unsplit_pairs([str(tmp_path / "a.tsv")], said.append)[1])) == 4
    assert said == ["not scored: 20 (a side is blank)"]
