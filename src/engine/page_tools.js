/* What the pages share: elements, numbers, colours, axes. */
const el = id => document.getElementById(id);
const css = name => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const make = (tag, text, cls) => { const e = document.createElement(tag); if (text !== undefined) e.textContent = text; if (cls) e.className = cls; return e; };
const money = (v, d) => v === null || v === undefined || isNaN(v) ? "–"
    : v.toLocaleString("en-US", {minimumFractionDigits: d, maximumFractionDigits: d});
const percent = v => v === null ? "–" : (100 * v).toFixed(1) + " %";

/* ---- theme: the system's, until the button says otherwise ---- */
const dark = () => document.documentElement.dataset.theme === "dark";
const light_colors = ["#2a78d6", "#e0632b", "#0f9a72", "#c98a00", "#c2508f", "#6a4fc4", "#5d7f1a", "#c0302c", "#1397a8", "#8a5a2b"];
const dark_colors = ["#5a9df0", "#f08552", "#37bd98", "#e3ae3a", "#e585b8", "#a592ee", "#a3c658", "#f0716c", "#4fc7d6", "#c99a6b"];
document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";

/* ---- charts ---- */
const two = v => String(v).padStart(2, "0");
const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const dates = zone => (u, splits, axis_, space, incr) => splits.map((s, i) => {
    const d = uPlot.tzDate(new Date(s * 1e3), zone), first = i === 0 || uPlot.tzDate(new Date(splits[i - 1] * 1e3), zone).getDate() !== d.getDate();
    if (incr >= 28 * 86400) return months[d.getMonth()] + (d.getMonth() === 0 || i === 0 ? "\n" + d.getFullYear() : "");
    if (incr >= 86400) return d.getDate() + " " + months[d.getMonth()] + (i === 0 ? "\n" + d.getFullYear() : "");
    return two(d.getHours()) + ":" + two(d.getMinutes()) + (first ? "\n" + d.getDate() + " " + months[d.getMonth()] + " " + d.getFullYear() : "");
});
const width = id => Math.max(280, el(id).clientWidth);
const axis = more => Object.assign({stroke: css("--soft"), grid: {stroke: css("--grid"), width: 1}, ticks: {show: false}, font: "12px system-ui, sans-serif"}, more);
