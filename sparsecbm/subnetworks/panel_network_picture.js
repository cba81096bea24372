// Draws the picture of panel_network_picture.py: rows of cells, a head each or a group of neurons.
const HINT = "Point at a cell for its numbers, press it to look closer.";
const WAYS = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -1, ArrowRight: 1 };

export default function ({ data, parentElement, setTriggerValue }) {
    let box = parentElement.querySelector(".network");
    if (!box) {
        box = make("div", "picture network");
        box.append(make("div", "title"), make("div", "legend"), make("div", "axis line"),
            Object.assign(make("div", "grid"), { role: "grid" }), make("div", "told"));
        const grid = box.children[3];
        grid.addEventListener("click", event => press(box, cellOf(event)));
        grid.addEventListener("keydown", event => step(box, event));
        for (const kind of ["pointerover", "focusin"]) grid.addEventListener(kind, event => tell(box, cellOf(event)));
        for (const kind of ["pointerleave", "focusout"]) grid.addEventListener(kind, () => tell(box));
        box.children[1].addEventListener("click", event => pick(box, event));
        parentElement.appendChild(box);
    }
    Object.assign(box, { data, setTriggerValue });
    return turnPages(box, data, draw, tell);
}

function draw(box) {
    const { page } = box, [title, legend, axis, grid] = box.children;
    title.textContent = page.title;
    const shape = JSON.stringify([page.label, page.rows.map(row => row.cells.map(cell => cell.place))]);
    if (box.shape !== shape) {
        box.only = undefined;
        legend.replaceChildren(...page.legend.map(entry));
        grid.ariaLabel = page.label;
        box.classList.toggle("both", page.kinds.length > 1);
        axis.replaceChildren(make("span"), ...page.kinds.map(kind =>
            text("span", kind, kind === "head" ? "attention heads" : "neurons, as wide as they are many")));
        grid.replaceChildren(...page.rows.map(line));
        const first = grid.querySelector(".cell");
        if (first) first.tabIndex = 0;
    }
    box.shape = shape;
    page.rows.forEach((row, at) => row.cells.forEach((cell, place) => {
        const one = find(box, at, place);
        const chosen = String(cell.place) === String(box.data.chosen);
        one.classList.toggle("chosen", chosen);
        one.ariaSelected = String(chosen);
        if (chosen) focusable(box, one);
    }));
    dim(box);
}

function entry({ name, text: words, all, colours, concept, mixed, residual }) {
    const one = make(concept === undefined ? "span" : "button", "entry"), swatch = make("i", "swatch");
    if (concept !== undefined) {
        Object.assign(one, { type: "button", ariaPressed: "false", title: `${name} ${all}. Press to pick it out.` });
        one.dataset.concept = concept;
    }
    paint(swatch, { colours, mixed });
    swatch.classList.toggle("rest", Boolean(residual));
    one.append(swatch, text("b", "", name), text("span", "", words));
    return one;
}

function line(row, at) {
    const whole = Object.assign(make("div", "line"), { role: "row" });
    whole.append(Object.assign(text("span", "name", row.name), { role: "rowheader" }));
    for (const kind of ["head", "neuron"]) {
        const cells = row.cells.map((cell, place) => ({ cell, place })).filter(({ cell }) => cell.kind === kind);
        if (!cells.length) continue;
        const part = Object.assign(make("div", kind), { role: "none" });
        part.append(...cells.map(({ cell, place }) => drawnCell(cell, at, place)));
        whole.append(part);
    }
    return whole;
}

function drawnCell(cell, at, place) {
    const one = Object.assign(make("button", "cell"), { type: "button", role: "gridcell", tabIndex: -1,
        ariaLabel: cell.label });
    Object.assign(one.dataset, { at, place });
    paint(one, cell);
    one.style.flexGrow = cell.width;
    if (cell.text) {
        const number = text("span", cell.narrow ? "number narrow" : "number", cell.text);
        number.classList.toggle("pill", !cell.ink || cell.mixed);
        if (cell.ink && !cell.mixed) number.style.color = cell.ink;
        one.append(number);
    }
    if (cell.residual) {
        const rest = make("i", "residual");
        rest.style.width = `${100 * cell.residual}%`;
        one.append(rest);
    }
    return one;
}

// Colours lie one above the other; without any, the frame alone is seen.
function paint(one, { colours, mixed }) {
    const part = 100 / colours.length;
    one.classList.toggle("blank", !colours.length);
    if (mixed) one.style.background = `repeating-linear-gradient(45deg, ${colours[0]} 0 3px, transparent 3px 7px)`;
    else if (colours.length === 1) one.style.background = colours[0];
    else if (colours.length) one.style.background = `linear-gradient(to bottom, ${colours.map((colour, at) =>
        `${colour} ${part * at}% ${part * (at + 1)}%`)})`;
}

function pick(box, event) {
    const one = event.composedPath().find(node => node.dataset?.concept !== undefined);
    if (!one) return;
    box.only = box.only === one.dataset.concept ? undefined : one.dataset.concept;
    dim(box);
}

function dim(box) {
    for (const one of box.querySelectorAll("button.entry")) one.ariaPressed = String(one.dataset.concept === box.only);
    for (const one of box.querySelectorAll(".cell")) {
        const { users } = box.page.rows[one.dataset.at].cells[one.dataset.place];
        one.classList.toggle("dim", box.only !== undefined && !users.includes(Number(box.only)));
    }
}

function tell(box, one) {
    box.lastChild.textContent = one ? box.page.rows[one.dataset.at].cells[one.dataset.place].label : HINT;
}

function press(box, one) {
    if (!one) return;
    focusable(box, one);
    box.setTriggerValue("pressed", box.page.rows[one.dataset.at].cells[one.dataset.place].place);
}

function step(box, event) {
    const one = cellOf(event), way = WAYS[event.key];
    if (!one || !way) return;
    const { at, place } = one.dataset;
    const next = event.key === "ArrowLeft" || event.key === "ArrowRight" ? find(box, at, Number(place) + way)
        : nearest(box, one, Number(at) + way);
    if (!next) return;
    event.preventDefault();
    focusable(box, next);
    next.focus();
}

// The cell of the same kind in another row whose middle lies nearest.
function nearest(box, one, at) {
    const middle = cell => { const { left, width } = cell.getBoundingClientRect(); return left + width / 2; };
    const kind = cell => cell.parentElement.className, here = middle(one);
    return [...box.querySelectorAll(`.cell[data-at="${at}"]`)].filter(cell => kind(cell) === kind(one))
        .sort((a, b) => Math.abs(middle(a) - here) - Math.abs(middle(b) - here))[0];
}

function focusable(box, next) {
    for (const one of box.querySelectorAll('.cell[tabindex="0"]')) one.tabIndex = -1;
    next.tabIndex = 0;
}

const find = (box, at, place) => box.querySelector(`.cell[data-at="${at}"][data-place="${place}"]`);
const cellOf = event => event.composedPath().find(node => node.classList?.contains("cell"));
