// Slides are counted from 0, the cover. Which slide a key leads to; undefined for keys that lead nowhere. Clickers send
// page keys.
function sceneAfter(key, at, count) {
    const next = {
        ArrowRight: at + 1, PageDown: at + 1, ArrowLeft: at - 1, PageUp: at - 1, Home: 0, End: count - 1,
    }[key];
    return next === undefined ? undefined : Math.max(0, Math.min(next, count - 1));
}

const slideName = (at, count) => at ? `${at} / ${count - 1}` : "Cover";
