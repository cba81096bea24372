// The clock of participant_clock.py. It never reads the page: it says when a click was made, and when time is over.
const opened = new Map(); // when each case was opened, by this browser's clock
const last = { screen: "", at: -1e9 }; // the last click
const QUICK = 500; // milliseconds in which a second click belongs to the first
const SOON = 10_000; // milliseconds left that are pointed out

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
    parentElement.stop?.();
    parentElement.stop = "left" in data ? countdown(data, parentElement, setTriggerValue) : watch(data, setStateValue);
    return () => parentElement.stop?.();
}

function watch(data, setStateValue) {
    if (data.elapsed !== null && !opened.has(data.screen)) opened.set(data.screen, performance.now() - data.elapsed);
    const clicked = event => {
        const now = performance.now(), late = last.screen !== data.screen && now - last.at < QUICK;
        if (late && event.target.closest?.("button")) {
            event.stopPropagation();
            event.preventDefault();
            return;
        }
        Object.assign(last, { screen: data.screen, at: now });
        const elapsed = data.elapsed === null ? null : Math.round(now - opened.get(data.screen));
        setStateValue("click", { elapsed, time: new Date().toISOString() });
    };
    document.addEventListener("click", clicked, true);
    return () => document.removeEventListener("click", clicked, true);
}

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
