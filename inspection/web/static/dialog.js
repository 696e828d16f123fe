// A dialog with a form: stays open, with the reason, until its action succeeds.

import { complain } from "./dom.js";

/** Opens `dialog`; `action(elements)` runs on submit. Answers false to keep the dialog open. */
export function ask(dialog, action) {
  const form = dialog.querySelector("form");
  const problem = dialog.querySelector(".problem");
  complain(problem, null);
  form.querySelector('[value="cancel"]').onclick = () => dialog.close();
  form.onsubmit = async (event) => {
    event.preventDefault();
    const button = form.querySelector(".primary");
    button.disabled = true;
    try {
      if ((await action(form.elements)) !== false) dialog.close();
    } catch (error) {
      complain(problem, error.message);
    } finally {
      button.disabled = false;
    }
  };
  dialog.showModal();
}
