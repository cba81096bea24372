// Draws the view of bars_view.py: a bar per row, its parts one after the other as percent of a whole.
const HINT = "Point at a bar for its numbers.";

export default function ({ data, parentElement }) {
    let box = parentElement.querySelector(".stacked");
    if (!box) {
        box = make("div", "picture stacked");
        box.append(make("div", "title"), make("p", "text"), make("div", "looks"),
            Object.assign(make("div", "bars"), { role: "img" }), make("div", "told"));
        box.addEventListener("pointerover", event => tell(box, event.composedPath().find(node => node.dataset?.row)));
        box.addEventListener("pointerleave", () => tell(box));
        parentElement.appendChild(box);
    }
    box.data = data;
    return turnPages(box, data, draw, tell);
}

function draw(box) {
    const { page } = box, [title, words, looks, bars] = box.children;
    title.textContent = page.title;
    words.textContent = page.text;
    looks.replaceChildren(...page.looks.map(look => {
        const entry = make("span", "look");
        entry.append(painted(make("i"), look), look.name);
        return entry;
    }));
    bars.ariaLabel = page.label;
    const axis = make("span", "axis");
    axis.append(text("span", "", "0"), text("span", "", `${(100 * page.end).toFixed(1)} % of its weights`));
    bars.replaceChildren(...page.rows.flatMap((row, at) => line(page, row, at)), make("span"), axis);
}

function line(page, row, at) {
    const track = make("div", "track");
    page.shares[at].forEach((share, part) => {
        const piece = painted(text("span", "part", (100 * share).toFixed(1)), page.looks[part]);
        piece.style.width = `${100 * share / page.end}%`;
        track.append(piece);
    });
    const name = Object.assign(text("span", "name", row), { title: row });
    for (const one of [name, track]) one.dataset.row = at;
    return [name, track];
}

function painted(piece, { colour, ink, hatched }) {
    Object.assign(piece.style, { backgroundColor: colour, color: ink });
    piece.classList.toggle("hatched", hatched);
    return piece;
}

function tell(box, bar) {
    if (bar) box.lastChild.innerHTML = box.page.hover[bar.dataset.row];
    else box.lastChild.textContent = box.page ? HINT : box.data.hint;
}
