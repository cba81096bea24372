// Shows one scene of a deck at a time. The number in the address is that of the scene.
const scenes = [...document.querySelectorAll(".scene")];
const figures = JSON.parse(document.getElementById("figures").textContent);
const places = [...document.querySelectorAll(".drawn")]; // a figure each, in the same order
const dark = matchMedia("(prefers-color-scheme: dark)");
let at = Math.max(0, Math.min((parseInt(location.hash.slice(1), 10) || 1) - 1, scenes.length - 1));

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

function show(number) {
    at = number;
    scenes.forEach((scene, place) => { scene.hidden = place !== at; });
    document.querySelector("nav output").textContent = `${at + 1} / ${scenes.length}`;
    history.replaceState(null, "", `#${at + 1}`);
    draw(scenes[at], dark.matches);
    scrollTo(0, 0);
}

function go(key) {
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
    addEventListener("beforeprint", () => scenes.forEach(scene => {
        scene.hidden = false;
        draw(scene, false);
    }));
    addEventListener("afterprint", () => show(at));
}
