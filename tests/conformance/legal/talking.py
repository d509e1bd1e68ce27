"""What this client says: for each occasion several sentences that an author could have written, English and Chinese."""

import re
from random import Random
from typing import NamedTuple

WORDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "setting_up": (
        (
            "Setting up your workspace…",
            "One moment, connecting to the video service.",
            "Getting things ready for you!",
            "Connecting...",
        ),
        ("正在连接视频服务……", "稍等，我先准备一下。", "正在初始化…"),
    ),
    "set_up": (("Ready!", "All connected.", "We're ready to go."), ("准备好了！", "已连接。", "就绪。")),
    "begin": (
        (
            "On it. This usually takes under a minute, a new video a few.",
            "Working on that now, give me a moment.",
            "Okay, starting; please wait while I apply this.",
            "Sent to the editor, this may take a little while ⏳",
        ),
        ("收到，正在处理，请稍等。", "开始制作了，可能需要几分钟。", "好，马上处理，大约一分钟。"),
    ),
    "still": (
        ("⏳ Still working...", "Still working on it, thanks for waiting.", "⏳ This is still in progress."),
        ("⏳ 还在处理中，请稍候……", "⏳ 仍在生成中。"),
    ),
    "queued": (
        (
            "Got it, I'll take care of that as soon as the current edit is through.",
            "Noted! That comes next.",
            "I have put this in the queue.",
        ),
        ("收到，做完这一步就处理。", "记下了，接下来就做。"),
    ),
    "report": (
        ("Here is what changed:", "Changes on your timeline:", "Done. In detail:", "This is new:"),
        ("改动如下：", "时间线上的变化：", "完成，具体如下："),
    ),
    "offer": (
        (
            "Next you could adjust the volume, add a title, or export it.",
            "Would you like to add a title, try other music, or download the video?",
            "Tell me if I should add captions, trim something, or export the MP4.",
        ),
        (
            "接下来可以调整音量、加标题或导出视频。",
            "要不要加个字幕，或者直接导出？",
            "下一步：换音乐、剪短，或导出，告诉我就行。",
        ),
    ),
    "auto": (
        (
            "The service added some of this by itself; tell me if you would rather go without it.",
            "Music, title and effects were put on automatically. Keep them, or shall I remove any?",
        ),
        ("其中一些是自动添加的，不想要可以让我去掉。", "配乐等是自动加的，可以保留也可以移除。"),
    ),
    "nothing_changed": (
        (
            "The service finished, but nothing changed in your project. Could you put it another way?",
            "I looked at the project and it is as it was: no change. Shall I try something else?",
        ),
        ("处理结束了，但项目没有变化，要不要换个说法再试？", "我查了一下，时间线没有变化。可以换种说法。"),
    ),
    "failed": (
        (
            "That did not work: the service reported an error. You can try again later.",
            "Sorry, the edit failed on the service's side. Shall I try once more?",
        ),
        ("抱歉，这次处理失败了，可以稍后再试。", "服务那边出错了，没能完成，要重试吗？"),
    ),
    "trouble": (
        (
            "The service ran into a temporary problem and could not finish. Want me to try again?",
            "Sorry, a temporary issue on their side; it couldn't be done. Try again in a bit?",
        ),
        ("服务暂时出了问题，没能完成，要再试一次吗？", "抱歉，临时故障，未能完成，可以稍后重试。"),
    ),
    "cut_off": (
        (
            "The connection broke. I'll check in half a minute whether the work went on.",
            "I lost the connection; let me see in a moment what became of it.",
        ),
        ("连接断了，我过半分钟看看进度。", "连接中断，稍后我去确认一下结果。"),
    ),
    "gave_up": (
        (
            "I could not see any result after several checks, so it probably failed. Do you want me to try again?",
            "Nothing has come of it in five minutes; I'm sorry, it seems to have failed. Shall I try it again?",
        ),
        ("查了几次都没有看到结果，可能失败了，要再试一次吗？", "五分钟都没有变化，抱歉，应该是失败了，要重试吗？"),
    ),
    "too_long": (
        (
            "This has taken too long without any result, so I stopped waiting. It timed out.",
            "No result for more than ten minutes: I gave up waiting, sorry. Try again later?",
        ),
        ("等了太久没有结果，超时了，抱歉。", "十多分钟没有结果，我先不等了，可以稍后再试。"),
    ),
    "tracks": (
        ("Your timeline ({0}):", "Timeline, {0} in all:", "Here are the tracks ({0}):"),
        ("时间线（{0}）：", "当前轨道（{0}）："),
    ),
    "no_tracks": (
        ("There is nothing on the timeline yet. Tell me what to make.", "The project is still empty: no tracks yet."),
        ("时间线还是空的，告诉我想做什么吧。", "还没有任何轨道。"),
    ),
    "material": (
        ("Uploaded so far: {0}; the timeline is still empty.", "I have {0}, and nothing on the timeline yet."),
        ("已有素材：{0}，时间线还是空的。",),
    ),
    "credits": (
        (
            "You have {0} credits available; {1} are reserved.",
            "Available: {0} credits (frozen: {1}, total {2}).",
            "Balance: {0} credits left, {1} on hold.",
        ),
        ("可用积分 {0}，冻结 {1}。", "你还有 {0} 积分可用（预留 {1}，合计 {2}）。"),
    ),
    "register": (
        (
            "Your free credits are used up. Register to get more: {0}",
            "There are no credits left for this. Create an account here to continue: {0}",
        ),
        ("免费积分已用完，请注册后继续：{0}", "积分不足，可以在这里注册获取：{0}"),
    ),
    "top_up": (
        (
            "You are out of credits. Top up credits in your account.",
            "Not enough credits for this. Top up credits in your account, then ask me again.",
        ),
        ("积分不足，请在账户中充值。Top up credits in your account.", "积分用完了，请到账户充值。"),
    ),
    "plan": (
        (
            "Export is not part of your current plan. Register or upgrade your plan to unlock export.",
            "Your plan does not include exports; please upgrade your subscription.",
        ),
        ("当前套餐不支持导出，请注册或升级套餐。", "免费版套餐不能导出，升级后即可。"),
    ),
    "uploaded": (
        ("Got {0}.", "Uploaded: {0}", "I have received {0}. What shall I do with it?"),
        ("已上传：{0}", "收到 {0}，想怎么剪？"),
    ),
    "formats": (
        (
            "{0} has a format that can't be used. I take mp4, mov, avi, webm, mkv, jpg, png, gif, webp, mp3, wav, m4a and aac.",
            "Sorry, {0} is not supported. Accepted: mp4/mov/avi/webm/mkv, jpg/png/gif/webp, mp3/wav/m4a/aac.",
        ),
        ("不支持 {0} 这种格式，支持 mp4、mov、avi、webm、mkv、jpg、png、gif、webp、mp3、wav、m4a、aac。",),
    ),
    "big": (
        (
            "{0} is larger than 500 MB. Please compress or trim it first.",
            "{0} is too large (limit 500 MB): could you compress it or send a shorter cut?",
        ),
        ("{0} 超过 500 MB，请先压缩或剪短。", "{0} 太大了，请压缩后再发。"),
    ),
    "upload_failed": (
        ("The upload of {0} did not get through. Please try again.", "I could not upload {0}, sorry."),
        ("{0} 上传失败，请重试。",),
    ),
    "exporting": (
        (
            "Exporting now, usually half a minute to a minute and a half.",
            "Rendering your video, this takes about a minute ⏳",
            "Starting the export…",
        ),
        ("开始导出，大约一分钟。", "正在渲染视频，请稍等。"),
    ),
    "halfway": (("The export is at {0} %.", "{0}% rendered so far…"), ("导出进度 {0}%。", "已渲染 {0}%……")),
    "nothing_to_export": (
        (
            "There is nothing to export yet: generate or edit a video first.",
            "The timeline is empty, so please create something before exporting.",
        ),
        ("还没有可以导出的内容，请先生成或编辑视频。", "时间线是空的，先做一个视频再导出吧。"),
    ),
    "render_failed": (
        ("The render failed; I'll try once more.", "That export failed. Trying again with a fresh job."),
        ("导出失败，我再试一次。",),
    ),
    "export_failed": (
        ("Export failed, please try again later.", "Export failed twice. Export failed, please try again later."),
        ("导出失败，请稍后再试。Export failed, please try again later.", "导出失败，请稍后再试。"),
    ),
    "export_slow": (
        (
            "The export is still not finished after five minutes; I stop checking now. Ask me again in a while.",
            "It has been over five minutes and the render is still pending. Something may be wrong; please try again later.",
        ),
        ("导出五分钟了还没完成，我先不等了，请稍后再试。", "渲染一直没有结束，超时了，请过一会儿再试。"),
    ),
    "saved": (
        ("Your video is ready. I saved it as {0}.", "Done! The file: {0}", "Export finished: {0}"),
        ("视频导出完成：{0}", "好了，文件在 {0}。"),
    ),
    "link": (
        ("Your video is ready: {0}", "Done, download it here: {0}", "Finished! {0}"),
        ("视频好了：{0}", "导出完成，下载链接：{0}"),
    ),
    "no_link": (
        ("The render is complete, but I could not get hold of the file. Please try again later.",),
        ("渲染完成了，但拿不到文件，请稍后再试。",),
    ),
    "project": (("You can also open the project on the web: {0}", "Project page: {0}"), ("也可以在网页上打开项目：{0}",)),
    "guest_again": (
        ("Your guest access had expired, I got a new one.", "The guest login ran out, so I signed in as a new guest."),
        ("访客登录过期了，已重新登录。",),
    ),
    "token_replaced": (
        (
            "Your token was refused, so I go on as a guest: that is another account, with its own credits and projects.",
            "The token you configured is no longer valid. I continue with a guest account; your own projects and credits are not in it.",
        ),
        ("你的令牌已失效，我先用访客账号继续，积分和项目与你的账号不同。",),
    ),
    "limited": (
        (
            "No new guest token is available right now: one per week. Please set NEMO_TOKEN or come back later.",
            "The free access is limited and used up for the moment. You can configure a token of your own.",
        ),
        ("访客令牌一周只能领一次，现在领不到。请配置自己的令牌，或过几天再来。",),
    ),
    "new_project": (
        (
            "The old project is gone on the server, so I started a new one; earlier edits are lost.",
            "Your previous session no longer exists. I opened a fresh project, what was there before is gone.",
        ),
        ("之前的项目已经不在了，我新建了一个，之前的内容丢失了。",),
    ),
    "sent_again": (("I uploaded {0} again.", "Your material is back in: {0}"), ("已重新上传 {0}。",)),
    "unreachable": (
        (
            "I could not reach the service. Please try again in a minute.",
            "The video service is not answering properly; sorry, try again later.",
        ),
        ("连不上视频服务，请稍后再试。", "服务暂时没有响应，抱歉，请稍后重试。"),
    ),
    "refused": (
        ("The service refused this (code {0}), sorry.", "That was not possible: the service answered with error {0}."),
        ("服务拒绝了这个请求（{0}），抱歉。",),
    ),
    "reconfigure": (
        (
            "I can't sign in: even a new token is refused. Please configure your NEMO_TOKEN.",
            "Authentication keeps failing. Please check your token settings and set it up again.",
        ),
        ("登录一直失败，请重新配置令牌。",),
    ),
    "foreign": (
        ("I can only help with videos. Do you have one to make or edit?", "That's outside what I do; I make and edit videos."),
        ("这个我帮不上，我只做视频。", "我只能处理视频相关的事情。"),
    ),
    "song": (
        (
            "I can't take songs from streaming sites; the built-in music library has plenty to choose from.",
            "Music from that site is not possible. I can pick something similar from the library instead.",
        ),
        ("不能用流媒体链接里的歌曲，可以从内置曲库里选。",),
    ),
    "photo": (
        ("I can't retouch photos, but I can turn them into a slideshow video.", "Photo editing isn't available; a slideshow is."),
        ("我不能修图，不过可以把照片做成幻灯片视频。",),
    ),
    "what": (
        ("Tell me what to change, and I'll do it.", "What would you like to do next?"),
        ("告诉我要改什么吧。", "想怎么改？"),
    ),
}
KINDS = {0: ("Video", "视频"), 1: ("BGM", "背景音乐"), 7: ("Title", "标题")}
AUDIO_WORDS = ("Audio", "音频")

SCREEN = re.compile(
    r"\b(?:click|tap|drag|open|preview|buttons?|panel|canvas|billing|avatar|confirm|media panel|corner)\b|点击|拖拽|打开|面板|按钮|时间[线轴](?:里)?预览|画布|右上角|头像|账户",
    re.IGNORECASE,
)
LOOK = re.compile(r"\bopen\b|\bpreview\b|打开|预览", re.IGNORECASE)
EXPORT = re.compile(r"\bexport\b|导出", re.IGNORECASE)
BILLING = re.compile(r"\baccount\b|\bbilling\b|账户|账单", re.IGNORECASE)
TROUBLE = re.compile(r"temporary issue", re.IGNORECASE)
NO_CREDITS = re.compile(r"\bnot enough credits\b|\bregister\?bind=|top up", re.IGNORECASE)
FAILURE = re.compile(r"\bfailed\b|went wrong|could not be|失败|出错", re.IGNORECASE)
_CLAUSES = re.compile(r"(?<=[.!?;])\s+|(?<=[。！？；])|(?<=:)\s+|(?<=：)")


class Heard(NamedTuple):
    """A text of the service without its talk of the screen, and what that asks for."""

    text: str
    asks: frozenset[str]


def translated(text: str) -> Heard:
    kept, asks = [], set()
    for clause in _CLAUSES.split(text):
        bare = re.sub(r"\"[^\"]*\"|'[^']*'|“[^”]*”", "_", clause)
        if TROUBLE.search(bare):
            asks.add("trouble")
        elif SCREEN.search(bare):
            asks |= {"look"} if LOOK.search(bare) else set()
            asks |= {"export"} if EXPORT.search(bare) else set()
            asks |= {"credits"} if BILLING.search(bare) else set()
        elif "Please try again later" in clause and "trouble" in asks:
            continue
        else:
            kept.append(clause)
    whole = " ".join(one.strip() for one in kept if one.strip())
    return Heard(re.sub(r"[:：;；,，]$", ".", whole), frozenset(asks))


class Voice:
    """Sentences by chance; the same occasion may sound different the next time."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.zh = False
        self.layout = dice.choice(
            (
                "{n}. {kind}: {name} ({span}{more})",
                "{n}) {kind} – {name} · {span}{more}",
                "| {n} | {kind} | {name} | {span}{more} |",
                "Track {n}: {kind}, {name}, {span}{more}",
            )
        )
        self.dash = dice.choice(("-", "–", " - ", " to "))
        self.unit = dice.choice(("s", "s", " s", " seconds"))
        self.quotes = dice.choice(('""', "“”"))

    def __call__(self, key: str, *values: object) -> str:
        return self.dice.choice(WORDS[key][self.zh]).format(*values)

    def pick(self, pair: tuple[str, str]) -> str:
        return pair[self.zh]

    def span(self, start: float, end: float) -> str:
        if self.zh:
            return f"{start:g}-{end:g}秒"
        return f"{start:g}{self.dash}{end:g}{self.unit}"

    def kind(self, kind: int) -> str:
        return self.pick(KINDS.get(kind, ("Other track", "其他轨道")))

    def line(self, number: int, kind: int, name: str, span: str, more: str) -> str:
        return self.layout.format(n=number, kind=self.kind(kind), name=name, span=span, more=f", {more}" if more else "")

    def title(self, text: str) -> str:
        return f"{self.quotes[0]}{text}{self.quotes[1]}"
