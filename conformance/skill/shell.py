"""curl commands, as documents show them: words with their places, quotes and line continuations understood."""

from dataclasses import dataclass, field

WITH_VALUE = {
    "-X", "--request", "-H", "--header", "-d", "--data", "--data-raw", "--data-binary", "--json", "-F", "--form", "--max-time", "-m", "-o",
    "--output", "-u", "--user", "-A", "-e", "-b", "-c", "-w", "--retry", "--retry-delay", "--connect-timeout", "--url", "-T", "--upload-file",
}  # fmt: skip
ENDS = set("|;&)")
LONGEST = 8_000


@dataclass(frozen=True)
class Word:
    text: str
    start: int


@dataclass
class Curl:
    """`method` is None when neither -X nor a body says it. `headers` and `forms` are (word as written)."""

    start: int
    end: int
    method: str | None = None
    url: Word | None = None
    headers: list[Word] = field(default_factory=list)
    body: Word | None = None
    forms: list[Word] = field(default_factory=list)
    max_time: Word | None = None


def command(text: str, start: int) -> Curl:
    """The curl command that begins at `start`. It ends at a line end, a pipe, `;`, `&` or an unmatched bracket."""
    words, end = _words(text, start)
    curl = Curl(start, end)
    rest = iter(words[1:])
    get = False
    for word in rest:
        option, value = word.text, None
        if option.startswith("--") and "=" in option:
            option, _, inline = option.partition("=")
            value = Word(inline, word.start + len(option) + 1)
        elif option[:2] in ("-X", "-H", "-d", "-F", "-m") and len(option) > 2 and not option.startswith("--"):
            option, value = option[:2], Word(option[2:], word.start + 2)
        elif option.startswith("-") and not option.startswith("--") and len(option) > 2 and option[-1] in "XHdFmo":
            option = "-" + option[-1]
        if option in WITH_VALUE and value is None:
            value = next(rest, None)
        if option in ("-G", "--get"):
            get = True
        if value is None:
            if not option.startswith("-") and curl.url is None:
                curl.url = word
            continue
        match option:
            case "-X" | "--request":
                curl.method = value.text.upper()
            case "-H" | "--header":
                curl.headers.append(value)
            case "-d" | "--data" | "--data-raw" | "--data-binary" | "--json":
                curl.body = value
            case "-F" | "--form":
                curl.forms.append(value)
            case "--max-time" | "-m":
                curl.max_time = value
            case "--url":
                curl.url = value
    if curl.method is None:
        curl.method = "POST" if (curl.body or curl.forms) and not get else "GET"
    return curl


def _words(text: str, start: int) -> tuple[list[Word], int]:
    words: list[Word] = []
    current: list[str] | None = None
    begun = at = start
    quote = ""
    depth = 0
    while at < min(len(text), start + LONGEST):
        char = text[at]
        if quote:
            if char == quote:
                quote = ""
            elif char == "\\" and quote == '"' and at + 1 < len(text):
                at += 1
                current = [*(current or []), text[at]]
            else:
                current = current if current is not None else []
                current.append(char)
        elif char == "\\" and text[at + 1 : at + 2] == "\n":
            if current is not None:
                words.append(Word("".join(current), begun))
                current = None
            at += 1
        elif char.isspace():
            if current is not None:
                words.append(Word("".join(current), begun))
                current = None
            if char == "\n":
                break
        elif char in "'\"":
            if current is None:
                current, begun = [], at + 1
            quote = char
        elif char in ENDS and depth == 0:
            break
        else:
            depth += (char in "({") - (char in ")}")
            if current is None:
                current, begun = [], at
            current.append(char)
        at += 1
    if current is not None:
        words.append(Word("".join(current), begun))
    return words, at
