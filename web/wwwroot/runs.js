// The list of runs: a stretch of the strip is chosen by dragging, and tags are suggested. Everything works without it.
const bars = (strip) => [...strip.querySelectorAll('a')];
let drag = null;
const barAt = (strip, x) => {
  const box = strip.getBoundingClientRect(), all = bars(strip);
  return Math.min(all.length - 1, Math.max(0, Math.floor((x - box.left) / box.width * all.length)));
};
document.addEventListener('pointerdown', (e) => {
  const strip = e.target.closest?.('[data-strip]');
  if (strip && e.button === 0) drag = { strip, first: barAt(strip, e.clientX), last: -1 };
});
document.addEventListener('pointermove', (e) => {
  if (!drag?.strip.isConnected) return;
  const last = barAt(drag.strip, e.clientX);
  if (last === drag.first && drag.last < 0) return;
  drag.last = last;
  const brush = drag.strip.querySelector('.brush'), count = bars(drag.strip).length;
  brush.setAttribute('x', `${Math.min(drag.first, last) / count * 100}%`);
  brush.setAttribute('width', `${(Math.abs(last - drag.first) + 1) / count * 100}%`);
});
// A link that is dragged would otherwise be carried off.
document.addEventListener('dragstart', (e) => { if (e.target.closest?.('[data-strip]')) e.preventDefault(); });
document.addEventListener('pointerup', () => {
  const done = drag;
  drag = null;
  if (!done || done.last < 0 || !done.strip.isConnected) return;
  const all = bars(done.strip), href = (i) => new URL(all[i].getAttribute('href'), location.href);
  const url = href(Math.min(done.first, done.last));
  url.searchParams.set('to', href(Math.max(done.first, done.last)).searchParams.get('to'));
  location.assign(url);
});
// The click that ends a drag is none.
document.addEventListener('pointercancel', () => { drag = null; });

// Keys while a key is typed, values of it behind the sign.
const tag = document.querySelector('input[name=tag][list]'), list = document.getElementById('tags');
let asked = null, timer = 0;
const suggest = async () => {
  const [, key, value] = /^([^=:]*)(?:[=:](.*))?$/s.exec(tag.value) ?? [];
  const url = value === undefined ? `/api/v1/tags?q=${encodeURIComponent(key)}&limit=50` : `/api/v1/tags/${encodeURIComponent(key)}?q=${encodeURIComponent(value)}&limit=50`;
  if (url === asked) return;
  asked = url;
  try {
    const answer = await fetch(url, { credentials: 'same-origin' });
    if (!answer.ok || asked !== url) return;
    list.replaceChildren(...(await answer.json()).items.map((item) => {
      const option = document.createElement('option');
      option.value = value === undefined ? `${item}=` : `${key}=${item}`;
      return option;
    }));
  } catch { /* it is typed without */ }
};
tag?.addEventListener('focus', suggest);
tag?.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(suggest, 150); });
