// Refreshes a page's live part, and counts what runs. Everything works without it.
const pad = (n) => String(n).padStart(2, '0');

// The same text as Durations.Text on the server.
const duration = (s) => {
  if (s < 0.9995) return `${Math.max(0, Math.round(s * 1000))} ms`;
  if (s < 9.95) return `${s.toFixed(1)} s`;
  if (s < 59.5) return `${Math.round(s)} s`;
  if (s < 3599.5) { const t = Math.round(s); return `${Math.floor(t / 60)} m ${pad(t % 60)} s`; }
  if (s < 86370) { const t = Math.round(s / 60); return `${Math.floor(t / 60)} h ${pad(t % 60)} m`; }
  const t = Math.round(s / 3600);
  return `${Math.floor(t / 24)} d ${t % 24} h`;
};
// Counted by the server's clock: this machine's may be wrong.
const ahead = Date.parse(document.body.dataset.now) - Date.now();
setInterval(() => {
  if (document.hidden) return;
  for (const e of document.querySelectorAll('[data-since]')) {
    e.textContent = duration((Date.now() + ahead - Date.parse(e.dataset.since)) / 1000);
  }
  // Bars that fill while something runs.
  for (const e of document.querySelectorAll('[data-grow]')) {
    e.setAttribute('width', `${Math.min(100, (Date.now() + ahead - Date.parse(e.dataset.grow)) / 10 / e.dataset.full)}%`);
  }
}, 1000);

const part = () => document.querySelector('[data-live]');
const state = document.getElementById('live');
const say = (text, css) => { state.textContent = text; state.className = `live ${css}`; };

// A press and its release are a click only on the same element. Told by every movement, as a release may go to another window.
let pressed = false;
for (const type of ['pointerdown', 'pointermove', 'pointerup', 'pointercancel']) addEventListener(type, (e) => { pressed = (e.buttons & 1) === 1; }, true);

// At most one fetch a second, one at a time; what changes meanwhile is in the next one.
let stale = false, busy = false, last = '';
const refresh = async () => {
  stale = true;
  if (busy) return;
  busy = true;
  while (stale && !document.hidden) {
    stale = false;
    try {
      const asked = location.href, url = new URL(asked);
      url.hash = '';
      url.searchParams.set('fragment', '1');
      const answer = await fetch(url, { credentials: 'same-origin' });
      const html = await answer.text();
      // Somebody filters as they type: what was asked for before that is not shown any more. Somebody clicks: not now.
      if (location.href !== asked || pressed) stale = true;
      else if (answer.ok && html !== last && swap(html)) last = html;
    } catch { /* the event stream says that the server is away */ }
    await new Promise((done) => setTimeout(done, 1000));
  }
  busy = false;
};

const swap = (html) => {
  const fresh = new DOMParser().parseFromString(html, 'text/html').querySelector('[data-live]');
  const old = part();
  // Nobody likes a selection taken from under the mouse; the next change brings it all.
  if (!fresh || !old || (!getSelection().isCollapsed && old.contains(getSelection().anchorNode))) return false;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const open = [...old.querySelectorAll('details[open][id]')].map((d) => d.id);
  const scrolled = [...old.querySelectorAll('[tabindex="0"]')].map((e) => [e.scrollLeft, e.scrollTop]);
  old.replaceWith(fresh);
  for (const id of open) document.getElementById(id)?.setAttribute('open', '');
  fresh.querySelectorAll('[tabindex="0"]').forEach((e, i) => scrolled[i] && e.scrollTo(...scrolled[i]));
  document.dispatchEvent(new Event('refreshed'));
  if (!focused) return true;
  const href = focused.getAttribute('href');
  const same = focused.id ? document.getElementById(focused.id)
    : href ? [...fresh.querySelectorAll('a')].find((a) => a.getAttribute('href') === href)
    : focused.closest('details[id]') ? document.querySelector(`#${CSS.escape(focused.closest('details[id]').id)} > summary`) : null;
  same?.focus({ preventScroll: true });
  return true;
};

let source = null, retry = 0, timer = 0;
const listen = () => {
  clearTimeout(timer);
  source?.close();
  source = null;
  if (document.hidden) { say('paused ○', 'off'); return; }
  source = new EventSource(`/live?view=${encodeURIComponent(part().dataset.live)}`);
  source.onopen = () => { retry = 0; say('live ●', 'ok'); refresh(); };
  source.addEventListener('changed', refresh);
  source.onerror = () => {
    say('offline ✕', 'bad');
    // A stream that the server refused is not tried again by the browser.
    if (source.readyState === EventSource.CLOSED) timer = setTimeout(listen, Math.min(30, 2 ** ++retry) * 1000);
  };
};
if (part()) {
  // After the first paint: the stream's first answer is a refresh, which would hold that up. A hidden page is not painted and begins when it is seen.
  const painted = new PerformanceObserver(() => { painted.disconnect(); listen(); });
  painted.observe({ type: 'paint', buffered: true });
  document.addEventListener('visibilitychange', listen);
  addEventListener('pagehide', () => source?.close());
  addEventListener('pageshow', (e) => e.persisted && listen());
}
