"""What a clause means: one table from concepts to the names of intents, and the rules of how clauses go together."""

from collections.abc import Set
from functools import cache

#: First row that fits wins. Terms must all hold; `a|b` one of them; `!a` must not hold. Terms: `words.CONCEPTS`, `has_...`.
MEANINGS: tuple[tuple[str, str], ...] = (
    ("injection", "injection"),
    ("leave", "negated"),
    ("song_link", "song_link|song_service"),
    ("photo_edit", "photo_edit !slideshow !video !generation"),
    ("slideshow", "slideshow !remove"),
    ("generate", "generation !ask_how"),
    ("undo", "undo"),
    ("clear_but", "except remove|trim music|sound|title|subtitle|text|voiceover|clip|video !has_first !has_last !has_range !has_length !has_ordinal"),
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
    ("kept", "keep music|sound|title|subtitle|text|transition|voiceover !remove !has_first !has_last !has_range !has_length"),
    # what is not possible
    ("no_crop", "crop !has_length !has_range !has_first !has_last !has_at !add"),
    ("no_transform", "transform !title !text !subtitle !music !transition !has_transition !has_quote"),
    ("no_tongue", "tongue subtitle|title|text|voiceover !has_quote !remove"),
    # sound
    ("unmute", "unmute"),
    ("denoise", "noise remove|down"),
    ("denoise", "sound clear"),
    ("sound_effects", "sound_effect add|make"),
    ("mute", "mute !add"),
    ("voiceover_remove", "voiceover remove !replace !add"),
    ("voiceover", "voiceover add|make|has_quote !remove"),
    ("voiceover", "voiceover !volume !up !down !remove"),
    ("music_remove", "music stop !begin !add !replace !up !down"),
    ("music_replace", "music replace !volume !up !down !has_share"),
    ("music_move", "music repeat !add"),
    ("music_move", "music begin|move|set has_at|has_range !add !remove !volume !has_share"),
    ("music_remove", "music remove !replace !make !volume"),
    ("music_remove", "music remove !add !replace !has_style"),
    ("music", "has_style add !title !text !subtitle !look !has_look !transition !clip !video !has_quote"),
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
    ("text_style", "title|subtitle|text set|replace !has_quote !add"),
    ("title", "card add !music !clip !video !sound_effect !transition !trim"),
    ("text", "has_quote add|make !music !voiceover !foreign"),
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
    ("tighten", "remove|tight gap"),
    ("tighten", "tight !look !has_look !keep"),
    ("which_clip", "remove clip|video !music !look"),
    ("look", "has_look"),
    ("look", "look add|set|make|has_style"),
    ("lay", "timeline|drag add|drag|move|set|own"),
    ("lay", "join clip|video|image|own"),
    ("lay", "add|make|move clip|video|image own|add|has_ordinal !vague !match"),
    ("uploaded", "uploaded clip|video|image|music|audio_file"),
    ("volume", "up|down"),
    ("better", "vague set|make|own|clip|video !foreign !able"),
    ("thanks", "thanks"),
    ("wish", "vague !foreign !able"),
    ("foreign", "foreign"),
    ("uploaded", "uploaded"),
    ("upload", "upload"),
    ("leave", "retracted"),
    ("ask", "question"),
    ("able", "able"),
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
    ["music", "music_remove", "music_sync", "volume", "fade", "title", "text", "subtitles", "voiceover", "sound_effects",
     "transitions", "generate", "slideshow", "leave", "export", "credits", "status", "song_link", "injection"]
)  # fmt: skip
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
    "leave": ("music", "title", "text", "subtitles", "transitions", "voiceover"),
}
#: What a new video gets besides its pictures, and can be spared.
SPARED = frozenset(["music", "title", "text", "subtitle", "voiceover", "look", "transition"])
#: After these the rest of the message is about the same.
CONCLUSIVE = ("photo_edit", "foreign", "injection")
#: What a later, clearer wish makes needless: "it is too long, cut it to 10 s".
SUPERSEDED = {"tighten": frozenset(["keep", "cut", "clip_remove"])}
#: Small talk counts only when nothing else was said.
WEAK = frozenset(["kept", "thanks", "hello", "yes", "able", "ask", "foreign", "wish"])

#: Verbs. A clause without one takes that of the clause before; one that only says more about it has none of CHANGING.
VERBS = frozenset(
    [
        "add",
        "make",
        "remove",
        "replace",
        "set",
        "trim",
        "mute",
        "sync",
        "up",
        "down",
        "keep",
        "fade_in",
        "fade_out",
        "question",
        "export",
    ]
)
CHANGING = frozenset(["add", "remove", "replace", "trim", "sync", "fade_in", "fade_out"])


def look_up(terms: Set[str], *tables: tuple[tuple[str, str], ...]) -> str | None:
    """The first meaning of the tables that fits the terms."""
    return next((name for table in tables for name, needs in _parsed(table) if all(_holds(terms, *need) for need in needs)), None)


def _holds(terms: Set[str], some: frozenset[str], lacking: frozenset[str]) -> bool:
    return not terms.isdisjoint(some) or not lacking <= terms


@cache
def _parsed(table: tuple[tuple[str, str], ...]) -> list[tuple[str, list[tuple[frozenset[str], frozenset[str]]]]]:
    """Each row's needs as pairs: one of the first is there, or one of the second is not."""

    def pair(need: str) -> tuple[frozenset[str], frozenset[str]]:
        terms = need.split("|")
        return frozenset(t for t in terms if t[0] != "!"), frozenset(t[1:] for t in terms if t[0] == "!")

    return [(name, [pair(need) for need in needs.split()]) for name, needs in table]
