// The names of what would be lost stay with the tab, as the session does when a person goes to another page of the app.
const unsaved = (window.sparsecbmUnsaved ??= new Set());
const warn = event => unsaved.size && event.preventDefault();

export default function ({ data, parentElement }) {
    unsaved[data.there ? "add" : "delete"](data.name);
    if (!window.sparsecbmWarns) {
        window.sparsecbmWarns = true;
        window.addEventListener("beforeunload", warn);
    }
    let line = parentElement.querySelector(".unsaved");
    if (!line) parentElement.appendChild(line = make("p", "unsaved"));
    line.textContent = data.there ? data.line : "";
}
