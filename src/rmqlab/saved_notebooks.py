"""What Jupyter saves of a learner's notebook: the pictures, without the live views that need this kernel.

Opened later, a live view is an error message, and front ends prefer it to the picture beside it.
`jupyter_settings` hands `before_saving` to the server of `rmqlab lab`.
"""

from __future__ import annotations

from typing import Any

_LIVE_VIEW = "application/vnd.jupyter.widget-view+json"
_PICTURE = "image/svg+xml"


def before_saving(model: dict[str, Any], **_: object) -> None:
    """Drop each live view that has a picture beside it: Jupyter's `pre_save_hook`.

    Other widgets stay as they are: nothing else shows what they show.
    """
    if model.get("type") != "notebook" or not isinstance(model.get("content"), dict):
        return
    for cell in model["content"].get("cells", ()):
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if _PICTURE in data:
                data.pop(_LIVE_VIEW, None)
