"""Where a message is parted: at stops, commas and line ends, and at "and", "then", 再, 和 when something to do follows."""

import re

_EN_VERB = (
    r"(?:please |also |then |i'd like to |can you |could you )*(?:add|put|insert|include|overlay|apply|remove|delete|strip|trim|cut|crop|split|speed|slow|make|set|"
    r"change|replace|swap|switch|turn|mute|unmute|fade|sync|move|reorder|keep|use|export|download|render|lower|raise|reduce|increase|boost|give|"
    r"generate|create|shorten|adjust|drag|drop|place|bring|merge|combine|show|tell|loop|duplicate|upload|save|send|write|duck|brighten|stabili[sz]e|blur)\b"
)
_EN_THING = r"(?:(?:a|an|the|some|any) )?(?:[\w⟦⟧-]+ )?(?:title|subtitles?|captions?|(?:background )?music|bgm|transitions?|voice-?over|narration|intro|outro|filter|text|cross-?fades?)\b"
_EN_NOT = r"(?:please )?(?:don't|do not|never) (?:touch |use |want )?"
_ZH_VERB = r"(?:不要|别|给|帮|在|用|把|将|配|加|放|插|删|去掉|剪|截|裁|换|调|改|设|静音|变|移|导出|生成|做|让|保留|分割|拆)"
PARTS = re.compile(
    r"(?:[.!?;](?=\s|$))+|[\n\r。！？；]+|[,，、]\s*(?:and then|then|and also|and|also|但是|但)?\s*"
    rf"|(?<!black)(?<!drag)(?<!drag ) (?:(?<!everything )(?<! all )(?<!anything )but|and then|then|and also|and|also|plus|after that|afterwards|&) (?={_EN_VERB}|{_EN_NOT}(?:{_EN_VERB}|{_EN_THING})|{_EN_THING}|⟦|the (?:first|second|third|last) (?:one|clip))"
    r"|\b(?:and )?then\b"
    rf"|(?:然后|接着|(?<!不要)(?<![别勿用])再|并且|并|同时|最后|以及|还有|和)(?={_ZH_VERB})|(?<=[一-鿿])和(?=(?:标题|字幕|背景|音乐|配乐|转场|滤镜|旁白))|顺便|另外",
    re.IGNORECASE,
)

#: 不要把音乐 ... (和字幕删掉)
UNFINISHED = re.compile("(?:不要|别|勿)[把将][^删去掉剪换改调加放移静关变动弄]{1,12}$")


def clauses(text: str) -> list[tuple[str, str]]:
    """The clauses of a text, each with what parts it from the one before."""
    found: list[tuple[str, str]] = []
    at, mark = 0, ""
    for m in PARTS.finditer(text):
        found.append((mark, text[at : m.start()].strip()))
        at, mark = m.end(), m[0].rstrip() + " "
    found.append((mark, text[at:].strip()))
    return joined([(mark, clause) for mark, clause in found if clause])


def joined(parted: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The clauses, with those that are still without a verb joined to the next."""
    found: list[tuple[str, str]] = []
    for mark, clause in parted:
        if found and UNFINISHED.search(found[-1][1]):
            found[-1] = (found[-1][0], found[-1][1] + mark + clause)
        else:
            found.append((mark, clause))
    return found
