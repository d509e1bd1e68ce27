"""What words mean: tables of concepts and choices, each in English and Chinese. Patterns meet text of `plain_text`."""

import re

#: Concept: English alternatives (whole words) and Chinese ones (anywhere).
CONCEPTS: dict[str, tuple[str, str]] = {
    # what not to do
    "negated": (
        r"^(?:please |but |and |so |also |just |actually |i said |i'd rather you |(?:and |but )?make sure (?:you )?(?:to )?)*"
        r"(?:don't|do not|dont|never|no need to|(?:i )?(?:don't|do not) (?:want|need)(?: you)? to)(?: ever| please)? "
        r"(?!(?:want|need|like|love|know|think|forget|hesitate|have|see|hear|worry|mind|you|understand|care|ever)\b|make (?:it|them|the \w+) (?:too|so)\b)[a-z]+"
        r"|^never ?mind (?:about )?(?:the|my) [a-z]+|leave (?:the |my |that |this )?[\w ]{1,24} (?:alone|as (?:it is|they are|is)|untouched|unchanged)",
        "^[^写叫是说:：]{0,8}(?:不要|(?<![特个分级类区性识])别|勿|不用|不必|无需|不需要)(?:再|随便|乱|给.{1,4}?|在.{1,6}?|[把将].{1,8}?)?"
        "(?:添?加|放(?![弃心松过])|配(?![乐音])|插|删|去掉|去除|移|清|剪|裁|截|缩|换|改|动(?!画)|碰|调(?!色)|静音|消音|变|用|做|生成|设|关|停|拆|分割|导出|减速|让|弄)",
    ),
    "retracted": (
        r"^(?:no |oh |wait |actually |please )*(?:don't|do not|never ?mind|scratch that|forget (?:it|that)|cancel that|rather not|better not)(?: (?:do|add) (?:it|that|this))?$",
        "^(?:还是)?(?:算了|不用了|不要了|别了|不加了|别加了|不做了|取消吧)吧?$",
    ),
    "pause": (r"^(?:oh |no )*(?:wait|hold on|hmm|hang on)(?: a (?:second|minute|moment))?$", "^(?:等等|等一下|等下|稍等|哦不|不对)$"),
    "except": (r"except(?: for)?|besides|other than|apart from|(?:everything|all|anything) but", "(?<![删去清移])除了?(?=.)"),
    # what to do
    "add": (
        r"add(?:ing|s|ed)?|put(?:ting)?|insert|include|attach|overlay|lay|drop(?: in)?|place|apply|burn in",
        "加(?![速快强])|配(?![乐音])|放|插入|来点|来1?段|来首|套|打上|上个|换上|铺",
    ),
    "make": (
        r"give|want|need|use|using|some|create|make|making|generat(?:e|ing)|compos(?:e|ing)|write|with|show|build|produce",
        "用|要|生成|做|写|制作|显示|来",
    ),
    "remove": (
        r"remov(?:e|ing)|delet(?:e|ing)|strip(?:ping)?|get rid of|take (?:out|away|off)|take (?:the |that |my )?[\w⟦⟧]+ (?:out|away|off)|"
        r"clear|erase|ditch|lose|without|no more|no|kill|(?:don't|do not) (?:want|need)|drop the|"
        r"(?:turn|switch|shut)(?:ed|ing)? (?:the |it |my |that )?(?:[\w ]{1,24} )?off",
        "关掉|关闭|关了|去掉|去除|删|移除|不要|清除|拿掉|取消|不需要|去了",
    ),
    "replace": (
        r"replac(?:e|ing)|swap(?: out)?|switch(?! (?:[\w ]{1,24} )?off)|chang(?:e|ing)|different|another|instead|try other",
        "换|替换|改成|改为|另一|改一下",
    ),
    "set": (r"set|make|chang(?:e|ing)|turn|adjust|put|rename|rewrite|edit|move", "改|调|设|变|弄|换|移|让"),
    "up": (
        r"louder|rais(?:e|ing)|increase|boost|turn(?:ed)? up|turn (?:the |it|my )?[\w ]{0,24}up|pump up|too (?:quiet|soft|low)|can(?:'t|not) hear",
        "大声|调大|调高|增大|提高|音量增加|增加音量|加大|大一?点|大一些|响一?点|太小|听不清|听不见",
    ),
    "down": (
        r"quieter|softer|lower(?!\W+third)|reduc(?:e|ing)|decrease|turn(?:ed)? down|turn (?:the |it|my )?[\w ]{0,24}down|duck|too loud|"
        r"tone (?:it |the \w+ )?down|less loud",
        "小声|调小|调低|减小|减少|降低|小一?点|小一些|轻一?点|轻一些|太大|太吵|太响",
    ),
    "duck": (r"duck(?:ing|ed)?", "压低|闪避"),
    "mute": (r"mut(?:e|ed|ing)|silence|no (?:sound|audio)|silent", "静音|消音|无声"),
    "unmute": (r"unmute|un-mute|bring back the (?:sound|audio)|restore the (?:sound|audio)", "取消静音|恢复(?:声音|原声)"),
    "fade_in": (r"fad(?:e|es|ing)[- ](?:it |the \w+ |everything )?in(?: and out)?|fad(?:e|es|ing)\b.{0,40} and in(?= over| for|$)|ease in", "淡入|渐入|渐强"),
    "fade_out": (r"fad(?:e|es|ing)[- ](?:it |the \w+ |everything )?(?:in and )?out|fad(?:e|es|ing)\b.{0,40} and out(?= over| for|$)|ease out|fade away", "淡出|渐出|渐弱"),
    "trim": (
        r"trim(?:ming)?|cut(?:ting)?|shorten(?:ing)?|crop|chop|shave|clip off|condense|tighten|lose|drop|get rid of|remov(?:e|ing)|"
        r"delet(?:e|ing)|shorter|take out|skip",
        "剪(?!辑)|裁|截|去掉|删|缩短|缩|短一?点|压缩到|精简|掐",
    ),
    "tight": (r"trim(?:ming)?|cut(?:ting)?|shorten(?:ing)?|chop|condense|tighten|shorter|too long", "剪(?!辑)|裁|缩短|短一?点|精简|太长"),
    "keep": (
        r"keep|keeping|(?:everything|all) (?:but|except)|(?:trim|cut|crop|shorten|condense|get|bring|tighten|shrink) (?:it |this |everything |(?:the |my )?\w+ )?(?:down )?to|"
        r"use only|only use|just use",
        "保留|只留|只要|截取|留下|剪到|剪成|剪短到|缩短到|缩短为|缩短成|压缩到|控制在",
    ),
    "split": (r"split(?:ting)?|divide|slice|cut (?:it |the \w+ )?in (?:two|half)|break (?:it |the \w+ )?(?:up )?(?:in|at)", "分割|拆分|切开|切成|切一刀|剪开|分成"),
    "faster": (r"speed(?:ing)? (?:it |this |the [\w ]{1,24} ?|clip \d+ |everything |my \w+ )?up|faster|fast[- ]forward|accelerate|quicker|time-?lapse", "加速|加快|快一?点|快一些|快放|快进|变快"),
    "slower": (
        r"slow(?:er|ing)?(?: (?:it|this|the [\w ]{1,24}|clip \d+|everything|my \w+))? down|slower|slow[- ]?mo(?:tion)?|slow (?:the|it|this|clip)",
        "减速|放慢|慢一?点|慢一些|慢放|慢动作|变慢|慢速",
    ),
    "speed": (r"speed|playback rate|\d(?:\.\d+)?x", "速度|倍速|变速"),
    "move": (
        r"mov(?:e|ing)|reorder(?:ing)?|re-?arrang(?:e|ing)|swap(?:ping)?|bring|shift|start with|revers(?:e|ing) the order|shuffle|"
        r"put (?:the )?[\w ]{1,30} (?:first|last|before|after|at the (?:start|beginning|end|front))",
        "移到|移动|调换|交换|对调|换位|顺序|放到|放在|挪|排到|提到|打乱",
    ),
    "sync": (
        r"sync(?:ed|ing|s)?|synchroni[sz]e[ds]?|(?:on|to|with) the (?:beats?|cuts)|(?:match(?:es|ing)?|hit) (?:\w+ ){0,3}(?:beats?|cuts)|beat-?matched|align",
        "卡点|踩点|卡上|同步|对齐|节拍|踩着",
    ),
    "repeat": (r"loop(?:ed|ing)?|duplicat(?:e|ing)|repeat|copy the", "循环|复制|重复"),
    "join": (r"merge|combine|join|stitch|concatenate|assemble|compile|put together|string together", "合并|拼接|拼起来|拼成|组合|连起来|合成"),
    "ask_how": (r"how (?:do|can|to|would|should)", "怎么(?!样)|如何|怎样"),
    "question": (
        r"^(?:so |and |hey |hi )?(?:what(?! about)|which|how(?! about)|where|when|who|why|is(?! it possible)|are(?! you able)|does|do you|did|am i)(?:'s)?|"
        r"tell me (?:about|what|how)|can you tell|any idea",
        "什么|多少|多长|多久|几个|几段|几条|哪些|哪个|哪首|怎么|为什么|是不是|有没有|有.{0,12}吗",
    ),
    # with what
    "music": (
        r"music(?! video)|musical|bgm|sound ?track|songs?|tune|beats?(?! ?boxer)|melody|jingle|backing track|audio track|score|lo-?fi|lofi|background track|instrumental",
        "音乐|配乐|bgm|歌曲|首歌|歌|曲子|背景乐|旋律|曲",
    ),
    "sound": (r"(?:original |clip'?s? |video'?s? |camera )?(?:sound|audio)(?!track| track| mp3)|voices?|speech|dialogue|speaking|noise", "原声|声音|人声|噪音|原音|对白"),
    "match": (r"match(?:es|ing)?|fit(?:s|ting)?|suit(?:s|able|ing)?|mood|pace|vibe", "匹配|符合|适合|贴合|氛围|节奏"),
    "swap": (r"swap(?:ping)?|switch|exchange", "调换|交换|对调|互换"),
    "each": (r"each|every|per (?:photo|image|picture)|apiece", "每张|每个|各"),
    "watermark": (r"watermark|logo text|handle", "水印"),
    "in_chinese": (r"(?:in )?(?:chinese|mandarin)", "中文|汉语|普通话"),
    "in_english": (r"(?:in )?english", "英文|英语|双语"),
    "gap": (r"pauses?|silences?|fillers?|dead air|ums|boring (?:parts?|bits?)", "停顿|空白|废话|沉默"),
    "clear": (r"clear(?:er)?|crisp(?:er)?|clean up", "清晰|清楚|干净"),
    "card": (r"intros?|outros?|end screen|opening credits", "片头|片尾"),
    "begin": (r"starts?|begins?|starting|enters?|come in|comes in|kicks? in", "开始|进来|响起|起"),
    "stop": (r"stop(?:s|ping)?|ends?", "停(?!顿)|结束"),
    "vanish": (r"disappears?|go away|goes away|vanish(?:es)?|hide", "消失|隐藏"),
    "uploaded": (r"uploaded|(?:i've|i have|i) (?:just )?sent|here (?:is|are) (?:my|the|some)|attached", "上传了|传了|已上传|发了"),
    "sticker": (r"stickers?|emojis?|(?:a|the|my) logo(?! animation| video)|countdown|timer|avatars?|lip[- ]?sync|green ?screen|chroma key|motion tracking|3d (?:text|model)", "贴纸|倒计时|表情|数字人|对口型|绿幕|抠像|跟踪"),
    "noise": (r"(?:background |wind )?noise|hum|hiss", "噪音|杂音|噪声|风声"),
    "sound_effect": (r"sound effects?|sfx|whoosh|applause|laugh track", "音效|掌声|笑声"),
    "volume": (r"volume|loudness|loud", "音量"),
    "voiceover": (r"voice-? ?overs?|narrat(?:ion|or|e|ed|ing)|dub(?:bing)?|read aloud", "旁白|配音|解说|朗读|画外音"),
    "title": (r"titles?|headline|heading|end card|title card|intro card|end credits|closing credits|opening credits", "标题|片头字|片名|题目|大字|片尾字|主题字"),
    "subtitle": (r"subtitles?|subs|captions?|closed captions?|cc|transcri(?:be|ption|pt)", "字幕"),
    "text": (r"texts?|words?|fonts?|label|lower[- ]third|watermark|hashtag|handle|writing|call to action|cta", "文字|文本|字体|文案|水印|字样|写上|一行字|几个字|字(?!幕)"),
    "clip": (r"clips?|segments?|scenes?|shots?|parts?|footage|half", "片段|段|镜头|素材|画面|部分"),
    "video": (r"videos?|films?|movies?|vlogs?|reels?|montage|footage", "视频|影片|片子|短片|成片|录像"),
    "image": (r"photos?|pictures?|images?|pics?|snapshots?", "照片|图片|相片|图像|几张图|图"),
    "transition": (r"transitions?|cross-?fades?|dissolves?|wipes?|fades? between", "转场|过渡|叠化|溶解|擦除"),
    "look": (r"filters?|colou?r[- ]?(?:grad(?:e|ing)|correct(?:ion)?|s)?|grad(?:e|ing)|effects?|fx|vibe|look and feel|lut|brightness|contrast|saturation", "滤镜|调色|色调|特效|效果|颜色|色彩|亮度|对比度|饱和度|画质"),
    "aspect": (
        r"aspect ratio|vertical(?:ly)?|portrait|landscape|horizontal|wide-?screen|square|9:16|16:9|1:1|4:5|4:3|3:4|21:9|"
        r"(?:for|fit|into|to) (?:tik ?tok|reels|shorts|instagram|youtube)(?! music)|letterbox",
        "竖屏|竖版|横屏|横版|比例|方形|正方形|画幅|9:16|16:9|1:1|抖音尺寸|宽屏",
    ),
    "slideshow": (r"slide ?-?shows?|photo (?:album|montage|video|reel)|(?:video|film|movie|clip|montage|reel|something) (?:from|of|with|out of|using) (?:my|these|those|the|our) (?:\w+ ){0,2}(?:photos|pictures|images|pics)", "幻灯片|相册|轮播|(?:照片|图片).{0,6}(?:做|制作|生成|剪|拼).{0,6}(?:视频|短片|影片)"),
    "timeline": (r"time-?line|tracks? \d|video track|main track", "时间线|时间轴|主轨|轨道"),
    "drag": (r"drag(?: and |/|-and-)?(?:drop)?|drop", "拖拽|拖到|拖动|拖进|拖"),
    "own": (r"my|our|uploaded|upload(?:s)?|i (?:just )?(?:sent|gave)|these|those", "我的|上传|这些|这几|这段|刚才"),
    "audio_file": (r"mp3|wav|m4a|aac|my (?:own )?(?:song|track|music|audio|recording|tune)|uploaded (?:song|track|music|audio|tune)|(?:song|track|music|audio|tune) (?:i|that i|i've) (?:just )?(?:uploaded|sent)", "我的(?:音乐|歌|音频|曲子)|上传的(?:音乐|歌|音频|曲子)|我自己的"),
    "at_end": (r"(?:at|to|near|in) the (?:very )?(?:end|ending|last|back)|outro|ending|closing|last|end card|end credits|closing credits", "结尾|片尾|末尾|最后|尾部"),
    "at_start": (r"(?:at|to|in) the (?:very )?(?:start|beginning|front|first)|first|intro|opening", "开头|片头|最前|开始|第1个位置|开场"),
    "whole": (r"whole|entire|all|everything|every clip|throughout|everywhere|the full", "整个|全部|所有|全程|全片|都|每个|整段"),
    "clips_between": (r"between|joins?|cuts", "之间|每段"),
    "vague": (
        r"better|nicer|improve|enhance|polish(?:ed)?|profession?al|pretty|beautiful|amazing|awesome|cool(?!er)|pop|viral|engaging|magic|"
        r"(?:auto|quick)[- ]?edit|edit (?:my|this|the|it|these)|clean (?:it |this )?up|spice|fix it|improvement|do your thing|fancy|exciting|cinematic",
        "更好看|好看|优化|美化|高级|专业|精彩|炫酷|酷一?点|润色|提升|自动剪辑|智能剪辑|剪辑一下|帮我剪|剪一下|改进|完善|有趣|吸引人|大片",
    ),
    "crop": (
        r"crop(?:ping)? (?:out |off )?(?:to )?(?:the |a |my )?(?:\w+ ){0,2}(?:half|left|right|top|bottom|sides?|edges?|borders?|corners?|frame|picture|square|middle|cent(?:er|re)|black bars|subject)",
        "裁[剪切掉](?:画面|左|右|上[面半边方]|下[面半边方]|边缘|黑边)|(?:画面|黑边|左边|右边|左半|右半).{0,4}裁",
    ),
    "transform": (
        r"stabili[sz](?:e|ing|ation)|shaky|shak(?:e|ing)|revers(?:e|ed|ing)(?! the order)|(?:play )?backwards|rotat(?:e|ed|ing)|flip(?:ped|ping)?|mirror(?:ed)?|upside down",
        "防抖|稳定|抖动|倒放|倒播|旋转|翻转|镜像",
    ),
    "tongue": (
        r"french|spanish|german|italian|portuguese|russian|japanese|korean|arabic|hindi|dutch|turkish|polish|vietnamese|thai|indonesian|swedish|greek|hebrew|ukrainian",
        "法[语文]|西班牙[语文]|德[语文]|意大利[语文]|葡萄牙[语文]|俄[语文]|日[语文]|韩[语文]|阿拉伯[语文]|印地语|越南语|泰[语文]|印尼语",
    ),
    # talk
    "export": (r"export(?:ing|ed)?|convert(?:ing)?|compress(?:ing)?|download(?:ing)?|render(?:ing)?|send me the (?:video|file|result|mp4)|save (?:it|the video|this|my video)|final file|share link", "导出|下载|渲染|保存|发给我|成片给我"),
    "credits": (r"(?<!end )(?<!closing )(?<!opening )(?<!rolling )credits?|balance|my plan|quota|billing|subscription|pricing|price|cost", "积分|余额|额度|点数|套餐|订阅|会员|多少钱|收费"),
    "status": (r"status|show (?:me )?(?:the |all )?(?:tracks?|timeline|draft|state)|preview|current (?:state|draft|timeline)|list (?:the |all )?(?:tracks|clips)|what(?:'s| is| do i have) (?:on|in) (?:the |my )?(?:timeline|draft|project)|progress", "状态|预览|进度|(?:看|显示|列出|打开|有哪些|有几).{0,6}(?:轨道|时间[线轴]|草稿)|时间[线轴]上有|当前草稿"),
    "upload": (r"upload(?:ing)?", "上传"),
    "undo": (r"undo|revert|go back|put it back|change it back|as it was|roll ?back|previous version|redo", "撤销|撤回|回退|恢复到|恢复原样|上一步|重做"),
    "restart": (r"start over|start (?:again|fresh)|clear (?:the )?(?:timeline|project|everything|draft|all)|reset|delete everything|remove everything|from scratch|scrap (?:it|everything)", "重新开始|清空|全部删|删掉全部|推倒重来|重来"),
    "hello": (r"^(?:hi|hello|hey|yo|good (?:morning|evening|afternoon)|greetings|howdy)(?: there)?", "^(?:你好|您好|嗨|哈喽|早上好|晚上好|在吗)"),
    "thanks": (r"^(?:awesome|amazing|cool|nice|great|wow|beautiful|fantastic|lovely)$|(?:looks|sounds) (?:great|good|nice|perfect|awesome)|thanks?|thank you|thx|cheers|great job|good job|well done|nice(?: one| work)?|perfect|awesome work|love it", "谢谢|感谢|多谢|辛苦|太棒了|不错|很好|完美"),
    "yes": (r"^(?:yes|yep|yeah|ok(?:ay)?|sure|go ahead|no|nope|fine|continue|alright)(?: please| thanks)?$", "^(?:好的?|可以|行|是的?|嗯|不用了?|继续|没问题)$"),
    "able": (r"what (?:else )?can you (?:do|help)|what are you (?:able|capable)|your (?:features|capabilities|skills)|help|can you (?:edit|make|create|do) (?:videos?|music|subtitles)|what(?:'s| is) nemo\w*|who are you|what do you do|what is this", "你能做什么|你会什么|能做什么|有什么功能|帮助|你是谁|能帮我什么|怎么用|会做什么"),
    "formats": (r"formats?|file types?|which files|max(?:imum)? (?:file )?size|how (?:big|large)", "什么格式|哪些格式|格式|多大的文件"),
    "length_word": (r"how long|duration|length|total time|running time|how many (?:seconds|minutes)", "多长|时长|多少秒|几秒|几分钟|总长"),
    "count_word": (r"how many|number of|list|which (?:clips|tracks|titles)", "几个|几段|几条|多少个|多少段|哪些"),
    "size_word": (r"resolution|dimensions|what size|how big|frame rate|fps|pixels", "分辨率|尺寸|多大|帧率|画面大小"),
    "wait_word": (r"how long (?:will|does|would) (?:it|this|that|the \w+) take|eta|how (?:much|many) (?:longer|time)|when will", "要多久|什么时候.{0,4}好|需要多久|还要多|多久能好"),
    # not our trade
    "photo_edit": (
        r"photoshop|retouch(?:ing)?|(?:edit|crop|resize|enhance|fix|sharpen|restore) (?:this |my |the |a |an |old )*(?:photo|picture|image|selfie|portrait)|"
        r"background (?:from|of|in) (?:this |my |the |a )*(?:photo|picture|image|selfie)|(?:photo|image|picture) edit(?:ing|or)?|(?:generate|make|create|draw) (?:me )?(?:an?|some|the) (?:\w+ )?(?:images?|pictures?|photos?|drawings?|posters?) (?:of|for|with)|face ?swap",
        "p图|修图|抠图|美颜照片|修一下照片|照片修|编辑照片|编辑图片|换脸",
    ),
    "foreign": (
        r"weather|poem|poetry|recipe|translate|python|javascript|source code|code (?:me|a)|stock price|jokes?|essay|homework|e-?mails?|calculate|math|bitcoin|"
        r"explain|capital of|president|news|spreadsheet|powerpoint|book (?:me|a)|flight|hotel|restaurant|resume|cover letter|sudoku|sql",
        "天气|解释一下|写首?诗|一首诗|菜谱|食谱|翻译这|代码|股票|笑话|作文|作业|邮件|算一下|数学题|新闻|总统|首都|订票|机票|酒店|简历|论文",
    ),
    "injection": (
        r"ignore (?:all |any |the |your )*(?:previous|prior|above|earlier)? ?(?:instructions?|prompts?|rules)|system prompt|developer mode|jailbreak|"
        r"(?:reveal|print|show|tell me|give me) (?:me )?(?:your |the )?(?:instructions|api keys?|tokens?|secrets?|passwords?|env)|drop table|"
        r"you are now|act as|pretend (?:to be|you)",
        r"<script|rm -rf|/etc/passwd|\{\{|\$\{|忽略(?:之前|以上|上面|所有)|系统提示词|提示词是什么|越狱|你现在是|扮演",
    ),
    "song_service": (
        r"spotify|apple music|soundcloud|tidal|deezer|youtube music|(?:song|music|track|audio|tune|clip|video) (?:\w+ ){0,3}(?:from|on|off) (?:youtube|tik ?tok)|youtube (?:song|link|url|audio|video)",
        "网易云|qq音乐|酷狗|spotify|youtube上|油管|抖音上的歌|b站上",
    ),
}  # fmt: skip

_LINK = r"https?://(?:[\w-]{1,40}\.){0,4}(?:youtube\.com|youtu\.be|spotify\.com|music\.apple\.com|soundcloud\.com|tiktok\.com|bilibili\.com|music\.163\.com)"
LINKS: dict[str, str] = {"song_link": _LINK, "link": r"https?://\S"}

#: ASCII, so that a word boundary lies between a Chinese and a Latin character: "加bgm".
_COMPILED = {name: re.compile(rf"\b(?:{en})\b|(?:{zh})", re.ASCII) for name, (en, zh) in CONCEPTS.items()}
_COMPILED |= {name: re.compile(pattern) for name, pattern in LINKS.items()}


def concepts(plain: str) -> set[str]:
    """The concepts a clause speaks of."""
    return {name for name, pattern in _COMPILED.items() if pattern.search(plain)}
