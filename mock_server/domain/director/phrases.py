"""What the director says, English and Chinese. It speaks as to the user of a visual editor, as the documents describe."""

PHRASES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "unclear": (("Tell me what to do with the video, for example add music or a title.",), ("请告诉我想怎么剪辑，例如加音乐或标题。",)),
}
