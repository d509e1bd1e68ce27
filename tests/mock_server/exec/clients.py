"""Clients of Python with the host written into them: each posts, and prints `NAME STATUS` or `NAME why not`. A program, not a test."""

import asyncio
import json
import sys
import urllib.request

URL = "https://mega-api-prod.nemovideo.ai/api/auth/anonymous-token"
HEADERS: dict[str, str] = {}


def by_urllib(url: str) -> int:
    with urllib.request.urlopen(urllib.request.Request(url, b"", HEADERS), timeout=20) as answer:
        assert json.load(answer)["data"]["token"]
        return answer.status


def by_requests(url: str) -> int:
    import requests

    return requests.post(url, headers=HEADERS, timeout=20).status_code


def by_httpx(url: str) -> int:
    import httpx

    return httpx.post(url, headers=HEADERS, timeout=20).status_code


def by_async_httpx(url: str) -> int:
    import httpx

    async def ask() -> int:
        async with httpx.AsyncClient(timeout=20) as client:
            return (await client.post(url, headers=HEADERS)).status_code

    return asyncio.run(ask())


def by_aiohttp(url: str) -> int:
    import aiohttp

    async def ask() -> int:
        async with aiohttp.ClientSession() as client, client.post(url, headers=HEADERS) as answer:
            return answer.status

    return asyncio.run(ask())


if __name__ == "__main__":
    for client in (by_urllib, by_requests, by_httpx, by_async_httpx, by_aiohttp):
        HEADERS["X-Client-Id"] = client.__name__
        try:
            print(client.__name__, client(sys.argv[1] if len(sys.argv) > 1 else URL))
        except Exception as error:
            print(client.__name__, type(error).__name__, error)
