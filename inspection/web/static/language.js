// The words of a page in the language that was chosen. English is the source; other languages come with the page.

export const table = JSON.parse(document.getElementById("catalogue")?.textContent || "{}");
const YEAR_S = 31536000;

/** t("No model of {recipe}", {recipe}) */
export const t = (text, values = {}) => put(table[text] ?? text, values);

/** n("{count} part", "{count} parts", 3) */
export function n(one, many, count, values = {}) {
  const text = table[one]?.[0] ?? (count === 1 ? one : many);
  return put(text, { count, ...values });
}

/** The same as `t` with elements as values: an array of texts and elements. */
export function rich(text, values) {
  return (table[text] ?? text).split(/(\{\w+\})/).map((part) => (part.startsWith("{") ? values[part.slice(1, -1)] ?? null : part));
}

const put = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));

for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", () => {
    document.cookie = `inspection_language=${button.dataset.language}; path=/; max-age=${YEAR_S}; SameSite=Lax`;
    location.reload();
  });
}
