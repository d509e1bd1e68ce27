"""Who gets to see the token: nobody but the service."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from conformance.catalogue import Cost, Evidence, broken, met, rule
from conformance.rules import tokens
from conformance.rules.tokens import ASK, SECURED, WHOLE, calls
from conformance.trace import CLAIM, TOKEN, Exchange, Trace

#: Answers of the API and pages of a gateway, as they came.
RAW = re.compile(
    r"\{[^{}]*\"(?:code\"\s*:\s*-?\d|success\"\s*:\s*(?:true|false)|data\"\s*:\s*[\[{]|detail\"\s*:)|<!doctype html|<html\b",
    re.IGNORECASE,
)


@rule(
    15,
    "tokens-and-answers-are-not-shown",
    "The user sees neither tokens nor answers of the API as they came.",
    level="MUST",
    basis="seed",
    sources="S0, S1, S2, S3",
    seen="shown",
)
def nothing_raw(trace: Trace) -> Iterator[Evidence]:
    texts = [text for one in trace.of("run_sse") for text in one.texts]  # words of the service, whatever is in them
    for say in trace.says:
        if WHOLE.search(tokens.IN_URL.sub("", say.text)):  # in an address: rule 16
            yield broken("a token was shown", say, cost=Cost(leaked=1))
            return
        if (raw := RAW.search(say.text)) and not any(raw[0] in text for text in texts):
            yield broken("an answer was shown as it came", say)
            return
    answered = next((one for one in trace.of(ASK, *SECURED) if one.answer_line), None)
    if answered is not None and trace.says_after(answered.answer_line):
        yield met("neither tokens nor raw answers in what was shown", answered, trace.says_after(answered.answer_line)[0])


@rule(
    16,
    "no-token-in-an-address",
    "A token never stands in a URL, neither in one that is called nor in one that is shown.",
    level="MUST",
    basis="vendor",
    sources="vendor 1.9, C5",
    seen="wire shown",
)
def not_in_urls(trace: Trace) -> Iterator[Evidence]:
    called = [one.line for one in trace.exchanges if TOKEN in one.path + one.query + one.headers.get("referer", "")]
    called += [line for line, one in trace.numbered("foreign") if TOKEN in str(one.get("path"))]
    if called:
        yield broken("a token in an address that was called: histories and logs keep it", called[0], cost=Cost(leaked=1))
        return
    links = [say for say in trace.says if re.search(r"https?://", say.text)]
    if shown := [say for say in trace.says if tokens.IN_URL.search(say.text)]:
        yield broken("a token in a link that was shown: whoever gets the link has the account", shown[0], cost=Cost(leaked=1))
    elif links and trace.tokens:
        yield met("a link without a token in it was shown", links[0])


@rule(
    17,
    "token-stays-in-memory",
    "The token is kept in memory only: not in files below HOME, nor on the command line of a process.",
    level="SHOULD",
    basis="vendor",
    sources="vendor 1.7, vendor 1.9",
    seen="files",
)
def in_memory(trace: Trace) -> Iterator[Evidence]:
    files = [line for line, one in trace.numbered("file") if WHOLE.search(str(one.get("text")))]
    lines = [line for line, one in trace.numbered("argument") if WHOLE.search(str(one.get("text")))]
    if files:
        yield broken("a token was written to a file", files[0], cost=Cost(leaked=1))
    if lines:
        yield broken("a token stood on a command line, for everybody on the machine to read", lines[0], cost=Cost(leaked=1))
    ended = trace.numbered("outcome")
    used = next((one for one in calls(trace) if one.token in trace.tokens), None)
    if not files and not lines and ended and used is not None:
        yield met("after the end no file holds a token, and no command line was seen with one", used, ended[-1][0])


@rule(
    20,
    "token-goes-to-the-service-alone",
    "The token goes to the API and nowhere else, not to the storage that its links lead to either.",
    level="MUST",
    basis="assumed",
    sources="vendor-cli, C26",
    seen="wire",
)
def to_the_service(trace: Trace) -> Iterator[Evidence]:
    for line, one in trace.numbered("foreign"):
        path = str(one.get("path"))
        if one.get("secret") and TOKEN not in path and CLAIM not in path:  # in an address: rule 16
            yield broken(f"the token went to {one.get('host')}", line, cost=Cost(leaked=1))
            return
    hosts = {urlsplit(str(trace.env.get("NEMO_API_URL") or "")).netloc, *(_host(one) for one in calls(trace))} - {""}
    elsewhere = [one for one in trace.of("get_file") if hosts and _host(one) not in hosts]
    leaks = [one for one in elsewhere if any(TOKEN in value for value in one.headers.values())]
    if leaks:
        yield broken(f"the token went to the storage at {_host(leaks[0])}", leaks[0], cost=Cost(leaked=1))
    elif elsewhere:
        yield met("a file was fetched from the storage without the token", elsewhere[0])


def _host(one: Exchange) -> str:
    return one.headers.get("host", "")
