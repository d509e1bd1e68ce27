"""The tools of the agent, by the names its tool events carry.

Two names are the vendor's own. The others are assumed: the vendor's later client only matches parts of names
(`suno`, `understand`, `voiceover`), so each of ours contains its part.
"""

VIDEO_MAKER = "generate_video_with_seedance"  # vendor
EDITOR = "edit_multitrack"  # vendor
MUSIC_MAKER = "generate_music_with_suno"  # assumed
WATCHER = "understand_video"  # assumed
READER = "generate_voiceover"  # assumed

TOOLS = (VIDEO_MAKER, EDITOR, MUSIC_MAKER, WATCHER, READER)
