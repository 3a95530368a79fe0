"""Files that operating systems and programs create next to letters, which users do not mean to upload."""

_FOLDERS = frozenset({"__macosx"})
_NAMES = frozenset({".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini"})
#: Word's lock files, and the metadata files that macOS creates on other file systems.
_STARTS = ("~$", "._")


def is_clutter(path: str) -> bool:
    """Whether the path of a file in an archive or folder is one of these."""
    *folders, name = path.replace("\\", "/").lower().split("/")
    return name in _NAMES or name.startswith(_STARTS) or not _FOLDERS.isdisjoint(folders)
