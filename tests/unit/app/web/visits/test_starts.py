"""Visits: who may start a fetch, by what browsers and robots say of themselves."""

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from app.web.visits.starts import may_start_fetches

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36"
CUBOT = f"Mozilla/5.0 (Linux; Android 9; CUBOT X19 Build/PPR1) {WEBKIT} Mobile Safari/537.36"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def may(method: str = "GET", path: str = "/user/LightLuca/2024", **headers: str) -> bool:
    """Whether such a request may start a fetch."""
    named = [(name.replace("_", "-"), text) for name, text in headers.items()]
    return may_start_fetches(Request(EnvironBuilder(path, method=method, headers=named).get_environ()))


@pytest.mark.parametrize("agent", ["curl/8.14.1", "python-requests/2.32", "Wget/1.25", FIREFOX, CHROME, CUBOT, ""])
def test_persons_and_programs_may(agent: str) -> None:
    assert may(User_Agent=agent)
    assert may(User_Agent=agent, Sec_Fetch_Dest="document", Sec_Fetch_Site="none", Sec_Fetch_User="?1")
    assert may(User_Agent=agent, Sec_Fetch_Dest="document", Sec_Fetch_Site="cross-site"), "a link on another site"
    assert may("POST", User_Agent=agent)


@pytest.mark.parametrize(
    "agent",
    [
        GOOGLEBOT,
        "Googlebot-Image/1.0",
        f"Mozilla/5.0 {WEBKIT} (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "meta-externalagent/1.1",
        "Twitterbot/1.0",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Slack-ImgProxy (+https://api.slack.com/robots)",
        "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
        "WhatsApp/2.23.20.0 A",
        "TelegramBot (like TwitterBot)",
        "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
        "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)",
        "Mozilla/5.0 (compatible; Baiduspider/2.0)",
        "Mozilla/5.0 (compatible; Yahoo! Slurp; http://help.yahoo.com/help/us/ysearch/slurp)",
        "Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        f"Mozilla/5.0 {WEBKIT} (compatible; ClaudeBot/1.0)",
        "Bytespider",
        "CCBot/2.0 (https://commoncrawl.org/faq/)",
        "http.rb/5.1.1 (Mastodon/4.2.1; +https://mastodon.example/) Bot",
        "ia_archiver",
        "Mozilla/5.0 (compatible; Bluesky Cardyb/1.1)",
        "meta-externalfetcher/1.1",
        "Mozilla/5.0 (compatible; vkShare; +http://vk.com/dev/Share)",
        "Google-PageRenderer Google (+https://developers.google.com/+/web/snippet/)",
        "Misskey/2025.4.0 (https://misskey.example)",
        "Pleroma 2.7.0; https://pleroma.example <admin@pleroma.example>",
        "Akkoma 3.15; https://akkoma.example",
        "Friendica 'Interrupted Fern' 2024.12-1571; https://friendica.example",
        "Fetcher/1.0 (+https://fetcher.example/bots)",
        "scrapy-crawler",
    ],
)
def test_who_calls_itself_a_robot_or_a_previewer_may_not(agent: str) -> None:
    assert not may(User_Agent=agent)
    assert may(User_Agent=agent, path="/api/v1/users/LightLuca"), "programs may well be called bots"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Purpose": "prefetch"},
        {"Sec_Purpose": "prefetch;prerender"},
        {"Sec_Purpose": "prefetch;anonymous-client-ip", "Sec_Fetch_Dest": "document"},
        {"Purpose": "prefetch"},
        {"X_Purpose": "preview"},
        {"X_Moz": "prefetch"},
        {"Sec_Fetch_Dest": "image"},
        {"Sec_Fetch_Dest": "image", "Sec_Fetch_Site": "same-origin"},
        {"Sec_Fetch_Dest": "iframe"},
        {"Sec_Fetch_Dest": "script"},
        {"Sec_Fetch_Dest": "empty", "Sec_Fetch_Site": "cross-site"},
    ],
)
@pytest.mark.parametrize("path", ["/user/LightLuca/2024", "/api/v1/users/LightLuca"])
def test_what_is_loaded_ahead_or_into_another_page_may_not(headers: dict[str, str], path: str) -> None:
    assert not may(path=path, User_Agent=CHROME, **headers)


def test_our_own_scripts_may_extensions_may_ask_the_api_and_head_may_not() -> None:
    assert may(User_Agent=CHROME, Sec_Fetch_Dest="empty", Sec_Fetch_Site="same-origin")
    extension = {"User_Agent": CHROME, "Sec_Fetch_Dest": "empty", "Sec_Fetch_Site": "none"}
    assert may(path="/api/v1/users/LightLuca", **extension)
    assert not may(**extension)
    assert not may("HEAD")
    assert not may("OPTIONS")
