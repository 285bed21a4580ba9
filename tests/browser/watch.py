"""What a browser complains about while a page is used, and whether a page fits its window."""

from playwright.sync_api import ConsoleMessage, Page, Request, Response

VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`));
"""
# A mask over what is too wide would hide it from the number.
OVERFLOW = """() => {
  const mask = [document.documentElement, document.body]
    .some((element) => ["hidden", "clip"].includes(getComputedStyle(element).overflowX));
  return mask ? -1 : document.documentElement.scrollWidth - document.documentElement.clientWidth;
}"""


class Watch:
    """Collects complaints of all pages that it was put over."""

    def __init__(self) -> None:
        self.troubles: list[str] = []

    def over(self, page: Page) -> None:
        page.context.add_init_script(VIOLATIONS)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.troubles.append(f"{page.url}: {error}"))
        page.on("response", self._answered)
        page.on("requestfailed", self._failed)

    def _said(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.troubles.append(f"console: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.troubles.append(f"{response.status}: {response.url}")

    def _failed(self, request: Request) -> None:
        # Leaving a page ends what it was still asking for.
        if request.failure != "net::ERR_ABORTED":
            self.troubles.append(f"{request.failure}: {request.url}")


def overflow_px(page: Page) -> int:
    """By how much the page scrolls sideways; -1 when that is only hidden."""
    return int(page.evaluate(OVERFLOW))
