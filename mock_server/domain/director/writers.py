"""Which writer serves which intent."""

from collections.abc import Callable

from . import answers, write_clips, write_lay, write_levels, write_look, write_music, write_text, write_voice
from .plan import Plan
from .reading import Reading
from .write_generation import generate

Writer = Callable[[Plan, Reading], None]

#: Writers that change the draft. They need something to edit; those of SELF_SUPPLIED bring it.
EDITS: dict[str, Writer] = {
    "generate": generate,
    "lay": write_lay.lay,
    "slideshow": write_lay.slideshow,
    "restart": write_clips.restart,
    "clear_but": write_clips.clear_but,
    "cut": write_clips.cut,
    "keep": write_clips.keep,
    "tighten": write_clips.tighten,
    "clip_remove": write_clips.clip_remove,
    "split": write_clips.split,
    "reorder": write_clips.reorder,
    "duplicate": write_clips.duplicate,
    "speed": write_clips.speed,
    "music": write_music.music,
    "music_replace": write_music.music,
    "music_move": write_music.music_move,
    "music_remove": write_music.music_remove,
    "music_sync": write_music.music_sync,
    "volume": write_levels.volume,
    "fade": write_levels.fade,
    "mute": write_levels.mute,
    "sound_remove": write_levels.mute,
    "unmute": write_levels.unmute,
    "denoise": write_levels.denoise,
    "voiceover": write_voice.voiceover,
    "voiceover_remove": write_voice.voiceover_remove,
    "sound_effects": write_voice.sound_effects,
    "title": write_text.title,
    "text": write_text.text,
    "subtitles": write_text.subtitles,
    "text_style": write_text.text_style,
    "text_change": write_text.text_change,
    "text_remove": write_text.text_remove,
    "look": write_look.look,
    "look_remove": write_look.look_remove,
    "transitions": write_look.transitions,
    "transitions_remove": write_look.transitions_remove,
    "better": write_look.better,
    "wish": write_look.better,
}
SELF_SUPPLIED = frozenset({"generate", "lay", "slideshow", "restart"})

#: Intents that only want words: a function where facts are told, else the key of a phrase.
ANSWERS: dict[str, Writer | str] = {
    "no_crop": "no_crop",
    "no_transform": "no_transform",
    "no_tongue": "no_tongue",
    "leave": answers.leave,
    "spared": answers.nothing,
    "export": answers.export,
    "status": answers.status,
    "which_clip": answers.which_clip,
    "uploaded": answers.uploaded,
    "sticker": "sticker",
    "ask_length": answers.ask_length,
    "ask_count": answers.ask_count,
    "ask_music": answers.ask_music,
    "ask_text": answers.ask_text,
    "ask_size": answers.ask_size,
    "ask_formats": "formats",
    "ask_wait": "wait",
    "aspect": "aspect",
    "credits": "credits",
    "kept": "kept",
    "upload": "upload",
    "undo": "undo",
    "song_link": "song_link",
    "photo_edit": "photo_edit",
    "foreign": "foreign",
    "injection": "injection",
    "howto": "howto",
    "ask": "ask",
    "able": "able",
    "hello": "hello",
    "thanks": "thanks",
    "yes": "yes",
}
