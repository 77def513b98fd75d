// Keys, copying, the clock of this machine. Everything works without it.
// The zone of this machine stays in the address, as every other choice does.
const local = document.getElementById('local');
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (local && zone && zone !== 'UTC') {
  const url = new URL(local.href);
  url.searchParams.set('tz', zone);
  local.href = url.pathname + url.search;
  local.hidden = false;
}

const offerCopies = () => document.querySelectorAll('[data-copy]').forEach((b) => { b.hidden = false; });
if (navigator.clipboard) {
  offerCopies();
  document.addEventListener('refreshed', offerCopies);
  document.addEventListener('click', async (e) => {
    const button = e.target.closest('[data-copy]');
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.previousElementSibling.textContent);
      button.textContent = 'Copied';
    } catch { button.textContent = 'Refused'; }
  });
}

const help = document.getElementById('keys');
const on = document.getElementById('keys-on');
try {
  on.checked = localStorage.getItem('keys') !== 'off';
  on.onchange = () => localStorage.setItem('keys', on.checked ? 'on' : 'off');
} catch { /* storage may be forbidden */ }
// Whether the key before was g. No clock: a slow machine, or a hand, takes its time.
let going = false;
const move = (by) => {
  const links = [...document.querySelectorAll('[data-rows] a.go')];
  // From what is focused, else from what the page is about.
  const focused = links.indexOf(document.activeElement), at = focused < 0 ? links.findIndex((l) => l.closest('tr[aria-current]')) : focused;
  links[Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
};
document.addEventListener('keydown', (e) => {
  if (!on.checked || e.ctrlKey || e.metaKey || e.altKey || e.target.closest('input, select, textarea, dialog')) return;
  const went = going;
  going = e.key === 'g';
  if (e.key === '?') help.showModal();
  else if (e.key === '/') document.getElementById('find').focus();
  else if (e.key === 'j') move(1);
  else if (e.key === 'k') move(-1);
  else if (went && document.querySelector(`[data-go="${CSS.escape(e.key)}"]`)) document.querySelector(`[data-go="${CSS.escape(e.key)}"]`).click();
  else return;
  e.preventDefault();
});
