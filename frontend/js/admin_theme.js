// Django's admin, whose <html> the server does not write for us: the theme of the other pages, before anything is painted.
// A classic script on purpose; a module would come after the first paint.

(() => {
  const chosen = /(?:^|; )theme=(light|dark|contrast)(?:;|$)/.exec(document.cookie);
  if (chosen) document.documentElement.dataset.theme = chosen[1];
})();
