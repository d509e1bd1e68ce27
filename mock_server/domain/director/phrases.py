"""What the director says: for each occasion its variants in English and in Chinese.

It speaks to somebody in front of a visual editor (click, open, drag and drop, preview in timeline, Export): the
documents say that the service does, and tell clients to translate it. The wording is ours.
"""

Variants = tuple[str, ...]

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
            "The raw video '{name}' is ready ({span}): click the play button to preview it in the timeline. Next come music, a title and colour.",
            "Raw video done, '{name}' ({span}). Preview in timeline while I add music, a title and colour.",
        ),
        (
            "原始视频“{name}”已经好了（{span}），点击播放按钮即可在时间线预览。接下来加音乐、标题和调色。",
            "原始视频完成：“{name}”（{span}）。可以先在时间线预览，我继续加音乐、标题和调色。",
        ),
    ),
    "composing": (
        ("Composing {style} music for it.", "Looking for the right {style} tune."),
        ("正在为它创作{style}风格的音乐。", "正在准备合适的{style}配乐。"),
    ),
    "narrating": (("Recording the voiceover.",), ("正在录制旁白。",)),
    "looking": (("Having a look at the footage first.",), ("先看看这些画面。",)),
}

#: What a text turn answers: advice, refusals, facts.
ANSWERS: dict[str, tuple[Variants, Variants]] = {
    "unclear": (
        (
            'I\'m not sure what to change. Tell me in one sentence, such as "trim the first 3 seconds" or "put calm piano under it at 30 %".',
            "Could you say that another way? Name the clip, the time or the music that should change, and I'll do it.",
        ),
        (
            "我还不太确定要改什么。可以用一句话告诉我，例如“剪掉前3秒”或“配一段舒缓的钢琴，音量30%”。",
            "能换个说法吗？告诉我要改哪一段、什么时间或哪首音乐就行。",
        ),
    ),
    "empty": (
        (
            "Your message came without words. Describe the video you want, or drag and drop your clips into the media panel to begin.",
        ),
        ("消息里没有文字。可以描述想要的视频，或把素材拖拽到媒体面板开始。",),
    ),
    "already_so": (("That is how the draft already is, so nothing changed.",), ("草稿已经是这样了，没有需要改动的地方。",)),
    "no_material": (
        (
            "There is nothing on the timeline yet. Drag and drop a video or some photos into the media panel, or describe a video and I'll generate one.",
            "I need footage for that: click Upload to bring in your clips, or ask me to generate a video from a description.",
        ),
        (
            "时间线上还没有素材。请把视频或照片拖拽到媒体面板，或者描述一个视频让我生成。",
            "这一步需要素材：点击“上传”添加视频，或者让我根据描述生成一个。",
        ),
    ),
    "no_clips": (("There is no video clip on the timeline to work on.",), ("时间线上没有可以处理的视频片段。",)),
    "no_music": (("There is no BGM on the timeline, so there is nothing to remove.",), ("时间线上没有背景音乐，不需要移除。",)),
    "no_audio_upload": (
        ("I don't see an audio file of yours. Drag and drop an MP3, WAV, M4A or AAC into the media panel first.",),
        ("没有找到你的音频文件。请先把 MP3、WAV、M4A 或 AAC 拖拽到媒体面板。",),
    ),
    "no_sound": (("There is no sound on the timeline that this could change.",), ("时间线上没有可以调整的声音。",)),
    "not_muted": (("Nothing is muted at the moment.",), ("目前没有静音的内容。",)),
    "no_voice": (("There is no voiceover on the timeline.",), ("时间线上没有旁白。",)),
    "no_text": (
        ("There is no such text on the timeline yet. Tell me the words and I'll add them.",),
        ("时间线上还没有这样的文字，告诉我内容就可以添加。",),
    ),
    "which_text": (
        ("Which words shall I put on the screen? Write them in quotation marks.",),
        ("要在画面上写什么？请用引号写出内容。",),
    ),
    "which_style": (
        ("How shall the text look? Name a colour, a size or a place.",),
        ("文字要变成什么样？请说明颜色、大小或位置。",),
    ),
    "which_clip": (
        ("Which clip shall go? There are {count} on the video track; tell me its number, or click it and press Delete.",),
        ("要删除哪一段？视频轨道上有 {count} 段，告诉我第几段，或点击它再按删除键。",),
    ),
    "no_such_clip": (
        ("I can't find that clip: there are {count} on the video track.",),
        ("没有找到这一段：视频轨道上共有 {count} 段。",),
    ),
    "no_images": (
        ("A slideshow needs photos: drag and drop your images into the media panel first.",),
        ("做幻灯片需要照片：请先把图片拖拽到媒体面板。",),
    ),
    "no_look": (("No filter is applied at the moment.",), ("目前没有应用滤镜。",)),
    "no_transition": (("There are no transitions between the clips.",), ("片段之间没有转场。",)),
    "one_clip": (
        ("Transitions need at least two clips; split this one or add another.",),
        ("转场至少需要两段素材，可以先分割或再加一段。",),
    ),
    "all_laid": (
        ("All your media is on the timeline already. Open the media panel to upload more.",),
        ("素材都已经在时间线上了。打开媒体面板可以上传更多。",),
    ),
    "all_gone": (
        ('That would remove the whole video ({long}). Say "start over" if you want an empty timeline.',),
        ("这样会删掉整个视频（{long}）。想清空时间线请说“重新开始”。",),
    ),
    "already_short": (("The video is only {long} long, so there is nothing to cut.",), ("视频只有 {long}，不需要再剪。",)),
    "out_of_range": (("That time is outside the video, which is {long} long.",), ("这个时间超出了视频范围，视频总长 {long}。",)),
    "nothing_there": (("The timeline is already empty.",), ("时间线本来就是空的。",)),
    "volume_same": (("{what} is at {share} % already.",), ("{what}已经是 {share}% 了。",)),
    "length_bound": (("I kept it to {long}, the bounds of one generated clip.",), ("单段生成有时长限制，这次做成了 {long}。",)),
    "aspect_kept": (
        ("The canvas stays {old}: a draft has one shape. For {size} the video must be generated anew.",),
        ("画布保持 {old}：一个草稿只有一种画幅。想要 {size} 需要重新生成视频。",),
    ),
    "aspect": (
        (
            "I can't reshape an existing video to another aspect ratio. It has to be generated again: describe it once more and name the ratio, for example 9:16.",
            "The aspect ratio is fixed once a video exists; to get another one, regenerate the video and name the ratio in your request.",
        ),
        (
            "已有视频的画幅不能直接修改，需要重新生成：请再描述一次，并写明比例，例如 9:16。",
            "视频生成后画幅就固定了，想换比例请在新的要求里写明并重新生成。",
        ),
    ),
    "song_link": (
        (
            "I can't take music or clips from streaming links. Open the Audio panel to choose from the built-in library, or name a mood and I'll pick a tune.",
        ),
        ("无法从流媒体链接获取音乐或视频。可以打开“音频”面板从内置曲库选择，或者告诉我想要的风格。",),
    ),
    "photo_edit": (
        (
            'Retouching single photos is not something I do, but I can make your photos into a slideshow: drag and drop them in and say "make a slideshow".',
        ),
        ("我不做单张照片的修图，不过可以把照片做成幻灯片：把它们拖拽进来，然后说“做成幻灯片”。",),
    ),
    "foreign": (
        ("I only make and edit videos, so I'll pass on that one. Is there a video I can help with?",),
        ("我只负责视频制作和剪辑，这个帮不上忙。有什么视频需要处理吗？",),
    ),
    "injection": (
        ("I'll stay with video editing. Tell me what to make or change and we go from there.",),
        ("我们还是继续做视频吧。告诉我想生成或修改什么就好。",),
    ),
    "export": (
        (
            "Click the Export button at the top right, choose MP4 and the resolution, then click Confirm.",
            "Ready when you are: click Export in the upper right corner to render and download the MP4.",
        ),
        ("点击右上角的“导出”按钮，选择 MP4 和分辨率，再点击确认。", "随时可以导出：点击右上角“导出”，渲染完成后即可下载 MP4。"),
    ),
    "export_empty": (
        ("Nothing to export yet: the timeline is empty. Once there is a clip, click the Export button at the top right.",),
        ("还没有可以导出的内容，时间线是空的。有了素材之后点击右上角的“导出”按钮。",),
    ),
    "credits": (
        ("Please check your account page: click your avatar at the top right, then open Billing to see the credits.",),
        ("请到账户页面查看：点击右上角头像，打开“账单”就能看到积分。",),
    ),
    "status": (
        ("Open the timeline panel to preview in timeline. On it now, {long} in all: {tracks}.",),
        ("打开时间线面板即可预览。现在总长 {long}：{tracks}。",),
    ),
    "status_empty": (
        ("The timeline panel is still empty. Drag and drop clips into it, or ask me to generate a video.",),
        ("时间线面板还是空的。可以把素材拖拽进去，或者让我生成一个视频。",),
    ),
    "uploaded": (
        (
            "I can see {count} files in the media panel: {names}. Drag and drop them onto the timeline, or tell me what to make of them.",
        ),
        ("媒体面板里有 {count} 个文件：{names}。可以拖拽到时间线，或者告诉我想怎么剪。",),
    ),
    "sticker": (
        (
            "That isn't something I can add from here. Open the Elements panel to look for it, or ask me for a title, music, a filter or a transition.",
        ),
        ("这个我没法直接添加。可以打开“素材库”面板找找，或者让我加标题、音乐、滤镜或转场。",),
    ),
    "upload": (
        (
            "Click Upload in the media panel, or drag and drop files into it: MP4, MOV, AVI, WebM, MKV, common images and MP3, WAV, M4A, AAC.",
        ),
        ("点击媒体面板的“上传”，或直接把文件拖拽进去：支持 MP4、MOV、AVI、WebM、MKV、常见图片以及 MP3、WAV、M4A、AAC。",),
    ),
    "formats": (
        (
            "You can bring in mp4, mov, avi, webm, mkv, jpg, png, gif, webp, mp3, wav, m4a and aac files up to 500 MB; Export gives MP4.",
        ),
        ("可以使用 mp4、mov、avi、webm、mkv、jpg、png、gif、webp、mp3、wav、m4a、aac，每个不超过 500 MB；导出为 MP4。",),
    ),
    "undo": (
        ("Click the Undo arrow above the timeline to take back the last change, or tell me what to set and I'll change it.",),
        ("点击时间线上方的撤销箭头可以撤回上一步，或者告诉我要改成什么。",),
    ),
    "wait": (
        ("An edit takes about half a minute, generating a video a few minutes, and an export around a minute.",),
        ("一次剪辑大约半分钟，生成视频需要几分钟，导出大约一分钟。",),
    ),
    "length": (("The video is {long} long.",), ("视频总长 {long}。",)),
    "count": (
        ("There are {tracks} tracks with {clips} clips and {texts} texts.",),
        ("共有 {tracks} 条轨道，{clips} 段素材，{texts} 条文字。",),
    ),
    "sounds": (("On the audio tracks: {names}.",), ("音频轨道上有：{names}。",)),
    "no_sounds": (
        ("There is no music on the timeline yet. Tell me a mood and I'll add some.",),
        ("时间线上还没有音乐，告诉我风格就可以添加。",),
    ),
    "texts": (("On the text tracks: {names}.",), ("文字轨道上有：{names}。",)),
    "size": (("The canvas is {width}x{height} at {fps} fps.",), ("画布是 {width}x{height}，{fps} 帧。",)),
    "able": (
        (
            "I generate videos from a description and edit yours: music, titles, subtitles, cuts, speed, filters and transitions. "
            "Drag and drop a clip, or tell me what the video is about.",
        ),
        (
            "我可以根据描述生成视频，也可以剪辑你的素材：音乐、标题、字幕、剪切、变速、滤镜和转场。把素材拖拽进来，或者说说想要什么视频。",
        ),
    ),
    "howto": (
        (
            "Just say it here, with the time and the value, for example \"add a title 'Hello' for the first 3 seconds\"; or open the matching panel on the left.",
        ),
        ("直接在这里说就行，带上时间和数值，例如“前3秒加标题‘你好’”；也可以打开左侧对应的面板。",),
    ),
    "ask": (
        ("Good question. Open the timeline panel to see what is there now, and tell me what you would like to change.",),
        ("好问题。打开时间线面板可以看到现在的内容，想改哪里告诉我。",),
    ),
    "hello": (
        ("Hi! Drag and drop your clips here or describe a video, and we can begin.",),
        ("你好！把素材拖拽进来，或描述想要的视频，就可以开始。",),
    ),
    "thanks": (("You're welcome. When it looks right, click the Export button.",), ("不客气。满意的话点击“导出”按钮即可。",)),
    "yes": (
        ("All right. Tell me the next change, or click Export when you are done.",),
        ("好的。告诉我下一步改什么，完成后点击“导出”。",),
    ),
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
        ("Music, title and colour are optional: click a track to drop it, or click the Export button to get the MP4.",),
        ("音乐、标题和调色都可以去掉：点击对应轨道删除即可，满意后点击“导出”按钮获得 MP4。",),
    ),
}

#: Small words inside the others.
WORDS: dict[str, tuple[Variants, Variants]] = {
    "the_music": (("the BGM",), ("背景音乐",)),
    "the_sound": (("the original sound",), ("原声",)),
    "all_sound": (("all sound",), ("全部声音",)),
    "the_voice": (("the voiceover",), ("旁白",)),
    "the_picture": (("the picture",), ("画面",)),
    "voice_name": (("Narration",), ("旁白",)),
    # documents tell clients to ignore text with exactly this beginning, so it is English in both languages
    "temporary_issue": (("I encountered a temporary issue while finishing up. Please try again later.",),) * 2,
}

PHRASES = CHANGED | PROGRESS | ANSWERS | HINTS | WORDS
