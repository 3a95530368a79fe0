// Suggestions of user names while "@name" is typed in a note: a listbox by the ARIA pattern. Arrow keys move, Enter or Tab
// takes the name, Escape closes. Without this script the name is typed in full.
const DELAY = 120;
const MENTION = /(^|[^\w.+-])@([\w.+-]*)$/;

function attach(box) {
  const list = document.createElement("ul");
  list.className = "mentions-list";
  list.id = `${box.id}-mentions`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Users");
  list.hidden = true;
  box.after(list);
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-autocomplete", "list");
  const status = document.createElement("span");
  status.className = "visually-hidden";
  status.setAttribute("role", "status");
  list.after(status);
  let timer = 0;
  let active = 0;

  const typed = () => MENTION.exec(box.value.slice(0, box.selectionStart))?.[2];

  function close() {
    clearTimeout(timer);
    list.hidden = true;
    list.replaceChildren();
    box.removeAttribute("aria-activedescendant");
    status.textContent = "";
  }

  function choose(index) {
    const all = [...list.children];
    all[active]?.setAttribute("aria-selected", "false");
    active = (index + all.length) % all.length;
    all[active].setAttribute("aria-selected", "true");
    box.setAttribute("aria-activedescendant", all[active].id);
  }

  function take(option) {
    const end = box.selectionStart;
    const start = end - typed().length;
    box.setRangeText(`${option.dataset.value} `, start, end, "end");
    close();
    box.focus();
  }

  function show(found) {
    list.replaceChildren(
      ...found.map((suggestion, number) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${number}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.value = suggestion.value;
        const name = document.createElement("b");
        name.textContent = suggestion.value;
        const note = document.createElement("span");
        note.className = "quiet";
        note.textContent = suggestion.note;
        option.append(name, " ", note);
        return option;
      }),
    );
    list.hidden = !found.length;
    status.textContent = found.length ? `${found.length} users` : "";
    active = 0;
    if (found.length) choose(0);
  }

  async function look() {
    const name = typed();
    if (name === undefined) return close();
    try {
      const address = `${box.dataset.mentions}?${new URLSearchParams({ q: name })}`;
      const response = await fetch(address, { headers: { Accept: "application/json" } });
      if (response.ok && typed() === name && document.activeElement === box) {
        show((await response.json()).suggestions);
      }
    } catch {
      close(); // the note works without suggestions
    }
  }

  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(look, DELAY);
  });
  box.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown") choose(active + 1);
    else if (event.key === "ArrowUp") choose(active - 1);
    else if (event.key === "Enter" || event.key === "Tab") take(list.children[active]);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  box.addEventListener("blur", () => setTimeout(close, 150));
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[role=option]");
    if (!option) return;
    event.preventDefault();
    take(option);
  });
}

for (const box of document.querySelectorAll("[data-mentions]")) attach(box);
