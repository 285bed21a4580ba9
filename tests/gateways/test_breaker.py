"""The breaker: a few silences open it, one probe closes it, and what is asked is never changed."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepline.config import outages
from keepline.gateways import switchboard
from keepline.gateways.breaker import AT_ONCE, FIRST_PAUSE_S, LONGEST_PAUSE_S, SILENCES, Breaker
from keepline.gateways.network.port import NetworkAnswer, NetworkOperation, NetworkUnknown
from tests.doubles import ScriptedNetwork
from tests.gateways.contract_network import an_operation


@dataclass
class Counted(ScriptedNetwork):
    """Counts what reaches it."""

    calls: int = 0

    def apply(self, operation: NetworkOperation) -> NetworkAnswer:
        self.calls += 1
        return super().apply(operation)


@dataclass
class Case:
    """A breaker, what is behind it, its clock and what it announced."""

    network: Counted = field(default_factory=Counted)
    now_s: float = 1000.0
    announced: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.breaker = Breaker(
            self.network, NetworkUnknown, self.announced.append, lambda: self.now_s
        )

    def is_answered(self) -> bool:
        try:
            self.breaker.apply(an_operation())
        except NetworkUnknown:
            return False
        return True

    def opened(self) -> "Case":
        self.network.deaf = True
        for _ in range(SILENCES):
            assert not self.is_answered()
        return self


@pytest.fixture
def case() -> Case:
    return Case()


def test_silences_in_a_row_open_it_and_nothing_is_sent_then(case: Case) -> None:
    case.opened()
    case.network.deaf = False
    assert not case.is_answered()
    assert case.network.calls == SILENCES
    assert case.announced[0] > FIRST_PAUSE_S


def test_an_answer_in_between_keeps_it_closed(case: Case) -> None:
    for _ in range(5):
        for deaf in (*[True] * (SILENCES - 1), False):
            case.network.deaf = deaf
            assert case.is_answered() is not deaf
    assert case.announced == []


def test_a_no_is_an_answer(case: Case) -> None:
    case.network.script = ["refuse"] * 10
    for _ in range(10):
        assert case.breaker.apply(an_operation()).outcome == "rejected"


def test_one_probe_after_the_pause_closes_it(case: Case) -> None:
    case.opened()
    case.network.deaf = False
    case.now_s += FIRST_PAUSE_S
    assert case.is_answered()
    assert case.announced[-1] == 0
    assert case.is_answered()


def test_while_it_is_probed_everybody_else_waits(case: Case) -> None:
    case.opened()
    case.now_s += FIRST_PAUSE_S
    inside, over = threading.Event(), threading.Event()

    def slow(_: NetworkOperation) -> NetworkAnswer:
        inside.set()
        assert over.wait(20)
        return NetworkAnswer("confirmed")

    case.network.apply = slow  # type: ignore[method-assign]
    probe = threading.Thread(target=case.is_answered)
    probe.start()
    assert inside.wait(20)
    assert not case.is_answered()
    over.set()
    probe.join(20)
    assert case.is_answered()


def test_pauses_double_and_stay_below_their_limit(case: Case) -> None:
    case.opened()
    pauses = []
    for _ in range(8):
        began, before = case.now_s, case.network.calls
        while case.network.calls == before:
            case.now_s += 0.5
            case.is_answered()
        pauses.append(case.now_s - began)
    assert pauses[:3] == [FIRST_PAUSE_S, 2 * FIRST_PAUSE_S, 4 * FIRST_PAUSE_S]
    assert pauses[-1] == LONGEST_PAUSE_S


def test_many_are_a_silence_only_when_all_are(case: Case) -> None:
    operations = [an_operation(), an_operation()]
    for _ in range(SILENCES):
        case.network.script = ["lost", "ok"]
        case.breaker.apply_many(operations)
    assert case.announced == []
    case.network.deaf = True
    for _ in range(SILENCES):
        case.breaker.apply_many(operations)
    calls = case.network.calls
    answers = case.breaker.apply_many(operations)
    assert [type(answer) for answer in answers] == [NetworkUnknown] * 2
    assert case.network.calls == calls


def test_whoever_asks_how_it_does_is_let_through(case: Case) -> None:
    case.opened()
    assert case.breaker.complaints() == ["It is deaf."]
    assert (case.breaker.name, case.breaker.remembers) == ("scripted", True)


def test_a_mistake_of_ours_is_no_silence_and_ends_a_probe(case: Case) -> None:
    for _ in range(SILENCES + 1):
        with pytest.raises(AttributeError):
            case.breaker.apply(None)
    case.opened()
    case.now_s += FIRST_PAUSE_S
    case.network.deaf = False
    with pytest.raises(AttributeError):
        case.breaker.apply(None)
    assert case.is_answered()


def test_no_more_than_a_few_are_under_way_at_once(case: Case) -> None:
    over, inside = threading.Event(), threading.Semaphore(0)

    def slow(_: NetworkOperation) -> NetworkAnswer:
        inside.release()
        assert over.wait(20)
        return NetworkAnswer("confirmed")

    case.network.apply = slow  # type: ignore[method-assign]
    threads = [threading.Thread(target=case.is_answered) for _ in range(2 * AT_ONCE)]
    for thread in threads:
        thread.start()
    for _ in range(AT_ONCE):
        assert inside.acquire(timeout=20)
    assert not inside.acquire(timeout=0.05)
    over.set()
    for thread in threads:
        thread.join(20)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 100)), max_size=20))
def test_an_element_that_is_up_is_asked_again_within_the_longest_pause(
    weather: list[tuple[bool, int]],
) -> None:
    case = Case()
    for deaf, waited_s in weather:
        case.network.deaf = deaf
        case.now_s += waited_s
        case.is_answered()
    case.network.deaf = False
    case.now_s += LONGEST_PAUSE_S
    assert case.is_answered()


@pytest.fixture
def behind_breakers() -> Iterator[ScriptedNetwork]:
    before, network = dict(switchboard._factories), ScriptedNetwork()
    switchboard.connect("network", lambda: network)
    outages.guard_elements()
    yield network
    switchboard._boards.clear()
    switchboard._factories.clear()
    for port, factory in before.items():
        switchboard.connect(port, factory)


@pytest.mark.django_db
def test_what_one_process_finds_all_read_on_the_board(behind_breakers: ScriptedNetwork) -> None:
    assert not switchboard.is_down("network")
    behind_breakers.deaf = True
    for _ in range(SILENCES):
        with pytest.raises(NetworkUnknown):
            switchboard.network().ask(an_operation())
    assert switchboard.is_down("network")
    assert not switchboard.is_down("smdp_plus")
    outages._announce("network", 0)
    assert not switchboard.is_down("network")
