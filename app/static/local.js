/* After a row was added, put the keyboard into its first field. */
document.addEventListener("DOMContentLoaded", () => {
  const mark = document.querySelector("[data-focus-id]");
  const field = mark && document.getElementById(mark.dataset.focusId);
  if (field) {
    field.scrollIntoView({ block: "center" });
    field.focus();
  }
});
