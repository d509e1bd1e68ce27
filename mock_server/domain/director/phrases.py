"""What the director says: for each occasion its variants in English and in Chinese.

It speaks to somebody in front of a visual editor (click, open, drag and drop, preview in timeline, Export): the
documents say that the service does, and tell clients to translate it. The wording is ours.
"""

from .advice import ADVICE, Variants

CHANGED: dict[str, tuple[Variants, Variants]] = {
    "clip_laid": (("Placed '{name}' on the video track ({span})",), ("已把“{name}”放到视频轨道（{span}）",)),
    "clips_laid": (
        ("Placed {count} clips on the video track ({span}): {names}",),
        ("已把 {count} 段素材放到视频轨道（{span}）：{names}",),
    ),
    "slideshow_made": (
        ("Built a slideshow from {count} images, {each} each ({span}), with crossfades and a slow zoom",),
        ("已用 {count} 张图片做成幻灯片，每张 {each}（{span}），带叠化转场和缓慢推近",),
    ),
    "video_made": (("Generated the clip '{name}' in {size} ({span})",), ("已生成视频“{name}”，画面 {size}（{span}）",)),
    "music_added": (
        ("Added BGM '{name}' at {share} % ({span})", "BGM '{name}' is now on the audio track at {share} % ({span})"),
        ("已添加背景音乐《{name}》，音量 {share}%（{span}）", "背景音乐《{name}》已放到音频轨道，音量 {share}%（{span}）"),
    ),
    "music_replaced": (
        ("Replaced BGM '{old}' with '{name}' at {share} % ({span})",),
        ("已把背景音乐《{old}》换成《{name}》，音量 {share}%（{span}）",),
    ),
    "music_removed": (("Removed BGM '{name}'; the audio track is clear",), ("已移除背景音乐《{name}》",)),
    "music_carved": (("Took BGM '{name}' out of {span}",), ("已去掉 {span} 内的背景音乐《{name}》",)),
    "music_synced": (
        ("Aligned the beats of '{name}' with the cuts (cuts: {cuts})",),
        ("《{name}》的节拍已对齐 {cuts} 个剪辑点",),
    ),
    "volume_set": (("Set {what} to {share} % (it was {old} %)",), ("{what}已调到 {share}%（原来 {old}%）",)),
    "fade_black_set": (("The picture fades to black over the last {long}",), ("画面在最后 {long}渐黑",)),
    "fade_in_set": (("{what} now fades in over {long}",), ("{what}现在用 {long}淡入",)),
    "fade_out_set": (("{what} now fades out over {long}",), ("{what}现在用 {long}淡出",)),
    "muted": (("Muted {what} ({span})",), ("{what}已静音（{span}）",)),
    "unmuted": (("Sound is back on",), ("声音已恢复",)),
    "denoised": (("Reduced the noise in the original sound",), ("已对原声降噪",)),
    "music_moved": (("BGM '{name}' now plays in {span}",), ("背景音乐《{name}》现在从 {span}播放",)),
    "voice_added": (('Added a voiceover: "{text}" ({span})',), ("已添加旁白：“{text}”（{span}）",)),
    "voice_removed": (("Removed the voiceover",), ("已移除旁白",)),
    "ducked": (("Lowered BGM '{name}' to {share} % under the voice",), ("旁白期间背景音乐《{name}》降到 {share}%",)),
    "effect_added": (("Added the sound effect '{name}' ({span})",), ("已添加音效“{name}”（{span}）",)),
    "title_added": (('Added the title "{text}" ({span}{extra})',), ("已添加标题“{text}”（{span}{extra}）",)),
    "text_added": (('Added the text "{text}" ({span}{extra})',), ("已添加文字“{text}”（{span}{extra}）",)),
    "subtitles_added": (("Added {count} subtitles ({span}{extra})",), ("已添加 {count} 条字幕（{span}{extra}）",)),
    "text_restyled": (('Restyled "{text}" ({count} in all{extra})',), ("已调整“{text}”的样式（共 {count} 条{extra}）",)),
    "text_moved": (('Moved "{text}" to {span}',), ("“{text}”已移到 {span}",)),
    "text_changed": (('Changed the text "{old}" to "{text}" ({span})',), ("已把“{old}”改成“{text}”（{span}）",)),
    "text_removed": (('Removed "{text}" ({count} in all)',), ("已移除“{text}”（共 {count} 条）",)),
    "stretch_cut": (("Cut out {span}; the video is now {long} long",), ("已剪掉 {span}，现在总长 {long}",)),
    "stretch_kept": (("Kept {span} and cut the rest; the video is now {long} long",), ("只保留 {span}，现在总长 {long}",)),
    "tightened": (("Tightened the clips from {old} to {long}",), ("整体从 {old}剪短到 {long}",)),
    "clip_removed": (("Removed the clip '{name}' ({span})",), ("已删除片段“{name}”（{span}）",)),
    "clip_split": (("Split at {at}; there are {count} clips now",), ("已在 {at}处分割，现在共有 {count} 段",)),
    "reordered": (("New order: {names}",), ("新的顺序：{names}",)),
    "duplicated": (("Duplicated '{name}' ({span})",), ("已复制“{name}”（{span}）",)),
    "respeeded": (("{names} now at {speed}x; the video is {long} long",), ("{names}现在是 {speed} 倍速，总长 {long}",)),
    "look_set": (("Applied the {look} look ({span})",), ("已应用“{look}”效果（{span}）",)),
    "look_removed": (("Removed the look (clips: {count})",), ("已去掉 {count} 段的滤镜",)),
    "transitions_set": (
        ("Added {name} transitions between the clips ({count}, {long} each)",),
        ("已在片段之间加入 {count} 个“{name}”转场，每个 {long}",),
    ),
    "transitions_removed": (("Removed the transitions ({count})",), ("已去掉 {count} 个转场",)),
    "cleared_but": (
        ("Cleared the timeline but for {kept} (segments: {count})",),
        ("已清空时间线，只保留{kept}（删除 {count} 条）",),
    ),
    "cleared": (("Cleared the timeline (tracks: {count})",), ("已清空时间线（{count} 条轨道）",)),
}

#: Told while the work goes on.
PROGRESS: dict[str, tuple[Variants, Variants]] = {
    "filming": (
        (
            "Generating '{name}' now; this takes a few minutes, so feel free to leave the canvas open.",
            "Starting on '{name}', the progress shows in the canvas.",
        ),
        ("正在生成“{name}”，需要几分钟，画布可以一直开着。", "开始生成“{name}”，进度会显示在画布上。"),
    ),
    "raw_ready": (
        (
            "The raw video '{name}' is ready ({span}): click the play button to preview it in the timeline. Next I add {parts}.",
            "Raw video done, '{name}' ({span}). Preview in timeline while I add {parts}.",
        ),
        (
            "原始视频“{name}”已经好了（{span}），点击播放按钮即可在时间线预览。接下来加{parts}。",
            "原始视频完成：“{name}”（{span}）。可以先在时间线预览，我继续加{parts}。",
        ),
    ),
    "composing": (
        ("Composing {style} music for it.", "Looking for the right {style} tune."),
        ("正在为它创作{style}风格的音乐。", "正在准备合适的{style}配乐。"),
    ),
    "narrating": (("Recording the voiceover.",), ("正在录制旁白。",)),
    "looking": (("Having a look at the footage first.",), ("先看看这些画面。",)),
}

#: What closes an edit: where to click next.
HINTS: dict[str, tuple[Variants, Variants]] = {
    "hint": (
        (
            "Preview in timeline, and click the Export button when you like it.",
            "Click the play button to preview it in the timeline.",
        ),
        ("可以在时间线预览，满意后点击“导出”按钮。", "点击播放按钮即可在时间线预览。"),
    ),
    "hint_music": (
        (
            "Open the Audio panel to try another tune, or drag and drop the BGM to shift it.",
            "Click the BGM track to fine-tune the volume, then preview in timeline.",
        ),
        ("打开“音频”面板可以换一首，也可以拖拽背景音乐调整位置。", "点击背景音乐轨道可以微调音量，然后在时间线预览。"),
    ),
    "hint_text": (
        (
            "Click the text in the preview to edit it, or drag and drop it to another place.",
            "Open the Text panel for more styles.",
        ),
        ("点击预览里的文字可以修改，也可以拖拽到别的位置。", "打开“文字”面板可以选择更多样式。"),
    ),
    "hint_clips": (
        ("Drag and drop the clips in the timeline to change their order.", "Preview in timeline; click a clip to trim it."),
        ("在时间线里拖拽片段即可调整顺序。", "可以在时间线预览，点击片段可以裁剪。"),
    ),
    "hint_look": (
        ("Open the Filters panel to compare, or preview in timeline.",),
        ("打开“滤镜”面板可以对比，也可以在时间线预览。",),
    ),
    "hint_better": (
        ("Preview in timeline; tell me if you want it bolder or calmer, or click Export.",),
        ("可以在时间线预览，想更活泼或更克制都可以告诉我，满意就点击“导出”。",),
    ),
    "hint_generated": (
        ("Click the play button to preview in timeline, then click the Export button.",),
        ("点击播放按钮在时间线预览，满意后点击“导出”按钮。",),
    ),
    "hint_staged": (
        ("What I added ({parts}) is optional: tell me to drop it, or click the Export button to get the MP4.",),
        ("加上的{parts}可以去掉，告诉我就行；满意后点击“导出”按钮获得 MP4。",),
    ),
}

#: Small words inside the others.
WORDS: dict[str, tuple[Variants, Variants]] = {
    "the_music": (("the BGM",), ("背景音乐",)),
    "the_sound": (("the original sound",), ("原声",)),
    "all_sound": (("all sound",), ("全部声音",)),
    "the_voice": (("the voiceover",), ("旁白",)),
    "the_title": (("the title",), ("标题",)),
    "the_subtitles": (("the subtitles",), ("字幕",)),
    "the_text": (("the text",), ("文字",)),
    "the_transitions": (("the transitions",), ("转场",)),
    "the_look": (("the look",), ("画面效果",)),
    "the_clips": (("the clips",), ("片段",)),
    "the_video": (("the video",), ("视频",)),
    "part_music": (("music",), ("音乐",)),
    "part_title": (("a title",), ("标题",)),
    "part_look": (("colour",), ("调色",)),
    "that": (("that",), ("这部分",)),
    "the_rest": (("everything",), ("一切",)),
    "the_picture": (("the picture",), ("画面",)),
    "voice_name": (("Narration",), ("旁白",)),
    # documents tell clients to ignore text with exactly this beginning, so it is English in both languages
    "temporary_issue": (("I encountered a temporary issue while finishing up. Please try again later.",),) * 2,
}

PHRASES = CHANGED | PROGRESS | ADVICE | HINTS | WORDS
