// Draws the view of neuron_view.py: a row per concept and a column per neuron, coloured by the share of the neuron's
// used weights that only this concept uses, and under it the exact counts of what is pointed at.
const HINT = "Point at a neuron for its exact counts.";

export default function ({ data, parentElement }) {
    let box = parentElement.querySelector(".neurons");
    if (!box) {
        box = make("div", "picture neurons");
        box.append(make("div", "title"), Object.assign(make("div", "rows"), { role: "img" }), make("div", "axis"),
            make("div", "scale"), make("output", "told"));
        box.addEventListener("pointermove", event => point(box, event));
        box.addEventListener("pointerleave", () => tell(box));
        parentElement.appendChild(box);
    }
    box.data = data;
    return turnPages(box, data, draw, tell);
}

function draw(box) {
    const { colours } = box.data, page = box.page = read(box.page), [title, rows, numbers, legend] = box.children;
    title.textContent = page.title;
    rows.ariaLabel = page.label;
    rows.replaceChildren(...page.concepts.map((concept, row) => line(page, concept, row, colours)));
    numbers.replaceChildren(axis(page.used.length));
    legend.replaceChildren(...scale([colours[0], colours.at(-1)], ["0 % its own", "100 %"]));
}

const read = page => ({ ...page, own: counts(page.own), used: counts(page.used) });
const counts = packed => new Uint32Array(Uint8Array.from(atob(packed), byte => byte.charCodeAt(0)).buffer);

function line(page, concept, row, colours) {
    const whole = make("div", "line");
    whole.append(text("span", "name", concept), picture(page, row, colours));
    return whole;
}

// A pixel per neuron, as wide as the page lets it be.
function picture(page, row, colours) {
    const width = page.used.length, canvas = Object.assign(make("canvas"), { width, height: 1 });
    const paint = canvas.getContext("2d"), pixels = paint.createImageData(width, 1);
    const parts = colours.map(colour => [1, 3, 5].map(at => parseInt(colour.slice(at, at + 2), 16)));
    for (let unit = 0; unit < width; unit++)
        pixels.data.set([...parts[Math.round(100 * share(page, row, unit))], 255], 4 * unit);
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

function tell(box) {
    box.lastChild.textContent = box.page ? HINT : box.data.hint;
}

function point(box, event) {
    const canvas = event.composedPath().find(node => node.dataset?.row !== undefined);
    if (!canvas) return;
    const { left, width } = canvas.getBoundingClientRect(), { page } = box, row = Number(canvas.dataset.row);
    const unit = Math.min(page.used.length - 1, Math.floor(page.used.length * (event.clientX - left) / width));
    const [alone, used] = [own(page, row, unit), page.used[unit]].map(count => count.toLocaleString("en"));
    box.lastChild.textContent = `neuron ${unit}, ${page.concepts[row]}: ${alone} of ${used} used weights are its own ` +
        `(${(100 * share(page, row, unit)).toFixed(1)} %)`;
}

const own = (page, row, unit) => page.own[row * page.used.length + unit];
const share = (page, row, unit) => own(page, row, unit) / Math.max(page.used[unit], 1);
