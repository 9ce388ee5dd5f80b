"""Reads the JSON files of an app the way the real host and tools do.

They take comments and commas behind the last member, and files that people write have them.
"""

import json
import re
from pathlib import Path
from typing import Any

_COMMENT = r"//[^\n]*|/\*.*?\*/"
# Strings are matched first, so that what looks like a comment inside one is left alone. What stands
# behind a comma is gone through once ("*+"): there are endless ways to see a ruler of slashes as
# several comments, and with all of them tried, one of forty took a minute.
_STRING_OR_EXTRA = re.compile(
    rf'("(?:\\.|[^"\\])*+")|{_COMMENT}|,(?=(?:\s|{_COMMENT})*+[}}\]])', re.DOTALL
)


def read_json_file(path: Path) -> Any:
    """The document in a UTF-8 file, with or without a byte order mark.

    Raises:
        ValueError: It is not JSON, or not UTF-8.
        OSError: It cannot be read.
    """
    return json.loads(_STRING_OR_EXTRA.sub(_keep_string, path.read_text(encoding="utf-8-sig")))


def _keep_string(found: re.Match[str]) -> str:
    # Blanks for what is left out, so that an error names the line and column of the file.
    return found[1] or re.sub(r"[^\n]", " ", found[0])
