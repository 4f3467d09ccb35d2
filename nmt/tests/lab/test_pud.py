"""Parsed sentences: what is read of a CoNLL-U file, and what is said where it is not at hand."""

import hashlib
from dataclasses import replace

import pytest

from nmt import NmtError

pud = pytest.importorskip("pud", reason="needs the clone: data/results/heads")

TEXT = """# sent_id = 1
# text = “I’m here”
1\t“\t_\tPUNCT\t_\t_\t4\tpunct\t_\t_
2-3\tI’m\t_\t_\t_\t_\t_\t_\t_\t_
2\tI\t_\tPRON\t_\t_\t4\tnsubj:pass\t_\t_
3\t’m\t_\tAUX\t_\t_\t4\tcop\t_\t_
4\there\t_\tADV\t_\t_\t0\troot\t_\t_
4.1\tleft\t_\tVERB\t_\t_\t_\t_\t_\t_
5\t”\t_\tPUNCT\t_\t_\t4\tpunct\t_\t_

# sent_id = 2
# text = Go
1\tGo\t_\tVERB\t_\t_\t0\troot\t_\t_

"""


def test_words_are_those_that_models_read_and_relations_have_no_subtype():
    first, second = pud.trees(TEXT)
    assert first.words == ['"', "I", "'m", "here", '"'] and "".join(first.words) == first.text.replace(" ", "")
    assert first.relations == [("punct", 0, 3), ("nsubj", 1, 3), ("cop", 2, 3), ("punct", 4, 3)]
    assert second == pud.Tree("Go", ["Go"], [])


def test_only_the_checked_files_are_read_and_it_says_where_it_looked(tmp_path, monkeypatch):
    monkeypatch.setenv("NMT_DATA", str(tmp_path))
    found, said = pud.at_hand()
    assert found == [] and "en_pud-ud-test.conllu, ru_pud-ud-test.conllu in $NMT_DATA/pud" in said
    assert all("/UD_English-PUD/" in url and url.endswith("/en_pud-ud-test.conllu") for url in pud.ARCHIVES[0].urls)
    (tmp_path / "pud").mkdir()
    known = hashlib.sha256(TEXT.encode()).hexdigest()
    monkeypatch.setattr(pud, "ARCHIVES", [replace(one, sha256=known) for one in pud.ARCHIVES])
    for one in pud.ARCHIVES:
        (tmp_path / one.file).write_text(TEXT, encoding="utf-8")
    (pair, _), said = pud.at_hand()
    assert pair == tuple(pud.trees(TEXT)[:1] * 2) and "2 sentences" in said
    (tmp_path / "pud" / "ru_pud-ud-test.conllu").write_text(TEXT + "\n", encoding="utf-8")
    with pytest.raises(NmtError, match="another or a damaged file"):
        pud.at_hand()
