// Suggestions below the search box while the user types: a combobox with a list, by the ARIA pattern. Arrow keys move,
// Enter takes the suggestion and searches (with data-suggestions-stays it only fills the box), Escape closes. Without
// this script the box is a plain input.
const DELAY = 120;

function attach(input) {
  const list = document.getElementById(input.dataset.suggestionsList);
  const status = document.getElementById(input.dataset.suggestionsStatus);
  let timer = 0;
  let request = null;
  let active = -1;

  function options() {
    return [...list.children];
  }

  function close() {
    clearTimeout(timer);
    request?.abort();
    list.hidden = true;
    list.replaceChildren();
    active = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  function choose(index) {
    const all = options();
    all[active]?.setAttribute("aria-selected", "false");
    active = index < -1 ? all.length - 1 : index >= all.length ? -1 : index;
    const option = all[active];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
  }

  function take(option) {
    if (option.dataset.url) {
      window.location.assign(option.dataset.url);
      return;
    }
    input.value = option.dataset.value;
    close();
    if (input.value.endsWith(":") || "suggestionsStays" in input.dataset) input.focus();
    else input.form.requestSubmit();
  }

  function show(found) {
    list.replaceChildren(
      ...found.map((suggestion, number) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${number}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.value = suggestion.value;
        if (suggestion.url) option.dataset.url = suggestion.url;
        const label = document.createElement("b");
        label.textContent = suggestion.label;
        const note = document.createElement("span");
        note.className = "quiet";
        note.textContent = suggestion.note;
        option.append(label, " ", note);
        return option;
      }),
    );
    active = -1;
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(Boolean(found.length)));
    status.textContent = found.length ? `${found.length} suggestions` : "";
  }

  async function look() {
    const typed = input.value;
    if (typed.trim().length < 2) {
      close();
      return;
    }
    request?.abort();
    request = new AbortController();
    try {
      const address = `${input.dataset.suggestions}?${new URLSearchParams({ q: typed })}`;
      const response = await fetch(address, { signal: request.signal, headers: { Accept: "application/json" } });
      if (response.ok && input.value === typed && document.activeElement === input) {
        show((await response.json()).suggestions);
      }
    } catch (fault) {
      if (fault.name !== "AbortError") close(); // the box works without suggestions
    }
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, DELAY);
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown") choose(active + 1);
    else if (event.key === "ArrowUp") choose(active < 0 ? options().length - 1 : active - 1);
    else if (event.key === "Enter" && active >= 0) take(options()[active]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  input.addEventListener("blur", () => setTimeout(close, 150));
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) {
      event.preventDefault();
      take(option);
    }
  });
}

for (const input of document.querySelectorAll("[data-suggestions]")) attach(input);
