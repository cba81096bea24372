// Cards of scenes. A press chooses, dragging moves; so do the buttons of a card, and Alt with an arrow key.
export default function ({ data, parentElement, setTriggerValue }) {
    let list = parentElement.querySelector("ol");
    if (!list) {
        list = make("ol");
        list.setAttribute("aria-label", "Scenes");
        parentElement.append(list);
    }
    const act = (kind, number, to) => setTriggerValue("act", { kind, number, to });
    const move = (number, to) => {
        if (to < 0 || to >= data.cards.length || to === number) return;
        list.wanted = to; // what has the focus keeps it
        act("move", number, to);
    };
    list.replaceChildren(...data.cards.map((card, number) => drawCard(card, number, data, act, move)));
    if (list.wanted !== undefined) list.children[list.wanted]?.querySelector(".open").focus();
    list.wanted = undefined;
}

function drawCard(card, number, data, act, move) {
    const item = make("li", number === data.chosen ? "chosen" : "");
    item.draggable = true;
    item.addEventListener("dragstart", event => event.dataTransfer.setData("text/plain", `scene ${number}`));
    item.addEventListener("dragover", event => { event.preventDefault(); item.classList.add("over"); });
    item.addEventListener("dragleave", () => item.classList.remove("over"));
    item.addEventListener("drop", event => {
        event.preventDefault();
        const from = /^scene (\d+)$/.exec(event.dataTransfer.getData("text/plain"));
        if (from) move(Number(from[1]), number);
    });
    const open = make("button", "open");
    open.type = "button";
    open.setAttribute("aria-pressed", number === data.chosen);
    open.setAttribute("aria-label", `Scene ${number + 1}: ${card.title}`);
    const preview = make("span", "preview");
    preview.setAttribute("aria-hidden", true);
    preview.append(text("span", "heading", card.title), ...card.parts.map(drawPart));
    open.append(preview, text("span", "title", `${number + 1}. ${card.title}`));
    if (card.note) open.append(text("span", "note", card.note));
    open.addEventListener("click", () => act("choose", number));
    open.addEventListener("keydown", event => {
        const step = { ArrowUp: -1, ArrowLeft: -1, ArrowDown: 1, ArrowRight: 1 }[event.key];
        if (!event.altKey || !step) return;
        event.preventDefault();
        move(number, number + step);
    });
    const foot = make("span", "foot");
    foot.append(text("span", "page", card.page), mover(number, -1, "↑", "up", data, move), mover(number, 1, "↓", "down", data, move));
    item.append(open, foot);
    return item;
}

function mover(number, step, sign, way, data, move) {
    const button = text("button", "move", sign);
    button.type = "button";
    button.disabled = number + step < 0 || number + step >= data.cards.length;
    button.setAttribute("aria-label", `Move scene ${number + 1} ${way}`);
    button.addEventListener("click", () => move(number, number + step));
    return button;
}

function drawPart(part) {
    const box = make("span", `part ${part.kind}`);
    if (part.text) box.textContent = part.text;
    for (const [word, share] of part.words ?? []) {
        const one = text("span", "", `${word} `);
        const strength = Math.round(45 * Math.abs(share)); // the word stays readable
        one.style.background = `color-mix(in srgb, ${share > 0 ? "#0072B2" : "#D55E00"} ${strength}%, transparent)`;
        box.append(one);
    }
    for (const share of part.shares ?? []) {
        const bar = make("span", "bar-row");
        bar.style.width = `${Math.max(2, 100 * share)}%`;
        box.append(bar);
    }
    for (const row of part.rows ?? []) box.append(text("span", "row", row.join(" · ")));
    if (["bar", "scatter", "heatmap"].includes(part.kind)) {
        for (let i = 0; i < (part.kind === "heatmap" ? 24 : 6); i++) box.append(make("span", "mark"));
    }
    return box;
}
