"""Planted defects of the domain, one function each: what a careless change might break, and the world machine must see."""

from collections.abc import Callable
from typing import Any

from pytest import MonkeyPatch

from mock_server import snapshot
from mock_server.domain import accounts, clock, credits, director, ids, renders, sessions, tokens, turns
from mock_server.domain import world as service
from mock_server.domain.errors import NotFound
from mock_server.domain.lifecycle import IllegalMove

Mutant = Callable[[MonkeyPatch], None]

MUTANTS: dict[str, Mutant] = {}


def mutant(plant: Mutant) -> Mutant:
    MUTANTS[plant.__name__] = plant
    return plant


# credits


@mutant
def settling_keeps_the_hold(patch: MonkeyPatch) -> None:
    patch.setattr(credits, "close", lambda ledger, at_ms, ref, happening: 0)


@mutant
def holding_asks_nobody(patch: MonkeyPatch) -> None:
    def hold(ledger: credits.Ledger, at_ms: int, amount: int, ref: str) -> None:
        ledger.entries.append(credits.Entry(at_ms, "hold", amount, ref))

    patch.setattr(credits, "hold", hold)


@mutant
def every_edit_of_a_session_is_charged(patch: MonkeyPatch) -> None:
    real = service._price

    def price(given: Any, session: sessions.Session, script: Any) -> int:
        return given.cost_edit if script.kind == "edit" else real(given, session, script)

    patch.setattr(service, "_price", price)


@mutant
def success_releases_the_price(patch: MonkeyPatch) -> None:
    real = credits.close
    patch.setattr(credits, "close", lambda ledger, at_ms, ref, happening: real(ledger, at_ms, ref, "release"))


@mutant
def failure_settles_the_price(patch: MonkeyPatch) -> None:
    real = credits.close
    patch.setattr(credits, "close", lambda ledger, at_ms, ref, happening: real(ledger, at_ms, ref, "settle"))


@mutant
def a_hold_can_be_closed_twice(patch: MonkeyPatch) -> None:
    real = credits.close

    def close(ledger: credits.Ledger, at_ms: int, ref: str, happening: Any) -> int:
        amount = real(ledger, at_ms, ref, happening)
        ledger.entries.append(credits.Entry(at_ms, happening, amount, ref))
        return amount

    patch.setattr(credits, "close", close)


@mutant
def credits_taken_away_leave_debts(patch: MonkeyPatch) -> None:
    def grant(ledger: credits.Ledger, at_ms: int, amount: int, ref: str) -> None:
        ledger.entries.append(credits.Entry(at_ms, "grant", amount, ref))

    patch.setattr(credits, "grant", grant)


@mutant
def total_forgets_what_is_frozen(patch: MonkeyPatch) -> None:
    real = credits.balance
    patch.setattr(credits, "balance", lambda ledger: real(ledger)._replace(total=real(ledger).available))


# tokens and accounts


@mutant
def a_window_lasts_a_millisecond_longer(patch: MonkeyPatch) -> None:
    def free_at_ms(windows: accounts.Windows, key: str, now_ms: int, most: int, span_ms: int) -> int | None:
        recent = [at for at in windows.taken_ms.get(key, []) if now_ms - at <= span_ms]
        return None if most == 0 or len(recent) < most else recent[-most] + span_ms

    patch.setattr(accounts, "free_at_ms", free_at_ms)


@mutant
def a_window_gives_one_token_too_many(patch: MonkeyPatch) -> None:
    real = accounts.free_at_ms
    patch.setattr(accounts, "free_at_ms", lambda windows, key, now, most, span: real(windows, key, now, most and most + 1, span))


@mutant
def addresses_have_no_window(patch: MonkeyPatch) -> None:
    real = accounts.free_at_ms
    patch.setattr(accounts, "free_at_ms", lambda windows, key, *rest: None if key.count(".") == 3 else real(windows, key, *rest))


@mutant
def a_token_outlives_its_end(patch: MonkeyPatch) -> None:
    def state(token: tokens.Token, now_ms: int) -> str:
        if token.revoked_ms is not None and token.revoked_ms <= now_ms:
            return "revoked"
        return "expired" if now_ms > token.expires_ms else "valid"

    patch.setattr(tokens, "state", state)


@mutant
def a_revoked_token_still_opens(patch: MonkeyPatch) -> None:
    patch.setattr(tokens, "state", lambda token, now_ms: "expired" if now_ms >= token.expires_ms else "valid")


@mutant
def scopes_are_not_checked(patch: MonkeyPatch) -> None:
    real = tokens.authenticate
    patch.setattr(tokens, "authenticate", lambda known, header, scope, now_ms: real(known, header, "", now_ms))


@mutant
def every_claim_is_a_new_one(patch: MonkeyPatch) -> None:
    real = service.issue_claim_token

    def issue(world: service.World, *rest: Any) -> tokens.Claim:
        world.claims.clear()
        return real(world, *rest)

    patch.setattr(service, "issue_claim_token", issue)


# sessions and ids


@mutant
def sessions_are_open_to_everybody(patch: MonkeyPatch) -> None:
    real = sessions.find
    patch.setattr(
        sessions,
        "find",
        lambda known, session_id, user_id: real(known, session_id, getattr(known.get(session_id), "user_id", "")),
    )


@mutant
def session_ids_are_short(patch: MonkeyPatch) -> None:
    real = ids.session_id
    patch.setattr(ids, "session_id", lambda *given: real(*given)[:15])


@mutant
def session_ids_repeat(patch: MonkeyPatch) -> None:
    real = ids.session_id

    def session_id(dice: ids.Dice) -> str:
        dice.drawn.pop("session_id", None)
        return real(dice)

    patch.setattr(ids, "session_id", session_id)


@mutant
def ids_come_from_outside_the_world(patch: MonkeyPatch) -> None:
    drawn = iter(range(10**6))
    real = ids.session_id
    patch.setattr(ids, "session_id", lambda *given: str(int(real(*given)) + next(drawn)))


# turns


@mutant
def effects_happen_when_the_turn_starts(patch: MonkeyPatch) -> None:
    real = service._run

    def run(world: service.World, account: Any, session: sessions.Session, turn: Any, refuse_in_stream: bool) -> None:
        real(world, account, session, turn, refuse_in_stream)
        for step in turn.script.steps:
            for effect in step.effects:
                service._apply(world, session, effect)

    patch.setattr(service, "_run", run)


@mutant
def a_turn_nobody_hears_stops(patch: MonkeyPatch) -> None:
    real = service._tell

    def tell(world: service.World, turn: Any, step: Any) -> None:
        if turn.told:
            turn.script.steps = turn.script.steps[: turn.done]
        else:
            real(world, turn, step)

    patch.setattr(service, "_tell", tell)


@mutant
def events_are_told_twice(patch: MonkeyPatch) -> None:
    real = service._tell

    def tell(world: service.World, turn: Any, step: Any) -> None:
        real(world, turn, step)
        if step.event is not None:
            turn.told.append(turn.told[-1])

    patch.setattr(service, "_tell", tell)


@mutant
def events_told_are_rewritten(patch: MonkeyPatch) -> None:
    real = service._end_turn

    def end(world: service.World, turn: Any, script: Any) -> None:
        real(world, turn, script)
        turn.told = [one for one in turn.told if one.event.kind != "tool_call"]

    patch.setattr(service, "_end_turn", end)


@mutant
def hearts_do_not_beat(patch: MonkeyPatch) -> None:
    real = director.direct

    def direct(message: str, **context: Any) -> Any:
        script = real(message, **context)
        script.steps = [step for step in script.steps if step.event is None or step.event.kind != "heartbeat"]
        return script

    patch.setattr(service, "direct", direct)


@mutant
def silent_edits_change_nothing(patch: MonkeyPatch) -> None:
    real = director.direct

    def direct(message: str, **context: Any) -> Any:
        script = real(message, **context)
        for step in script.steps if script.silent else ():
            step.effects.clear()
        return script

    patch.setattr(service, "direct", direct)


@mutant
def silence_has_no_bound(patch: MonkeyPatch) -> None:
    real = director.direct

    def direct(message: str, **context: Any) -> Any:
        return real(message, **{**context, "silent": True})

    patch.setattr(service, "direct", direct)


@mutant
def a_queue_is_never_served(patch: MonkeyPatch) -> None:
    patch.setattr(service, "_run_next", lambda world, session: session.waiting.clear())


@mutant
def a_second_turn_is_never_refused(patch: MonkeyPatch) -> None:
    real = service.start_turn

    def start(world: service.World, account: Any, session: sessions.Session, *rest: Any) -> Any:
        running, session.running = session.running, []
        try:
            turn = real(world, account, session, *rest)
        finally:
            session.running = running + session.running
        return turn

    patch.setattr(service, "start_turn", start)


@mutant
def a_lifecycle_has_no_end(patch: MonkeyPatch) -> None:
    def advance(turn: Any, happening: str) -> None:
        turn.state = "running"

    patch.setattr(turns, "advance", advance)


# renders


@mutant
def a_render_completes_before_its_time(patch: MonkeyPatch) -> None:
    real = renders.status

    def status(render: renders.Render, now_ms: int) -> str:
        state = real(render, now_ms)
        return "completed" if state == "processing" and not render.error else state

    patch.setattr(renders, "status", status)


@mutant
def a_failed_render_completes(patch: MonkeyPatch) -> None:
    real = renders.status
    patch.setattr(renders, "status", lambda render, now_ms: real(render, now_ms).replace("failed", "completed"))


@mutant
def a_render_at_work_can_be_cancelled(patch: MonkeyPatch) -> None:
    def cancel(world: service.World, account: Any, render_id: str) -> renders.Render:
        render = service.find_render(world, account, render_id)
        render.cancelled_ms = world.now_ms
        return render

    patch.setattr(service, "cancel_render", cancel)


@mutant
def a_render_id_can_be_used_again(patch: MonkeyPatch) -> None:
    real = service.submit_render

    def submit(world: service.World, account: Any, session: Any, render_id: str, *rest: Any) -> renders.Render:
        world.renders.pop(service.render_key(account, render_id), None)
        return real(world, account, session, render_id, *rest)

    patch.setattr(service, "submit_render", submit)


@mutant
def renders_are_open_to_everybody(patch: MonkeyPatch) -> None:
    def find(world: service.World, account: Any, render_id: str) -> renders.Render:
        for render in world.renders.values():
            if render.id == render_id:
                return render
        raise NotFound

    patch.setattr(service, "find_render", find)


@mutant
def the_free_plan_exports(patch: MonkeyPatch) -> None:
    real = service.submit_render

    def submit(world: service.World, account: Any, *rest: Any) -> renders.Render:
        plan, account.plan = account.plan, "paid"
        try:
            return real(world, account, *rest)
        finally:
            account.plan = plan

    patch.setattr(service, "submit_render", submit)


@mutant
def links_work_for_ever(patch: MonkeyPatch) -> None:
    def finished(world: service.World, render: renders.Render) -> None:
        if renders.status(render, world.now_ms) != "completed":
            raise NotFound

    patch.setattr(service, "finished_file", finished)


# time and snapshots


@mutant
def the_latest_comes_first(patch: MonkeyPatch) -> None:
    def pop(timeline: clock.Timeline, until_ms: int) -> clock.Due | None:
        due = [entry for entry in timeline.due if entry.at_ms <= until_ms]
        if not due:
            return None
        entry = max(due)
        timeline.due.remove(entry)
        timeline.due.sort()
        timeline.now_ms = max(timeline.now_ms, entry.at_ms)
        return entry

    patch.setattr(clock.Timeline, "pop", pop)


@mutant
def time_goes_back(patch: MonkeyPatch) -> None:
    def settle(timeline: clock.Timeline, until_ms: int) -> None:
        timeline.now_ms = until_ms

    patch.setattr(clock.Timeline, "settle", settle)


@mutant
def all_happens_at_the_end_of_a_leap(patch: MonkeyPatch) -> None:
    real = service.advance

    def advance(world: service.World, until_ms: int) -> None:
        world.timeline.now_ms = max(world.now_ms, until_ms)
        real(world, until_ms)

    patch.setattr(service, "advance", advance)


@mutant
def what_is_due_at_the_instant_itself_waits(patch: MonkeyPatch) -> None:
    real = clock.Timeline.pop
    patch.setattr(clock.Timeline, "pop", lambda timeline, until_ms: real(timeline, until_ms - 1))


@mutant
def a_snapshot_loses_the_dice(patch: MonkeyPatch) -> None:
    real = snapshot.thaw

    def thaw(content: bytes) -> snapshot.Snapshot:
        kept = real(content)
        kept.world.dice.drawn.clear()
        return kept

    patch.setattr(snapshot, "thaw", thaw)


@mutant
def a_snapshot_loses_what_is_due(patch: MonkeyPatch) -> None:
    real = snapshot.thaw

    def thaw(content: bytes) -> snapshot.Snapshot:
        kept = real(content)
        kept.world.timeline.due.clear()
        return kept

    patch.setattr(snapshot, "thaw", thaw)


#: What a mutant may break: a law that the machine names, or a lifecycle.
BREACHES = (AssertionError, IllegalMove)
