// What a form is made of. A field's name is where the signing body has it, so that a fault's pointer names its field.
import { make } from "./base.js";

const fault = (name) => make("p", { class: "error", part: "error", id: `${name}-error`, hidden: true });

const optional = (word) => make("span", { class: "optional" }, ` (${word})`);

/** A label, a hint, the fault and the control; `optionally` is the word for what may be left out. */
export function field(name, label, control, { hint, optionally } = {}) {
  const about = { id: name, name, part: "input", "aria-describedby": `${name}-hint ${name}-error`, "aria-required": !optionally && "true" };
  for (const [key, value] of Object.entries(about)) if (value) control.setAttribute(key, value);
  return make(
    "div",
    { class: "field", part: "field" },
    make("label", { for: name, part: "label" }, label, optionally && optional(optionally)),
    hint && make("p", { class: "hint", id: `${name}-hint` }, hint),
    fault(name),
    control,
  );
}

export const text = (autocomplete) => make("input", { autocomplete, dir: "auto" });

/** An input for what is written from left to right in every language: an address of mail or web. */
export const address = (type, autocomplete) => make("input", { type, autocomplete, dir: "ltr" });

export const select = (autocomplete, none) => make("select", { autocomplete }, make("option", { value: "" }, none));

/** A fieldset of radio buttons or tick boxes; `choices` are pairs of a value and what it says. */
export function group(name, type, legend, choices, { hint, optionally } = {}) {
  return make(
    "fieldset",
    { "aria-describedby": `${name}-hint ${name}-error` },
    make("legend", null, legend, optionally && optional(optionally)),
    hint && make("p", { class: "hint", id: `${name}-hint` }, hint),
    fault(name),
    make(
      "div",
      { class: `choices ${type}` },
      choices.map(([value, says]) =>
        make("label", { class: "choice" }, make("input", { type, name, value }), make("span", null, says)),
      ),
    ),
  );
}

/** Says at each field what is wrong, and leads to the first; returns whether all faults have a field. */
export function point(form, faults, say) {
  for (const place of form.querySelectorAll(".error[id]")) place.hidden = true;
  for (const control of form.querySelectorAll("[aria-invalid]")) control.removeAttribute("aria-invalid");
  let placed = true;
  for (const { pointer, code } of faults) {
    const name = pointer.slice(1).replace(/\/\d+$/, "");
    const place = form.querySelector(`[id="${CSS.escape(name)}-error"]`);
    placed &&= place !== null;
    if (!place?.hidden) continue;
    const control = place.nextElementSibling;
    place.hidden = false;
    // No country chosen is no country known.
    place.textContent = say(control.value === "" ? "required" : code);
    (control.querySelector("input") ?? control).setAttribute("aria-invalid", "true");
  }
  form.querySelector("[aria-invalid]")?.focus();
  return placed;
}
