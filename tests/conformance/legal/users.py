"""What a user says: conversations by chance, with files and links."""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random

SAMPLES = Path(__file__).parents[3] / "fixtures" / "media" / "samples"
NAMES = (
    "video.mp4",
    "video.mov",
    "video.webm",
    "video.mkv",
    "video.avi",
    "picture.png",
    "picture.jpg",
    "picture.gif",
    "sound.mp3",
    "sound.wav",
    "sound.m4a",
)


@dataclass(slots=True)
class File:
    name: str
    content: bytes = b""
    size: int = 0


@dataclass(slots=True)
class Wish:
    """One message. `during_s`: it comes so long after the one before, which may still be worked on."""

    kind: str
    text: str
    zh: bool = False
    passed_on: str = ""  # the part of it that is for the chat
    files: list[File] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    gap_s: float = 5
    during_s: float | None = None
    restart: bool = False


@cache
def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


ENGLISH: dict[str, tuple[str, ...]] = {
    "edit": (
        "add calm background music at 35%", "add upbeat music", 'add a title "Urban Dreams" for the first 3 seconds', "trim the first 2 seconds",
        "make the music quieter", "speed up the video 1.5x", "add a fade to black at the end", "remove the title", "mute the original sound",
        'put the text "Hello there" at the bottom', "add subtitles", "lower the music to 20%", "make it look warmer", "replace the music with jazz",
        "cut the last second", "add crossfade transitions", "make it better", "add a voiceover saying \"Welcome to the coast\"",
        "please add some lo-fi piano", "split the clip at 1 second", "set the music volume to 55%", "generate subtitles in white 32pt", "remove the music",
    ),
    "generate": ("generate a 10 second video of a city at night", "make a video about a fox in the snow, 9:16", "create a 15s clip of waves with calm music", "generate a video of a garden, no music"),
    "talk": ("what can you do?", "how long does an edit take?", "thanks!", "hello", "how do I add a title?", "can you crop the picture?", "what music is on it?", "undo that", "hmm, nice"),
    "both": ("add calm music and then export the video", 'add a title "The End" and then send me the video'),
    "export": ("export", "export the video", "download it", "send me the video", "please export as mp4", "export it now"),
    "credits": ("credits", "how many credits do I have?", "what's my balance?", "how many credits are left?", "show my credits"),
    "status": ("status", "show tracks", "show me the tracks", "what's the status?", "project status"),
    "upload": ("upload this", "here is my clip", "upload these files", "this is the footage"),
    "foreign": ("what's the weather like tomorrow?", "write me a poem", "tell me a joke", "what's the capital of France?"),
    "song": ("use this song: https://www.youtube.com/watch?v=abc123", "add music from spotify"),
    "photo": ("retouch my face in this photo", "photoshop the sky in my picture"),
}  # fmt: skip
CHINESE: dict[str, tuple[str, ...]] = {
    "edit": (
        "加一段轻快的背景音乐，音量30%", "添加标题“海边的一天”，前3秒", "剪掉前2秒", "把音乐调小一点", "去掉标题", "加字幕", "视频加速到1.5倍", "把音乐换成爵士",
        "结尾渐黑", "静音原声", "画面调暖一点", "添加文字“你好”在底部",
    ),
    "generate": ("生成一个10秒的城市夜景视频", "做一个雪中狐狸的视频，9:16"),
    "talk": ("你能做什么？", "谢谢", "你好", "怎么加标题？"),
    "both": ("加一段舒缓的音乐，然后导出视频",),
    "export": ("导出", "导出视频", "请导出"),
    "credits": ("积分", "我还有多少积分", "查一下余额", "还剩多少积分"),
    "status": ("状态", "查看状态", "看一下状态"),
    "upload": ("上传这个", "上传这些文件", "这是我的素材"),
    "foreign": ("今天天气怎么样？", "讲个笑话"),
    "song": ("用网易云的歌做配乐",),
    "photo": ("帮我修图",),
}  # fmt: skip
COURSE = (
    "edit",
    "edit",
    "edit",
    "edit",
    "export",
    "export",
    "status",
    "credits",
    "upload",
    "generate",
    "talk",
    "both",
    "foreign",
    "song",
    "photo",
)


def wishes(dice: Random) -> list[Wish]:
    """A conversation: mostly material or a generation first, then edits, questions and exports."""
    zh = dice.random() < 0.3
    words = CHINESE if zh else ENGLISH
    found = []
    first = dice.choice(
        (
            "edit+file",
            "edit+file",
            "upload+file",
            "generate",
            "export",
            "credits",
            "status",
            "foreign",
            "talk",
            "upload+url",
            "upload+bad",
        )
    )
    kind, _, what = first.partition("+")
    found.append(_wish(dice, words, kind, what, zh))
    for _ in range(dice.randrange(0, 5)):
        kind = dice.choice(COURSE)
        what = dice.choice(("file", "file", "url", "bad")) if kind == "upload" else ""
        one = _wish(dice, words, kind, what, zh)
        one.gap_s = dice.choice((0, 5, 40, 3600))
        if dice.random() < 0.06:
            one.gap_s = dice.choice((86_400 * 2, 86_400 * 8))
        if found[-1].kind in ("edit", "generate") and dice.random() < 0.12:
            one.during_s = dice.uniform(1, 12)
        elif dice.random() < 0.08:
            one.restart = True
        found.append(one)
    return found


def _wish(dice: Random, words: dict[str, tuple[str, ...]], kind: str, what: str, zh: bool) -> Wish:
    one = Wish(kind, dice.choice(words[kind]), zh)
    if what == "file":
        one.files = [File(name, sample(name)) for name in dice.sample(NAMES, dice.choice((1, 1, 1, 2, 3)))]
        if kind == "edit":
            one.files[0] = File("video.mp4", sample("video.mp4"))
            one.files = list({file.name: file for file in one.files}.values())
    elif what == "url":
        one.urls = [f"https://files.example.test/{dice.choice(('beach', 'party', 'trip'))}.mp4"]
        one.text = f"{'上传' if zh else 'upload'} {one.urls[0]}"
    elif kind == "both":
        one.passed_on, _, _ = one.text.partition("，然后" if zh else " and then ")
    elif what == "bad":
        one.files = [
            dice.choice(
                (
                    File("report.pdf", b"%PDF-1.4 ..."),
                    File("huge.mp4", size=600 * 2**20),
                    File("notes.mp4", b"no film at all " * 40),
                    File("slides.pptx", b"PK...."),
                )
            )
        ]
    return one
