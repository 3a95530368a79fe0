// The worklist: select all rows of the page, and say how many are selected.
const form = document.querySelector("[data-worklist]");
if (form) {
  const all = form.querySelector("[data-selects-all]");
  const boxes = [...form.querySelectorAll('input[name="duty"]')];
  const said = form.querySelector("[data-selected]");
  const update = () => {
    const count = boxes.filter((box) => box.checked).length;
    if (said) said.textContent = count ? `(${count} selected)` : "";
    if (all) {
      all.checked = count === boxes.length;
      all.indeterminate = count > 0 && count < boxes.length;
    }
  };
  form.addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes) box.checked = all.checked;
    update();
  });
  update();
}
