"""From a message to what is wanted: a list of intents, as data. Clauses are parted, read, and looked up in one table."""

import re
from dataclasses import dataclass, replace

from .reading import MARK, Reading, mask, read, unmask

#: What is considered of a message, and how much may be wanted at once: bounds the work whatever is sent.
MESSAGE_CHARS, CLAUSES, INTENTS = 2000, 24, 10


@dataclass(frozen=True, slots=True)
class Intent:
    """`name` is a row of MEANINGS; `reading` has the values."""

    name: str
    reading: Reading


#: First row that fits wins. Terms must all hold; `a|b` one of them; `!a` must not hold. Terms: `words.CONCEPTS`, `has_...`.
MEANINGS: tuple[tuple[str, str], ...] = (
    ("injection", "injection"),
    ("song_link", "song_link|song_service"),
    ("photo_edit", "photo_edit !slideshow !video !generation"),
    ("slideshow", "slideshow !remove"),
    ("generate", "generation !ask_how !title !subtitle !voiceover"),
    ("generate", "generation !ask_how has_length|video !add !set"),
    ("undo", "undo"),
    ("restart", "restart !has_range !has_first !has_last !keep"),
    ("ask_wait", "wait_word"),
    ("export", "export !add"),
    ("credits", "credits !title !text !add"),
    ("status", "status !drag"),
    ("upload", "upload ask_how|question"),
    ("ask_formats", "formats question|upload|able"),
    ("howto", "ask_how !length_word"),
    ("ask_length", "length_word question !set !to_length !trim"),
    ("ask_music", "question music|voiceover"),
    ("ask_size", "question size_word"),
    ("ask_text", "question title|subtitle|text"),
    ("ask_count", "question count_word clip|video|image|music|title|transition"),
    ("able", "able !music !title !subtitle !clip !trim"),
    # sound
    ("unmute", "unmute"),
    ("denoise", "noise remove|down|sharp"),
    ("sound_effects", "sound_effect add|make"),
    ("mute", "mute !add"),
    ("voiceover_remove", "voiceover remove !replace !add"),
    ("voiceover", "voiceover add|make|has_quote !remove"),
    ("voiceover", "voiceover !volume !up !down !remove"),
    ("music_replace", "music replace !volume !up !down !has_share"),
    ("music_move", "music repeat !add"),
    ("music_move", "music begin|move|set has_at|has_range !add !make !remove !volume !has_share"),
    ("music_remove", "music remove !replace !make !volume"),
    ("music_remove", "music remove !add !replace !has_style"),
    ("music_sync", "sync !add !subtitle"),
    ("volume", "volume|up|down|has_share music|sound|volume|voiceover !add"),
    ("fade", "fade_in|fade_out !add|!music !title !text !subtitle !transition !has_transition"),
    # texts
    ("text_remove", "title|subtitle|text remove !replace !add !generation"),
    ("text_change", "title|subtitle|text replace|set has_quote !add !make"),
    ("text_style", "title|subtitle|text set|replace|move|up|down has_colour|has_place|has_size|has_animation|has_at|has_first|has_range|has_length !add !has_quote"),
    ("subtitles", "subtitle"),
    ("title", "title !trim|add|make|has_quote"),
    ("text", "text add|make|has_quote|has_place"),
    ("text", "has_quote add|make !music !voiceover"),
    ("sticker", "sticker"),
    ("music", "music !faster !slower !trim|add"),
    ("music", "audio_file add|make|set"),
    ("sound_remove", "sound remove|trim !has_first !has_last !has_range"),
    # the look
    ("transitions_remove", "transition|has_transition remove !replace !add"),
    ("look_remove", "look|has_look remove !add !replace !noise !trim|look"),
    ("transitions", "transition|has_transition !split"),
    ("aspect", "aspect !generation !trim|has_canvas"),
    # clips
    ("reorder", "move has_ordinal|clip|video|image !timeline !drag|has_ordinal"),
    ("duplicate", "repeat"),
    ("split", "split"),
    ("keep", "keep has_range|has_first|has_last|has_length"),
    ("keep", "has_to_length trim|set|make|video has_length !faster !slower"),
    ("lay", "drag clip|video|image|timeline|own !has_ordinal"),
    ("cut", "trim|remove has_first|has_last|has_range"),
    ("clip_remove", "trim|remove has_ordinal"),
    ("keep", "keep has_ordinal"),
    ("cut", "trim has_length at_end|at_start"),
    ("split", "trim has_at !keep"),
    ("speed", "faster|slower|speed"),
    ("speed", "has_factor set|video|clip"),
    ("cut", "trim has_length !make"),
    ("tighten", "tight !look !has_look !keep"),
    ("which_clip", "remove clip|video !music !look"),
    ("look", "has_look"),
    ("look", "look add|set|make|has_style"),
    ("lay", "timeline|drag add|drag|move|set|own"),
    ("lay", "join clip|video|image|own"),
    ("lay", "add|make|move clip|video|image own|add|has_ordinal !vague"),
    ("uploaded", "uploaded clip|video|image|music|audio_file"),
    ("volume", "up|down"),
    ("better", "vague !foreign !able"),
    ("foreign", "foreign"),
    ("uploaded", "uploaded"),
    ("upload", "upload"),
    ("ask", "question"),
    ("able", "able"),
    ("thanks", "thanks"),
    ("hello", "hello"),
    ("yes", "yes"),
)  # fmt: skip

#: What a clause means that stands alone and says no more than this.
LONE: tuple[tuple[str, str], ...] = (
    ("music", "has_style"),
    ("volume", "has_share"),
    ("text_style", "has_colour|has_size|has_place"),
    ("text", "has_quote"),
    ("generate", "video has_length"),
    ("aspect", "has_canvas"),
)

#: After "make a video about ..." more sentences tell the story; only these are wishes of their own.
AFTER_GENERATE = frozenset(
    ["music", "music_remove", "music_sync", "volume", "fade", "title", "text", "subtitles", "voiceover", "transitions", "export", "credits", "injection", "song_link", "slideshow", "generate", "sound_effects", "status"]
)
#: "Add music, volume 30 %": without a verb of its own, the second clause only says more about the first.
REFINED_BY = {
    "music": ("music", "volume"),
    "music_replace": ("music", "volume"),
    "title": ("title", "text_style"),
    "text": ("text", "text_style"),
    "subtitles": ("subtitles", "text_style", "volume"),
    "transitions": ("transitions",),
    "look": ("look",),
    "slideshow": ("slideshow",),
}
#: After these the rest of the message is about the same.
CONCLUSIVE = ("photo_edit", "foreign", "injection")
#: Small talk counts only when nothing else was said.
WEAK = frozenset(["thanks", "hello", "yes", "able", "ask", "foreign", "better"])

_EN_VERB = (
    r"(?:please |also |then |i'd like to |can you |could you )*(?:add|put|insert|include|overlay|apply|remove|delete|strip|trim|cut|crop|split|speed|slow|make|set|"
    r"change|replace|swap|switch|turn|mute|unmute|fade|sync|move|reorder|keep|use|export|download|render|lower|raise|reduce|increase|boost|give|"
    r"generate|create|shorten|adjust|drag|drop|place|bring|merge|combine|show|tell|loop|duplicate|upload|save|send|write|duck|brighten|stabili[sz]e|blur)\b"
)
_EN_THING = (
    r"(?:(?:a|an|the|some|any) )?(?:[\w⟦⟧-]+ )?(?:title|subtitles?|captions?|(?:background )?music|bgm|transitions?|voice-?over|narration|filter|text|cross-?fades?)\b"
)
_ZH_VERB = r"(?:给|帮|在|用|把|将|配|加|放|插|删|去掉|剪|截|裁|换|调|改|设|静音|变|移|导出|生成|做|让|保留|分割|拆)"
PARTS = re.compile(
    r"(?:[.!?;](?=\s|$))+|[\n\r。！？；]+|[,，、]\s*(?:and then|then|and also|and|also|但是|但)?\s*"
    rf"|(?<!black)(?<!drag)(?<!drag ) (?:and then|then|and also|and|also|plus|after that|afterwards|&) (?={_EN_VERB}|{_EN_THING}|⟦|the (?:first|second|third|last) (?:one|clip))"
    r"|\b(?:and )?then\b"
    rf"|(?:然后|接着|再|并且|并|同时|最后|以及|还有|和)(?={_ZH_VERB})|(?<=[一-鿿])和(?=(?:标题|字幕|背景|音乐|配乐|转场|滤镜|旁白))|顺便|另外",
    re.IGNORECASE,
)


def understand(message: str) -> list[Intent]:
    """What a message wants, in the order it is said. Empty, if nothing of it is understood."""
    masked, cited = mask(message[:MESSAGE_CHARS])
    if not MARK.sub("", masked).strip(" .,!?。，！？"):
        masked, cited = message[:MESSAGE_CHARS].translate(str.maketrans("", "", "\"'“”「」『』《》‘’")), []
    clauses = parts(masked)[:CLAUSES]
    intents: list[tuple[str, str]] = []  # name, masked clause
    waiting = ""  # said before anything was wanted: it belongs to what follows
    for mark, clause in clauses:
        reading, carried = read(clause, cited), ""
        if intents:
            reading, carried = _inherit(reading, read(intents[-1][1], cited))
        name = look_up(reading, MEANINGS)
        last = intents[-1][0] if intents else ""
        if (last == "generate" and name not in AFTER_GENERATE) or last in CONCLUSIVE:
            name = None
        if name in REFINED_BY.get(last, ()) and not reading.has("sound", "has_quote", *_CHANGING):
            name = None
        if clause[0] in "把将" and not reading.has(*_VERBS) and clause is not clauses[-1][1]:
            waiting = f"{waiting}, {clause}".strip(", ")  # its verb comes with the next
        elif name is None and last in ("title", "text") and reading.has("has_quote") and MARK.search(intents[-1][1]):
            intents.append((last, clause))  # "put "A" at 0:00 and "B" at 0:12"
        elif name is None and intents and last not in WEAK:
            joined = f"{intents[-1][1]}{mark}{clause}"
            again = look_up(read(joined, cited), MEANINGS)
            intents[-1] = (last if last in ("generate", *CONCLUSIVE) else again or last, joined)
        elif name is None:
            waiting = f"{waiting}, {clause}".strip(", ")
        else:
            whole = f"{waiting}, {carried}{clause}".strip(", ") if waiting and name not in WEAK else carried + clause
            waiting = waiting if name in WEAK else ""
            intents.append((name, whole))
    if waiting and (name := look_up(read(waiting, cited), (*MEANINGS, *LONE))):
        intents.append((name, waiting))
    read_again = [Intent(name, read(clause, cited)) for name, clause in intents[:INTENTS]]
    decisive = [intent for intent in read_again if intent.name == "injection"]
    strong = [both for intent in read_again if intent.name not in WEAK for both in _doubled(intent)]
    return decisive[:1] or strong or read_again[:1]


def _doubled(intent: Intent) -> list[Intent]:
    """把音乐和字幕都去掉 is one clause with one verb and two things."""
    music, texts = intent.reading.has("music"), intent.reading.has("title", "subtitle", "text")
    if intent.name in ("music_remove", "text_remove") and music and texts:
        return [Intent("music_remove", intent.reading), Intent("text_remove", intent.reading)]
    return [intent]


def parts(masked: str) -> list[tuple[str, str]]:
    """The clauses of a text, each with what parts it from the one before."""
    found: list[tuple[str, str]] = []
    at, mark = 0, ""
    for m in PARTS.finditer(masked):
        found.append((mark, masked[at : m.start()].strip()))
        at, mark = m.end(), m[0].strip() + " "
    found.append((mark, masked[at:].strip()))
    return [(mark, clause) for mark, clause in found if clause]


def look_up(reading: Reading, table: tuple[tuple[str, str], ...]) -> str | None:
    """The first meaning of the table that the reading fits."""
    return next((name for name, needs in table if all(_holds(reading.terms, need) for need in needs.split())), None)


def _holds(terms: frozenset[str], need: str) -> bool:
    return any((term[1:] not in terms) if term.startswith("!") else term in terms for term in need.split("|"))


_CHANGING = ("add", "remove", "replace", "trim", "up", "down", "sync", "fade_in", "fade_out")
_VERBS = ("add", "make", "remove", "replace", "set", "trim", "mute", "sync", "up", "down", "keep", "fade_in", "fade_out", "question", "export")


def _inherit(reading: Reading, before: Reading) -> tuple[Reading, str]:
    """"Remove the music and the title": the second has no verb of its own and takes the first's. The reading, and that verb."""
    if reading.has(*_VERBS, "has_quote") or before.has("replace"):
        return reading, ""
    verb = "remove" if before.has("remove") and not before.has("add") else "add" if before.has("add") else ""
    return (replace(reading, terms=reading.terms | {verb}), verb + " ") if verb else (reading, "")


__all__ = ["Intent", "understand", "unmask"]
