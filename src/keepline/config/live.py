"""Where browsers may connect to for news of open pages, besides the pages' own origin."""


def live_sources(live_url: str, live_port: int, production: bool) -> list[str]:
    """Origins for the pages' policy. In production a proxy stands before both programs."""
    if live_url:
        return [live_url]
    names = () if production else ("localhost", "127.0.0.1")
    return [f"http://{name}:{live_port}" for name in names]
