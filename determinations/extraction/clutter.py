"""Files that systems and programs leave beside letters, and that nobody means to upload."""

_FOLDERS = frozenset({"__macosx"})
_NAMES = frozenset({".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini"})
#: Word's note of who has a document open, and what macOS keeps of a file on a foreign disk.
_STARTS = ("~$", "._")


def is_clutter(path: str) -> bool:
    """Whether a file inside an archive or a folder is such a file, by its path."""
    *folders, name = path.replace("\\", "/").lower().split("/")
    return name in _NAMES or name.startswith(_STARTS) or not _FOLDERS.isdisjoint(folders)
