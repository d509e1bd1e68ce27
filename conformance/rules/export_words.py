"""What is said about an export: patterns in English and Chinese, generous to every way of saying it."""

import re

from conformance.rules.words import ADMITS_FAILURE, says

_I = re.IGNORECASE
#: Why there is nothing to export, or what to do first, in whatever words.
NOTHING_YET = re.compile(
    r"\b(?:nothing|empty|none|blank|first|before|generate|create|make|edit|add|upload|start|needs?|yet|without|missing|"
    r"no (?:\w+ ){0,2}(?:video|draft|clips?|tracks?|timeline|content|segments?|project|media|material|edits?|footage))\b|"
    r"没有|还没|尚未|尚无|暂无|先|空|无|生成|制作|编辑|创建|上传|添加",
    _I,
)
#: That the account is what forbids it, and not what it has left.
PLAN = re.compile(
    r"\b(?:plans?|tiers?|subscri\w+|upgrad\w+|regist\w+|sign(?:ed|ing)?[- ]?up|accounts?|paid|premium|pro|members?|membership|permi\w+|rights?|scopes?|"
    r"(?:not |n't )allow\w*|unlock\w*|free|guests?)\b|套餐|订阅|会员|升级|注册|账[户号]|权限|身份|付费|解锁|免费",
    _I,
)
OTHER_OUTPUT = re.compile(
    r"\b(?:quality|low|small|fast|mov|webm|avi|mkv|gif|4k|uhd|hd|\d{3,4}p|\d+ ?fps|resolution|codec|format)\b|画质|清晰|格式|分辨率|帧",
    _I,
)
#: That it is not there and that nobody goes on asking, in whatever words.
_NOT_THERE = re.compile(
    r"\bnot\b|n't\b|\bstill\b|\blater\b|\byet\b|\blong(?:er)?\b|\bstop|\bwait|\bminutes\b|\bslow|\bunfinished|\bpending|\bprocessing|\bqueue|\bagain\b|"
    r"仍|还在|尚未|未|稍后|太久|停止|还没|处理中|排队|没有|等",
    _I,
)
#: A link that was to be filled in, and was not.
EMPTY_LINK = re.compile(
    r"(?:\b(?:link|url|here|download)\b|链接|地址|下载)[\s:：*_\"'`=(-]{0,6}(?:none|null|undefined|nil)\b|\]\((?:none|null|undefined)?\)|\$\{?(?:output|download|video)?_?url\b|<(?:\w+[_ -]?)?url>|\{(?:output|download|video)?_?url\}",
    _I,
)
#: That the video is there. A sentence that also hedges says no such thing.
_IS_THERE = re.compile(
    r"\b(?:video|file|export|mp4|render|movie|clip)\b[^.!?。！？\n]{0,40}\b(?:(?:is|are)\s+(?:now\s+|all\s+)?(?:ready|done|completed?|finished)|"
    r"(?:was|has been|have been)\s+(?:now\s+)?(?:completed|finished|exported|rendered|delivered))\b|"
    r"\b(?:export|render)(?:ing)?\s+(?:complete[d]?|finished|successful|succeeded|done)\b|\bsuccessfully\s+(?:exported|rendered)|\bexported\s+successfully|"
    r"\bhere(?:'s| is| are)\s+(?:your|the)\s+(?:\w+ )?(?:video|file|mp4|export|download)|\bsaved (?:here )?as\b|\b(?:video|mp4|file) ready\b|"
    r"(?:导出|渲染|视频|文件)[^。！？\n]{0,10}(?:已(?:经)?(?:完成|就绪|好|成功|导出|保存|生成)|完成了|成功|好了)|已(?:经)?(?:导出|保存)|可以下载了",
    _I,
)
_HEDGE = re.compile(
    r"\b(?:not|no|once|when|until|as soon as|will|if|after|before|soon|almost|nearly|half|yet|shortly|wait|still|in progress|should|could|may|might|would|to be|while|"
    r"expect\w*|estimat\w*|about|seconds?|minutes?|submitted|started|queued?|pending|processing|let you know|so far|exporting|rendering|edit(?:s|ed|ing)?|changes?|project|draft|timeline)\b|n't\b|'ll\b|\d ?%|\?|还|未|没|正在|稍|等|将|后|一旦|当|快|即|尚|预计|会|大约|吗|？|秒|分钟",
    _I,
)
CLAIM_LINK = re.compile(r"[?&]ct=([^\s&\"'<>)\]}，。]+)")


def gave_up(text: str) -> bool:
    """Whether the user can tell that the video is not there."""
    return says(text, ADMITS_FAILURE) or says(text, _NOT_THERE)


def claims_delivery(text: str) -> bool:
    """Whether it says, without hedging, that the video is there."""
    return any(says(part, _IS_THERE) and not says(part, _HEDGE) for part in re.split(r"(?<=[.!?;])\s+|(?<=[。！？；])|\n", text))
