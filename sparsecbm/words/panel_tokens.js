// Draws the pieces of token_pieces in panel_tokens.py. The text only ever becomes text nodes and attributes. A word is
// an inline element, not a button element: those are boxes, and boxes put right-to-left words in the wrong order.
export default function ({ data, parentElement, setTriggerValue }) {
    let box = parentElement.querySelector(".review");
    if (!box) {
        box = make("div");
        box.setAttribute("role", "toolbar");
        box.dir = "auto";
        box.addEventListener("click", event => press(box, event.target.closest("[role=button]")));
        box.addEventListener("keydown", event => key(box, event));
        parentElement.appendChild(box);
        box.turn = data.turn;
    }
    box.changed = hidden => setTriggerValue("hidden", { hidden, turn: ++box.turn });
    // What was drawn before the page heard of the last press leaves that one standing.
    const stale = data.turn < box.turn && box.review === data.review;
    const pressed = new Set(wordsIn(box, ".word[aria-pressed=true]"));
    box.className = `review ${data.density}`;
    box.setAttribute("aria-label", data.label);
    // The same text in the same pieces is updated where it stands, so that keyboard focus and open folds stay.
    const shape = JSON.stringify([data.review, data.pieces.map(outline)]);
    if (box.shape !== shape) {
        const same = box.review === data.review, at = same && box.getRootNode().activeElement?.dataset?.word;
        const open = new Set(same ? wordsIn(box, ".fold[aria-expanded=true] + .folded .word") : []);
        box.replaceChildren(...data.pieces.map(build));
        Object.assign(box, { shape, review: data.review });
        for (const fold of box.querySelectorAll(".fold"))
            fold.setAttribute("aria-expanded", String(open.has(Number(fold.dataset.first))));
        (stops(box)[0] ?? box).tabIndex = 0;
        if (at) focus(box, box.querySelector(`[data-word="${at}"]`));
    }
    for (const piece of words(data.pieces)) {
        const hidden = stale ? pressed.has(piece.word) : piece.hidden;
        dress(box.querySelector(`[data-word="${piece.word}"]`), { ...piece, hidden });
    }
}

const words = pieces => pieces.flatMap(piece => piece.inside ? words(piece.inside) : "word" in piece ? [piece] : []);
const outline = piece => piece.inside ? piece.inside.map(outline) : [piece.word, piece.text, piece.unread];
const wordsIn = (box, which) => [...box.querySelectorAll(which)].map(word => Number(word.dataset.word));
const stops = box => [...box.querySelectorAll("[role=button]")].filter(stop => stop.getClientRects().length);

function build(piece) {
    const span = make("span");
    if (piece.inside) return foldOf(piece);
    if (!("word" in piece)) {
        span.textContent = piece.text;
        if (piece.unread) {
            span.className = "unread";
            span.title = "The model did not read this";
        }
        return span;
    }
    span.className = "word";
    span.classList.toggle("framed", Boolean(piece.unread));
    span.dataset.word = piece.word;
    span.setAttribute("role", "button");
    span.tabIndex = -1;
    const score = make("sup");
    score.appendChild(make("bdi"));
    span.append(piece.shown, score);
    return span;
}

function foldOf(piece) {
    const both = document.createDocumentFragment(), toggle = make("span");
    toggle.className = "fold";
    toggle.setAttribute("role", "button");
    toggle.dataset.first = words(piece.inside)[0].word;
    toggle.setAttribute("aria-label", `${piece.fold} weak words`);
    toggle.tabIndex = -1;
    toggle.textContent = `… ${piece.fold} words`;
    const inside = make("span");
    inside.className = "folded";
    inside.append(" ", ...piece.inside.map(build));
    both.append(toggle, inside);
    return both;
}

function dress(span, piece) {
    span.style.cssText = piece.hidden ? "" : piece.style;
    span.title = [piece.hidden ? "hidden" : "", piece.tip].filter(Boolean).join("; ");
    span.setAttribute("aria-label", piece.hidden ? `${piece.shown}, hidden` : piece.say);
    span.setAttribute("aria-pressed", String(piece.hidden));
    span.querySelector("bdi").textContent = piece.hidden ? "" : piece.mark;
    span.querySelector("sup").hidden = piece.hidden || !piece.mark;
}

function press(box, stop) {
    if (!stop) return;
    focus(box, stop);
    if (stop.classList.contains("fold")) {
        stop.setAttribute("aria-expanded", String(stop.getAttribute("aria-expanded") !== "true"));
        return;
    }
    stop.setAttribute("aria-pressed", String(stop.getAttribute("aria-pressed") !== "true"));
    box.changed(wordsIn(box, ".word[aria-pressed=true]"));
}

function focus(box, stop) {
    if (!stop) return;
    for (const other of box.querySelectorAll("[role=button]")) other.tabIndex = -1;
    stop.tabIndex = 0;
    stop.focus();
}

function key(box, event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const all = stops(box), here = all.indexOf(event.target);
    const step = getComputedStyle(box).direction === "rtl" ? -1 : 1;
    const next = { ArrowRight: here + step, ArrowLeft: here - step, Home: 0, End: all.length - 1 }[event.key];
    if (next !== undefined) focus(box, all[Math.max(0, Math.min(next, all.length - 1))]);
    else if (event.key === "Enter" || event.key === " ") press(box, event.target);
    else return;
    event.preventDefault();
    event.stopPropagation();
}
