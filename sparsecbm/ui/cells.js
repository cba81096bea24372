// Draws the view of cell_view.py. Names become text nodes; the HTML of a hover is ours and escaped there.
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export default function ({ data, parentElement, setTriggerValue }) {
    let box = parentElement.querySelector(".cells");
    if (!box) {
        box = make("div", "picture cells");
        box.append(make("div", "title"), make("div", "grid"), make("div", "across"), make("div", "scale"),
            make("div", "told"));
        box.addEventListener("click", event => press(box, cellOf(event)));
        box.addEventListener("keydown", event => step(box, event));
        for (const kind of ["pointerover", "focusin"]) box.addEventListener(kind, event => tell(box, cellOf(event)));
        for (const kind of ["pointerleave", "focusout"]) box.addEventListener(kind, () => tell(box));
        parentElement.appendChild(box);
    }
    Object.assign(box, { data, setTriggerValue });
    return turnPages(box, data, draw, tell);
}

function draw(box) {
    const { page, data: { pressable } } = box, [title, grid, across, legend] = box.children;
    title.textContent = page.title;
    Object.assign(grid, { role: pressable ? "grid" : "img", ariaLabel: page.label });
    grid.style.gridTemplateColumns = `minmax(3rem, max-content) repeat(${page.columns.length}, minmax(0, 1fr))`;
    const shape = JSON.stringify([page.rows, page.columns, pressable]);
    if (box.shape !== shape) grid.replaceChildren(...build(page, pressable));
    box.shape = shape;
    fill(grid, page, pressable);
    across.textContent = [page.axes[0] && `rows: ${page.axes[0]}`, page.axes[1] && `columns: ${page.axes[1]}`]
        .filter(Boolean).join(", ");
    legend.replaceChildren(...scale(page.scale, page.ends));
}

function build(page, pressable) {
    const part = (className, role, name) =>
        Object.assign(text("span", className, name), { title: name, role: pressable ? role : null });
    const line = (first, rest) => {
        const row = Object.assign(make("div", "line"), { role: pressable ? "row" : null });
        row.append(first, ...rest);
        return row;
    };
    const rows = page.rows.map((name, row) =>
        line(part("name", "rowheader", name), page.columns.map((_, column) => cell(row, column, pressable))));
    return [...rows, line(part("name", "gridcell", ""), page.columns.map(name => part("column", "columnheader", name)))];
}

function cell(row, column, pressable) {
    const one = make(pressable ? "button" : "span", "cell");
    Object.assign(one.dataset, { row, column });
    if (pressable) Object.assign(one, { type: "button", role: "gridcell", tabIndex: row || column ? -1 : 0 });
    return one;
}

function fill(grid, page, pressable) {
    const chosen = new Set(page.chosen.map(String));
    for (const one of grid.querySelectorAll(".cell")) {
        const { row, column } = one.dataset, printed = page.printed?.[row][column] ?? "";
        one.textContent = printed;
        Object.assign(one.style, { background: page.colours[row][column], color: page.inks[row][column] });
        one.classList.toggle("chosen", chosen.has(`${row},${column}`));
        one.ariaLabel = `${page.rows[row]}, ${page.columns[column]}: ${printed}`;
        if (pressable) one.ariaSelected = String(chosen.has(`${row},${column}`));
    }
}

function tell(box, one) {
    const { data, page } = box, hint = data.pressable ? "Point at a cell for its numbers, press it to look closer."
        : "Point at a cell for its numbers.";
    if (one) box.lastChild.innerHTML = page.hover[one.dataset.row][one.dataset.column];
    else box.lastChild.textContent = page ? hint : data.hint;
}

function press(box, one) {
    if (!one || !box.data.pressable) return;
    const [row, column] = [Number(one.dataset.row), Number(one.dataset.column)];
    tellFollowers(box.data.key, row, column);
    box.setTriggerValue("pressed", [row, column]);
}

function step(box, event) {
    const by = STEPS[event.key], one = cellOf(event);
    if (!by || !one) return;
    const next = box.querySelector(
        `[data-row="${Number(one.dataset.row) + by[0]}"][data-column="${Number(one.dataset.column) + by[1]}"]`);
    if (!next) return;
    event.preventDefault();
    [one.tabIndex, next.tabIndex] = [-1, 0];
    next.focus();
}

const cellOf = event => event.composedPath().find(node => node.classList?.contains("cell"));
