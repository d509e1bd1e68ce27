"""What a turn of words answers, English and Chinese: advice, refusals, facts. See `phrases` for the manner."""

Variants = tuple[str, ...]

#: What a text turn answers: advice, refusals, facts.
ADVICE: dict[str, tuple[Variants, Variants]] = {
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
    "no_crop": (
        (
            "I can't crop the picture, only cut in time. Click the clip to scale it in the preview, or have the video generated anew.",
        ),
        ("我无法裁剪画面，只能按时间剪。可以点击片段在预览里缩放，或者重新生成视频。",),
    ),
    "no_transform": (
        (
            "Rotating, mirroring, reversing and stabilising clips is not something I can do. Cuts, speed, filters and transitions are.",
        ),
        ("旋转、镜像、倒放和防抖我做不了；剪切、变速、滤镜和转场都可以。",),
    ),
    "no_tongue": (
        (
            "I write English and Chinese only, so the texts stay as they are. Put your own words in quotation marks and I'll use them.",
        ),
        ("我只会写中文和英文，文字保持不变。可以用引号给出你自己的内容。",),
    ),
    "volume_bound": (("100 % is the most; preview in timeline to hear it.",), ("音量最大为 100%，可以在时间线预览听一下。",)),
    "speed_bound": (
        ("Clips play at 0.25x to 4x, so {speed}x is as far as it goes; preview in timeline to see it.",),
        ("片段只能在 0.25 到 4 倍速之间，这次设为 {speed} 倍，可以在时间线预览。",),
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
        ("On the timeline: tracks {tracks}, clips {clips}, texts {texts}.",),
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
    "kept": (("All right, that stays as it is.",), ("好的，这部分保持不变。",)),
    "left": (("All right, I leave {what} alone.",), ("好的，{what}保持不变。",)),
    "thanks": (("You're welcome. When it looks right, click the Export button.",), ("不客气。满意的话点击“导出”按钮即可。",)),
    "yes": (
        ("All right. Tell me the next change, or click Export when you are done.",),
        ("好的。告诉我下一步改什么，完成后点击“导出”。",),
    ),
}
