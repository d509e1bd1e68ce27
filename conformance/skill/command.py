"""`nemovideo-conformance skill`: read skill documents, and say what a client following them would do wrong."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from conformance.skill.finding import Finding, SkillError
from conformance.skill.rules import basis, counts

NOTHING_WRONG, BROKEN, WRONG_USE, NOTHING_READ = 0, 1, 2, 3


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="SKILL.md...", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="All findings as JSON, met ones too.")
@click.option(
    "--sarif", "sarif_file", type=click.Path(path_type=Path, dir_okay=False), help="Write SARIF 2.1.0 to this file as well."
)
@click.option(
    "--level",
    "by",
    type=click.Choice(["seed", "vendor"]),
    default="seed",
    show_default=True,
    help="seed: what only the vendor's own documents say is advice. vendor: it counts.",
)
def skill(files: tuple[Path, ...], as_json: bool, sarif_file: Path | None, by: str) -> None:
    """Say what a client that follows each SKILL.md would do wrong, with line and rule.

    Exit status: 0 nothing wrong; 1 something broken; 2 wrong use, or a file that cannot be read; 3 no document says
    anything about the API. Rules that nobody states, and SHOULD rules, are advice at either level.
    """
    from conformance.skill import check

    found: dict[Path, Sequence[Finding]] = {}
    unreadable = False
    for given in files:
        path = given / "SKILL.md" if given.is_dir() else given
        try:
            found[path] = check(path)
        except SkillError as error:
            unreadable = True
            click.echo(f"error: {error}", err=True)
    if as_json:
        click.echo(json.dumps(_plain(found, by), ensure_ascii=False, indent=1))
    else:
        for path, findings in found.items():
            _tell(path, findings, by)
    if sarif_file is not None:
        _write_sarif(sarif_file, found, by)
    sys.exit(_status(found, unreadable, by))


def _status(found: Mapping[Path, Sequence[Finding]], unreadable: bool, by: str) -> int:
    if unreadable:
        return WRONG_USE
    if any(counts(finding, by) for findings in found.values() for finding in findings):
        return BROKEN
    return NOTHING_WRONG if any(found.values()) else NOTHING_READ


def _plain(found: Mapping[Path, Sequence[Finding]], by: str) -> list[dict[str, object]]:
    return [
        {
            "file": str(path),
            "read": bool(findings),
            "findings": [
                {**asdict(finding), "basis": basis(finding.rule), "counts": counts(finding, by)} for finding in findings
            ],
        }
        for path, findings in found.items()
    ]


def _tell(path: Path, findings: Sequence[Finding], by: str) -> None:
    if not findings:
        click.echo(f"{path}: says nothing about the API; there is nothing to follow, and nothing was checked.\n")
        return
    wrong = [finding for finding in findings if counts(finding, by)]
    advice = [finding for finding in findings if finding.verdict == "broken" and finding not in wrong]
    unread = [finding for finding in findings if finding.verdict == "unproven" and finding.column is not None]
    silent = sorted({finding.rule for finding in findings if finding.verdict == "unproven" and finding.column is None})
    for finding in wrong:
        _line(path, finding, "")
    for finding in advice:
        _line(path, finding, f"advice ({basis(finding.rule)}{'' if finding.level == 'must' else ', should'}): ")
    for finding in unread:
        _line(path, finding, "unproven: ")
    if silent:
        click.echo(f"{path}: unproven, as nothing that can be read is said of it: {' '.join(silent)}")
    met = len({finding.rule for finding in findings if finding.verdict == "met"})
    click.echo(f"{path}: {len(wrong)} broken, {len(advice)} advice, {len(unread) + len(silent)} unproven, {met} rules met.\n")


def _line(path: Path, finding: Finding, kind: str) -> None:
    place = f"{path}:{finding.line}" + (f":{finding.column}" if finding.column is not None else "")
    click.echo(f"{place}: {finding.rule} {kind}{finding.what}" + (f" {finding.hint}" if finding.hint else ""))
    if finding.excerpt and finding.verdict == "broken":
        click.echo(f"    {finding.excerpt}")


def _write_sarif(target: Path, found: Mapping[Path, Sequence[Finding]], by: str) -> None:
    from conformance import __version__
    from conformance.skill import sarif

    try:
        target.write_text(json.dumps(sarif.document(found, __version__, by), ensure_ascii=False, indent=1) + "\n", "utf-8")
    except OSError as error:
        click.echo(f"error: {target}: cannot be written: {error.strerror or error}", err=True)
        sys.exit(WRONG_USE)
