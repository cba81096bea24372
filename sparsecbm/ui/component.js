// In front of the script of every component.
const make = (tag, className = "") => Object.assign(document.createElement(tag), { className });
const text = (tag, className, words) => Object.assign(make(tag, className), { textContent: words });

function scale(colours, ends) {
    const bar = make("span", "bar");
    bar.style.background = `linear-gradient(to right, ${colours})`;
    return [text("span", "", ends[0]), bar, text("span", "", ends[1])];
}

// Whoever follows a picture hears of a press in it at once.
const PRESSED = "sparsecbm:cell-pressed";
const tellFollowers = (key, row, column) =>
    document.dispatchEvent(new CustomEvent(PRESSED, { detail: { key, row, column } }));

// A picture with pages shows one of them, or what `tell` says without a page. It turns to the page of the cell that is
// pressed in the picture that it follows before the server has heard of it: pages are named by the row of the cell, or
// by row and column, such as "1,2" of both (1, 2) and (2, 1). The server's answer, which comes later, draws the same
// page, or what else it has to say.
function turnPages(box, data, draw, tell) {
    const turnTo = name => {
        box.page = data.pages[name];
        box.classList.toggle("empty", !box.page);
        if (box.page) draw(box);
        tell(box);
    };
    const pressed = ({ detail: { key, row, column } }) => {
        const name = [`${row}`, `${row},${column}`, `${column},${row}`].find(one => one in data.pages);
        if (key === data.follows && name !== undefined) turnTo(name);
    };
    if (box.pressed) document.removeEventListener(PRESSED, box.pressed);
    document.addEventListener(PRESSED, box.pressed = pressed);
    turnTo(data.shown);
    return () => document.removeEventListener(PRESSED, pressed);
}
