// Draws the view of neuron_view.py: a row per concept and a column per neuron, coloured by the share of the neuron's
// used weights that only this concept uses, and under it the exact counts of what is pointed at.
const HINT = "Point at a neuron for its exact counts.";

export default function ({ data, parentElement }) {
    let box = parentElement.querySelector(".neurons");
    if (!box) {
        box = make("div", "neurons");
        box.append(Object.assign(make("div", "rows"), { role: "img" }), make("div", "axis"), make("div", "scale"),
            make("output", "told"));
        box.addEventListener("pointermove", event => point(box, event));
        box.addEventListener("pointerleave", () => { box.lastChild.textContent = HINT; });
        parentElement.appendChild(box);
    }
    const [rows, numbers, legend, told] = box.children;
    box.data = data;
    rows.ariaLabel = data.label;
    rows.replaceChildren(...data.concepts.map((concept, row) => line(data, concept, row)));
    numbers.replaceChildren(axis(data.used.length));
    legend.replaceChildren(...scale(data.colours));
    told.textContent = HINT;
}

function line(data, concept, row) {
    const whole = make("div", "line");
    whole.append(text("span", "name", concept), picture(data, row));
    return whole;
}

// A pixel per neuron, as wide as the page lets it be.
function picture(data, row) {
    const width = data.used.length, canvas = Object.assign(make("canvas"), { width, height: 1 });
    const paint = canvas.getContext("2d"), pixels = paint.createImageData(width, 1);
    const colours = data.colours.map(colour => [1, 3, 5].map(at => parseInt(colour.slice(at, at + 2), 16)));
    for (let unit = 0; unit < width; unit++)
        pixels.data.set([...colours[Math.round(100 * share(data, row, unit))], 255], 4 * unit);
    paint.putImageData(pixels, 0, 0);
    canvas.dataset.row = row;
    return canvas;
}

function axis(count) {
    const numbers = make("div", "numbers"), step = 10 ** Math.floor(Math.log10(Math.max(count / 2, 1)));
    for (let unit = 0; unit < count; unit += step) {
        const number = text("span", "", unit);
        number.style.left = `${100 * (unit + 0.5) / count}%`;
        numbers.append(number);
    }
    return numbers;
}

function scale(colours) {
    const bar = make("span", "bar");
    bar.style.background = `linear-gradient(to right, ${colours[0]}, ${colours.at(-1)})`;
    return [text("span", "", "0 % its own"), bar, text("span", "", "100 %")];
}

function point(box, event) {
    const canvas = event.composedPath().find(node => node.dataset?.row !== undefined);
    if (!canvas) return;
    const { left, width } = canvas.getBoundingClientRect(), { data } = box, row = Number(canvas.dataset.row);
    const unit = Math.min(data.used.length - 1, Math.floor(data.used.length * (event.clientX - left) / width));
    const [own, used] = [data.own[row][unit], data.used[unit]].map(count => count.toLocaleString("en"));
    box.lastChild.textContent = `neuron ${unit}, ${data.concepts[row]}: ${own} of ${used} used weights are its own ` +
        `(${(100 * share(data, row, unit)).toFixed(1)} %)`;
}

const share = (data, row, unit) => data.own[row][unit] / Math.max(data.used[unit], 1);
const make = (tag, className = "") => Object.assign(document.createElement(tag), { className });
const text = (tag, className, words) => Object.assign(make(tag, className), { textContent: words });
