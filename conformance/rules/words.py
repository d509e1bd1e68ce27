"""What a text says, as far as words tell: patterns in English and Chinese, generous to every way of saying it."""

import re
from re import IGNORECASE, Pattern

#: The user hears that something did not work, or that nobody can tell whether it did.
ADMITS_FAILURE = re.compile(
    r"\bfail|\berror|\bcould ?n[o'’]t\b|\bcan(?: ?no|['’])t\b|\bunable\b|\bdid ?n[o'’]t\b|\bno (?:change|result)|\bunchanged\b|\bwrong\b|\bsorry\b|\btry (?:it )?again\b|"
    r"\btroubles?\b|\bissue\b|\btoo long\b|\bgave up\b|\btimed? ?out\b|失败|错误|出错|没有(?:看到|变化|成功|结果)|无法|未能|不能|抱歉|重试|超时|再试",
    IGNORECASE,
)


def says(text: str, what: Pattern[str]) -> bool:
    return bool(what.search(text))
