// The page of a run: a bar that is chosen leaves everything where it was, what runs grows, the graph is pushed and zoomed.
// Everything works without it.
const fall = () => document.querySelector('.fall');
const kept = 'waterfall';
document.addEventListener('click', (e) => {
  if (!e.target.closest('.fall a, .shares a')) return;
  try {
    sessionStorage.setItem(kept, JSON.stringify({ trace: fall()?.dataset.trace, y: scrollY, hash: new URL(e.target.closest('a').href).hash }));
  } catch { /* storage may be forbidden */ }
});
try {
  const { trace, y, hash } = JSON.parse(sessionStorage.getItem(kept) ?? '{}');
  sessionStorage.removeItem(kept);
  if (trace && trace === fall()?.dataset.trace) {
    (document.querySelector(hash || null) ?? fall().querySelector('tr.sel .go'))?.focus({ preventScroll: true });
    scrollTo(0, y);
  }
} catch { /* nothing to go back to */ }

// The axis ends now: what has ended moves left, what runs reaches the right edge.
const ahead = Date.parse(document.body.dataset.now) - Date.now();
const first = new WeakMap();
const percent = (e, name) => {
  if (!first.has(e)) first.set(e, {});
  const of = first.get(e);
  return of[name] ??= parseFloat(e.getAttribute(name));
};
setInterval(() => {
  const end = Date.parse(fall()?.dataset.end), begin = Date.parse(fall()?.dataset.begin);
  if (document.hidden || !(end > begin)) return;
  const by = Math.min(1, (end - begin) / (Date.now() + ahead - begin));
  for (const e of fall().querySelectorAll('svg *')) {
    for (const name of ['x', 'width', 'x1', 'x2', 'cx']) {
      if (e.getAttribute(name)?.endsWith('%')) e.setAttribute(name, `${(percent(e, name) * by).toFixed(3)}%`);
    }
    if (e.classList.contains('grows')) e.setAttribute('width', `${(100 - percent(e, 'x') * by).toFixed(3)}%`);
  }
}, 1000);

// The graph: dragged, zoomed by wheel with ctrl, by buttons and keys. A large one opens where the run of this page is.
const dag = () => document.querySelector('.dag');
let zoom = 1;
const picture = (box) => box.querySelector(':scope > svg');
const size = (svg) => ({ width: svg.viewBox.baseVal.width, height: svg.viewBox.baseVal.height });
const draw = () => {
  const svg = picture(dag()), { width, height } = size(svg);
  svg.setAttribute('width', width * zoom);
  svg.setAttribute('height', height * zoom);
};
const zoomTo = (wanted, x, y) => {
  const box = dag(), before = zoom;
  x ??= box.clientWidth / 2;
  y ??= box.clientHeight / 2;
  zoom = Math.min(3, Math.max(.1, wanted));
  const by = zoom / before, left = (box.scrollLeft + x) * by - x, top = (box.scrollTop + y) * by - y;
  draw();
  box.scrollTo(left, top);
};
const fit = () => {
  const box = dag(), { width, height } = size(picture(box));
  // The box is as high as what is in it, up to a limit.
  zoomTo(Math.min(1, (box.clientWidth - 2) / width, innerHeight * .75 / height));
};
const acts = { in: () => zoomTo(zoom * 1.25), out: () => zoomTo(zoom / 1.25), fit, same: () => zoomTo(1) };
const offer = () => document.querySelectorAll('[data-zoom]').forEach((b) => { b.hidden = false; });
document.addEventListener('click', (e) => acts[e.target.closest('[data-zoom]')?.dataset.zoom]?.());
document.addEventListener('keydown', (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || !e.target.closest?.('.dag')) return;
  const act = { '+': 'in', '=': 'in', '-': 'out', 0: 'fit', 1: 'same' }[e.key];
  if (!act) return;
  acts[act]();
  e.preventDefault();
});
document.addEventListener('wheel', (e) => {
  const box = e.target.closest?.('.dag');
  if (!box || !e.ctrlKey) return;
  const at = box.getBoundingClientRect();
  zoomTo(zoom * Math.exp(-e.deltaY / 300), e.clientX - at.left, e.clientY - at.top);
  e.preventDefault();
}, { passive: false });
let drag = null;
document.addEventListener('pointerdown', (e) => {
  const box = e.target.closest?.('.dag');
  if (box && e.button === 0 && e.pointerType === 'mouse') drag = { box, x: e.clientX + box.scrollLeft, y: e.clientY + box.scrollTop, far: false };
});
document.addEventListener('pointermove', (e) => {
  if (!drag) return;
  const x = drag.x - e.clientX, y = drag.y - e.clientY;
  drag.far ||= Math.abs(x - drag.box.scrollLeft) + Math.abs(y - drag.box.scrollTop) > 4;
  if (!drag.far) return;
  drag.box.classList.add('drag');
  drag.box.scrollTo(x, y);
});
// The click that ends a drag opens nothing.
document.addEventListener('click', (e) => { if (drag?.far) { e.preventDefault(); e.stopPropagation(); } drag = null; }, true);
document.addEventListener('pointerup', () => { drag?.box.classList.remove('drag'); setTimeout(() => { drag = null; }); });
document.addEventListener('dragstart', (e) => { if (e.target.closest?.('.dag')) e.preventDefault(); });
const open = () => {
  if (!dag()) return;
  offer();
  if (zoom !== 1) draw();
};
document.addEventListener('refreshed', open);
open();
const chosen = dag()?.querySelector('.node.sel');
if (chosen) dag().scrollTo(chosen.x.baseVal.value - (dag().clientWidth - 184) / 2, chosen.y.baseVal.value - (dag().clientHeight - 44) / 2);
