"""Bad input gives a clear 4xx in the one envelope: never a 500, never a traceback, never a hang."""

import json
import re
import socket
from contextlib import suppress

import httpx
import pytest

SESSION = b"/api/tasks/me/with-session/nemo_agent"
MULTIPART = b"multipart/form-data; boundary=x"


def exchange(url: str, sent: bytes) -> tuple[int, dict]:
    """Send raw bytes, give status and JSON body of the answer."""
    host, port = httpx.URL(url).host, httpx.URL(url).port
    with socket.create_connection((host, port), timeout=10) as peer:
        with suppress(OSError):  # refused while we were still sending
            peer.sendall(sent)
        received = b""
        while True:
            head, _, body = received.partition(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            if length and len(body) >= int(length[1]):
                return int(received.split()[1]), json.loads(body)
            piece = peer.recv(65536)
            assert piece, f"connection closed after {received[:200]!r}"
            received += piece


def part(name: bytes, filename: bytes | None, content: bytes, end: bytes = b"\r\n--x--\r\n") -> bytes:
    disposition = b'form-data; name="' + name + b'"' + (b'; filename="' + filename + b'"' if filename is not None else b"")
    return b"--x\r\nContent-Disposition: " + disposition + b"\r\n\r\n" + content + end


RAW = {
    "no HTTP at all": (b"\x00\x01\x02\r\n\r\n", 400, 422),
    "another version": (b"GET / HTTP/9.9\r\n\r\n", 400, 422),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, 422),
    "no such method": (b"FOO / HTTP/1.1\r\nHost: h\r\n\r\n", 400, 422),
    "CONNECT to the real host": (b"CONNECT mega-api-prod.nemovideo.ai:443 HTTP/1.1\r\nHost: h\r\n\r\n", 400, 422),
    "bytes above 127 in the path": (b"GET /api/\xff HTTP/1.1\r\nHost: h\r\n\r\n", 400, 422),
    "bad percent sign": (b"GET /api/%zz HTTP/1.1\r\nHost: h\r\n\r\n", 422, 422),
    "percent-encoded bytes that are not UTF-8": (b"GET /api/%ff%fe HTTP/1.1\r\nHost: h\r\n\r\n", 422, 422),
    "NUL in the path": (b"GET /api/%00 HTTP/1.1\r\nHost: h\r\n\r\n", 404, 404),
    "newline in the path": (b"GET /cdn/%0A/x HTTP/1.1\r\nHost: h\r\n\r\n", 404, 404),
    "asterisk": (b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 404, 404),
    "climbing path": (b"GET /../../etc/passwd HTTP/1.1\r\nHost: h\r\n\r\n", 404, 404),
    "climbing file": (b"GET /cdn/..%2f..%2fetc/passwd HTTP/1.1\r\nHost: h\r\n\r\n", 404, 404),
    "long path": (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 414, 414),
    "very long path": (b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", None, None),
    "long header": (b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 431, 431),
    "many headers": (b"GET / HTTP/1.1\r\nHost: h\r\n" + b"X-A: b\r\n" * 300 + b"\r\n", 431, 431),
    "headers without end": (b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 1_000_000, 431, 431),
    "odd Host": (b"GET /openapi.json?v=9 HTTP/1.1\r\nHost: a b<\r\n\r\n", 422, 422),
    "negative length": (b"POST " + SESSION + b" HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\n", 400, 422),
    "two lengths": (
        b"POST " + SESSION + b" HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        400,
        422,
    ),
    "Basic instead of Bearer": (
        b"GET /api/credits/balance/simple HTTP/1.1\r\nHost: h\r\nAuthorization: Basic \xff\r\n\r\n",
        401,
        1001,
    ),
    "client id of 65 characters": (
        b"POST /api/auth/anonymous-token HTTP/1.1\r\nHost: h\r\nX-Client-Id: " + b"x" * 65 + b"\r\n\r\n",
        422,
        422,
    ),
    "client id that is a placeholder": (
        b"POST /api/auth/anonymous-token HTTP/1.1\r\nHost: h\r\nX-Client-Id: <uuid>\r\n\r\n",
        400,
        400,
    ),
    "impossible world name": (b"GET /w/%2e%2e/api HTTP/1.1\r\nHost: h\r\n\r\n", 404, 404),
    "empty world name": (b"GET /w/ HTTP/1.1\r\nHost: h\r\n\r\n", 404, 404),
}


@pytest.mark.parametrize("case", RAW)
def test_bytes_that_are_no_proper_request(server, case):
    """Whatever comes in, a JSON refusal comes out."""
    sent, status, code = RAW[case]

    answer = exchange(server.url, sent)

    assert (answer[0], answer[1]["code"]) == (status, code) if status else answer[0] in (400, 414, 431)


BODIES = {
    "not JSON": (b"{bad", 422, 422),
    "NaN": (b'{"task_name":NaN}', 422, 422),
    "an array": (b"[]", 422, 422),
    "null": (b"null", 422, 422),
    "nested 100,000 deep": (b"[" * 100_000, 422, 422),
    "nested inside a field": (b'{"task_name":' + b"[" * 5000 + b"]" * 5000 + b"}", 422, 422),
    "nested inside an unknown field": (b'{"task_name":"x","y":' + b"[" * 900 + b"]" * 900 + b"}", 200, 0),
    "a number of 5,000 digits": (b'{"task_name":"x","y":' + b"9" * 5000 + b"}", 422, 422),
    "half a surrogate pair": (b'{"task_name":"\\ud800"}', 422, 422),
    "not UTF-8": (b'{"task_name":"\xff"}', 422, 422),
    "UTF-16": ('{"task_name":"x"}'.encode("utf-16"), 422, 422),
    "a byte order mark": (b'\xef\xbb\xbf{"task_name":"x"}', 422, 422),
    "nothing": (b"", 422, 422),
    "9 MB": (b"[" + b"1," * 4_500_000, 413, 413),
}


@pytest.mark.parametrize("case", BODIES)
def test_bodies_that_are_no_proper_json(visit, case):
    """A JSON body that cannot be read is refused, and the next request is served."""
    visitor = visit()
    content, status, code = BODIES[case]

    answer = visitor.http.post(
        "api/tasks/me/with-session/nemo_agent", content=content, headers={"Content-Type": "application/json"}
    )

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert visitor.http.get("api/credits/balance/simple").json() == {
        "code": 0,
        "data": {"available": 100, "frozen": 0, "total": 100},
    }


@pytest.mark.parametrize("kind", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_wrong_content_type_is_named(visit, kind):
    """JSON sent as something else is 415, and the message says what to send."""
    answer = visit().http.post("run_sse", content=b"{}", headers={"Content-Type": kind})

    assert answer.status_code == 415
    assert "application/json" in answer.json()["message"]


UPLOADS = {
    "no boundary": (b"x", b"multipart/form-data", 422, 422, "boundary"),
    "garbage": (b"garbage", MULTIPART, 422, 422, "cannot be read"),
    "cut short": (part(b"files", b"a.mp4", b"abc", b""), MULTIPART, 422, 422, "last boundary"),
    "field file": (part(b"file", b"a.mp4", b"abc"), MULTIPART, 422, 422, "'files'"),
    "no filename": (part(b"files", None, b"abc"), MULTIPART, 422, 422, "filename"),
    "a text file": (part(b"files", b"a.txt", b"abc"), MULTIPART, 200, 4001, "mp4, mov"),
    "jpeg, which is not among the 13": (part(b"files", b"a.jpeg", b"abc"), MULTIPART, 200, 4001, "jpg"),
    "text named mp4": (part(b"files", b"a.mp4", b"abc"), MULTIPART, 200, 4001, "content"),
    "an empty file": (part(b"files", b"a.mp4", b""), MULTIPART, 200, 4001, "content"),
    "a header of 20,000 bytes": (part(b"files", b"a" * 20_000 + b".mp4", b"abc"), MULTIPART, 422, 422, "header"),
    "urls as a string": (b'{"urls":"x"}', b"application/json", 422, 422, "array"),
    "a URL that is none": (b'{"urls":["ftp://x/a.mp4"]}', b"application/json", 422, 422, "urls"),
    "url for urls": (b'{"url":"https://x.test/a.mp4"}', b"application/json", 422, 422, "'urls'"),
    "a URL of a text": (b'{"urls":["https://x.test/a.txt"]}', b"application/json", 200, 4001, "mp4, mov"),
}


@pytest.mark.parametrize("case", UPLOADS)
def test_uploads_that_cannot_be_taken(visit, case):
    """An upload that is refused leaves nothing behind, neither in the session nor on disk."""
    visitor = visit()
    content, kind, status, code, said = UPLOADS[case]
    before = visitor.server.worlds.blobs.size_bytes

    answer = visitor.http.post(
        f"api/upload-video/nemo_agent/me/{visitor.session_id}", content=content, headers={"Content-Type": kind.decode()}
    )

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert said in answer.json()["message"]
    assert visitor.state()["video_infos"] == []
    assert visitor.server.worlds.blobs.size_bytes == before


MEANT = {
    "session_id for sessionId": ("api/render/proxy/lambda", {"id": "r", "session_id": "1", "draft": {}}, "'sessionId'"),
    "a draft as a string": (
        "api/render/proxy/lambda",
        {"id": "r", "sessionId": "1", "draft": '{"t":[]}'},
        "JSON inside a string",
    ),
    "sessionId in /run_sse": ("run_sse", {"sessionId": "1", "new_message": {"parts": [{"text": "x"}]}}, "'session_id'"),
    "newMessage in /run_sse": ("run_sse", {"session_id": "1", "newMessage": {"parts": [{"text": "x"}]}}, "'new_message'"),
    "message as a string": ("run_sse", {"session_id": "1", "new_message": "hello"}, "object"),
    "no parts": ("run_sse", {"session_id": "1", "new_message": {"parts": []}}, "parts"),
    "taskName": ("api/tasks/me/with-session/nemo_agent", {"taskName": "x"}, "'task_name'"),
}


@pytest.mark.parametrize("case", MEANT)
def test_wrong_fields_are_met_with_what_was_meant(visit, case):
    """A wrong field is 422, with its place and the right word."""
    path, body, said = MEANT[case]

    answer = visit().http.post(path, json=body)

    assert answer.status_code == 422
    assert said in answer.json()["message"]
    assert answer.json()["detail"][0]["loc"][0] == "body"


FOREIGN = {
    ("POST", "/api/v1/generate"): "/run_sse",
    ("GET", "/api/v1/status/j1"): "/api/render/proxy/lambda/",
    ("POST", "/v1/run"): "/run_sse",
    ("GET", "/v1/jobs/j1"): "/api/render/proxy/lambda/",
    ("POST", "/v1/upload"): "/api/upload-video/",
    ("POST", "/v1/generate"): "/run_sse",
    ("POST", "/api/auth/anonymous-tokenwith"): "/api/auth/anonymous-token",
    ("POST", "/api/auth/anonymous-tokenwith%20headerX-Client-Id"): "/api/auth/anonymous-token",
    ("POST", "/api/render/proxy/draft"): "/api/render/proxy/lambda",
    ("GET", "/api/render/proxy/render_1"): "/api/render/proxy/lambda/{render_id}",
    ("GET", "/api/state/nemo_agent/anon_1/5529798706024415232/latest"): "me",
    ("POST", "/api/tokens"): "/api/auth/anonymous-token",
    ("POST", "/api/auth/exchange-claim-token"): "/api/auth/claim-token",
    ("POST", "/api/credits/balance"): "/api/credits/balance/simple",
}


@pytest.mark.parametrize("asked", FOREIGN, ids=lambda asked: " ".join(asked))
def test_foreign_paths_are_met_with_what_was_meant(visit, asked):
    """A path of another generation or of nobody is 404 and names the operation to use."""
    answer = visit().http.request(asked[0], asked[1].removeprefix("/"))

    assert (answer.status_code, answer.json()["code"]) == (404, 404)
    assert FOREIGN[asked] in answer.json()["message"]


def test_a_placeholder_for_the_session_is_named(visit):
    """A literal <sid> is no session, and the answer says so."""
    answer = visit().http.get("api/state/nemo_agent/me/%3Csid%3E/latest")

    assert answer.json()["code"] in (404, 1002)
    assert "placeholder" in answer.json()["message"]


def test_a_session_id_that_went_through_a_float_is_recognised(visit):
    """19 digits read as a number change at their end; the refusal says what happened."""
    visitor = visit()
    spoilt = str(int(float(visitor.session_id)))

    answer = visitor.http.get(f"api/state/nemo_agent/me/{spoilt}/latest")

    assert answer.json()["code"] == 1002
    assert "string" in answer.json()["message"]


def test_wrong_method_names_the_right_one(visit):
    """405 carries an Allow header (RFC 9110, 10.2.1)."""
    answer = visit().http.get("run_sse")

    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize(
    "secret", ["nmv_usr_2fE-q8s0Jd1bXv7YpLz4RkTnWm6HcUa9oGi_3xZrQwE", "sk-something-real"], ids=["vendor", "other"]
)
def test_foreign_credentials_do_not_enter_the_journal(visit, secret):
    """A token that is not the mock's own may be a real one: headers and queries keep eight characters of it."""
    visitor = visit()
    headers = {"Authorization": f"Bearer {secret}", "X-Api-Key": secret, "Cookie": f"session={secret}"}
    query = f"token={secret}" if secret.startswith("nmv") else ""

    visitor.http.get(f"api/credits/balance/simple?{query}", headers=headers)

    assert secret not in json.dumps(visitor.journal())
    assert visitor.token in json.dumps(visitor.journal())


def test_a_session_id_sent_as_a_number_is_told_apart(visit):
    """19 digits do not survive as a number, and the refusal says so."""
    answer = visit().http.post("run_sse", json={"session_id": 5529798706024415232, "new_message": {"parts": [{"text": "x"}]}})

    assert answer.status_code == 422
    assert "quotes" in answer.json()["message"]


def test_a_long_body_is_refused_before_it_comes(server):
    """The announced length of a JSON body is enough to refuse it."""
    sent = b"POST " + SESSION + b" HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 99999999999\r\n\r\n"

    assert exchange(server.url, sent)[0] == 413


@pytest.mark.parametrize("announced", [True, False])
def test_a_file_too_large_is_refused_as_soon_as_it_is_crossed(visit, announced):
    """By Content-Length before a byte of it is sent; else, in chunks, where the limit lies. Nothing of it is kept."""
    visitor = visit(upload_limit_bytes=200_000)
    head = f"POST /w/{visitor.world}/api/upload-video/nemo_agent/me/{visitor.session_id} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {visitor.token}\r\n"
    head += "Content-Type: multipart/form-data; boundary=x\r\n"
    if announced:
        sent = f"{head}Content-Length: 600000000\r\n\r\n".encode()
    else:
        content = part(b"files", b"a.mp4", b"a" * 300_000, b"")
        sent = f"{head}Transfer-Encoding: chunked\r\n\r\n{len(content):x}\r\n".encode() + content + b"\r\n"

    assert exchange(visitor.server.url, sent)[1]["code"] == 4002
    assert visitor.state()["video_infos"] == []
