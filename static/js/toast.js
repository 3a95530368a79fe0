// A short message in the corner of the page, which disappears by itself.

export function say(text, level = "info") {
  const toast = document.createElement("div");
  toast.className = `toast is-${level}`;
  toast.textContent = text;
  document.getElementById("toasts").append(toast);
  window.setTimeout(() => toast.remove(), level === "error" ? 8000 : 3000);
}
