// Draws the view of cell_view.py. Names become text nodes; the HTML of a hover is ours and escaped there.
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export default function ({ data, parentElement, setTriggerValue }) {
    let box = parentElement.querySelector(".cells");
    if (!box) {
        box = make("div", "cells");
        box.append(make("div", "title"), make("div", "grid"), make("div", "across"), make("div", "scale"),
            make("div", "told"));
        box.addEventListener("click", event => press(box, cellOf(event)));
        box.addEventListener("keydown", event => step(box, event));
        for (const kind of ["pointerover", "focusin"]) box.addEventListener(kind, event => tell(box, cellOf(event)));
        for (const kind of ["pointerleave", "focusout"]) box.addEventListener(kind, () => tell(box));
        parentElement.appendChild(box);
    }
    const [title, grid, across, legend] = box.children;
    Object.assign(box, { data, setTriggerValue });
    title.textContent = data.title;
    Object.assign(grid, { role: data.pressable ? "grid" : "img", ariaLabel: data.label });
    grid.style.gridTemplateColumns = `minmax(3rem, max-content) repeat(${data.columns.length}, minmax(0, 1fr))`;
    const shape = JSON.stringify([data.rows, data.columns, data.pressable]);
    if (box.shape !== shape) grid.replaceChildren(...build(data));
    box.shape = shape;
    draw(grid, data);
    across.textContent = [data.axes[0] && `rows: ${data.axes[0]}`, data.axes[1] && `columns: ${data.axes[1]}`]
        .filter(Boolean).join(", ");
    legend.replaceChildren(...scale(data));
    tell(box);
}

function build(data) {
    const part = (className, role, name) =>
        Object.assign(text("span", className, name), { title: name, role: data.pressable ? role : null });
    const line = (first, rest) => {
        const row = Object.assign(make("div", "line"), { role: data.pressable ? "row" : null });
        row.append(first, ...rest);
        return row;
    };
    const rows = data.rows.map((name, row) =>
        line(part("name", "rowheader", name), data.columns.map((_, column) => cell(data, row, column))));
    return [...rows, line(part("name", "gridcell", ""), data.columns.map(name => part("column", "columnheader", name)))];
}

function cell(data, row, column) {
    const one = make(data.pressable ? "button" : "span", "cell");
    Object.assign(one.dataset, { row, column });
    if (data.pressable) Object.assign(one, { type: "button", role: "gridcell", tabIndex: row || column ? -1 : 0 });
    return one;
}

function draw(grid, data) {
    const chosen = new Set(data.chosen.map(String));
    for (const one of grid.querySelectorAll(".cell")) {
        const { row, column } = one.dataset, printed = data.printed?.[row][column] ?? "";
        one.textContent = printed;
        Object.assign(one.style, { background: data.colours[row][column], color: data.inks[row][column] });
        one.classList.toggle("chosen", chosen.has(`${row},${column}`));
        one.ariaLabel = `${data.rows[row]}, ${data.columns[column]}: ${printed}`;
        if (data.pressable) one.ariaSelected = String(chosen.has(`${row},${column}`));
    }
}

function scale(data) {
    const bar = make("span", "bar");
    bar.style.background = `linear-gradient(to right, ${data.scale})`;
    return [text("span", "", data.ends[0]), bar, text("span", "", data.ends[1])];
}

function tell(box, one) {
    const told = box.lastChild, hint = box.data.pressable ? "Point at a cell for its numbers, press it to look closer."
        : "Point at a cell for its numbers.";
    if (one) told.innerHTML = box.data.hover[one.dataset.row][one.dataset.column];
    else told.textContent = hint;
}

function press(box, one) {
    if (one && box.data.pressable) box.setTriggerValue("pressed", [Number(one.dataset.row), Number(one.dataset.column)]);
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
const make = (tag, className = "") => Object.assign(document.createElement(tag), { className });
const text = (tag, className, words) => Object.assign(make(tag, className), { textContent: words });
