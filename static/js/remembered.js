// Choices remembered in this browser: they are about the display only, never about letters.

export function keep(name, value) {
  try {
    window.localStorage.setItem(name, value);
  } catch {
    // The browser stores nothing: the choice lasts for this page.
  }
}

export function kept(name) {
  try {
    return window.localStorage.getItem(name) || "";
  } catch {
    return "";
  }
}

// Single-character keys can be switched off (see keys.js).
export const keysAreOff = () => kept("keys") === "off";
