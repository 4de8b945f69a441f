// The theme keeps the contents open after a click on a link, so they cover the heading.
document.addEventListener("click", (event) => {
  if (event.target.closest("a")) {
    event.target.closest("dialog")?.close();
  }
});
