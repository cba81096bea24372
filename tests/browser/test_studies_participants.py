"""Two people take part at once, in two browsers: neither sees anything of the other, and nothing is lost or doubled."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from sparsecbm.schema import CEBAB
from sparsecbm.service import Explainer
from sparsecbm.studies.log import Course
from sparsecbm.studies.protocol import CONFIDENCE, Case, Protocol, Question
from sparsecbm.studies.store import Store
from tests.browser.watch import Visit, settled

SECRET = "Only the first participant wrote this."
#: Milliseconds in which a press on a new screen counts as the second half of a double click on the one before.
QUICK = 600
ALONE, AGAIN = "What is your answer?", "What is your answer now?"


@pytest.fixture(scope="module")
def checkpoint() -> str:
    return Explainer.load().checkpoint.hash


@pytest.fixture
def store(studies_url: str) -> Iterator[Store]:
    with Store.open(studies_url) as made:
        yield made


def study(store: Store, checkpoint: str, **changes: object) -> str:
    cases = tuple(Case(f"c{i}", f"The soup was {what}.", "2", {"food": "Negative"}) for i, what in
                  enumerate(("cold", "bland")))
    settings = {"name": "Soup", "consent": "I take part.", "schema": CEBAB, "arms": ("prediction", "overrides"),
                "cases": cases, "checkpoint": checkpoint, "data_hash": "data", "seed": 3, "questions": (
                    *CONFIDENCE, Question("why", "What made you decide?", "text", "after", required=False))}
    made = store.add_study(Protocol(**settings | changes))  # type: ignore[arg-type]
    store.note(made, "started")
    return made


def press(page: Page, label: str, which: int = 0) -> None:
    page.wait_for_timeout(QUICK)
    page.get_by_role("button", name=label, exact=True).nth(which).click()
    settled(page)


def choose(page: Page, question: str, option: str) -> None:
    group = page.get_by_role("radiogroup", name=question)
    group.locator("label").filter(has_text=option).first.click()


def code(page: Page) -> str:
    page.wait_for_url("**code=*")
    return page.url.rpartition("code=")[2]


def ready(page: Page) -> Locator:
    """The button that opens a case, once its words are worked out."""
    button = page.get_by_role("button", name="Open the case")
    button.wait_for(timeout=120_000)
    page.wait_for_timeout(QUICK)
    return button


def open_case(page: Page) -> None:
    ready(page).click()
    expect(page.get_by_role("radiogroup", name=ALONE)).to_be_visible()
    settled(page)


def answer_alone(page: Page) -> None:
    choose(page, ALONE, "2 stars")
    choose(page, "How confident", "4")
    press(page, "Send my answer")
    expect(page.get_by_role("radiogroup", name=AGAIN)).to_be_visible()


def answer_again(page: Page, why: str = "") -> None:
    choose(page, AGAIN, "3 stars")
    choose(page, "How confident", "5")
    page.get_by_role("textbox", name="What made you decide?").fill(why)
    press(page, "Send my final answer")
    expect(page.get_by_role("radiogroup", name=AGAIN)).to_have_count(0)


def act(page: Page, name: str, which: int = 0) -> None:
    """Press in the concept panel, and wait for the answer."""
    panel = page.locator(".st-key-study-concepts")
    role = "radio" if name in CEBAB.values else "button"
    panel.get_by_role(role, name=name, exact=True).nth(which).click()  # type: ignore[arg-type]
    settled(page)


def no_sideways(page: Page) -> None:
    assert page.get_by_test_id("stMain").evaluate("main => main.scrollWidth <= main.clientWidth")


def did(course: Course) -> list[str]:
    return [event.entry.action for event in course.events]


def test_two_participants_at_once(visitor: Visit, store: Store, checkpoint: str) -> None:
    link = f"/Studies?study={study(store, checkpoint)}"
    one = settled(visitor(link, viewport={"width": 1280, "height": 720}))
    other = visitor(link, viewport={"width": 1024, "height": 720})
    received = list[bytes | str]()
    other.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(frame)))
    other.reload()
    settled(other)
    for page in (one, other):
        expect(page.get_by_test_id("stSidebar")).to_have_count(0)
        press(page, "I agree, and take part")
    codes = code(one), code(other)
    assert codes[0] != codes[1]
    arms = [[trial.arm for trial in store.course(one_code).trials] for one_code in codes]
    assert sorted(arms[0]) == ["overrides", "prediction"] and arms[0] == arms[1][::-1]  # orders as designed

    for page, mine in ((one, arms[0]), (other, arms[1])):
        for at, arm in enumerate(mine):
            expect(page.get_by_text(f"Case {at + 1} of 2")).to_be_visible()
            open_case(page)
            no_sideways(page)
            expect(page.get_by_text("The model answers")).to_have_count(0)
            answer_alone(page)
            no_sideways(page)
            expect(page.get_by_role("img", name="The model answers")).to_be_visible()
            expect(page.locator(".st-key-study-concepts")).to_have_count(1 if arm == "overrides" else 0)
            if arm == "overrides":
                act(page, "Positive")
                no_sideways(page)
            answer_again(page, SECRET if page is one else "")
        expect(page.get_by_text("Thank you.")).to_be_visible()
    frames = b"".join(frame if isinstance(frame, bytes) else frame.encode() for frame in received)
    assert b"The soup was" in frames  # it is looked at what really comes
    assert codes[0].encode() not in frames and SECRET.encode() not in frames
    for one_code in codes:
        course = store.course(one_code)
        assert sorted(did(course)) == sorted(["consent", *2 * ["open", "first", "final"], "set"])
        for event in course.events:
            assert event.entry.client_time is not None
            datetime.fromisoformat(event.entry.client_time)
        for event in course.events[1:]:
            opened = next(was for was in course.events if was.position == event.position)
            written = 1000 * (event.time - opened.time).total_seconds()
            assert event is opened or 0 < (event.entry.elapsed_ms or 0) <= written + 100


def test_reload_links_tabs_and_lost_connections(visitor: Visit, store: Store, checkpoint: str) -> None:
    link = f"/Studies?study={study(store, checkpoint, name='Ways', arms=('overrides',))}"
    page = visitor(link)
    sockets, lost, asked = list[WebSocketRoute](), list[bool](), list[str]()

    def through(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()
        socket.on_message(lambda sent: None if lost else server.send(sent))
        server.on_message(lambda sent: socket.send(sent))
        sockets.append(socket)

    page.route_web_socket("**/_stcore/stream", through)
    page.reload()
    press(settled(page), "I agree, and take part")
    mine = code(page)
    ready(page).dblclick()
    settled(page)
    assert did(store.course(mine)) == ["consent", "open"]
    expect(page.get_by_text("Please")).to_have_count(0)  # the second click was no click on what came then

    page.on("dialog", lambda dialog: asked.append(dialog.type))
    settled(page).reload()
    assert not asked  # nothing was marked
    choose(settled(page), ALONE, "2 stars")
    page.reload()
    assert asked == ["beforeunload"]
    choose(settled(page), ALONE, "2 stars")
    choose(page, "How confident", "4")
    lost.append(True)  # the connection is gone, and nobody has noticed yet
    page.wait_for_timeout(QUICK)
    page.get_by_role("button", name="Send my answer").click()
    expect(page.locator(".network:not(:empty)")).to_have_count(1)
    assert did(store.course(mine)) == ["consent", "open"]
    lost.clear()
    sockets[-1].close()  # it comes back, and with it the press
    expect(page.get_by_role("radiogroup", name=AGAIN)).to_be_visible()
    assert did(store.course(mine)) == ["consent", "open", "first"]
    expect(page.locator(".network:not(:empty)")).to_have_count(0)  # that of the form before may still be there
    act(page, "Positive")
    again = page.context.new_page()  # the link once more, in the same browser: nothing of anybody is shown
    again.goto(page.url.partition("&code=")[0])
    expect(settled(again).get_by_role("button", name="I agree, and take part")).to_be_visible()
    expect(again.get_by_text(mine)).to_have_count(0)
    again.get_by_role("textbox", name="Have you begun already?").fill(mine.lower())
    press(again, "Go on")
    expect(again.locator(".st-key-study-concepts")).to_be_visible()  # and by the code it goes on
    act(again, "Not sure", 1)
    choose(page, AGAIN, "3 stars")
    act(page, "Negative", 2)  # in a window that is out of date
    expect(page.get_by_test_id("stAlert")).to_have_count(1)
    assert did(store.course(mine)) == ["consent", "open", "first", "set", "unsure"]
    expect(page.get_by_role("radio", name="3 stars")).to_be_checked()  # what is not sent stays marked
    again.close()
    act(page, "Undo")
    assert did(store.course(mine)) == ["consent", "open", "first", "set", "unsure", "undo"]
    page.go_back()
    expect(page.locator(".st-key-study-concepts")).to_be_visible()
    answer_again(page)
    assert did(store.course(mine))[-1] == "final"

    press(page, "Withdraw")
    press(page, "Delete all of it")
    expect(page.get_by_text("was deleted")).to_be_visible()
    left = store.courses(link.partition("study=")[2])  # of others there may be some: a test that is repeated
    assert mine not in {course.participant.code for course in left}


def test_the_time_runs_out_on_screen(visitor: Visit, store: Store, checkpoint: str) -> None:
    quick = study(store, checkpoint, name="Quick", time_limit_s=5, arms=("prediction",))
    page = settled(visitor(f"/Studies?study={quick}"))
    press(page, "I agree, and take part")
    open_case(page)
    expect(page.get_by_role("timer")).to_contain_text("0:0")
    expect(page.get_by_text("Case 2 of 2")).to_be_visible(timeout=30_000)
    course = store.course(code(page))
    assert did(course) == ["consent", "open", "timeout"] and course.events[-1].entry.elapsed_ms == 5000
