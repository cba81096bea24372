// Draws the view of ledger_view.py. Its HTML is ours and escaped there; other text becomes text nodes and attributes.
// What a person presses is numbered and sent until the page says that it has got so far: nothing is lost while it is
// busy, and what it draws meanwhile leaves the controls as the person has set them.
const PAUSE = 200; // milliseconds without a press, after which the rest of the page follows,
const LONGEST = 1000; // but it never waits longer than this

export default function ({ data, parentElement, setTriggerValue }) {
    let box = parentElement.querySelector(".panel");
    if (!box) {
        box = Object.assign(make("div", "panel"), { presses: [], turn: data.turn, sent: data.turn, unsettled: 0 });
        box.addEventListener("click", event => clicked(box, event.target.closest("button")));
        box.addEventListener("input", event => moved(box, event.target));
        box.addEventListener("change", event => changed(box, event.target));
        parentElement.appendChild(box);
    }
    box.send = () => {
        box.sent = box.turn;
        setTriggerValue("presses", box.presses);
    };
    box.settle = () => setTriggerValue("settled", box.turn);
    if (box.review !== data.review) box.presses = [];
    box.turn = Math.max(box.turn, data.turn);
    box.review = data.review;
    box.presses = box.presses.filter(([turn]) => turn > data.turn);
    const shape = JSON.stringify([data.policy.options, data.label.options,
        data.lines.map(line => [line.name, line.options, line.values, "counted" in line])]);
    if (box.shape !== shape) {
        box.replaceChildren(...build(data));
        box.shape = shape;
    }
    draw(box, data);
    if (box.presses.length) box.send();
    else if (box.unsettled) settleSoon(box);
}

// -- what stands there ---------------------------------------------------------------------------------------------

function build(data) {
    const bar = make("div", "bar"), next = make("div", "next"), lines = make("div", "lines");
    for (const [name, text] of [["undo", "Undo"], ["redo", "Redo"]])
        bar.append(Object.assign(make("button"), { name, textContent: text, type: "button" }));
    bar.append(make("span", "edits"));
    next.append(make("span"), Object.assign(make("button", "go"), { textContent: "Go to its control", type: "button" }),
        list(data.policy));
    const headings = make("div", "line headings");
    for (const [side, text] of [["left", "What the model understood"], ["middle", "Set it yourself"]])
        headings.append(Object.assign(make("b", side), { textContent: text }));
    headings.append(list(data.label));
    lines.append(headings);
    for (const [at, line] of data.lines.entries()) {
        const whole = make("div", "line"), middle = make("div", "middle");
        whole.setAttribute("role", "group");
        whole.setAttribute("aria-label", line.name);
        if (line.options) middle.append(radios(line, at), sliders(line));
        if ("counted" in line) middle.append(control("checkbox", "residual", "Count the residual"));
        whole.append(make("div", "left"), middle, make("div", "right"));
        lines.append(whole);
    }
    return [bar, make("div", "outcome"), next, lines];
}

function list({ name, text, options }) {
    const label = make("label", "list"), select = Object.assign(make("select"), { name });
    select.append(...options.map(([value, words]) => new Option(words, value)));
    label.append(`${text} `, select);
    return label;
}

function radios(line, at) {
    const group = make("div", "choice");
    group.setAttribute("role", "radiogroup");
    group.setAttribute("aria-label", `Set ${line.name} to`);
    group.dataset.concept = line.name;
    for (const [value, text] of line.options) {
        const label = control("radio", `line-${at}`, text);
        Object.assign(label.firstChild, { value });
        group.append(label);
    }
    return group;
}

function sliders(line) {
    const group = make("div", "shares");
    group.dataset.concept = line.name;
    line.values.forEach((value, index) => {
        const label = make("label"), input = make("input");
        Object.assign(input, { type: "range", min: 0, max: 100, ariaLabel: `${line.name}: ${value}` });
        input.dataset.index = index;
        label.append(`${value} `, make("output"), input);
        group.append(label);
    });
    return group;
}

function control(type, name, text) {
    const label = make("label", type);
    label.append(Object.assign(make("input"), { type, name }), Object.assign(make("span"), { textContent: text }));
    return label;
}

// -- what it shows -------------------------------------------------------------------------------------------------

function draw(box, data) {
    show(box.querySelector(".outcome"), data.outcome);
    show(box.querySelector(".next span"), data.next);
    box.querySelector(".edits").textContent = data.edits;
    box.querySelector(".go").hidden = !(box.go = data.go);
    for (const name of ["undo", "redo"]) box.querySelector(`[name=${name}]`).ariaDisabled = String(!data[name]);
    const [, ...lines] = box.querySelector(".lines").children;
    if (!box.presses.length)
        for (const { name, chosen } of [data.policy, data.label]) box.querySelector(`select[name=${name}]`).value = chosen;
    for (const [at, line] of data.lines.entries()) {
        const [left, middle, right] = lines[at].children;
        show(left, line.left);
        show(right, line.right);
        for (const input of middle.querySelectorAll("input")) input.disabled = data.disabled;
        if (!box.presses.length) set(middle, line); // else the controls stand as the person has set them
    }
}

function set(middle, line) {
    if ("counted" in line) middle.querySelector("input").checked = line.counted;
    if (!line.options) return;
    for (const input of middle.querySelectorAll("[type=radio]")) input.checked = input.value === line.chosen;
    middle.querySelector(".shares").hidden = !line.shares;
    for (const input of middle.querySelectorAll("[type=range]")) {
        input.value = Math.round(100 * (line.shares?.[input.dataset.index] ?? 0));
        said(input);
    }
}

function said(input) {
    input.parentElement.querySelector("output").textContent = `${input.value} %`;
    input.ariaValueText = `${input.value} %`;
}

// What stays the same stays in place: a screen reader then reads out what changed, and no chart starts anew.
function show(part, html) {
    if (part.shown === html) return;
    part.shown = html;
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    become(part, fresh.content);
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

function clicked(box, button) {
    if (!button || button.ariaDisabled === "true") return;
    if (button.className !== "go") return press(box, [button.name]);
    const group = [...box.querySelectorAll(".choice")].find(one => one.dataset.concept === box.go);
    group.scrollIntoView({ block: "center" });
    (group.querySelector(":checked") ?? group.querySelector("input")).focus();
    group.animate([{ outline: "3px solid #8488E8" }, { outline: "3px solid transparent" }], { duration: 2500 });
}

function changed(box, input) {
    const { concept } = input.closest("[data-concept]")?.dataset ?? {};
    if (input.localName === "select") press(box, [input.name, input.value]);
    if (input.type === "radio") press(box, ["set", concept, input.value]);
    if (input.type === "checkbox") press(box, ["residual", input.checked]);
    if (input.type === "range" && box.sent < box.turn) box.send();
}

// While a slider is dragged only its last place counts, and the next one is sent when the page has drawn the one before.
function moved(box, input) {
    if (input.type !== "range") return;
    said(input);
    const what = ["share", input.closest("[data-concept]").dataset.concept, Number(input.dataset.index)];
    const last = box.presses.at(-1), waiting = box.presses.length > 0;
    if (waiting && what.every((part, at) => part === last[at + 2])) box.presses.pop();
    press(box, [...what, Number(input.value) / 100], waiting);
}

function press(box, what, later = false) {
    box.presses.push([++box.turn, box.review, ...what]);
    box.unsettled ||= performance.now();
    if (!later) box.send();
}

function settleSoon(box) {
    clearTimeout(box.timer);
    const left = Math.min(PAUSE, box.unsettled + LONGEST - performance.now());
    box.timer = setTimeout(() => {
        if (box.presses.length) return; // the answer to these comes here again
        box.unsettled = 0;
        box.settle();
    }, Math.max(0, left));
}
