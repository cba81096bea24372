// The clock of panel_participant_clock.py: when a button was pressed, when time is over, what is not sent yet.
const opened = new Map(); // when each case was opened, by this browser's clock
const last = { form: "", named: null, at: -1e9 }; // the last press
const unsent = { form: "", marked: false }; // whether something was marked in the form at hand
const press = { drawn: 0, waits: false, sent: null }; // the last press, as long as the server has not answered it
const QUICK = 500; // milliseconds in which a second press belongs to the first
const SLOW = 2000; // milliseconds after which a press that was not answered is spoken of
const SOON = 10_000; // milliseconds left that are pointed out
const LOST = "There is no connection to the server. Your marks are still here; they can be sent once it is back.";
const WAITING = "Your answer is on its way. Please keep this page open until the server has confirmed it.";
const REPEAT = "Your last change may not have reached the server. Please look at what is shown, and repeat it if needed.";

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
    parentElement.stop?.();
    parentElement.stop = "left" in data
        ? countdown(data, parentElement, setTriggerValue) : watch(data, parentElement, setStateValue);
    return () => parentElement.stop?.();
}

function watch(data, parent, setStateValue) {
    if (data.elapsed !== null && !opened.has(data.screen)) opened.set(data.screen, performance.now() - data.elapsed);
    if (unsent.form !== data.form) Object.assign(unsent, { form: data.form, marked: false });
    if (press.drawn !== data.drawn) Object.assign(press, { drawn: data.drawn, waits: false, sent: null }); // its answer
    const say = network(parent, () => {
        if (!press.sent) return false;
        setStateValue("press", press.sent);
        press.again = true; // with the same key, so that it counts once
        document.querySelector(`.${press.sent.button} button`)?.click();
        press.again = false;
        return true;
    });
    const mark = event => { if (event.target.closest?.("[data-testid=stForm]")) unsent.marked = true; };
    const time = () => ({
        key: key(), elapsed: data.elapsed === null ? null : Math.round(performance.now() - opened.get(data.screen)),
        time: new Date().toISOString(),
    });
    const listeners = {
        click: event => {
            if (event.target.closest?.("[role=radiogroup]")) mark(event);
            const button = event.target.closest?.("button"), named = button?.closest("[class*='st-key-study-']");
            if (!button) return;
            if (press.again) return;
            const now = performance.now();
            if (now - last.at < QUICK && (last.form !== data.form || named === last.named)) {
                event.stopPropagation();
                event.preventDefault();
                return;
            }
            if (!button.closest("[data-testid=stForm]") || !named) return;
            Object.assign(last, { form: data.form, named, at: now });
            const style = [...named.classList].find(name => name.startsWith("st-key-study-"));
            press.sent = { ...time(), button: style };
            setStateValue("press", press.sent);
            say.waiting();
        },
        "sparsecbm:clock": ({ detail }) => { // the concept panel is pressed
            Object.assign(detail, time());
            say.waiting();
        },
        input: mark,
        keydown: event => { if (event.target.closest?.("[role=radiogroup]") && event.key !== "Tab") mark(event); },
    };
    const leave = event => { if (unsent.marked) event.preventDefault(); };
    for (const [name, listener] of Object.entries(listeners)) document.addEventListener(name, listener, true);
    addEventListener("beforeunload", leave);
    return () => {
        for (const [name, listener] of Object.entries(listeners)) document.removeEventListener(name, listener, true);
        removeEventListener("beforeunload", leave);
        say.stop();
    };
}

// Says when there is no connection, and when a press was not answered for a while. Once the connection is back, the
// press is sent again by `resend`, which is false where there is none.
function network(parent, resend) {
    const app = document.querySelector("[data-testid=stApp]");
    const connected = () => (app?.dataset.testConnectionState ?? "CONNECTED") === "CONNECTED";
    let box = parent.querySelector(".network");
    if (!box) {
        box = make("div", "network");
        box.setAttribute("role", "status");
        parent.append(box);
    }
    let timer = null, words = press.waits ? WAITING : "", was = connected(), back = null;
    const show = () => { box.textContent = connected() ? words : LOST; };
    const follow = new MutationObserver(() => {
        if (connected() && !was && press.waits) back = setTimeout(() => { // the page may draw itself anew by then
            if (!resend()) words = REPEAT;
            show();
        }, 1000);
        was = connected();
        show();
    });
    if (app) follow.observe(app, { attributes: true, attributeFilter: ["data-test-connection-state"] });
    show();
    return {
        waiting: () => {
            press.waits = true;
            timer ??= setTimeout(() => { words = WAITING; show(); }, SLOW);
        },
        stop: () => { clearTimeout(timer); clearTimeout(back); follow.disconnect(); },
    };
}

const key = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), byte => byte.toString(16).padStart(2, "0"))
    .join("");

function countdown(data, parent, setTriggerValue) {
    let box = parent.querySelector(".left");
    if (!box) {
        box = make("div", "left");
        box.setAttribute("role", "timer");
        box.append("Time left: ", make("b"));
        parent.append(box);
    }
    const end = performance.now() + data.left;
    const tick = () => {
        const left = Math.max(0, end - performance.now()), seconds = Math.ceil(left / 1000);
        box.lastChild.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
        box.classList.toggle("soon", left <= SOON);
        if (left) return;
        clearInterval(timer);
        setTriggerValue("over", data.screen);
    };
    const timer = setInterval(tick, 250);
    tick();
    return () => clearInterval(timer);
}
