"""A result as JUnit XML: a suite for each room, a case for each rule. What binds and fails is a failure; what is unproven is skipped,
which no consumer counts as passed, and an error where it was put to the test."""

import re
from xml.etree import ElementTree as Xml

from conformance.catalogue import ROOMS
from conformance.report.data import as_data
from conformance.result import Result

#: Characters that XML 1.0 does not allow.
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def text(result: Result) -> str:
    data = as_data(result)
    root = Xml.Element("testsuites", name="nemovideo-conformance")
    fails = {one.rule.id for one in result.findings if one.fails}
    missing = {one.rule.id for one in result.findings if one.missing}
    rooms = [room for room in ROOMS if any(rule["room"] == room for rule in data["rules"])]
    for room in rooms:
        suite = Xml.SubElement(root, "testsuite", name=room)
        for rule in (rule for rule in data["rules"] if rule["room"] == room):
            case = Xml.SubElement(suite, "testcase", classname=f"nemovideo.{room}", name=f"{rule['id']} {rule['name']}")
            properties = Xml.SubElement(case, "properties")
            for key in ("level", "basis", "verdict"):
                Xml.SubElement(properties, "property", name=key, value=rule[key])
            if rule["id"] in fails:
                Xml.SubElement(case, "failure", message=_clean(rule["says"]), type=rule["level"]).text = _clean(_proof(rule))
            elif rule["id"] in missing:
                Xml.SubElement(case, "error", message="put to the test, and nothing to be concluded", type="unproven")
            elif rule["verdict"] != "met":
                Xml.SubElement(case, "skipped", message=_clean(_why(rule)))
        _count(suite)
    if result.complaints:
        suite = Xml.SubElement(root, "testsuite", name="baseline")
        for complaint in result.complaints:
            case = Xml.SubElement(suite, "testcase", classname="nemovideo.baseline", name=_clean(complaint))
            Xml.SubElement(case, "failure", message=_clean(complaint), type="baseline")
        _count(suite)
    _count(root)
    Xml.indent(root, " ")
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(root, "unicode") + "\n"


def _why(rule: dict[str, object]) -> str:
    if rule["excused"]:
        return f"broken, as expected: {rule['excused']}"
    return f"{rule['verdict']}: {rule['excluded'] or ('binding' if rule['binds'] else 'advice only')}"


def _proof(rule: dict[str, object]) -> str:
    lines = []
    evidence = rule["evidence"]
    assert isinstance(evidence, list)
    for one in evidence:
        if one["verdict"] == "broken":
            lines.append(f"{one['scenario']}: {one['why']}")
            lines += [f"  {row['at_s']:>9.1f} s  {row['what']}" for row in one["proof"]]
    return "\n".join(lines)


def _count(element: Xml.Element) -> None:
    cases = element.findall(".//testcase")
    element.set("tests", str(len(cases)))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(name, str(sum(case.find(tag) is not None for case in cases)))


def _clean(words: str) -> str:
    return _FORBIDDEN.sub("\ufffd", words)
