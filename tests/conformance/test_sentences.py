"""The mapping of the seed documents: whole in itself, true to what it names, and able to see what changes in a document.

The documents are not in the repository; `python -m conformance.sentences FOLDER` holds the mapping against them.
"""

import ast
import subprocess
import sys
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

from conformance import sentences
from conformance.sentences import Document, Entry, Mapping, check, flaws, pieces, shipped
from conformance.sentences.mapping import read
from conformance.sentences.table import FILE, table
from mock_server import ledger, scenario

TOP = Path(__file__).parents[2]
RULES = [f"NV-{number:03}" for number in range(1, 122)]


# the splitter


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Title\n\n> Send it. Then wait!\n", [(1, "Title"), (3, "Send it."), (3, "Then wait!")]),
        ("- **Wait** 5 s\n- Call `x`.", [(1, "Wait 5 s"), (2, "Call x.")]),
        ("| A | B |\n|---|---|\nx / y: | Do. Then stop. |", [(1, "A | B"), (3, "x / y: | Do. Then stop.")]),
        ("Tracks: 1. Video (0-4s) 2. Music 3. Title", [(1, "Tracks:"), (1, "Video (0-4s)"), (1, "Music"), (1, "Title")]),
        ("1. **One** — `GET /a`. Gives b.\n2. Two", [(1, "One — GET /a."), (1, "Gives b."), (2, "Two")]),
        ("Go to step 2. If it fails, stop.", [(1, "Go to step 2."), (1, "If it fails, stop.")]),
        ("- POST to\n/awith b. Keepc. - One —\nGET /d. End.", [(1, "POST to /awith b."), (2, "Keepc."), (2, "One — GET /d."), (3, "End.")]),
        ('Say so (e.g. "Wait..."). up to 5MB. small files first', [(1, 'Say so (e.g. "Wait...").'), (1, "up to 5MB."), (1, "small files first")]),
        ("```\nx\r\n```\n\n---\n⏳\n", [(2, "x")]),
        ("", []),
    ],
)  # fmt: skip
def test_pieces(text, expected):
    assert [(piece.line, piece.text) for piece in pieces(text)] == expected


def test_no_word_is_lost_and_none_is_told_twice():
    """All letters and digits of a document stand in its pieces, in order, but for the numbers of lists."""
    text = "# T\nA b. C d! - E —\nf g. H\n| i | j |\n|--|--|\nk | l. m |\n> n\n- o `p` **q**\nr... s (t? u) v. w"

    assert "".join(filter(str.isalnum, "".join(piece.text for piece in pieces(text)))) == "".join(filter(str.isalnum, text))


def test_lost_spaces_and_markup_make_no_difference():
    one, other = pieces("1. POST `/run` with `x` and go.")[0], pieces("- POST /runwithxand go.")[0]

    assert one.digest == other.digest != pieces("POST /run with y and go.")[0].digest


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("100 free credits, 7-day life, 500MB, up to 15 min.", ("100 free credits", "7-day", "500MB", "15 min")),
        ("~30% within 30-90 seconds, every 30s, H.264, 1080x1920, 1080p", ("~30%", "30-90 seconds", "30s", "1080x1920", "1080p")),
        ("429 | 1 token/client/7 days | see §3.5", ("429", "1 token", "7 days")),
        ("(0=video, 7=text) in parts[0] of v1.0.0, mp4; 7 again", ("0", "7")),
    ],
)
def test_figures(text, figures):
    assert pieces(text)[0].figures == figures


# the mapping that is shipped


def test_it_is_whole_in_itself():
    """Each line of each document is mapped or empty, each place once, each rule known, each figure somewhere."""
    assert flaws(shipped()) == []
    assert list(shipped().documents) == ["S0", "S1", "S2", "S3"]
    assert sum(document.pieces for document in shipped().documents.values()) == 398


@cache
def functions_of(file: str) -> frozenset[str]:
    return frozenset(node.name for node in ast.parse((TOP / file).read_text()).body if isinstance(node, ast.FunctionDef))


def resolves(target: str, known: frozenset[str]) -> bool:
    """Is it a rule, a test that exists, a scenario, or a row of the ledger?"""
    file, _, test = target.partition("::")
    return test in functions_of(file) if test and (TOP / file).is_file() else target in known


def test_what_it_names_exists():
    known = frozenset(
        [*RULES, *(f"scenario {name}" for name in scenario.names()), *(f"{row.kind} {row.name}" for row in ledger.rows())]
    )
    targets = {target for entry in shipped().entries for target in entry.service}
    targets |= {
        target for entry in shipped().entries for told in entry.figures.values() if isinstance(told, tuple) for target in told
    }

    assert sorted(target for target in targets if not resolves(target, known)) == []
    assert not resolves("tests/mock_server/test_seeds.py::test_gone", known)
    assert not resolves("scenario none-such", known)


def test_the_service_tests_of_the_seeds_are_all_named():
    """A statement that test_seeds.py holds is a sentence of a document."""
    file = "tests/mock_server/test_seeds.py"
    named = {target for entry in shipped().entries for target in entry.service}
    ours = {"test_http_status_of_codes_is_a_setting"}  # no sentence says it

    assert {name for name in functions_of(file) if name.startswith("test_") and f"{file}::{name}" not in named} == ours


def test_the_table_is_up_to_date():
    assert FILE.read_text() == table(), "python -m conformance.sentences > conformance/SENTENCES.md"


def test_rules_know_their_sentences():
    assert [entry.gist for entry in sentences.of_rule("NV-115")] == ["leaving before the end orphans the job"]
    assert sentences.documents_of("NV-100") == ["S1", "S3"]
    assert sentences.of_rule("NV-071") == [] == sentences.documents_of("NV-071")
    assert len(sentences.load()) == len(shipped().entries)


# a small document of our own

TEXT = "# Rules\n\nWait 30 s, then ask. Never shout.\n| code | do |\n|--|--|\n| 7 | wait 30 s |\n"


def small(**changes) -> Mapping:
    one, two, three, four, five = (piece.digest for piece in pieces(TEXT))
    entries = {
        "head": Entry(("D:1.1",), one, "title", left_out="a heading"),
        "wait": Entry(("D:3.1",), two, "wait before asking", rules=("NV-009",), figures={"30 s": ("NV-009",)}),
        "shout": Entry(("D:3.2",), three, "be quiet", rules=("NV-018",)),
        "columns": Entry(("D:4.1",), four, "columns", left_out="a heading"),
        "seven": Entry(("D:6.1",), five, "seven: wait", service=("code 429",), figures={"7": "a number", "30 s": ("NV-009",)}),
    }
    entries |= {name: replace(entries[name], **change) for name, change in changes.items()}
    return Mapping({"D": Document("Rules", sha256(TEXT.encode()).hexdigest(), 6, 5, (2, 5))}, tuple(entries.values()))


def complaints(tmp_path: Path, text: str, mapping: Mapping | None = None) -> str:
    (tmp_path / "rules.txt").write_bytes(text.encode())
    return "\n".join(check(tmp_path, mapping or small()))


def test_a_document_that_is_mapped(tmp_path):
    assert flaws(small()) == []
    assert complaints(tmp_path, TEXT) == ""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("shout.", "shout. Nor whisper.", ["rules.txt:3: not mapped (D:3.3,", "'Nor whisper.'", "D: 6 lines and 5 pieces are recorded; rules.txt has 6 and 6"]),
        ("Never shout.", "Never sing.", ["rules.txt:3: not mapped (D:3.2,", "'Never sing.'; at D:3.2 stands 'be quiet'", "stale: D:3.2 is mapped as 'be quiet'"]),
        (" Never shout.", "", ["stale: D:3.2 is mapped as 'be quiet'"]),
        ("# Rules\n", "# Rules\n\n", ["rules.txt:4: not mapped (D:4.1,", "it is a sentence that is mapped elsewhere: 'wait before asking'"]),
        ("wait 30 s", "wait 31 s", ["not mapped (D:6.1,", "'7 | wait 31 s'", "stale: D:6.1"]),
        ("| 7 |", "| 8 |", ["not mapped (D:6.1,", "stale: D:6.1"]),
    ],
)  # fmt: skip
def test_a_document_that_has_changed(tmp_path, old, new, expected):
    told = complaints(tmp_path, TEXT.replace(old, new))

    assert "D (Rules): rules.txt has changed since it was mapped" in told
    assert [words for words in expected if words not in told] == []


def test_figures_that_are_not_mapped_or_are_none(tmp_path):
    told = complaints(tmp_path, TEXT, small(wait={"figures": {}}, seven={"figures": {"7": "a number", "30 s": "so", "9": "so"}}))

    assert "rules.txt:3: the figure '30 s' is not mapped, in 'wait before asking'" in told
    assert "rules.txt:6: '9' is mapped, in 'seven: wait', but is no figure" in told
    assert len(told.splitlines()) == 2


def test_documents_that_are_missing_or_unknown(tmp_path):
    assert check(tmp_path / "none", small()) == [f"{tmp_path / 'none'} is no folder"]
    assert complaints(tmp_path, "Something else.").splitlines() == [
        f"D (Rules): no file in {tmp_path} is this document",
        "rules.txt is none of the mapped documents",
    ]
    (tmp_path / "rules.txt").write_bytes(b"\xff\xfe\x00 no text")
    assert len(check(tmp_path, small())) == 2


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"wait": {"rules": ("NV-122",)}}, "no rule 'NV-122'"),
        ({"wait": {"figures": {"30 s": ("NV-9",)}}}, "no rule 'NV-9'"),
        ({"wait": {"figures": {"30 s": ()}}}, "the figure '30 s' leads nowhere"),
        ({"wait": {"rules": ()}}, "needs either rules or service, or a reason"),
        ({"wait": {"left_out": "why not"}}, "needs either rules or service, or a reason"),
        ({"head": {"left_out": " "}}, "needs either rules or service, or a reason"),
        ({"head": {"figures": {"7": "so"}}}, "figures of what is left out"),
        ({"head": {"gist": "word " * 13}}, "a gist has 1 to 12 words"),
        ({"head": {"digest": "xyz"}}, "not 12 hexadecimal digits"),
        ({"head": {"at": ("D:1.1", "D:3.1")}}, "D:3.1: mapped 2 times"),
        ({"head": {"at": ()}}, "has no place"),
        ({"head": {"at": ("E:1.1",)}}, "'E:1.1' is no place"),
        ({"head": {"at": ("D:2.1",)}}, "lines without a mapping: [1]; said to be empty, but mapped: [2]"),
        ({"head": {"at": ("D:9.1",)}}, "beyond its end: [9]"),
        ({"shout": {"at": ("D:3.3",)}}, "D:3: pieces [1, 3] are mapped, so one is missing"),
        ({"shout": {"at": ("D:3.2", "D:3.3")}}, "6 pieces are mapped, and 5 recorded"),
        ({"shout": {"digest": pieces(TEXT)[1].digest}}, "one entry with all its places"),
    ],
)
def test_flaws_are_seen(changes, expected):
    assert expected in "\n".join(flaws(small(**changes)))


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("{at: [D:1.1], digest: a, gist: b, rule: [NV-001]}", "unexpected keyword argument 'rule'"),
        ("{at: [D:1.1], digest: a}", "missing 1 required positional argument: 'gist'"),
        ("{at: [D:1.1], digest: a, gist: b, rules: NV-001}", "'rules' must be a list"),
    ],
)
def test_a_mapping_that_cannot_be_read(row, expected):
    text = f"documents:\n  D: {{title: T, sha256: x, lines: 1, pieces: 1}}\nsentences:\n  - {row}\n"

    with pytest.raises(ValueError, match=r"sentence 1 \(\['D:1.1'\]\)") as caught:
        read(text)
    assert expected in str(caught.value)


def test_the_command(tmp_path):
    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-m", "conformance.sentences", *arguments], capture_output=True, text=True, cwd=TOP
        )
        return done.returncode, done.stdout + done.stderr

    assert run() == (0, table())
    code, told = run(str(tmp_path))
    assert code == 1 and "S3 (Video Music Generator): no file" in told
    assert run("a", "b")[0] == 2
