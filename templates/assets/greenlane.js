// What only a script can do, and nothing a page needs: every form works without it.
"use strict";
// A second click on a button that is already sending does nothing; the command's id would make it harmless anyway.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sending) { event.preventDefault(); return; }
  if (form.method === "post") form.dataset.sending = "1";
});
// Shown again by the back button, a form may be sent again.
addEventListener("pageshow", () => { for (const form of document.forms) delete form.dataset.sending; });
// The list of mistakes is where somebody starts reading.
document.querySelector(".error-summary")?.focus();
