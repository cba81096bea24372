// Turns slides by key and by button. Keys count wherever the focus is, but not while somebody types.
export default function ({ data, parentElement, setTriggerValue }) {
    let nav = parentElement.querySelector("nav");
    if (!nav) {
        nav = make("nav");
        nav.setAttribute("aria-label", "Scenes");
        nav.append(button("ArrowLeft", "‹", "Previous scene"), make("output"),
            button("ArrowRight", "›", "Next scene"), button("Escape", "✕", "Leave"));
        nav.addEventListener("click", event => nav.go(event.target.name));
        parentElement.appendChild(nav);
        Object.assign(nav, { at: data.at, turn: data.turn });
    }
    if (nav.drawn !== data.at) parentElement.getRootNode().host.closest("[data-testid=stMain]").scrollTo(0, 0);
    nav.drawn = data.at;
    // What was drawn before the page heard of the last press leaves that one standing.
    if (data.turn >= nav.turn) Object.assign(nav, { at: data.at, turn: data.turn });
    nav.querySelector("output").textContent = slideName(nav.at, data.count);
    nav.go = key => {
        const next = key === "Escape" ? null : sceneAfter(key, nav.at, data.count);
        if (next === undefined) return false;
        if (next !== nav.at) {
            nav.at = next ?? nav.at;
            nav.querySelector("output").textContent = slideName(nav.at, data.count);
            setTriggerValue("pressed", { at: next, turn: ++nav.turn });
        }
        return true;
    };
    if (nav.pressed) document.removeEventListener("keydown", nav.pressed);
    const pressed = nav.pressed = event => {
        const plain = !event.ctrlKey && !event.altKey && !event.metaKey;
        const typing = event.target.closest?.("input, textarea, [contenteditable=true]");
        if (plain && !typing && nav.go(event.key)) event.preventDefault();
    };
    document.addEventListener("keydown", pressed);
    return () => document.removeEventListener("keydown", pressed);
}

function button(name, text, label) {
    const made = Object.assign(make("button"), { name, textContent: text, type: "button" });
    made.setAttribute("aria-label", label);
    return made;
}
