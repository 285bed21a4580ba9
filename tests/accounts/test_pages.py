"""Every page of sign-in: policy without inline code, no inline style, nothing for a cache."""

import re

import pytest
from django.test import Client

from keepline.accounts.models import User
from tests.accounts.conftest import EMAIL, GOOD, confirm, is_in, sign_in
from tests.accounts.test_second_factor import PAGES

OPEN = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/signup/?by=phone",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/inactive/",
    "/offline/",
]
INLINE = re.compile(
    r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*(\ssrc=|type=\"application/json\"))",
    re.IGNORECASE,
)


def check(answer: object) -> None:
    policy = answer.headers["Content-Security-Policy"]  # type: ignore[attr-defined]
    assert "unsafe" not in policy
    assert {"script-src 'self'", "style-src 'self'"} <= {p.strip() for p in policy.split(";")}
    text = answer.content.decode()  # type: ignore[attr-defined]
    found = INLINE.search(text)
    assert found is None, text[found.start() - 80 : found.end() + 80] if found else ""


@pytest.mark.parametrize("url", OPEN)
def test_open_pages(visitor: Client, url: str) -> None:
    answer = visitor.get(url)
    assert answer.status_code == 200
    check(answer)


@pytest.mark.parametrize("url", [*PAGES, "/account/", "/account/tokens/"])
def test_own_pages(visitor: Client, dora: User, url: str) -> None:
    sign_in(visitor)
    confirm(visitor)
    answer = visitor.get(url)
    assert answer.status_code == 200
    check(answer)
    assert "no-store" in answer["Cache-Control"]


def test_a_check_that_would_find_something() -> None:
    for bad in ('<p style="x">', "<script>1</script>", '<a onclick="x">', "<style>"):
        assert INLINE.search(bad)
    assert not INLINE.search('<script src="/a.js" defer></script>')
    assert not INLINE.search('<script id="d" type="application/json">{}</script>')


@pytest.mark.parametrize(
    ("accepted", "tag", "said"),
    [
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru", "Забыли пароль?"),
        ("uk-UA, ru;q=0.5", "uk", "Забули пароль?"),
        ("tlh, uk;q=0.3", "uk", "Забули пароль?"),
        ("tlh", "en", "Forgotten your password?"),
    ],
)
def test_the_browsers_language(accepted: str, tag: str, said: str, visitor: Client) -> None:
    answer = visitor.get("/accounts/login/", headers={"accept-language": accepted})
    text = answer.content.decode()
    assert f'<html lang="{tag}">' in text
    assert said in text
    assert f'value="{tag}" lang="{tag}" aria-current="true"' in text


def test_chinese_by_browser_and_by_choice(visitor: Client, dora: User) -> None:
    text = visitor.get("/accounts/login/", headers={"accept-language": "zh-CN"}).content.decode()
    assert '<html lang="zh-Hans">' in text
    assert "忘记密码" in text
    sign_in(visitor)
    visitor.post("/language/", {"language": "zh-hans", "next": "/account/"})
    dora.refresh_from_db()
    assert dora.language == "zh-hans"
    other = Client(HTTP_ACCEPT_LANGUAGE="en")
    sign_in(other)
    assert '<html lang="zh-Hans">' in other.get("/account/").content.decode()


def test_the_language_switch_leads_nowhere_else(visitor: Client) -> None:
    answer = visitor.post("/language/", {"language": "en", "next": "https://evil.example/"})
    assert answer["Location"] == "/"
    assert visitor.post("/language/", {"language": "xx"}).status_code == 400
    assert visitor.get("/language/").status_code == 405


def test_after_sign_in_nobody_is_sent_elsewhere(visitor: Client, dora: User) -> None:
    data = {"login": EMAIL, "password": GOOD, "next": "https://evil.example/"}
    assert visitor.post("/accounts/login/", data)["Location"] == "/"


def test_a_form_without_its_token_changes_nothing(dora: User) -> None:
    strict = Client(enforce_csrf_checks=True, HTTP_ACCEPT_LANGUAGE="en")
    answer = strict.post("/accounts/login/", {"login": EMAIL, "password": GOOD})
    assert answer.status_code == 403
    assert "The page was open too long" in answer.content.decode()
    assert not is_in(strict)
