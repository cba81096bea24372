"""What a session keeps and nothing else does: said in one quiet line, and the browser asks before it is lost."""

from sparsecbm.ui.component import component

_component = component(__file__)


def unsaved_line(name: str, what: str, there: bool, place: str = "") -> None:
    """To be called wherever such things are shown or made; `place` tells several such places on one page apart.

    `what` starts the line, such as "Scenes are". While there is nothing to lose, nothing is drawn and nobody is asked.
    """
    _component(key=f"unsaved:{name}:{place}", data={
        "name": name, "there": there, "line": f"{what} kept until you close or reload this tab."})
