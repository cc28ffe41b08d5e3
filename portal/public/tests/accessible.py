"""What every page that is looked at in a browser is asked."""

from pathlib import Path
from typing import Any

AXE = Path(__file__).parent / "vendor" / "axe.min.js"


def demand_accessible(page: Any, within: str = "html") -> None:
    """Fails with what axe-core finds, of WCAG 2.2 A and AA and its best practices."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "within => axe.run(within, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa',"
        " 'wcag22aa', 'best-practice']})",
        within,
    )
    violations = {
        violation["id"]: [node["target"] for node in violation["nodes"]]
        for violation in found["violations"]
    }
    assert violations == {}, page.url


def demand_no_sideways_scrolling(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
