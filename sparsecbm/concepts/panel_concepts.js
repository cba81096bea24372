// Draws the concept panel of panel_concepts.py; names become text nodes and attributes, never HTML.
//
// What a person does is a press. Presses are numbered and sent until the page says that it has got so far: nothing is
// lost while it is busy. Until then a draft shows what they do: the label logits are a sum of contributions, and that of
// a concept is the mean of its effects, weighted by its distribution. The page's answer takes the place of every draft.
const PAUSE = 200; // milliseconds without a press, after which the rest of the page follows,
const LONGEST = 1000; // but it never waits longer than this
const STEP = 0.05; // of the way from one value to the next

export default function ({ data, parentElement, setTriggerValue }) {
    let panel = parentElement.querySelector(".panel");
    if (!panel) {
        panel = Object.assign(make("div", "panel"), { presses: [], drafts: new Map(), turn: data.turn, unsettled: 0 });
        const reactions = { click: clicked, input: moved, change: changed, keydown: keyDown, keyup: released,
            focusout: released };
        for (const [type, react] of Object.entries(reactions)) panel.addEventListener(type, event => react(panel, event));
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
        data.advice?.policies, !data.history, data.history?.redo === null, !data.label, data.residual?.counts === null]);
    if (panel.shape !== shape) {
        panel.replaceChildren(...build(data));
        panel.shape = shape;
    }
    draw(panel);
    if (panel.presses.length) return panel.send();
    panel.dataset.turn = data.turn;
    if (data.settles && panel.unsettled) settleSoon(panel);
}

// -- what stands there ---------------------------------------------------------------------------------------------

function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes))
        if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
    made.append(...children.filter(child => child !== null && child !== undefined && child !== ""));
    return made;
}

const button = (name, words, more = {}) => element("button", { type: "button", name, ...more }, words);
const small = words => words ? element("div", { class: "small" }, words) : null;

function build(data) {
    const parts = [];
    if (data.history) parts.push(element("div", { class: "bar" }, button("undo", "Undo"),
        data.history.redo === null ? null : button("redo", "Redo"), element("span", { class: "edits" })));
    if (data.before.title) parts.push(element("div", { class: "outcome" }));
    const rows = element("div", { class: "rows" }, headings(data));
    for (const [k, concept] of data.concepts.entries()) rows.append(row(data, k, concept));
    if (data.label) {
        if (data.residual) rows.append(element("div", { class: "row line", role: "group", "aria-label": "residual" },
            element("div", { class: "left" }), element("div", { class: "middle" },
                data.residual.counts === null ? null : labelled("checkbox", "residual", "Count the residual")),
            element("div", { class: "right" })));
        rows.append(element("div", { class: "row line sum", role: "group", "aria-label": "sum" },
            element("div", { class: "left" }), element("div", { class: "middle" }), element("div", { class: "right" })));
    }
    if (data.advice) rows.append(element("div", { class: "advice" }, element("span"), button("go", "Go to it"),
        list("policy", "Check next by", data.advice.policies)));
    return [...parts, rows, element("div", { class: "small receipt" })];
}

function headings(data) {
    const settable = data.offers.includes("set");
    return element("div", { class: "row headings" }, element("b", { class: "left" }, "What the model predicts"),
        element("div", { class: "middle" }, settable ? element("b", {}, "Set it yourself") : null,
            data.offers.includes("reset-all") ? button("reset-all", "Reset all", { class: "plain" }) : null),
        data.label ? list("label", "Contribution to", data.labels.map((name, y) => [data.label.names[y], name])) : null);
}

function list(name, words, options) {
    return element("label", { class: "list" }, `${words} `,
        element("select", { name }, ...options.map(([value, text]) => new Option(text, value))));
}

function labelled(type, name, words, more = {}) {
    return element("label", { class: type }, element("input", { type, name, ...more }), element("span", {}, words));
}

function row(data, k, { name }) {
    const whole = element("div", { class: "row", role: "group", "aria-label": name, "data-concept": name, "data-k": k },
        element("div", { class: "left" }), element("div", { class: "middle" }), element("div", { class: "right" }));
    if (!data.offers.includes("set")) return whole;
    const ends = `${data.values[0]} to ${data.values.at(-1)}`, offers = what => data.offers.includes(what);
    whole.querySelector(".middle").append(
        element("div", { class: "set", style: `--values:${data.values.length}` },
            element("div", { class: "choice", role: "radiogroup", "aria-label": `Set ${name} to` },
                ...data.values.map(value => labelled("radio", `value-${k}`, value, { value }))),
            element("div", { class: "track" }, element("span", { class: "mark", title: "as predicted" }),
                ...data.values.map((_, v) => element("i", { style: `--at:${v}` })),
                element("input", { type: "range", class: "position", min: 0, max: data.values.length - 1, step: STEP,
                    "aria-label": `${name}: ${ends}` }))),
        element("div", { class: "more" }, button("reset", "As predicted", { class: "plain" }),
            offers("unsure") ? button("unsure", "Not sure", { class: "plain" }) : null,
            offers("mix") ? button("mix", "Mix", { class: "plain", "aria-expanded": "false" }) : null),
        element("div", { class: "shares", hidden: true }, ...data.values.map((value, v) => element("label", {}, `${value} `,
            element("output"), element("input", { type: "range", class: "share", min: 0, max: 100, "data-v": v,
                "aria-label": `${name}: share of ${value}` })))));
    return whole;
}

// -- what it shows -------------------------------------------------------------------------------------------------

const sum = numbers => numbers.reduce((total, number) => total + number, 0);
const certain = shares => shares.findIndex(share => share === 1);
const position = shares => sum(shares.map((share, v) => share * v));
const best = shares => shares.indexOf(Math.max(...shares));

function percent(share) {
    const number = share > 0 && share < 0.005 ? "<1" : share >= 0.995 && share < 1 ? ">99" : (100 * share).toFixed(0);
    return `${number}\u00a0%`;
}

function signed(number) {
    const text = Math.abs(number).toFixed(2);
    return Number(text) === 0 ? text : (number > 0 ? "+" : "−") + text;
}

// The answer as the drafts change it.
function drafted({ data: { after, effects }, drafts }) {
    if (!drafts.size) return after;
    const concepts = after.concepts.map((shares, k) => drafts.get(k)?.shares ?? shares);
    if (!effects) return { ...after, concepts };
    const contributions = after.contributions.map((own, k) => drafts.get(k)?.contribution ?? own);
    const odds = after.labels.map((share, y) => share * Math.exp(
        sum(contributions.map((own, k) => own[y] - after.contributions[k][y]))));
    return { ...after, concepts, contributions, labels: odds.map(odd => odd / sum(odds)) };
}

function draw(panel) {
    const { data } = panel, now = drafted(panel), idle = !panel.presses.length;
    const find = selector => panel.querySelector(selector);
    if (data.history) {
        find(".edits").textContent = data.history.text;
        for (const name of ["undo", "redo"]) if (find(`[name=${name}]`)) able(find(`[name=${name}]`), data.history[name]);
    }
    if (data.before.title) show(find(".outcome"), ...outcome(data, now, panel.drafts.size));
    if (data.advice) {
        show(find(".advice span"), element("b", {}, data.advice.lead), ` ${data.advice.reason}`);
        find("[name=go]").hidden = !data.advice.go;
        if (idle) find("[name=policy]").value = data.advice.policy;
    }
    find(".receipt").textContent = data.receipt;
    if (find("[name=reset-all]")) able(find("[name=reset-all]"), data.edited || panel.drafts.size);
    if (data.label && idle) find("[name=label]").value = data.label.names[data.label.shown];
    const y = data.label?.shown, longest = data.label && limit(data);
    const contribution = (before, after, note) => data.label ? [contributionBar(before[y], after[y], longest, data), small(note)] : [];
    for (const one of panel.querySelectorAll("[data-k]")) {
        const k = Number(one.dataset.k), concept = data.concepts[k], draft = panel.drafts.get(k), shares = now.concepts[k];
        const own = draft ? draft.own : concept.own, state = draft ? STATES[draft.own] : concept.state;
        show(one.querySelector(".left"), element("div", { title: concept.help }, element("b", {}, concept.name), " ",
            element("span", { class: "small" }, state), " ",
            data.advice?.go === concept.name ? element("span", { class: "next" }, "check next") : null), distribution(data, data.before.concepts[k], shares));
        show(one.querySelector(".right"), ...contribution(data.before.contributions?.[k], now.contributions?.[k],
            draft ? "" : concept.note));
        if (data.offers.includes("set")) controls(panel, one, shares, own, k);
    }
    if (!data.label) return;
    const other = name => find(`[aria-label=${name}]`).querySelectorAll(".left, .middle, .right");
    if (data.residual) {
        const [left, middle, right] = other("residual");
        show(left, element("span", { title: data.residual.text }, element("b", {}, "residual")));
        show(right, ...contribution(data.before.residual, data.after.residual, data.residual.note));
        if (data.residual.counts !== null) {
            const input = middle.querySelector("input");
            if (idle) input.checked = data.residual.counts;
            input.disabled = data.disabled;
        }
    }
    const [left, middle, right] = other("sum");
    const logits = [data.before, now].map(side => sum([...side.contributions, side.residual, data.bias].map(part => part[y])));
    const changed = signed(logits[0]) !== signed(logits[1]), name = data.labels[y];
    show(left, element("b", {}, "sum"), element("span", { class: "small" }, ` with the bias of ${signed(data.bias[y])}`));
    show(middle, small(`Probability of ${name}: ${changed ? `${percent(data.before.labels[y])} → ` : ""}${percent(now.labels[y])}`));
    show(right, element("div", { class: "number" }, changed ? `${signed(logits[0])} → ` : "", element("b", {}, signed(logits[1]))));
}

const STATES = { set: "set by you", unsure: "not sure", "": "as predicted" };

function able(control, is) {
    control.ariaDisabled = String(!is);
}

function outcome(data, now, drafts) {
    const old = best(data.before.labels), fresh = best(now.labels), edited = data.edited || drafts;
    const side = ({ title, note, labels }, changed, extra = note) => element("div", { class: "side" },
        element("div", {}, `${title}: `, element("b", {}, `${data.labels[best(labels)]} (${percent(Math.max(...labels))})`),
            extra ? `, ${extra}` : ""),
        labelBars(data, labels, title, changed));
    let said = [data.hint];
    if (data.range) said = [small(data.range.text)];
    else if (old !== fresh) said = [element("b", {}, `${data.labels[old]} → ${data.labels[fresh]}`), element("div", {}, "The label flips.")];
    else if (edited) said = ["The label stays ", element("b", {}, data.labels[fresh]), "."];
    const arrow = element("div", { class: "arrow", style: `opacity:${old !== fresh ? 1 : 0.4}`, "aria-hidden": "true" }, "➜");
    return [side(data.before, false), element("div", { class: "between", role: "status" }, arrow, element("div", {}, ...said)),
        data.range ? rangeBars(data) : side(now, edited, edited ? data.after.note : "")];
}

const segment = (left, width, colour, more = "") =>
    element("span", { class: "fill", style: `left:${100 * left}%;width:${100 * width}%;background:${colour};${more}` });

function bars(words, rows) {
    return element("div", { class: "bars", role: "img", "aria-label": words }, ...rows.flatMap(([name, bold, number, ...fills]) => [
        element(bold ? "b" : "span", {}, name), element("span", { class: "trough" }, ...fills),
        element(bold ? "b" : "span", { class: "number" }, number)]));
}

function labelBars(data, shares, title, changed) {
    const words = data.labels.map((name, y) => `${name} ${percent(shares[y])}`);
    return bars(`${title}: ${words.join(", ")}`, data.labels.map((name, y) => [name, y === best(shares), percent(shares[y]),
        segment(0, shares[y], changed ? data.colours.own : data.colours.model)]));
}

function rangeBars(data) {
    const { rows, winners, said, title } = data.range;
    const bounds = rows.map(([low, high]) => `${percent(low)} to ${percent(high)}`);
    const words = data.labels.map((name, y) => `${name} ${bounds[y]}, expected ${percent(rows[y][2])}`);
    return element("div", { class: "side" }, element("div", {}, `${title}: `, element("b", {}, said)),
        bars(`${title}: ${words.join("; ")}`, data.labels.map((name, y) => [name, winners.includes(y), bounds[y],
            segment(rows[y][0], rows[y][1] - rows[y][0], data.colours.own),
            element("span", { class: "expected", style: `left:${100 * rows[y][2]}%` })])));
}

function distribution(data, before, after) {
    const lines = data.values.map((value, v) => {
        const moved = Math.abs(before[v] - after[v]) > 1e-9;
        return [value, moved ? `${percent(before[v])} → ` : "", percent(after[v]), moved];
    });
    const words = lines.map(([value, was, is]) => `${value} ${was}${is}`);
    return bars(words.join(", "), lines.map(([value, was, is, moved], v) => [value, false,
        element("span", {}, was, element(moved ? "b" : "span", {}, is)),
        segment(0, before[v], data.colours.model, moved ? "height:45%" : ""),
        moved ? segment(0, after[v], data.colours.own, "top:50%;height:50%") : ""]));
}

// The longest bar that there can be: the scale stays as it is while concepts are set.
function limit({ label: { shown: y }, before, after, bias, effects }) {
    const parts = [bias, ...[before, after].flatMap(side => [...side.contributions, side.residual]), ...(effects ?? []).flat()];
    return Math.max(...parts.map(part => Math.abs(part[y]))) || 1;
}

function contributionBar(before, after, longest, { colours }) {
    const moved = Math.abs(before - after) > 1e-9;
    const half = number => Math.min(Math.abs(number) / longest, 1) / 2;
    const fill = (number, colour, more) => segment(number > 0 ? 0.5 : 0.5 - half(number), half(number), colour, more);
    return element("div", { class: "contribution" }, element("div", { class: "number" }, moved ? `${signed(before)} → ` : "",
        element("b", {}, signed(after))), element("div", { class: "trough" }, moved ? fill(before, colours.model, "height:35%") : "",
        fill(after, after > 0 ? colours.supports : colours.opposes, moved ? "top:40%;height:60%" : "top:12%;height:76%"),
        element("span", { class: "zero" })));
}

function controls(panel, row, shares, own, k) {
    const { data } = panel, off = data.disabled;
    for (const input of row.querySelectorAll("input")) input.disabled = off;
    for (const input of row.querySelectorAll("[type=radio]"))
        input.checked = own === "set" && input.value === data.values[certain(shares)];
    const slider = row.querySelector(".position"), words = data.values
        .map((value, v) => [value, shares[v]]).filter(([, share]) => share >= 0.005).map(([value, share]) => `${percent(share)} ${value}`);
    if (panel.moving !== k || !slider.matches(":active, :focus")) slider.value = position(shares);
    slider.ariaValueText = `${words.join(", ")}, ${own === "set" ? "set by you" : "as predicted"}`;
    slider.classList.toggle("own", own === "set");
    row.querySelector(".mark").style.setProperty("--at", position(data.before.concepts[k]));
    able(row.querySelector("[name=reset]"), own && !off);
    const unsure = row.querySelector("[name=unsure]");
    if (unsure) [unsure.ariaPressed, unsure.ariaDisabled] = [String(own === "unsure"), String(off)];
    for (const input of row.querySelectorAll(".share")) {
        if (!input.matches(":active, :focus")) input.value = Math.round(100 * shares[input.dataset.v]);
        input.parentElement.querySelector("output").textContent = input.ariaValueText = percent(shares[input.dataset.v]);
    }
}

// What stays the same stays in place: a screen reader then reads out what changed, and nothing flickers.
function show(part, ...fresh) {
    become(part, element("div", {}, ...fresh.flat()));
}

function become(old, fresh) {
    const [were, are] = [[...old.childNodes], [...fresh.childNodes]];
    if (were.length !== are.length || were.some((node, at) => node.nodeName !== are[at].nodeName))
        return old.replaceChildren(...are);
    were.forEach((node, at) => {
        if (node.nodeType === Node.TEXT_NODE && node.data !== are[at].data) node.data = are[at].data;
        for (const { name } of [...(node.attributes ?? [])]) if (!are[at].hasAttribute(name)) node.removeAttribute(name);
        for (const { name, value } of are[at].attributes ?? [])
            if (node.getAttribute(name) !== value) node.setAttribute(name, value);
        become(node, are[at]);
    });
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
            own: pressed.name === "unsure" ? "unsure" : "" });
        press(panel, pressed.name === "unsure" && pressed.ariaPressed === "true" ? "reset" : pressed.name, row.dataset.concept);
    } else press(panel, pressed.name);
}

// The distribution at a place of the slider: between two values it is split linearly between these two.
const between = (at, values) => Array.from({ length: values }, (_, v) => Math.max(0, +(1 - Math.abs(at - v)).toFixed(4)));

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
    const k = Number(input.closest("[data-k]").dataset.k), { values } = panel.data;
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
        draft(panel, panel.moving, panel.data.values.map(value => Number(value === input.value)));
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
    draw(panel);
    panel.send();
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
