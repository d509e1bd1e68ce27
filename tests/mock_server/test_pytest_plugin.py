"""The plugin inside pytest: what it costs, markers, reports, verdicts, workers. `test_pytest_plugin_worlds.py` holds what worlds do."""

import re

import pytest

import mock_server.testing.marked  # noqa: F401  # here, not in each inner run: those forget what they have imported

pytest_plugins = ["pytester"]

ALONE = ["-p", "mock_server.pytest_plugin", "-p", "no:cacheprovider"]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch):
    """`run(test, conftest)`: the outcome of a run with our plugin alone."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def inside(test: str, conftest: str = "", *options: str) -> pytest.RunResult:
        pytester.makepyfile("import pytest\n" + test)
        if conftest:
            pytester.makeconftest(conftest)
        return pytester.runpytest_inprocess(*ALONE, *options)

    return inside


def test_who_never_names_it_imports_nothing(pytester: pytest.Pytester):
    """Autoloaded by its entry point, in a run that passes a test: two small modules of ours, and nothing that serves."""
    pytester.makeconftest(
        """
        import sys

        def pytest_unconfigure(config):
            ours = [name for name in sys.modules if name.partition(".")[0] in ("mock_server", "starlette", "uvicorn", "msgspec")]
            print("\\nloaded:", config.pluginmanager.hasplugin("nemovideo-mock"), sorted(ours))
        """
    )
    pytester.makepyfile("def test_nothing(): pass")
    others = ("schemathesis", "hypothesispytest", "xdist", "anyio")  # schemathesis imports Starlette itself

    done = pytester.runpytest_subprocess(*(f"-pno:{name}" for name in others))

    done.assert_outcomes(passed=1)
    assert "loaded: True ['mock_server', 'mock_server.pytest_plugin']" in done.stdout.str()


# markers


def test_markers_of_class_test_and_parameter_add_up(run, pytester):
    """The nearest to the test wins; a scenario may lie beside the test."""
    (pytester.path / "mine.yaml").write_text(
        "scenario: mine\nwhy: A test has its own\nsettings: {plan: free}\nmessages: [hello]\n"
    )
    done = run(
        """
        @pytest.mark.nemo(seed=3, clock="instant", silent_rate=1)
        class TestAll:
            def test_class(self, nemo_world):
                assert (nemo_world.live.world.seed, nemo_world.clock, nemo_world.settings().silent_rate) == ("3", "instant", 1)

            @pytest.mark.nemo(clock="manual", scenario="mine.yaml")
            def test_nearer(self, nemo_world):
                assert (nemo_world.live.world.seed, nemo_world.clock, nemo_world.settings().plan) == ("3", "manual", "free")
                assert [message.text for message in nemo_world.scenario.messages] == ["hello"]

            @pytest.mark.parametrize("plan", [pytest.param("paid", marks=pytest.mark.nemo(plan="paid", scenario="mine.yaml"))])
            def test_parameter(self, nemo_world, plan):
                assert nemo_world.settings().plan == plan
        """.replace("\n        ", "\n")
    )

    done.assert_outcomes(passed=3)


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("scenaro='silent-edit'", "'scenaro' is neither an option of a world nor a setting; did you mean 'scenario'?"),
        ("silent_rat=1", "did you mean 'silent_rate'?"),
        ("verdict=True", "did you mean 'verdicts'?"),
        ("xyzzy=1", "give scenario, seed, clock, rate, verdicts, or settings by name"),
        ("scenario='silent-edits'", "there is no scenario 'silent-edits', by name or file; did you mean 'silent-edit'?"),
        ("scenario=7", "scenario: 7 is neither the name of a scenario nor its file"),
        ("'silent-edit'", "give it a name, like scenario='silent-edit'"),
        ("clock='instand'", "clock: 'instand' is not one of real, manual, instant; did you mean 'instant'?"),
        ("rate=20", "rate: a manual clock has none; it belongs to clock='real'"),
        ("clock='real', rate=0", "rate: 0 is not a number of virtual seconds in a real one"),
        ("seed=1.5", "seed: 1.5 is neither a text nor a whole number"),
        ("silent_rate='x'", "setting silent_rate: 'x' is not a number"),
        ("verdicts='NV-001'", "verdicts: 'NV-001' is neither True nor a list of rule ids"),
    ],
)
def test_what_a_marker_cannot_say(run, marker, told):
    """The test is an error in one sentence, without a traceback."""
    done = run(f"@pytest.mark.nemo({marker})\ndef test_it(nemo_world): pass")

    done.assert_outcomes(errors=1)
    assert told in done.stdout.str()
    assert "During handling" not in done.stdout.str() and "^^^" not in done.stdout.str()


# reports

ASKS = """
import urllib.request

def ask(world):
    request = urllib.request.Request(world.url + "/api/auth/anonymous-token", method="POST", headers={"X-Client-Id": "me"})
    urllib.request.urlopen(request, timeout=10).close()
"""


def test_only_a_failed_test_tells_what_its_world_has_seen(run):
    """In its body, and in the teardown of another fixture."""
    done = run(
        ASKS
        + """
@pytest.fixture
def untidy(nemo_world):
    yield
    assert False, "untidy"

@pytest.mark.nemo(scenario="silent-edit")
def test_breaks(nemo_world):
    nemo_world.arm("reset", operation="run_sse", at="event", number=1)
    nemo_world.advance(2.5)
    ask(nemo_world)
    assert False

def test_good(nemo_world):
    ask(nemo_world)

def test_untidy(nemo_world, untidy):
    ask(nemo_world)
"""
    )

    done.assert_outcomes(failed=1, passed=2, errors=1)
    told = done.stdout.str()
    assert told.count("- nemo world -") == 2
    assert "world test-breaks, seed 1, scenario silent-edit; 2.5 virtual s after its beginning" in told
    assert "2.500 s  POST /api/auth/anonymous-token -> 200" in told
    assert "faults that never fired: reset" in told
    assert "world test-untidy" in told and "world test-good" not in told
    assert re.search(r"nemovideo-mock replay nm1_\w+", told)


def test_worlds_end_with_their_tests(run):
    """Nothing of one test is there in the next, under the same name either."""
    done = run(
        """
        @pytest.mark.parametrize("name", ["a/b", "a b", "?"])
        def test_alone(nemo_service, nemo_world, name):
            assert list(nemo_service.worlds.live) == [nemo_world.name]
            assert nemo_world.requests() == []
        """.replace("\n        ", "\n")
    )

    done.assert_outcomes(passed=3)


def test_an_error_that_nobody_asked_for(run):
    """A started client that crashed fails its test, unless that has failed anyway."""
    done = run(
        """
        def crash():
            raise KeyError("lost")

        def wait(started):
            started.join(10)

        def test_unseen(nemo_world):
            wait(nemo_world.start(crash))

        def test_seen(nemo_world):
            with pytest.raises(KeyError):
                nemo_world.start(crash).result()

        def test_failed_anyway(nemo_world):
            wait(nemo_world.start(crash))
            assert False
        """.replace("\n        ", "\n")
    )

    done.assert_outcomes(passed=2, failed=1, errors=1)
    assert "KeyError: 'lost'" in done.stdout.str()


# verdicts

JUDGED = """
@pytest.mark.nemo(scenario="silent-edit", verdicts=["NV-001"])
def test_it(nemo_world):
    nemo_world.user_says("hello")
    nemo_world.client_says("good day")
"""
JUDGE = """
class Row:
    rule, verdict, why = "NV-002", "unproven", "nothing was seen"

def pytest_nemo_judge(entries, marker):
    print([entry["kind"] for entry in entries if entry["kind"] != "world"], entries[0]["scenario"], marker)
    return {}
"""


@pytest.mark.parametrize(
    ("rows", "outcome", "told"),
    [
        ("[dict(rule='NV-001', verdict='met', why='seen'), Row()]", {"passed": 1}, ""),
        (
            "[dict(rule='NV-001', verdict='broken', why='not so'), Row()]",
            {"passed": 1, "errors": 1},
            "the client breaks documented rules:\nNV-001: not so",
        ),
        ("None", {"passed": 1, "errors": 1}, "every judge gave None"),
        ("[{'rule': 'NV-001'}]", {"passed": 1, "errors": 1}, "gave {'rule': 'NV-001'}, which lacks verdict, why"),
    ],
)
def test_verdicts_at_the_end(run, rows, outcome, told):
    """The judge gets the trace and what the marker says; a broken rule fails the test, one that is unproven does not."""
    done = run(JUDGED, JUDGE.replace("{}", rows), "-s")

    done.assert_outcomes(**outcome)
    said = done.stdout.str()
    assert "['given', 'user', 'say'] silent-edit {'scenario': 'silent-edit', 'verdicts': ['NV-001']}" in said
    assert told in said
    if "broken" in told or "not so" in told:
        assert "NV-002 unproven nothing was seen" in said


def test_verdicts_that_nobody_gives(run):
    """The test does not even begin."""
    done = run(JUDGED)

    done.assert_outcomes(errors=1)
    assert "nothing here judges a client" in done.stdout.str() and "conformance.pytest_plugin" in done.stdout.str()


def test_a_failed_test_is_not_judged(run):
    """Its trace is not whole."""
    done = run(JUDGED + "    assert False\n", "def pytest_nemo_judge(): raise RuntimeError('asked')")

    done.assert_outcomes(failed=1)
    assert "asked" not in done.stdout.str()


# workers


def test_workers_have_services_of_their_own(pytester: pytest.Pytester, monkeypatch):
    """Under pytest-xdist: two processes, two ports, and reports that reach the first."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(
        """
        import os, pytest

        @pytest.mark.parametrize("number", range(4))
        def test_it(nemo_world, number):
            assert False, f"process {os.getpid()} at {nemo_world.url}"
        """
    )
    done = pytester.runpytest_subprocess(*ALONE, "-p", "xdist", "-n", "2", "--dist=each")

    done.assert_outcomes(failed=8)
    found = set(re.findall(r"E +AssertionError: process (\d+) at http://127.0.0.1:(\d+)/w/test-it-", done.stdout.str()))
    assert len(found) == 2 and len({port for _, port in found}) == 2
    assert done.stdout.str().count("- nemo world -") == 8
