// The theme keeps the contents open after a click on a link, so they cover the heading.
document.addEventListener("click", (event) => {
  if (event.target.closest("a")) {
    event.target.closest("dialog")?.close();
  }
});

// One player plays at a time.
document.addEventListener("play", (event) => {
  for (const other of document.querySelectorAll("audio")) {
    if (other !== event.target) other.pause();
  }
}, true);

// Buttons that copy code have no text. They are made after the page is loaded.
new MutationObserver(() => {
  for (const button of document.querySelectorAll("button.copybtn:not([aria-label])")) {
    button.setAttribute("aria-label", "Copy the code");
  }
}).observe(document.documentElement, { childList: true, subtree: true });
