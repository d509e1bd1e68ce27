"""What there is to choose from: music, colours, places, sizes, animations, transitions, looks, canvases; all invented."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Choice:
    """One row: the words for it (patterns on text of `plain_text`), its name in English and Chinese, and its value."""

    en: str
    zh: str
    name: str
    name_zh: str
    value: str = ""


MUSIC: dict[str, Choice] = {
    "lofi": Choice(r"lo-?fi|chill(?:ed)?(?: ?hop| out)?|laid[- ]back|relaxed", "慵懒|低保真|放松|松弛|治愈", "lo-fi", "Lo-fi 慢拍", "72"),
    "upbeat": Choice(r"upbeat|energetic|happy|cheerful|fun|lively|bright|bouncy|joyful|fast|pop music|playful", "轻快|欢快|快乐|活泼|动感|开心|有活力|节奏感", "upbeat", "轻快", "118"),
    "cinematic": Choice(r"cinematic|epic|orchestral|dramatic|heroic|trailer|inspiring|inspirational|uplifting|motivational", "史诗|大气|恢弘|电影感|震撼|励志|激昂", "cinematic", "电影感", "90"),
    "piano": Choice(r"piano|calm|peaceful|gentle|soft|soothing|quiet music|tender", "钢琴|舒缓|安静|温柔|轻柔|平静|柔和", "soft piano", "舒缓钢琴", "66"),
    "electronic": Choice(r"electronic|edm|techno|house|synth(?:wave)?|dance|club|futuristic", "电子|电音|舞曲|科技感|赛博", "electronic", "电子", "124"),
    "rock": Choice(r"rock|guitar riff|punk|metal|grunge", "摇滚|金属乐", "rock", "摇滚", "132"),
    "hiphop": Choice(r"hip[- ]?hop|rap|trap|boom bap|urban", "嘻哈|说唱|街头", "hip-hop", "嘻哈", "88"),
    "jazz": Choice(r"jazz(?:y)?|swing|blues|saxophone|bossa", "爵士|蓝调|萨克斯", "jazz", "爵士", "96"),
    "acoustic": Choice(r"acoustic|folk|guitar|ukulele|country|indie", "民谣|吉他|原声吉他|乡村|清新", "acoustic", "清新民谣", "100"),
    "ambient": Choice(r"ambient|dreamy|atmospheric|spacey|meditat(?:ion|ive)|zen", "氛围|空灵|梦幻|冥想|禅意", "ambient", "氛围", "60"),
    "emotional": Choice(r"sad|emotional|melancholic|nostalgic|heartfelt|touching|moody", "伤感|感人|抒情|怀旧|悲伤|忧伤", "emotional", "抒情", "70"),
    "romantic": Choice(r"romantic|love|wedding", "浪漫|爱情|婚礼", "romantic", "浪漫", "76"),
    "suspense": Choice(r"suspense(?:ful)?|dark|tense|scary|horror|mysterious|spooky", "悬疑|紧张|恐怖|神秘|暗黑", "suspense", "悬疑", "84"),
    "corporate": Choice(r"corporate|business|presentation|tech music", "商务|企业|科技", "corporate", "商务", "110"),
    "travel": Choice(r"travel|tropical|summer|adventure|road ?trip", "旅行|旅途|夏日|度假|热带", "sunny travel", "阳光旅行", "112"),
    "guofeng": Choice(r"chinese style|guzheng|traditional chinese", "国风|古风|中国风|古筝|古典", "guzheng", "国风", "80"),
}  # fmt: skip

#: Names of made-up tunes by style.
TUNES: dict[str, tuple[tuple[str, str], ...]] = {
    "lofi": (("Lo-fi Drift", "慵懒午后"), ("Late Window", "夜窗"), ("Slow Coffee", "慢咖啡")),
    "upbeat": (("Bright Steps", "轻快脚步"), ("Hop the Puddle", "跳过水洼"), ("Paper Kites", "纸风筝")),
    "cinematic": (("Rising Tide", "潮起"), ("Over the Ridge", "越过山脊"), ("First Light", "破晓")),
    "piano": (("Still Water", "静水"), ("Felt and Snow", "落雪"), ("Quiet Rooms", "安静的房间")),
    "electronic": (("Neon Pulse", "霓虹脉冲"), ("Grid Runner", "穿行网格"), ("Voltage", "电压")),
    "rock": (("Gravel Road", "碎石路"), ("Loud Hearts", "响亮的心")),
    "hiphop": (("Corner Store", "街角小店"), ("Tape Loop", "磁带循环")),
    "jazz": (("Blue Stool", "蓝色高脚凳"), ("Two A.M. Walk", "凌晨两点")),
    "acoustic": (("Porch Song", "门廊小调"), ("Wheat Field", "麦田")),
    "ambient": (("Slow Orbit", "慢轨道"), ("Mist Line", "雾线")),
    "emotional": (("Letters Home", "家书"), ("Old Photographs", "旧照片")),
    "romantic": (("Two Lanterns", "两盏灯"), ("Rosewater", "玫瑰水")),
    "suspense": (("Thin Ice", "薄冰"), ("Cellar Door", "地窖门")),
    "corporate": (("Clear Agenda", "清晰议程"), ("Glass Towers", "玻璃大厦")),
    "travel": (("Coast Road", "海岸公路"), ("Window Seat", "靠窗座位")),
    "guofeng": (("Bamboo Moon", "竹月"), ("Ink River", "墨江")),
}

COLOURS: dict[str, Choice] = {
    "white": Choice("white", "白", "white", "白色", "#FFFFFF"),
    "black": Choice("black(?! and white)", "黑色", "black", "黑色", "#000000"),
    "yellow": Choice("yellow", "黄", "yellow", "黄色", "#FFD400"),
    "red": Choice("red", "红", "red", "红色", "#E53935"),
    "blue": Choice("blue", "蓝色", "blue", "蓝色", "#1E88E5"),
    "green": Choice("green", "绿", "green", "绿色", "#43A047"),
    "orange": Choice("orange", "橙", "orange", "橙色", "#FB8C00"),
    "pink": Choice("pink", "粉", "pink", "粉色", "#EC407A"),
    "purple": Choice("purple|violet", "紫", "purple", "紫色", "#8E24AA"),
    "gold": Choice("gold(?:en)?", "金色", "gold", "金色", "#D4AF37"),
    "grey": Choice("gr[ae]y", "灰", "grey", "灰色", "#9E9E9E"),
}

PLACES: dict[str, Choice] = {
    "top-left": Choice("top[- ]left|upper[- ]left", "左上", "top left", "左上角"),
    "top-right": Choice("top[- ]right|upper[- ]right|corner", "右上|角落", "top right", "右上角"),
    "bottom-left": Choice("bottom[- ]left|lower[- ]left", "左下", "bottom left", "左下角"),
    "bottom-right": Choice("bottom[- ]right|lower[- ]right", "右下", "bottom right", "右下角"),
    "top-center": Choice(
        "(?:(?:at|on|to|near) (?:the )?)?top(?![- ](?:left|right))", "顶部|上方|上面|最上", "top centre", "顶部居中"
    ),
    "bottom-center": Choice(
        "(?:(?:at|on|to|near) (?:the )?)?bottom(?![- ](?:left|right))|lower[- ]third",
        "底部|下方|下面|最下",
        "bottom centre",
        "底部居中",
    ),
    "center": Choice("cent(?:er|re)(?:ed)?|middle", "居中|中间|中央|正中", "centre", "居中"),
}

SIZES: dict[str, Choice] = {
    "huge": Choice("huge|giant|massive", "巨大|超大", "huge", "特大号", "96"),
    "large": Choice("bigger|big|large|larger|bold", "大字|大号|大一?点|放大|加粗|更大", "large", "大号", "72"),
    "small": Choice("small|smaller|tiny", "小字|小号|小一?点|缩小|更小", "small", "小号", "28"),
}

ANIMATIONS: dict[str, Choice] = {
    "typewriter": Choice("typewriter|typing|typed", "打字机|逐字", "typewriter", "打字机"),
    "slide": Choice("slid(?:e|es|ing)(?: in| up)?|fly(?:ing)? in", "滑入|飞入", "slide-in", "滑入"),
    "bounce": Choice("bounc(?:e|ing)|pop(?:ping)?[- ](?:up|in)", "弹出|弹跳|弹入", "bounce", "弹出"),
    "karaoke": Choice("karaoke|word[- ]by[- ]word|highlight(?:ed)? words", "卡拉ok|逐词", "karaoke", "卡拉 OK"),
    "fade": Choice("fad(?:e|es|ing)(?: in| out| in and out)?", "淡入|淡出|渐显", "fade", "淡入淡出"),
}

TRANSITIONS: dict[str, Choice] = {
    "crossfade": Choice(
        "cross-?fades?|cross-?dissolves?|dissolves?|smooth transitions?|soft transitions?|fade transitions?|fades? between",
        "叠化|溶解|交叉|柔和(?:的)?转场|平滑|淡入淡出(?:的)?转场",
        "crossfade",
        "叠化",
    ),
    "fade_black": Choice("(?:fade|dip) (?:to|through) black", "黑场|闪黑|渐黑", "fade through black", "黑场过渡"),
    "wipe": Choice("wipes?", "擦除|划像", "wipe", "擦除"),
    "slide": Choice("slid(?:e|ing) transitions?|push", "滑动|推移", "slide", "滑动"),
    "zoom": Choice("zoom transitions?|zoom between", "缩放转场|推拉", "zoom", "推拉缩放"),
    "glitch": Choice("glitch(?:y)? transitions?|glitch", "故障", "glitch", "故障"),
    "flash": Choice("(?:white )?flash(?:es)?", "闪白|闪光", "white flash", "闪白"),
    "whip": Choice("whip(?: pan)?s?|swish", "甩镜|甩动", "whip pan", "甩镜"),
}

LOOKS: dict[str, Choice] = {
    "mono": Choice("black[- ]and[- ]white|b&w|monochrome|gr[ae]yscale|noir", "黑白", "black-and-white", "黑白"),
    "vintage": Choice("vintage|retro|old[- ]film|film grain|vhs|nostalgic filter|sepia|8mm", "复古|怀旧滤镜|胶片|老电影|港风", "vintage", "复古胶片"),
    "warm": Choice("warm(?:er|th)?|golden hour|sunny look|cozy", "暖色|温暖|暖一?点|暖调|变暖", "warm", "暖色"),
    "cool": Choice("cool(?:er)? (?:tones?|look|filter|colou?rs?)|cold(?:er)?|cooler|bluish|teal(?: and orange)?", "冷色|冷一?点|冷调|青橙", "cool", "冷色"),
    "cinematic": Choice("cinematic (?:look|filter|colou?rs?|grad(?:e|ing)|lut|feel|style)|movie look|film look|make (?:it|this) (?:more |look )?cinematic", "电影感(?!的?音乐|的?配乐)|电影色调|大片感", "cinematic", "电影感"),
    "vivid": Choice("vivid|vibrant|saturat(?:ed|ion)|punchy|colou?rful", "鲜艳|饱和|明艳", "vivid", "鲜艳"),
    "bright": Choice("bright(?:er|en|ness)|lighten|too dark|exposure|lighter", "亮一?点|变亮|提亮|亮度|太暗|调亮", "brighter", "提亮"),
    "dark": Choice("darker|darken|too bright|moodier", "暗一?点|变暗|压暗|太亮|调暗", "darker", "压暗"),
    "contrast": Choice("contrast", "对比度", "high-contrast", "高对比"),
    "blur": Choice("blur(?:red|ry)?|bokeh", "模糊|虚化", "blur", "虚化"),
    "sharp": Choice("sharp(?:en|er)|clearer|hd look|upscale|denoise", "锐化|清晰|画质|高清", "sharpen", "锐化"),
    "zoom": Choice("zoom(?:s|ing)?(?: in| out)?|ken burns|punch[- ]in", "放大画面|推近|拉远|缩放", "slow zoom", "缓慢推近"),
    "glow": Choice("glow|dreamy (?:look|filter)|soft (?:look|filter|light)|beauty", "柔光|梦幻滤镜|美颜", "soft glow", "柔光"),
}  # fmt: skip

CANVASES: dict[str, Choice] = {
    "9:16": Choice("9:16|vertical(?:ly)?|portrait|tik ?tok|reels?(?= |$)|(?:youtube )?shorts|stories|story|douyin|phone", "竖屏|竖版|竖着|抖音|快手|小红书|手机", "9:16", "9:16", "1080x1920"),
    "16:9": Choice("16:9|landscape|horizontal|wide-?screen|youtube|tv|desktop", "横屏|横版|宽屏|b站|电视", "16:9", "16:9", "1920x1080"),
    "1:1": Choice("1:1|square", "1:1|方形|正方形", "1:1", "1:1", "1080x1080"),
    "4:5": Choice("4:5", "4:5", "4:5", "4:5", "1080x1350"),
    "4:3": Choice("4:3", "4:3", "4:3", "4:3", "1440x1080"),
    "3:4": Choice("3:4", "3:4", "3:4", "3:4", "1080x1440"),
    "21:9": Choice("21:9", "21:9", "21:9", "21:9", "1920x822"),
}  # fmt: skip

TABLES: dict[str, Mapping[str, Choice]] = {
    "style": MUSIC, "colour": COLOURS, "place": PLACES, "size": SIZES, "animation": ANIMATIONS,
    "transition": TRANSITIONS, "look": LOOKS, "canvas": CANVASES,
}  # fmt: skip


def choose(table: str, plain: str) -> str | None:
    """The key of the choice that the text names first, or None. At one place the longer name wins."""
    found = []
    for key in TABLES[table]:
        if m := _pattern(table, key).search(plain):
            found.append((m.start(), -m.end(), key))
    return min(found)[2] if found else None


@cache
def _pattern(table: str, key: str) -> re.Pattern[str]:
    choice = TABLES[table][key]
    return re.compile(rf"\b(?:{choice.en})\b|(?:{choice.zh})", re.ASCII)
