// Passkeys: shows their buttons where the browser has them, and says in words what went wrong. The ceremony itself is in
// django-allauth's scripts.
const WORDS = {
  NotAllowedError: "No passkey was used. Try again, or sign in another way.",
  InvalidStateError: "This device already has a passkey for your account.",
  SecurityError: "Passkeys need the site's host name and HTTPS. Ask an administrator.",
  AbortError: "The passkey request was canceled. Try again.",
  NotSupportedError: "This device has no passkey that works here.",
};

if (window.PublicKeyCredential) {
  for (const button of document.querySelectorAll("[data-passkey]")) button.hidden = false;
} else {
  for (const note of document.querySelectorAll("[data-no-passkey]")) note.hidden = false;
}

document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const place = document.getElementById("passkey-error");
  if (!place) return;
  place.textContent = WORDS[event.detail.exception?.name] || "The passkey could not be used. Try again, or sign in another way.";
  place.hidden = false;
});
