"""What TESTING.md shows works as it stands."""

import re
from pathlib import Path

import pytest

import mock_server

pytest_plugins = ["pytester"]

PAGE = (Path(mock_server.__file__).parent / "TESTING.md").read_text("utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
ALONE = ["--import-mode=importlib", "-p", "no:cacheprovider", "-p", "anyio.pytest_plugin", "-p", "mock_server.pytest_plugin"]


def test_every_block_of_the_page(pytester: pytest.Pytester, monkeypatch):
    """The client, the judge, and all tests, in one run without autoloaded plugins."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    files: dict[str, list[str]] = {}
    for block in BLOCKS:
        first = block.partition("\n")[0]
        files.setdefault(first[2:] if first.startswith("# ") and first.endswith(".py") else "test_page.py", []).append(block)
    for name, blocks in files.items():
        (pytester.path / name).write_text("\n\n".join(blocks))
    monkeypatch.syspath_prepend(pytester.path)
    tests = len(re.findall(r"^\s*(?:async )?def test_", "".join(files["test_page.py"]), re.MULTILINE))

    done = pytester.runpytest_subprocess(*ALONE, "-W", "error", "-o", "anyio_mode=strict", f"--rootdir={pytester.path}")

    done.assert_outcomes(passed=tests)


def test_ten_lines_show_it():
    """The first block is that short."""
    body = BLOCKS[0].partition("\n\n")[2]
    assert len([line for line in body.splitlines() if line.strip()]) <= 10
    assert max(map(len, BLOCKS[0].splitlines())) <= 110
