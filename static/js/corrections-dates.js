// Dates as staff type them, echoed as "Jun 9, 2016". The server reads more forms (cases/typed_dates.py).

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const FORMS = [
  /\b(?<year>\d{4})[-/.](?<month>\d{1,2})[-/.](?<day>\d{1,2})\b/,
  /\b(?<month>\d{1,2})\s?[-/.]\s?(?<day>\d{1,2})\s?[-/.]\s?(?<year>\d{4}|\d{2})\b/,
  /\b(?<name>[A-Za-z]{3})[a-z]*\.?\s+(?<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?<year>\d{4})\b/,
];

// The first date in the text, month before day, as it is shown everywhere; null if not found.
export function dateFrom(text) {
  return shown(matchIn(text));
}

// A typed date is echoed when the user leaves its field; anything else stays as typed.
export function echoDates(form) {
  form.addEventListener("change", ({ target }) => {
    if (!target.closest("[data-kind='date']") || target.type !== "text") return;
    const typed = target.value.trim();
    const match = matchIn(typed);
    if (match?.[0] === typed) target.value = shown(match) ?? typed;
  });
}

function matchIn(text) {
  for (const form of FORMS) {
    const match = text.match(form);
    if (match) return match;
  }
  return null;
}

function shown(match) {
  if (!match) return null;
  const { name, month, day, year } = match.groups;
  const at = name ? MONTHS.findIndex((known) => known.toLowerCase() === name.toLowerCase()) : Number(month) - 1;
  const full = year.length === 2 ? Number(year) + (Number(year) < 50 ? 2000 : 1900) : Number(year);
  const date = new Date(Date.UTC(full, at, Number(day)));
  return date.getUTCMonth() === at && date.getUTCDate() === Number(day) ? `${MONTHS[at]} ${Number(day)}, ${full}` : null;
}
