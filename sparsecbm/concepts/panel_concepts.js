// Draws the concept panel of panel_concepts.py; names become text nodes and attributes, never HTML.
//
// What a person does is a press. Presses are numbered and sent until the page says that it has got so far: nothing is
// lost while it is busy. Until then a draft shows what they do: the label logits are a sum of contributions, and that
// of a concept is the mean of its effects, weighted by its distribution. The page's answer replaces every draft.
const PAUSE = 200; // milliseconds without a press, after which the rest of the page follows,
const LONGEST = 1000; // but it never waits longer than this
const SOON = 80; // milliseconds in which an answer is expected
const STEP = 0.05; // of the way from one value to the next

export default function ({ data, parentElement, setTriggerValue }) {
    let panel = parentElement.querySelector(".panel");
    if (!panel) {
        panel = Object.assign(make("div", "panel"), { presses: [], drafts: new Map(), turn: data.turn, unsettled: 0 });
        const reactions = { click: clicked, input: moved, change: changed, keydown: keyDown, keyup: released,
            focusout: released };
        for (const [type, react] of Object.entries(reactions))
            panel.addEventListener(type, event => react(panel, event));
        parentElement.append(panel);
    }
    panel.send = () => setTriggerValue("presses", panel.presses);
    panel.settle = () => setTriggerValue("settled", panel.turn);
    if (panel.data?.document !== data.document) Object.assign(panel, { presses: [], drafts: new Map(), moving: null });
    if (data.turn < panel.data?.turn) { // the server has begun anew: what it has not heard of gets the next numbers
        panel.turn = data.turn;
        for (const one of panel.presses) one[0] = ++panel.turn;
    }
    panel.data = data;
    panel.turn = Math.max(panel.turn, data.turn);
    panel.presses = panel.presses.filter(([number]) => number > data.turn);
    if (!panel.presses.length) for (const k of [...panel.drafts.keys()]) if (k !== panel.moving) panel.drafts.delete(k);
    const shape = JSON.stringify([data.concepts.map(({ name }) => name), data.values, data.labels, data.offers,
        data.advice?.policies, !data.history, data.history?.redo === null, !data.label, !data.residual,
        data.residual?.counts === null]);
    if (panel.shape !== shape) {
        panel.replaceChildren(...build(data));
        panel.shape = shape;
    }
    clearTimeout(panel.preview);
    draw(panel);
    if (panel.presses.length) return panel.send();
    panel.dataset.turn = data.turn;
    if (data.settles && panel.unsettled) settleSoon(panel);
}

// -- what stands there ---------------------------------------------------------------------------------------------

const button = (name, words, more = {}) => element("button", { type: "button", name, ...more }, words);

function build(data) {
    const parts = [];
    if (data.history) parts.push(element("div", { class: "bar" }, button("undo", "Undo"),
        data.history.redo === null ? null : button("redo", "Redo"), element("span", { class: "edits" })));
    if (data.before.title) parts.push(element("div", { class: "outcome" }));
    const columns = 1 + data.offers.includes("set") + Boolean(data.label);
    const rows = element("div", { class: `rows columns-${columns}` }, headings(data));
    for (const [k, concept] of data.concepts.entries()) rows.append(row(data, k, concept));
    if (data.label && data.residual) rows.append(line({ "aria-label": "residual", class: "row total" },
        data.residual.counts === null ? null : labelled("checkbox", "residual", "Count the residual")));
    if (data.label) rows.append(line({ "aria-label": "sum", class: "row total" }));
    if (data.advice) rows.append(element("div", { class: "advice" }, element("span"), button("go", "Go to it"),
        list("policy", "Check next by", data.advice.policies)));
    return [...parts, rows, element("div", { class: "small receipt" })];
}

const line = (attributes, control) => element("div", { class: "row", role: "group", ...attributes },
    ...["left", "middle", "right"].map(side => element("div", { class: side }, side === "middle" ? control : null)));

function headings(data) {
    const offers = what => data.offers.includes(what);
    const labels = data.labels.map((name, y) => [data.label?.names[y], name]);
    return element("div", { class: "row headings" }, element("b", { class: "left" }, "What the model predicts"),
        element("div", { class: "middle" }, offers("set") ? element("b", {}, "Set it yourself") : null,
            offers("reset-all") ? button("reset-all", "Reset all", { class: "plain" }) : null),
        data.label ? list("label", "Contribution to", labels) : null);
}

function list(name, words, options) {
    return element("label", { class: "list" }, `${words} `,
        element("select", { name }, ...options.map(([value, text]) => new Option(text, value))));
}

function labelled(type, name, words, more = {}) {
    return element("label", { class: type }, element("input", { type, name, ...more }), element("span", {}, words));
}

function row(data, k, { name }) {
    const whole = line({ "aria-label": name, "data-concept": name, "data-k": k }), values = data.values[k];
    if (!data.offers.includes("set")) return whole;
    const ends = `${values[0]} to ${values.at(-1)}`, offers = what => data.offers.includes(what);
    whole.querySelector(".middle").append(
        element("div", { class: "set", style: `--values:${values.length}` },
            element("div", { class: "choice", role: "radiogroup", "aria-label": `Set ${name} to` },
                ...values.map(value => labelled("radio", `value-${k}`, value, { value, title: value }))),
            element("div", { class: "track" }, element("span", { class: "mark", title: "as predicted" }),
                ...values.map((_, v) => element("i", { style: `--at:${v}` })),
                element("input", { type: "range", class: "position", min: 0, max: values.length - 1, step: STEP,
                    "aria-label": `${name}: ${ends}` }))),
        element("div", { class: "more" }, button("reset", "As predicted", { class: "plain" }),
            offers("unsure") ? button("unsure", "Not sure", { class: "plain" }) : null,
            offers("mix") ? button("mix", "Mix", { class: "plain", "aria-expanded": "false" }) : null),
        element("div", { class: "shares", hidden: true }, ...values.map((value, v) => element("label", {},
            `${value} `, element("output"), element("input", { type: "range", class: "share", min: 0, max: 100,
                "data-v": v, "aria-label": `${name}: share of ${value}` })))));
    return whole;
}

// -- what a person does --------------------------------------------------------------------------------------------

function clicked(panel, event) {
    const pressed = event.target.closest("button"), row = pressed?.closest("[data-k]");
    if (!pressed || pressed.ariaDisabled === "true") return;
    if (pressed.name === "mix") {
        const folded = row.querySelector(".shares").toggleAttribute("hidden");
        pressed.ariaExpanded = String(!folded);
    } else if (pressed.name === "go") {
        const target = panel.querySelector(`[data-concept=${CSS.escape(panel.data.advice.go)}]`);
        target.scrollIntoView({ block: "nearest" });
        target.querySelector(".position").focus();
        target.animate([{ outline: "3px solid #8488E8" }, { outline: "3px solid transparent" }], { duration: 2500 });
    } else if (row) {
        const k = Number(row.dataset.k), { before } = panel.data;
        panel.drafts.set(k, { shares: before.concepts[k], contribution: before.contributions?.[k],
            own: pressed.name === "unsure" && pressed.ariaPressed !== "true" ? "unsure" : "" });
        press(panel, pressed.ariaPressed === "true" ? "reset" : pressed.name, row.dataset.concept);
    } else press(panel, pressed.name);
}

// The distribution at a place of the slider: between two values it is split linearly between these two.
const between = (at, values) =>
    Array.from({ length: values }, (_, v) => Math.max(0, Number((1 - Math.abs(at - v)).toFixed(4))));

// One share is moved; the others keep their proportions and fill the rest, evenly where they were all zero.
function withShare(shares, at, share) {
    const others = sum(shares) - shares[at], rest = 1 - share;
    return shares.map((own, v) => v === at ? share : others > 1e-9 ? rest * own / others : rest / (shares.length - 1));
}

function draft(panel, k, shares) {
    const effects = panel.data.effects?.[k];
    panel.drafts.set(k, { shares, own: "set",
        contribution: effects && effects[0].map((_, y) => sum(shares.map((share, v) => share * effects[v][y]))) });
}

function moved(panel, { target: input }) {
    if (input.type !== "range") return;
    const k = Number(input.closest("[data-k]").dataset.k), values = panel.data.values[k];
    draft(panel, k, input.className.startsWith("position") ? between(Number(input.value), values.length)
        : withShare(drafted(panel).concepts[k], Number(input.dataset.v), Number(input.value) / 100));
    panel.moving = k;
    draw(panel);
}

function changed(panel, { target: input }) {
    if (input.localName === "select") press(panel, input.name, input.value);
    if (input.type === "checkbox") press(panel, "residual", input.checked);
    if (input.type === "range" && !panel.held) commit(panel);
    if (input.type === "radio") {
        panel.moving = Number(input.closest("[data-k]").dataset.k);
        draft(panel, panel.moving, panel.data.values[panel.moving].map(value => Number(value === input.value)));
        commit(panel);
    }
}

// A key that is held down moves a slider many times; what it comes to is set when the key is released.
function keyDown(panel, { target, key }) {
    if (target.type === "range" && /^(Arrow|Page|Home|End)/.test(key)) panel.held = true;
}

function released(panel, { target }) {
    if (!panel.held || target.type !== "range") return;
    panel.held = false;
    commit(panel);
}

function commit(panel) {
    const k = panel.moving;
    panel.moving = null;
    if (k !== null && k !== undefined) press(panel, "set", panel.data.concepts[k].name, panel.drafts.get(k).shares);
}

function press(panel, ...what) {
    const clock = {}; // filled in by a clock on the page, where there is one
    document.dispatchEvent(new CustomEvent("sparsecbm:clock", { detail: clock }));
    panel.presses.push([++panel.turn, panel.data.document, clock, ...what]);
    panel.unsettled ||= performance.now();
    panel.send();
    clearTimeout(panel.preview); // drawn only where the answer takes longer: to draw twice would hold the answer up
    panel.preview = setTimeout(() => draw(panel), SOON);
}

function settleSoon(panel) {
    clearTimeout(panel.timer);
    const left = Math.min(PAUSE, panel.unsettled + LONGEST - performance.now());
    panel.timer = setTimeout(() => {
        if (panel.presses.length) return; // the answer to these comes here again
        panel.unsettled = 0;
        panel.settle();
    }, Math.max(0, left));
}
