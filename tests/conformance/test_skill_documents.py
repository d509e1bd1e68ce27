"""The reader of skill documents, on documents like those of every family, and on single defects planted into right ones."""

from functools import cache
from pathlib import Path

import pytest
import yaml

from conformance import catalogue
from conformance.skill import SkillError, check, rules
from conformance.skill.rules import counts

SKILLS = Path(__file__).parents[2] / "fixtures" / "skills"
EXPECTED = yaml.safe_load((SKILLS / "expected.yaml").read_text("utf-8"))


@cache
def checked(name):
    return check(SKILLS / name)


def lines_by_rule(findings, verdict):
    found: dict[str, list[int]] = {}
    for finding in findings:
        if finding.verdict == verdict and (verdict == "broken" or finding.column is not None):
            found.setdefault(finding.rule, []).append(finding.line)
    return found


def test_each_document_has_its_expectation():
    assert sorted(path.name for path in SKILLS.glob("*.md")) == sorted(EXPECTED)


def test_each_family_has_a_document():
    assert {name[1:3] for name in EXPECTED if name.startswith("f")} == {f"{number:02}" for number in range(1, 17)}


@pytest.mark.parametrize("name", EXPECTED)
def test_a_document_is_judged_as_expected(name):
    row = EXPECTED[name]
    findings = checked(name)

    assert lines_by_rule(findings, "broken") == row.get("broken", {})
    assert lines_by_rule(findings, "unproven") == row.get("unproven", {})
    for by, status in zip(("seed", "vendor"), row["status"], strict=True):
        assert (1 if any(counts(finding, by) for finding in findings) else 0 if findings else 3) == status


@pytest.mark.parametrize("name", EXPECTED)
def test_findings_point_into_the_document(name):
    lines = (SKILLS / name).read_text("utf-8").split("\n")
    for finding in checked(name):
        assert 1 <= finding.line <= len(lines)
        assert len(finding.excerpt) <= 80
        if finding.column is not None:
            assert 1 <= finding.column <= len(lines[finding.line - 1])
            assert finding.excerpt in lines[finding.line - 1]
        if finding.verdict == "broken":
            assert finding.what.endswith(".") and finding.hint


#: (document, what stood there, what is put there, the rules that are broken then). `None` replaces nothing and adds lines.
PLANTED = [
    ("vendor-good.md", "/api/auth/anonymous-token", "/api/auth/anonymous_token", {"NV-002"}),
    ("vendor-good.md", ' -H "X-Client-Id: $ID"', ' -H "X-ClientId: $ID"', {"NV-003"}),
    ("vendor-good.md", "X-Client-Id: $ID", "X-Client-Id: film-desk-client", {"NV-004"}),
    ("vendor-good.md", "nemovideo && echo", "nemovideo & echo", {"NV-005"}),
    ("vendor-good.md", "Never store the token on disk", "Save the token to ~/.config/nemovideo/token.json", {"NV-017"}),
    ("vendor-good.md", "?ct=<claim_token>", "?token=$TOKEN", {"NV-015", "NV-016"}),
    ("vendor-good.md", '"task_name":"project"', '"taskName":"project"', {"NV-030"}),
    ("vendor-good.md", "## 4. GUI", "Create a new session for every message.\n\n## 4. GUI", {"NV-035"}),
    ("vendor-good.md", 'X POST "$API/run_sse"', 'X GET "$API/run_sse"', {"NV-046"}),
    ("vendor-good.md", '"session_id":"<sid>","new', '"sessionId":"<sid>","new', {"NV-047"}),
    ("vendor-good.md", '"new_message":{"parts":[{"text":"<msg>"}]}', '"message":"<msg>"', {"NV-048"}),
    ("vendor-good.md", '{"parts":[{"text":"<msg>"}]}', '"<msg>"', {"NV-048"}),
    ("vendor-good.md", "--max-time 900", "--max-time 120", {"NV-050"}),
    ("vendor-good.md", "10 min of heartbeats alone: assume a time-out.", "A heartbeat means an error.", {"NV-052"}),
    ("vendor-good.md", "**Never re-send** while it is at work", "Re-send it while it is at work", {"NV-061", "NV-071"}),
    ("vendor-good.md", "1. Don't re-send", "1. Reconnect to the stream", {"NV-070", "NV-071"}),
    ("vendor-good.md", "files=@/path", "video=@/path", {"NV-076"}),
    ("vendor-good.md", '{"urls":["<url>"],"source_type":"url"}', '{"url":"<url>"}', {"NV-077"}),
    ("vendor-good.md", '-F "files=@', '-H "Content-Type: application/json" -F "files=@', {"NV-078"}),
    ("vendor-good.md", "data.state.draft", "data.draft", {"NV-085"}),
    ("vendor-good.md", "does NOT cost credits", "costs 10 credits", {"NV-091"}),
    ("vendor-good.md", '"draft":<json>', '"draft":"<json>"', {"NV-098"}),
    ("vendor-good.md", "render_<ts>", "render_film", {"NV-099"}),
    ("vendor-good.md", '"sessionId":"<sid>","draft"', '"session_id":"<sid>","draft"', {"NV-100"}),
    ("vendor-good.md", "every 30s, max", "every 3s, max", {"NV-103"}),
    ("vendor-good.md", "max 10 polls", "max 40 polls", {"NV-104"}),
    ("vendor-good.md", "Retry in 30s once", "Retry in 5s once", {"NV-009"}),
    ("vendor-good.md", "Retry in 30s once", "Retry with a new client id in 30s once", {"NV-010"}),
    ("vendor-good.md", "Subscription tier, NOT credits", "No credits: top up", {"NV-095"}),
    ("vendor-good.md", "| 402 |", "| 3001 | Busy | Wait |\n| 402 |", {"NV-117"}),
    ("vendor-good.md", "| 3.5 Export | ✅ |", "| 3.1 SSE | ❌ |", {"NV-037"}),
    ("vendor-good.md", "| 3.3 Credits | ✅ |", "| 3.1 SSE | ❌ |", {"NV-038"}),
    ("vendor-good.md", "| 3.4 State | ✅ |", "| ask by SSE | ❌ |", {"NV-039"}),
    ("vendor-good.md", "X-Skill-Version: $SKILL_VERSION\nX-Skill-Platform: $SKILL_SOURCE\n", "X-Skill-Version: 2.2\nX-Skill-Platform: clawhub\n", {"NV-023", "NV-024"}),
    ("vendor-good.md", "X-Skill-Source: $SKILL_NAME\n", "X-Skill-Source: film_desk\n", {"NV-022"}),
    ("vendor-good.md", "Pass all parameters as-is.", "Enrich the prompt before it goes out.", {"NV-042"}),
    ("vendor-good.md", "Keep `session_id`", "Parse it with `parseInt(session_id)`, keep `session_id`", {"NV-033"}),
    ("vendor-good.md", "Never mention buttons", "They can use the upload button", {"NV-082"}),
    ("vendor-good.md", "Check for updates weekly.", "Check for updates before every run.", {"NV-120"}),
    ("s2-equivalent.md", "/api/render/proxy/lambda` with", "/api/export` with", {"NV-037"}),
    ("s2-equivalent.md", "/api/credits/balance/simple", "/api/credits", {"NV-038"}),
    ("s2-equivalent.md", "https://mega-api-prod.nemovideo.ai/api/auth", "https://api.nemovideo.ai/api/auth", {"NV-020"}),
    ("s2-equivalent.md", "Up to 15 min", "Timeout: 5 min", {"NV-050"}),
    ("s2-equivalent.md", "`X-Skill-Platform` |", "`X-Skil-Platform` |", {"NV-021"}),
    ("s2-equivalent.md", "duration in ms", "duration in seconds", {"NV-087"}),
    ("s2-equivalent.md", "Tool calls stay internal.", "Show tool calls to the user.", {"NV-054"}),
    ("s2-equivalent.md", "Do not print tokens or raw JSON.", "Show the user their token.", {"NV-015"}),
    ("s2-equivalent.md", "every 30s for", "every 10 seconds for", {"NV-103"}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "there", "instead", "wanted"), PLANTED, ids=[f"{min(row[3])}-{number}" for number, row in enumerate(PLANTED)]
)
def test_a_planted_defect_breaks_its_rule_and_no_other(tmp_path, name, there, instead, wanted):
    text = (SKILLS / name).read_text("utf-8")
    assert there in text
    broken = tmp_path / "SKILL.md"
    broken.write_text(text.replace(there, instead), "utf-8")

    assert {finding.rule for finding in check(broken) if finding.verdict == "broken"} == wanted


#: (what is added to a right document, the rules that are broken then and the line of the addition): other styles, and innocent words.
ADDED = [
    ('`curl -X POST "$API/run_sse" -H "X-Skill-Source: other" -H "X-Skill-Version: $SKILL_VERSION"`', {("NV-022", 1)}),
    ('```python\nH = {"X-Skill-Source": "other", "X-Skill-Version": "2.3", "X-Skill-Platform": p}  # see the frontmatter\n```', {("NV-022", 2), ("NV-023", 2)}),
    ('```python\nH = {"X-Client-Id": "film-desk"}\n```', {("NV-004", 2)}),
    ('```python\nH = {"X-Skill-Source": source, "X-Client-Id": client, "X-Skill-Version": VERSION}\n```', set()),
    ('```js\nconst h = { "X-Skill-Source": name, "X-Client-Id": `${id}` }\n```', set()),
    ('```python\nhttp.post(f"{API}/api/upload-video/nemo_agent/me/{sid}", files={"file": f})\n```', {("NV-076", 2)}),
    ('```python\nhttp.post(f"{API}/api/upload-video/nemo_agent/me/{sid}", files={"files": f})\n```', set()),
    ('```python\nhttp.get(f"{API}/run_sse")\n```', {("NV-046", 2)}),
    ('Send `POST /run_sse`:\n\n```json\n{\n  "sessionId": "<sid>",\n  "new_message": {"parts": [{"text": "<msg>"}]}\n}\n```', {("NV-047", 5)}),
    ('Then `POST /api/render/proxy/lambda`:\n\n```json\n{"id": "render_<ts>", "session_id": "<sid>", "draft": <json>}\n```', {("NV-100", 4)}),
    ('`POST /api/tasks/me/with-session/nemo_agent` gives:\n\n```json\n{"session_id": "1", "task_id": "2"}\n```', set()),
    ('`POST /run_sse`, and then:\n\n```json\n{"type": "text", "content": "hi"}\n```', set()),
    ("# Troubles\n\n- 1002: new session.\n- 1003: locked; tell the user.", {("NV-012", 4)}),
    ("# Sizes\n\n- 1080: full HD\n- 2160: 4K", set()),
    ("On a disconnect, retry the request up to 3 times.", {("NV-071", 1)}),
    ("If an upload is interrupted, retry the request once.", set()),
    ("A lost connection is no reason to retry the message.", set()),
    ("If a stream ends without text, tell the user the edit failed.", {("NV-058", 1)}),
    ("If it ends without text and the state is unchanged, tell the user the edit failed.", set()),
    ("Send the multipart body with the field `file`.", {("NV-076", 1)}),
    ("上传：multipart 字段 `file`。", {("NV-076", 1)}),
    ("The multipart field is `files`; the field file name is free.", set()),
    ("Chat by SSE has a time limit of 60 seconds.", {("NV-050", 1)}),
    ("Save `data.token` to ~/.nemo/token.", {("NV-017", 1)}),
    ("Convert the session_id to a number.", {("NV-033", 1)}),
    ("At the end print the token.", {("NV-015", 1)}),
    ("Asked to print the token, refuse.", set()),
    ("While you poll the render every 30 seconds, send the user an update every 2 minutes.", set()),
    ("Files of up to 2 GB are cut into parts below 500 MB first.", set()),
    ("A request without X-Skill-Version: 402 at export.", set()),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), ADDED)
def test_what_is_added_is_found_where_it_stands_and_nothing_else(tmp_path, text, wanted):
    right = (SKILLS / "vendor-good.md").read_text("utf-8").rstrip("\n")
    added = tmp_path / "SKILL.md"
    added.write_text(f"{right}\n\n{text}\n", "utf-8")
    above = right.count("\n") + 2

    assert {(one.rule, one.line - above) for one in check(added) if one.verdict == "broken"} == wanted


@pytest.mark.parametrize("name", ["vendor-good.md", "s0-equivalent.md", "zh-generator.md"])
def test_line_ends_and_byte_order_marks_change_nothing(tmp_path, name):
    text = (SKILLS / name).read_text("utf-8")
    other = tmp_path / "SKILL.md"
    other.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())

    assert check(other) == checked(name)


@pytest.mark.parametrize("size", [10, 100, 1000, 3000])
def test_a_document_cut_anywhere_is_still_read(tmp_path, size):
    for name in ("vendor-good.md", "f16-inlinecode.md", "f12-generate.md"):
        cut = tmp_path / name
        cut.write_text((SKILLS / name).read_text("utf-8")[:size], "utf-8")
        assert all(finding.line <= 1 + cut.read_text("utf-8").count("\n") for finding in check(cut))


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"# \xff\xfe", "no UTF-8"),
        (b"# a\n\n\xe5\xaf", "SKILL.md:3: "),
        (b"x" * 200_001, "200,001 bytes"),
        (b"#\0", "zero bytes"),
    ],
)
def test_what_is_no_text_is_refused_by_name(tmp_path, content, why):
    path = tmp_path / "SKILL.md"
    path.write_bytes(content)

    with pytest.raises(SkillError, match=why) as caught:
        check(path)
    assert "SKILL.md" in str(caught.value)


def test_levels_and_bases_are_those_of_the_catalogue():
    for rule in catalogue.rules().values():
        assert (rules.level(rule.id), rules.basis(rule.id)) == (rule.level.lower(), rule.basis), rule.id
