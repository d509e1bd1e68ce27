"""All checks of a document, in order; one finding for each place and rule."""

from conformance.skill import absences, attribution, codes, damage, endpoints, links, routing, statements, timings
from conformance.skill.document import Document
from conformance.skill.finding import Finding
from conformance.skill.notes import Notes

CHECKS = (
    endpoints.check,
    attribution.check,
    statements.check,
    codes.check,
    routing.check,
    timings.check,
    links.check,
    damage.check,
    absences.check,
)


def judge(document: Document) -> list[Finding]:
    """Findings by line. Empty when the document says nothing about the API.

    A rule that is broken at a place is not told as met or unproven at the same line; a met one is told once, where it is said first.
    """
    if not document.speaks_of_the_api:
        return []
    notes = Notes(document)
    for check in CHECKS:
        check(notes)
    if document.frontmatter.damage:
        line, what = document.frontmatter.damage
        notes.add(
            "NV-023", "unproven", line, 1, f"Name and version may be read wrongly: {what}.", "Put values with colons in quotes."
        )
    kept: list[Finding] = []
    told: set[tuple[str, int]] = set()
    broken: set[tuple[str, int, str]] = set()
    met: set[str] = set()
    for finding in sorted(notes.findings, key=lambda one: ("bum".index(one.verdict[0]), one.line, one.column or 0, one.rule)):
        place = (finding.rule, finding.line)
        if finding.verdict == "broken":
            if (*place, finding.what) in broken:
                continue
            broken.add((*place, finding.what))
        elif place in told or (finding.verdict == "met" and finding.rule in met):
            continue
        told.add(place)
        if finding.verdict == "met":
            met.add(finding.rule)
        kept.append(finding)
    return sorted(kept, key=lambda one: (one.line, one.column or 0, one.rule))
