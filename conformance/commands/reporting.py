"""Options that write reports, and the writing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from conformance.commands.typed import FILE, Refusal
from conformance.result import Result

KINDS = {
    "json": "Every verdict with its evidence; schema: conformance/report/result.schema.json.",
    "junit": "For continuous integration: a test case for each rule.",
    "sarif": "For code scanning.",
    "markdown": "A summary for a pull request.",
    "html": "One page with everything: diagrams, transcripts, timelines; no other file, no request.",
}


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for kind, words in reversed(KINDS.items()):
        command = click.option(f"--{kind}", type=FILE, metavar="FILE", help=words)(command)
    return command


def write(result: Result, wanted: dict[str, Path | None]) -> None:
    """Raises Refusal for a file that cannot be written."""
    for kind, path in wanted.items():
        if path is None:
            continue
        try:
            path.write_text(_text(kind, result), "utf-8")
        except OSError as error:
            raise Refusal(f"--{kind} {path}: {error.strerror}") from None


def check(wanted: dict[str, Path | None]) -> None:
    """Before a long run: can the reports be written? Raises Refusal."""
    for kind, path in wanted.items():
        if path is not None and not path.absolute().parent.is_dir():
            raise Refusal(f"--{kind} {path}: the folder {path.absolute().parent} does not exist")


def _text(kind: str, result: Result) -> str:
    if kind == "json":
        from conformance.report import data

        return data.text(result)
    if kind == "junit":
        from conformance.report import junit

        return junit.text(result)
    if kind == "sarif":
        from conformance.report import sarif

        return sarif.text(result)
    if kind == "markdown":
        from conformance.report import markdown

        return markdown.text(result)
    from conformance.report import html

    return html.page(result)
