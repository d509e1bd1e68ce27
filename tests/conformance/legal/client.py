"""A legal client: who it is, how it asks, and what it mends by itself. Its talk is in the modules beside it."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random
from typing import Any, TypeVar

from tests.conformance.legal.asking import Answer, Desk, Lost, as_json
from tests.conformance.legal.choices import Habits, own_id
from tests.conformance.legal.talking import Voice
from tests.conformance.legal.users import Wish

T = TypeVar("T")
ID_FILE = ".config/nemovideo/client_id"


class Refused(Exception):
    def __init__(self, code: int, body: Any = None) -> None:
        super().__init__(f"code {code}")
        self.code, self.body = code, body


class GaveUp(Exception):
    """The user was told; nothing more is done for this message."""


class Client:
    """One process of the client; `home` outlives it: what lies on the disk."""

    def __init__(self, desk: Desk, habits: Habits, env: dict[str, str], home: dict[str, str], dice: Random) -> None:
        self.desk, self.habits, self.env, self.home, self.dice = desk, habits, env, home, dice
        self.base = env["NEMO_API_URL"]
        self.voice = Voice(dice)
        self.token = env.get("NEMO_TOKEN", "")
        self.own_token = bool(self.token)
        self.session = self.task = self.user = ""
        self.known: dict[str, Any] | None = None  # the state, while nothing has happened since it was seen
        self.material: list[Any] = []  # files and links of this project
        self.left: list[Any] = []  # those on their way into it
        self.taken: list[Any] = []  # and what the service said of those that arrived
        self.barred = self.greeted = False
        self.renders = 0
        self.queue: list[Wish] = []

    def say(self, key: str, *values: object) -> None:
        self.show(self.voice(key, *values))

    def show(self, text: str) -> None:
        self.desk.note("say", text=text)

    async def wait(self, seconds: float) -> None:
        await self.desk.wait(seconds * 1000)

    def chance(self, share: float) -> bool:
        return self.dice.random() < share

    # asking

    def headers(self, *more: tuple[str, str], token: bool = True) -> list[tuple[str, str]]:
        every = {
            "source": ("X-Skill-Source", self.env["SKILL_NAME"]),
            "version": ("X-Skill-Version", self.env["SKILL_VERSION"]),
            "platform": ("X-Skill-Platform", self.habits.platform),
        }
        if token:
            every["auth"] = ("Authorization", f"Bearer {self.token}")
        return [*(every[name] for name in self.habits.header_order if name in every), *more]

    async def call(self, method: str, path: str, body: Any = None, *more: tuple[str, str], token: bool = True) -> dict[str, Any]:
        """Raises Refused, Lost."""
        headers = self.headers(*more, token=token)
        content = b""
        if body is not None:
            headers.append(("Content-Type", "application/json"))
            content = as_json(body)
        if self.chance(0.3):
            await self.wait(self.dice.uniform(0, 0.4))
        return understood(await self.desk.ask(method, self.base + path, headers, content))

    async def mending(self, make: Callable[[], Awaitable[T]], again_when_lost: bool = True) -> T:
        """Make a call; what documents say how to mend is mended, each once."""
        mended: set[object] = set()
        while True:
            try:
                return await make()
            except Refused as refused:
                if refused.code in mended or refused.code not in (1001, 1002, 429):
                    raise
                mended.add(refused.code)
                if refused.code == 1001:
                    await self.sign_in_again()
                elif refused.code == 1002:
                    await self.start_over()
                else:
                    await self.wait(self.habits.retry_s)
            except Lost:
                if "lost" in mended or not again_when_lost:
                    raise
                mended.add("lost")
                await self.wait(self.dice.uniform(4, 10))

    # who we are

    async def become_guest(self) -> None:
        """Raises Refused, Lost."""
        if self.barred:
            raise Refused(429)
        mended: set[object] = set()
        while True:
            try:
                told = await self.call("POST", "/api/auth/anonymous-token", None, ("X-Client-Id", self.client_id()), token=False)
                break
            except Refused as refused:
                if refused.code not in (400, 429) or refused.code in mended:
                    self.barred = refused.code == 429
                    raise
                mended.add(refused.code)
                if refused.code == 429:
                    await self.wait(self.habits.retry_s)
                elif 429 not in mended and self.chance(0.5) and "NEMO_CLIENT_ID" not in self.env:
                    self.habits.client_id = own_id(self.dice)
                    self.home.pop(ID_FILE, None)
            except Lost:
                if "lost" in mended:
                    raise
                mended.add("lost")
                await self.wait(self.dice.uniform(3, 10))
        data = data_of(told, "token")
        self.token, self.user = data["token"], data.get("user_id") or self.user

    def client_id(self) -> str:
        if given := self.env.get("NEMO_CLIENT_ID"):
            return given
        if self.habits.id_from == "memory":
            return self.habits.client_id
        return self.home.setdefault(ID_FILE, self.habits.client_id)

    async def connect(self) -> None:
        if self.session:
            return
        if not self.greeted or self.chance(0.5):
            self.greeted = True
            self.say("setting_up")
        if not self.token:
            await self.become_guest()
        await self.mending(self.open_session)
        if self.chance(0.7):
            self.say("set_up")

    async def open_session(self) -> None:
        body = {"task_name": self.habits.task_name}
        if self.habits.says_language:
            body["language"] = self.dice.choice(("zh", "zh-CN") if self.voice.zh else ("en", "en", "en-US"))
        told = await self.call("POST", "/api/tasks/me/with-session/nemo_agent", body)
        data = data_of(told, "session_id", "task_id")
        self.session, self.task = data["session_id"], data["task_id"]
        self.user = data.get("user_id") or self.user
        self.known = {}

    async def sign_in_again(self) -> None:
        await self.become_guest()
        self.say("token_replaced" if self.own_token else "guest_again")
        self.own_token = False

    async def try_signing_in(self) -> None:
        """Where what was refused can be done without."""
        try:
            await self.sign_in_again()
        except Refused as refused:
            await self.explain(refused.code)
        except Lost:
            self.say("reconfigure")

    async def start_over(self) -> None:
        self.session = ""
        await self.open_session()
        self.say("new_project")
        again = [one for one in self.material if one not in self.left]
        if again:
            from tests.conformance.legal import material

            await material.send(self, list(again))
            self.say("sent_again", ", ".join(map(material.name, again)))

    # the state

    async def state(self) -> dict[str, Any]:
        """Raises Refused, Lost."""
        told = await self.call("GET", f"/api/state/nemo_agent/me/{self.session}/latest")
        data = data_of(told, "state")
        self.user = data.get("user_id") or self.user
        self.known = data["state"]
        return self.known

    async def looked(self) -> dict[str, Any]:
        return await self.mending(self.state)

    # a message

    async def answer(self, wish: Wish) -> None:
        from tests.conformance.legal import chatting, exporting, material

        self.voice.zh = wish.zh
        flows = {
            "edit": chatting.edit, "generate": chatting.edit, "talk": chatting.edit, "both": chatting.both, "song": chatting.limit, "photo": chatting.limit,
            "foreign": chatting.decline, "export": exporting.export, "credits": material.credits, "status": material.status, "upload": material.upload,
        }  # fmt: skip
        try:
            if wish.kind not in ("foreign", "song", "photo") or self.habits.sets_up_early:
                await self.connect()
            if self.session and self.chance(self.habits.extra_looks):
                await self.glance()
            if (wish.files or wish.urls) and (not await material.bring(self, wish) or wish.kind == "upload"):
                return
            await flows[wish.kind](self, wish)
        except GaveUp:
            pass
        except Refused as refused:
            await self.explain(refused.code)
        except Lost:
            self.say("unreachable")

    async def glance(self) -> None:
        """Look at what may be looked at any time; nobody is told."""
        look = self.dice.choice((self.state, lambda: self.call("GET", "/api/credits/balance/simple")))
        await self.mending(look)

    async def explain(self, code: int) -> None:
        if code == 2001:
            if not self.user:
                with suppress(Refused, Lost):
                    await self.state()
            guest = self.user.startswith("anon_")
            self.say("register" if guest else "top_up", f"{self.env['NEMO_WEB_URL']}/register?bind={self.user}")
        elif code == 402:
            self.say("plan")
        elif code == 429:
            self.say("limited")
        elif code == 1001:
            self.say("reconfigure")
        else:
            self.session = "" if code == 1002 else self.session
            self.say("refused", code)


def understood(answer: Answer) -> dict[str, Any]:
    """Raises Refused, Lost."""
    told = answer.json()
    code = told.get("code") if isinstance(told, dict) else None
    if isinstance(code, int) and code:
        raise Refused(code, told)
    if not isinstance(told, dict):
        raise Lost(f"status {answer.status} and no JSON")
    if answer.status >= 400 or told.get("success") is False:
        raise Refused({401: 1001}.get(answer.status, answer.status), told)
    return told


def data_of(told: dict[str, Any], *wanted: str) -> dict[str, Any]:
    """Raises Lost when these are not in it: the answer was damaged."""
    data = told.get("data")
    if not isinstance(data, dict) or any(name not in data for name in wanted):
        raise Lost("an answer that nobody can read")
    return data


def member(told: dict[str, Any], *path: str) -> Any:
    """What stands inside `data` or beside it."""
    for place in (told.get("data"), told):
        for key in path:
            place = place.get(key) if isinstance(place, dict) else None
        if place is not None:
            return place
    return None
