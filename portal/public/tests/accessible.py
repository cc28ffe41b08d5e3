"""What every page that is looked at in a browser is asked."""

from pathlib import Path
from typing import Any

AXE = Path(__file__).parent / "vendor" / "axe.min.js"


def violations(page: Any, within: str = "html") -> dict[str, list[Any]]:
    """What axe-core finds, of WCAG 2.2 A and AA and its best practices: rule → where."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "within => axe.run(within, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa',"
        " 'wcag22aa', 'best-practice'], resultTypes: ['violations']})",
        within,
    )
    return {
        violation["id"]: [node["target"] for node in violation["nodes"]]
        for violation in found["violations"]
    }


def demand_accessible(page: Any, within: str = "html") -> None:
    """Fails with what axe-core finds."""
    assert violations(page, within) == {}, page.url


def demand_no_sideways_scrolling(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
