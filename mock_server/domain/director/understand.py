"""From a message to what is wanted: a list of intents, as data."""

from dataclasses import dataclass, replace

from .clauses import clauses
from .meanings import AFTER_GENERATE, CHANGING, CONCLUSIVE, LONE, MEANINGS, REFINED_BY, SPARED, SUPERSEDED, VERBS, WEAK, look_up
from .reading import MARK, Reading, mask, read

#: What is considered of a message, and how much may be wanted at once: bounds the work whatever is sent.
MESSAGE_CHARS, CLAUSES, INTENTS = 2000, 24, 10


@dataclass(frozen=True, slots=True)
class Intent:
    """`name` is one of MEANINGS; `reading` has the values."""

    name: str
    reading: Reading


@dataclass(slots=True)
class Wish:
    """An intent in the making: its clause grows while further ones belong to it."""

    name: str
    clause: str


def understand(message: str) -> list[Intent]:
    """What a message wants, in the order it is said. Empty, if nothing of it is understood."""
    text, cited = mask(message[:MESSAGE_CHARS])
    if not MARK.sub("", text).strip(" .,!?。，！？"):
        text, cited = message[:MESSAGE_CHARS].translate(str.maketrans("", "", "\"'“”「」『』《》‘’")), []
    known: dict[str, Reading] = {}

    def reading(clause: str) -> Reading:
        if clause not in known:
            known[clause] = read(clause, cited)
        return known[clause]

    wishes: list[Wish] = []
    waiting = ""  # said before anything was wanted: it belongs to what follows
    parted = clauses(text)[:CLAUSES]
    for index, (mark, clause) in enumerate(parted):
        said = reading(clause)
        last = wishes[-1] if wishes else None
        verb = borrowed(said, reading(last.clause)) if last else ""
        name = look_up(said.terms | {verb}, MEANINGS)
        if wishes and said.has("pause", "retracted"):
            if last and said.has("retracted"):
                last.name = "leave"
        elif clause[0] in "把将" and not said.has(*VERBS) and index + 1 < len(parted):
            waiting = f"{waiting}, {clause}".strip(", ")  # its verb comes with the next
        elif last and name is None and last.name in ("title", "text") and said.has("has_quote") and MARK.search(last.clause):
            wishes.append(Wish(last.name, clause))  # put "A" at 0:00 and "B" at 0:12
        elif last and belongs(last.name, name, said):
            last.clause += mark + clause
        elif last and name is None and last.name not in WEAK:
            last.clause += mark + clause
            last.name = look_up(reading(last.clause).terms, MEANINGS) or last.name
        elif name is None:
            waiting = f"{waiting}, {clause}".strip(", ")
        else:
            lead = waiting if name not in WEAK else ""
            wishes.append(Wish(name, f"{lead}, {verb} {clause}".strip(", ")))
            waiting = "" if lead else waiting
    if waiting and (name := look_up(reading(waiting).terms, MEANINGS, LONE)):
        wishes.append(Wish(name, waiting))
    return chosen([Intent(wish.name, reading(wish.clause)) for wish in wishes[:INTENTS]])


def borrowed(said: Reading, before: Reading) -> str:
    """ "Remove the music and the title": the second has no verb of its own and takes the first's."""
    if said.has(*VERBS, "has_quote") or before.has("replace", "negated"):
        return ""
    return "add" if before.has("add") else "remove" if before.has("remove") else ""


def belongs(last: str, name: str | None, said: Reading) -> bool:
    """Whether a clause only goes on with the last wish: it tells the story of a new video, or says more of a thing just named."""
    if last == "generate":
        return name not in AFTER_GENERATE or (name == "leave" and not said.has(*SPARED))
    apart = VERBS if last == "leave" else CHANGING
    return last in CONCLUSIVE or (name in REFINED_BY.get(last, ()) and not said.has("sound", "has_quote", *apart))


def chosen(intents: list[Intent]) -> list[Intent]:
    """What counts of all that was understood: small talk only where it is alone, and nothing beside an attempt at our rules."""
    names = {intent.name for intent in intents}
    intents = [intent for intent in intents if names.isdisjoint(SUPERSEDED.get(intent.name, ()))]
    decisive = [intent for intent in intents if intent.name == "injection"]
    if names & {"generate", "slideshow"}:
        intents = [replace(intent, name="spared") if intent.name == "leave" else intent for intent in intents]
    strong = [both for intent in intents if intent.name not in WEAK for both in doubled(intent)]
    return decisive[:1] or strong or intents[:1]


def doubled(intent: Intent) -> list[Intent]:
    """Clauses that want two things with one verb: 把音乐和字幕都去掉, "make a video about bees with subtitles"."""
    if intent.name == "generate" and not intent.reading.has("remove"):
        extras = [name for name, term in (("subtitles", "subtitle"), ("voiceover", "voiceover")) if intent.reading.has(term)]
        return [intent, *(Intent(name, intent.reading) for name in extras)]
    music, texts = intent.reading.has("music"), intent.reading.has("title", "subtitle", "text")
    if intent.name in ("music_remove", "text_remove") and music and texts:
        return [Intent("music_remove", intent.reading), Intent("text_remove", intent.reading)]
    return [intent]
