// In front of the script of every component.
const make = (tag, className = "") => Object.assign(document.createElement(tag), { className });
const text = (tag, className, words) => Object.assign(make(tag, className), { textContent: words });

function scale(colours, ends) {
    const bar = make("span", "bar");
    bar.style.background = `linear-gradient(to right, ${colours})`;
    return [text("span", "", ends[0]), bar, text("span", "", ends[1])];
}

// A picture of many pages shows the one whose row is pressed in the picture that it follows, before the server has
// heard of it. Its answer, which comes later, draws the same page, or what else it has to say.
const PRESSED = "sparsecbm:row-pressed";
const tellFollowers = (key, row) => document.dispatchEvent(new CustomEvent(PRESSED, { detail: { key, row } }));

function follow(box, key, turnTo) {
    const pressed = ({ detail }) => detail.key === key && turnTo(detail.row);
    if (box.pressed) document.removeEventListener(PRESSED, box.pressed);
    document.addEventListener(PRESSED, box.pressed = pressed);
    return () => document.removeEventListener(PRESSED, pressed);
}
