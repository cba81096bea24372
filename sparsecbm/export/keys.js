// Which scene a key leads to, counted from 0; undefined for keys that lead nowhere. Clickers send page keys.
function sceneAfter(key, at, count) {
    const next = {
        ArrowRight: at + 1, PageDown: at + 1, ArrowLeft: at - 1, PageUp: at - 1, Home: 0, End: count - 1,
    }[key];
    return next === undefined ? undefined : Math.max(0, Math.min(next, count - 1));
}
