// The list of runs: a stretch of the strip is chosen by dragging, and tags are suggested. Everything works without it.
// The strip may be replaced by a newer one while it is dragged over.
const strip = () => document.querySelector('[data-strip]');
const bars = () => [...strip().querySelectorAll('a')];
const barAt = (x) => {
  const box = strip().getBoundingClientRect(), count = bars().length;
  return Math.min(count - 1, Math.max(0, Math.floor((x - box.left) / box.width * count)));
};
let drag = null;
document.addEventListener('pointerdown', (e) => {
  if (e.button === 0 && e.target.closest?.('[data-strip]')) drag = { first: barAt(e.clientX), last: -1 };
});
document.addEventListener('pointermove', (e) => {
  if (!drag || !strip()) return;
  const last = barAt(e.clientX), count = bars().length, brush = strip().querySelector('.brush');
  if (last === drag.first && drag.last < 0) return;
  drag.last = last;
  brush.setAttribute('x', `${Math.min(drag.first, last) / count * 100}%`);
  brush.setAttribute('width', `${(Math.abs(last - drag.first) + 1) / count * 100}%`);
});
document.addEventListener('pointerup', () => {
  const { first, last } = drag ?? { last: -1 }, all = strip() ? bars() : [];
  drag = null;
  if (last < 0 || !all[Math.max(first, last)]) return;
  const href = (i) => new URL(all[i].getAttribute('href'), location.href), url = href(Math.min(first, last));
  url.searchParams.set('to', href(Math.max(first, last)).searchParams.get('to'));
  location.assign(url);
});
document.addEventListener('pointercancel', () => { drag = null; });
// A link that is dragged would otherwise be carried off.
document.addEventListener('dragstart', (e) => { if (e.target.closest?.('[data-strip]')) e.preventDefault(); });

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
