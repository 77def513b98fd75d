// The code of a login link stands behind the '#': it goes into the form, and out of the address and the history.
const code = location.hash.slice(1);
if (code) {
  document.getElementById('token').value = code;
  history.replaceState(null, '', location.pathname + location.search);
}
