// Filters the operations as one types: the list is fetched again, and the address follows. Without it the form is sent.
const form = document.getElementById('operations-filter');
let asking, timer;
const ask = async () => {
  asking?.abort();
  asking = new AbortController();
  const url = new URL(form.action);
  for (const [name, value] of new FormData(form)) if (value !== '') url.searchParams.append(name, value);
  history.replaceState(null, '', url);
  const fragment = new URL(url);
  fragment.searchParams.set('fragment', '1');
  try {
    const answer = await fetch(fragment, { credentials: 'same-origin', signal: asking.signal });
    const fresh = answer.ok && new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('[data-live]');
    if (!fresh) return;
    document.querySelector('[data-live]').replaceWith(fresh);
    document.dispatchEvent(new Event('refreshed'));
  } catch { /* a newer question, or the server is away, which the event stream says */ }
};
form.addEventListener('input', (e) => { clearTimeout(timer); timer = setTimeout(ask, e.target.type === 'search' ? 150 : 0); });
form.addEventListener('submit', (e) => { e.preventDefault(); clearTimeout(timer); ask(); });
