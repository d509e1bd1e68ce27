"""What RECIPES.md shows works as it stands.

Each section is lived through in a folder of its own that holds all files of the page. Stand-ins: one scenario in the place of all, and at
the pace of the clock; `pip` installs nothing, and `uvx` takes what is here; `${{ matrix.shard }}` is 1; what is the reader's own (the client
behind an adapter, the agent, the suite) is a stub.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

import conformance
from mock_server.intercept.sandbox import trouble

TOP = Path(__file__).parents[1]
PAGE = Path(conformance.__file__).with_name("RECIPES.md").read_text("utf-8")
SECTIONS = {words.partition("\n")[0]: words.partition("\n")[2] for words in PAGE.split("\n## ")[1:]}
SCENARIO = "token-already-expired"
LIMIT_S = 120
BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
#: A block that begins with its name is a file.
NAMED = re.compile(r"(?:#|//) ([\w./-]+\.\w+)\n")
#: What a section needs besides Python and bash.
NEEDS = {
    "GitHub": ("node",),
    "Any test suite": ("curl", "jq"),
    "Node": ("node",),
    "Go": ("go",),
    "Shell": ("curl", "jq"),
    "Hard-coded hosts": ("curl", "jq", "node"),
}
KIT = f"""
[ "$1" = run ] || exec {sys.executable} -m conformance "$@"
shift
words=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  if [ "$1" = --rate ]; then shift 2; else words+=("$1"); shift; fi
done
{sys.executable} -m conformance run --only {SCENARIO} --traces traces "${{words[@]}}" "$@" || code=$?
echo "${{code:-0}}" >> exits
[ "${{code:-0}}" != 2 ] && [ "${{code:-0}}" != 4 ]
"""
COMMANDS = {
    "nemovideo-mock": f'exec {sys.executable} -m mock_server "$@"',
    "nemovideo-conformance": KIT,
    "python": f'exec {sys.executable} "$@"',
    "pytest": f"""[ "$1" = --pyargs ] && set -- "$@" -k {SCENARIO}
export PYTEST_DISABLE_PLUGIN_AUTOLOAD=1
exec {sys.executable} -m pytest -p mock_server.pytest_plugin -p conformance.pytest_plugin -p no:cacheprovider "$@\"""",
    "pip": 'echo "$@" >> installed',
    "uvx": '[ "$1" = --from ] && { echo "install $2" >> installed; shift 2; }\nexec "$@"',
}
OWN = {
    "my-client.mjs": "export const answer = async (text, files, show) => show(`You said ${text}`);\n",
    "my-tests.mjs": "const told = await fetch('https://mega-api-prod.nemovideo.ai/openapi.json'); process.exit(told.ok ? 0 : 1);\n",
    "answer.go": 'package main\n\nfunc answer(text string, _ []string, show func(string)) { show("You said " + text) }\n',
    "go.mod": "module adapter\n\ngo 1.19\n",
    "agent.sh": '#!/usr/bin/env bash\necho "$MODEL_KEY, $no_proxy: $2"\n',
    "run-my-tests": """#!/usr/bin/env bash
curl -sf -X POST "$NEMO_API_URL/w/mine/api/auth/anonymous-token" -H "X-Client-Id: $(python -c 'import uuid; print(uuid.uuid4())')"
""",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """All files of the page, what is the reader's own, and the stand-ins."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name, script in COMMANDS.items():
        (bin_folder / name).write_text(f"#!/usr/bin/env bash\n{script}\n")
        (bin_folder / name).chmod(0o755)
    for name, text in OWN.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    for _, text in BLOCK.findall(PAGE):
        if named := NAMED.match(text):
            path = tmp_path / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(re.sub(r"until: \S+", f"until: {date.today() + timedelta(2)}", text))
    shutil.copy(TOP / "fixtures" / "skills" / "vendor-good.md", tmp_path / "SKILL.md")
    (tmp_path / "client.py").symlink_to(TOP / "fixtures" / "clients" / "reference")
    return tmp_path


def live(folder: Path, script: str) -> str:
    """What a script writes in that folder; it must succeed."""
    path = f"{folder / 'bin'}:{os.environ['PATH']}"
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "GOCACHE", "GOPATH") if name in os.environ}
    env = {
        "PATH": path,
        **kept,
        "MODEL_KEY": "key",
        "CI_NODE_INDEX": "1",
        "CI_NODE_TOTAL": "4",
        "GITHUB_STEP_SUMMARY": "summary.md",
    }
    command = ["bash", "-euo", "pipefail", "-c", script]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        told, complaints = process.communicate(timeout=LIMIT_S)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # whatever a script that failed left behind
    assert process.returncode == 0, told + complaints
    return told


def scripts(section: str) -> list[str]:
    """What the section says to type, with what the pipelines in it run."""
    found: list[str] = []
    for language, text in BLOCK.findall(SECTIONS[section]):
        if language == "yaml":
            found += steps(yaml.safe_load(text))
        elif language == "bash" and not NAMED.match(text):
            found.append(text)
    return found


def steps(told: dict[str, Any]) -> list[str]:
    if "jobs" in told:
        (job,) = told["jobs"].values()
        return [step["run"].replace("${{ matrix.shard }}", "1") for step in job["steps"] if "run" in step]
    return ["\n".join(job["script"]) for job in told.values() if isinstance(job, dict)]


def ready(section: str) -> None:
    for tool in NEEDS.get(section, ()):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    if section == "Hard-coded hosts" and (rule := trouble()):
        pytest.skip(f"no sandbox here: {rule}")


def shown(folder: Path) -> list[str]:
    """What the client of the last run showed its user, after a conversation that went to its end."""
    entries = [json.loads(line) for line in (folder / "traces" / f"{SCENARIO}.jsonl").read_text("utf-8").splitlines()]
    (outcome,) = [entry for entry in entries if entry["kind"] == "outcome"]
    assert outcome["how"] == "finished", outcome
    return [entry["text"] for entry in entries if entry["kind"] == "say"]


#: What the reader's client says, and the kit's exit status: a stub keeps no rule, the reference client all. None: no client is run.
STUB = "13"
ENDS = {
    "Without installing": None,
    "GitHub": ("You said", STUB),
    "GitLab": ("", "0"),
    "Known failures": None,
    "Any test suite": None,
    "Node": ("You said", STUB),
    "Go": ("You said", STUB),
    "Shell": ("credits are left.", STUB),
    "Python": None,
    "Hard-coded hosts": ("credits are left.", STUB),
    "Agents": ("key, 127.0.0.1,localhost,api.model.example", STUB),
    "From Python": None,
}


def test_every_section_is_lived_through():
    """No section of the page is left out, no link of it is dead, and every block is a file, a script or a pipeline."""
    assert SECTIONS.keys() == ENDS.keys()
    anchors = {re.sub(r"[^\w-]", "", title.lower().replace(" ", "-")) for title in SECTIONS}
    assert set(re.findall(r"\]\(#([\w-]+)\)", PAGE)) <= anchors
    for link in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (Path(conformance.__file__).parent / link).is_file(), link
    assert all(NAMED.match(text) or language == "bash" for language, text in BLOCK.findall(PAGE))


@pytest.mark.parametrize("section", [name for name in ENDS if name not in ("Known failures", "From Python", "Agents")])
def test_section(section, folder):
    """All that it says to type, in its order."""
    ready(section)
    live(folder, "\n".join(scripts(section)))

    if (end := ENDS[section]) is not None:
        words, codes = end
        assert (folder / "exits").read_text().strip() in [*codes]
        assert words in shown(folder)[0]


def test_agents(folder):
    """`observe` ends without a verdict where nobody talks to anybody."""
    script = "\n".join(scripts("Agents")).replace("silent-edit\n", "silent-edit || [ $? = 3 ]\n")
    told = live(folder, script)

    words, codes = ENDS["Agents"]
    assert "say to the client:" in told and (folder / "exits").read_text().strip() in [*codes]
    assert words in shown(folder)[0]
    assert json.loads((folder / "skill.sarif").read_text())["version"] == "2.1.0" and (folder / "report.html").exists()


def test_what_a_pipeline_uploads_is_there(folder):
    """The reports that the jobs name are those that their commands write, and known failures are read."""
    hub = yaml.safe_load((folder / ".github/workflows/conformance.yml").read_text())
    lab = yaml.safe_load((folder / ".gitlab-ci.yml").read_text())["conformance"]
    uses = {step["uses"].partition("@")[0]: step["with"] for step in hub["jobs"]["conformance"]["steps"] if "with" in step}
    written = set(re.findall(r"--\w+ (report\.\w+)", "\n".join(scripts("GitHub"))))

    assert uses["github/codeql-action/upload-sarif"]["sarif_file"] in written
    assert uses["actions/upload-artifact"]["path"] == "report.*"
    assert lab["artifacts"]["reports"]["junit"] in re.findall(r"--\w+ (report\.\w+)", "\n".join(lab["script"]))
    assert len(hub["jobs"]["conformance"]["strategy"]["matrix"]["shard"]) == int(re.findall(r"shard }}/(\d+)", PAGE)[0])


def test_from_python(folder):
    """The program prints the rule that its client broke."""
    assert "NV-0" in live(folder, "python verdicts.py")
