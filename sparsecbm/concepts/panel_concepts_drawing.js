// In front of panel_concepts.js: what the concept panel shows, from the numbers of the page and the drafts on them.
const STATES = { set: "set by you", unsure: "not sure", "": "as predicted" };

const sum = numbers => numbers.reduce((total, number) => total + number, 0);
const certain = shares => shares.findIndex(share => share === 1);
const position = shares => sum(shares.map((share, v) => share * v));
const best = shares => shares.indexOf(Math.max(...shares));
const differ = (one, other) => Math.abs(one - other) > 1e-9;

function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes))
        if (value !== null && value !== undefined && value !== false)
            made.setAttribute(name, value === true ? "" : value);
    made.append(...children.filter(child => child !== null && child !== undefined && child !== ""));
    return made;
}

const bold = words => element("b", {}, words);
const small = words => words ? element("div", { class: "small" }, words) : null;

function percent(share) {
    const number = share > 0 && share < 0.005 ? "<1" : share >= 0.995 && share < 1 ? ">99" : (100 * share).toFixed(0);
    return `${number}\u00a0%`;
}

function signed(number) {
    const text = Math.abs(number).toFixed(2);
    return Number(text) === 0 ? text : (number > 0 ? "+" : "−") + text;
}

// The answer as the drafts change it.
function drafted({ data: { after, effects }, drafts }) {
    if (!drafts.size) return after;
    const concepts = after.concepts.map((shares, k) => drafts.get(k)?.shares ?? shares);
    if (!effects) return { ...after, concepts };
    const contributions = after.contributions.map((own, k) => drafts.get(k)?.contribution ?? own);
    const odds = after.labels.map((share, y) => share * Math.exp(
        sum(contributions.map((own, k) => own[y] - after.contributions[k][y]))));
    return { ...after, concepts, contributions, labels: odds.map(odd => odd / sum(odds)) };
}

// -- the parts -----------------------------------------------------------------------------------------------------

function draw(panel) {
    const { data } = panel, now = drafted(panel), idle = !panel.presses.length;
    const find = selector => panel.querySelector(selector);
    const able = (name, is) => { if (find(`[name=${name}]`)) find(`[name=${name}]`).ariaDisabled = String(!is); };
    if (data.history) {
        find(".edits").textContent = data.history.text;
        able("undo", data.history.undo);
        able("redo", data.history.redo);
    }
    if (data.before.title) show(find(".outcome"), outcome(data, now, panel.drafts.size > 0));
    if (data.advice) {
        show(find(".advice span"), [bold(data.advice.lead), ` ${data.advice.reason}`]);
        find("[name=go]").hidden = !data.advice.go;
        if (idle) find("[name=policy]").value = data.advice.policy;
    }
    able("reset-all", data.edited || panel.drafts.size);
    find(".receipt").textContent = data.receipt;
    if (data.label && idle) find("[name=label]").value = data.label.names[data.label.shown];
    for (const row of panel.querySelectorAll("[data-k]")) drawRow(panel, now, row, Number(row.dataset.k));
    if (data.label) drawTotals(panel, now, name => find(`.total[aria-label=${name}]`).children);
}

function drawRow(panel, now, row, k) {
    const { data } = panel, concept = data.concepts[k], draft = panel.drafts.get(k), { own } = draft ?? concept;
    const next = data.advice?.go === concept.name ? element("span", { class: "next" }, "check next") : null;
    const state = element("span", { class: "small" }, draft ? STATES[own] : concept.state);
    show(row.querySelector(".left"), [
        element("div", { title: concept.help }, bold(concept.name), " ", state, " ", next),
        distribution(data.values[k], data.colours, data.before.concepts[k], now.concepts[k])]);
    if (data.label) show(row.querySelector(".right"), [
        contribution(data, data.before.contributions[k], now.contributions[k]), small(draft ? "" : concept.note)]);
    if (data.offers.includes("set")) drawControls(panel, row, now.concepts[k], own, k);
}

function drawControls(panel, row, shares, own, k) {
    const { data } = panel, off = data.disabled, values = data.values[k];
    for (const input of row.querySelectorAll("input")) input.disabled = off;
    for (const input of row.querySelectorAll("[type=radio]"))
        input.checked = own === "set" && input.value === values[certain(shares)];
    const slider = row.querySelector(".position");
    if (panel.moving !== k || !slider.matches(":active, :focus")) slider.value = position(shares);
    const words = values.flatMap((value, v) => shares[v] >= 0.005 ? [`${percent(shares[v])} ${value}`] : []);
    slider.ariaValueText = `${words.join(", ")}, ${STATES[own]}`;
    slider.classList.toggle("own", own === "set");
    row.querySelector(".mark").style.setProperty("--at", position(data.before.concepts[k]));
    row.querySelector("[name=reset]").ariaDisabled = String(!own || off);
    const unsure = row.querySelector("[name=unsure]");
    if (unsure) [unsure.ariaPressed, unsure.ariaDisabled] = [String(own === "unsure"), String(off)];
    for (const input of row.querySelectorAll(".share")) {
        const share = shares[input.dataset.v];
        if (!input.matches(":active, :focus")) input.value = Math.round(100 * share);
        input.parentElement.querySelector("output").textContent = input.ariaValueText = percent(share);
    }
}

function drawTotals({ data, presses }, now, cells) {
    const y = data.label.shown, change = (before, after, write) =>
        [write(before) === write(after) ? "" : `${write(before)} → `, bold(write(after))];
    if (data.residual) {
        const [left, middle, right] = cells("residual"), input = middle.querySelector("input");
        show(left, [element("span", { title: data.residual.text }, bold("residual"))]);
        show(right, [contribution(data, data.before.residual, data.after.residual), small(data.residual.note)]);
        if (input && !presses.length) input.checked = data.residual.counts;
        if (input) input.disabled = data.disabled;
    }
    const [left, middle, right] = cells("sum");
    const logits = [data.before, now].map(side => sum(terms(data, side).map(part => part[y])));
    show(left, [bold("sum"), element("span", { class: "small" }, ` with the bias of ${signed(data.bias[y])}`)]);
    show(middle, [element("div", { class: "small" }, `Probability of ${data.labels[y]}: `,
        ...change(data.before.labels[y], now.labels[y], percent))]);
    show(right, [element("div", { class: "number" }, ...change(...logits, signed))]);
}

// -- bars ----------------------------------------------------------------------------------------------------------

function outcome(data, now, drafts) {
    const old = best(data.before.labels), fresh = best(now.labels), edited = data.edited || drafts;
    let said = [data.hint];
    if (data.range) said = [small(data.range.text)];
    else if (old !== fresh)
        said = [bold(`${data.labels[old]} → ${data.labels[fresh]}`), element("div", {}, "The label flips.")];
    else if (edited) said = ["The label stays ", bold(data.labels[fresh]), "."];
    const opacity = `opacity:${old === fresh ? 0.4 : 1}`, colour = edited ? data.colours.own : data.colours.model;
    const arrow = element("div", { class: "arrow", style: opacity, "aria-hidden": "true" }, "➜");
    return [
        answer(data, data.before, data.before.note, data.colours.model),
        element("div", { class: "between", role: "status" }, arrow, element("div", {}, ...said)),
        data.range ? labelRange(data) : answer(data, now, edited && now.note, colour)];
}

function answer(data, { title, labels }, note, colour) {
    const predicted = bold(`${data.labels[best(labels)]} (${percent(Math.max(...labels))})`);
    const heading = element("div", {}, `${title}: `, predicted, note ? `, ${note}` : "");
    const words = data.labels.map((name, y) => `${name} ${percent(labels[y])}`);
    return element("div", { class: "side" }, heading, bars(`${title}: ${words.join(", ")}`, data.labels.map((name, y) =>
        [name, y === best(labels), percent(labels[y]), fill(0, labels[y], colour)])));
}

function labelRange(data) {
    const { rows, winners, said, title } = data.range;
    const bounds = rows.map(([low, high]) => `${percent(low)} to ${percent(high)}`);
    const words = data.labels.map((name, y) => `${name} ${bounds[y]}, expected ${percent(rows[y][2])}`);
    return element("div", { class: "side" }, element("div", {}, `${title}: `, bold(said)),
        bars(`${title}: ${words.join("; ")}`, rows.map(([low, high, expected], y) => [
            data.labels[y], winners.includes(y), bounds[y], fill(low, high - low, data.colours.own),
            element("span", { class: "expected", style: `left:${100 * expected}%` })])));
}

// A line per value: what was predicted in grey, and below it what a person set, where it differs.
function distribution(values, colours, before, after) {
    const words = values.map((value, v) => `${value} ${percent(after[v])}`);
    return bars(words.join(", "), values.map((value, v) => {
        if (!differ(before[v], after[v])) return [value, false, percent(after[v]), fill(0, after[v], colours.model)];
        return [value, false, element("span", {}, `${percent(before[v])} → `, bold(percent(after[v]))),
            fill(0, before[v], colours.model, "height:45%"), fill(0, after[v], colours.own, "top:50%;height:50%")];
    }));
}

// Rows of a name, whether it is bold, a number, and what fills the bar.
function bars(words, rows) {
    return element("div", { class: "bars", role: "img", "aria-label": words }, ...rows.flatMap(
        ([name, strong, number, ...fills]) => [
            element(strong ? "b" : "span", {}, name), element("span", { class: "trough" }, ...fills),
            element(strong ? "b" : "span", { class: "number" }, number)]));
}

function fill(left, width, colour, more = "") {
    const place = `left:${100 * left}%;width:${100 * width}%;background:${colour};${more}`;
    return element("span", { class: "fill", style: place });
}

const terms = ({ bias }, side) => [...side.contributions, side.residual, bias];

// From zero to the right it supports the label, to the left it opposes it. The scale holds the longest bar that there
// can be, so it stays as it is while concepts are set.
function contribution(data, was, is) {
    const y = data.label.shown, [before, after] = [was[y], is[y]], { colours } = data;
    const all = [...terms(data, data.before), ...terms(data, data.after), ...(data.effects ?? []).flat()];
    const longest = Math.max(...all.map(part => Math.abs(part[y]))) || 1;
    const bar = (number, colour, more) => {
        const half = Math.min(Math.abs(number) / longest, 1) / 2;
        return fill(number > 0 ? 0.5 : 0.5 - half, half, colour, more);
    };
    const moved = differ(before, after), colour = after > 0 ? colours.supports : colours.opposes;
    return element("div", { class: "contribution" },
        element("div", { class: "number" }, moved ? `${signed(before)} → ` : "", bold(signed(after))),
        element("div", { class: "trough" }, moved ? bar(before, colours.model, "height:35%") : "",
            bar(after, colour, moved ? "top:40%;height:60%" : "top:12%;height:76%"),
            element("span", { class: "zero" })));
}

// What stays the same stays in place: a screen reader then reads out what changed, and nothing flickers.
function show(part, fresh) {
    become(part, element("div", {}, ...fresh));
}

function become(old, fresh) {
    const [were, are] = [[...old.childNodes], [...fresh.childNodes]];
    if (were.length !== are.length || were.some((node, at) => node.nodeName !== are[at].nodeName))
        return old.replaceChildren(...are);
    were.forEach((node, at) => {
        const wanted = are[at];
        if (node.nodeType === Node.TEXT_NODE && node.data !== wanted.data) node.data = wanted.data;
        for (const { name } of [...(node.attributes ?? [])]) if (!wanted.hasAttribute(name)) node.removeAttribute(name);
        for (const { name, value } of wanted.attributes ?? [])
            if (node.getAttribute(name) !== value) node.setAttribute(name, value);
        become(node, wanted);
    });
}
