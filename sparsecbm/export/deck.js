// Shows one slide of a deck at a time: the cover, then the scenes. The number in the address is that of the scene.
const main = document.querySelector("main"), scenes = [...document.querySelectorAll(".scene")];
const figures = JSON.parse(document.getElementById("figures").textContent);
const places = [...document.querySelectorAll(".drawn")]; // a figure each, in the same order
const dark = matchMedia("(prefers-color-scheme: dark)");
const SMALLEST = 0.6; // a slide that would have to be smaller scrolls
const PAPER = [1046, 710]; // the room on a sheet of A4, in pixels
let at = Math.max(0, Math.min(parseInt(location.hash.slice(1), 10) || 0, scenes.length - 1));

function draw(scene, isDark) {
    for (const place of scene.querySelectorAll(".drawn")) {
        const style = getComputedStyle(document.documentElement);
        const ink = isDark ? "#FFFFFF" : "#000000", line = isDark ? "#3B3833" : "#D9DDE3";
        const axis = { automargin: true, gridcolor: line, linecolor: line, ticks: "", zerolinecolor: line };
        const look = { font: { color: ink, family: style.fontFamily }, xaxis: axis, yaxis: axis,
            paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)" };
        const { data, layout } = figures[places.indexOf(place)][isDark ? 1 : 0];
        Plotly.newPlot(place, structuredClone(data), { ...structuredClone(layout), template: { layout: look } },
            { displayModeBar: false, responsive: true });
    }
}

// Makes a slide that is higher than its room smaller, and as much wider. Returns whether it fits.
function fit(scene, room, smallest, width = 0) {
    const box = scene.querySelector(".fit");
    const sized = share => {
        box.style.transform = share < 1 ? `scale(${share})` : "";
        box.style.width = width ? `${width / share}px` : share < 1 ? `${100 / share}%` : "";
        for (const place of box.querySelectorAll(".drawn")) Plotly.Plots.resize(place);
    };
    sized(1);
    const share = Math.max(smallest, Math.min(1, room / box.scrollHeight));
    if (share < 1) sized(share);
    return share * box.scrollHeight <= room + 1;
}

function fitScreen() {
    const style = getComputedStyle(main);
    const room = main.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
    main.classList.toggle("fits", fit(scenes[at], room, SMALLEST));
}

function show(number) {
    at = number;
    scenes.forEach((scene, place) => { scene.hidden = place !== at; });
    document.querySelector("nav output").textContent = slideName(at, scenes.length);
    history.replaceState(null, "", `#${at}`);
    draw(scenes[at], dark.matches);
    fitScreen();
    main.scrollTo(0, 0);
}

function go(key) {
    if (key === "print") print();
    const next = sceneAfter(key, at, scenes.length);
    if (next !== undefined && next !== at) show(next);
    return next !== undefined;
}

if (scenes.length) {
    show(at);
    document.querySelector("nav").addEventListener("click", event => go(event.target.name));
    addEventListener("keydown", event => {
        if (!event.ctrlKey && !event.altKey && !event.metaKey && go(event.key)) event.preventDefault();
    });
    dark.addEventListener("change", () => show(at));
    addEventListener("resize", fitScreen);
    addEventListener("beforeprint", () => scenes.forEach(scene => {
        scene.hidden = false;
        draw(scene, false);
        fit(scene, PAPER[1], 0.1, PAPER[0]);
    }));
    addEventListener("afterprint", () => {
        scenes.forEach(scene => fit(scene, Infinity, 1));
        show(at);
    });
}
