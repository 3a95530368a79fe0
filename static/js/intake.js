// Sends dropped or chosen files in small requests that join one batch, several in parallel, with progress for each file.
"use strict";

const FILES_A_REQUEST = 20;
const BYTES_A_REQUEST = 8 * 1024 * 1024;
const AT_ONCE = 3;
const TRIES = 3;

const form = document.getElementById("drop");
const input = document.getElementById("id_files");
const panel = document.getElementById("sending");
const words = document.getElementById("sending-words");
const overall = document.getElementById("sending-progress");
const list = document.getElementById("sending-files");
const again = document.getElementById("sending-again");
const open = document.getElementById("sending-open");

let waiting = []; // requests not sent yet: arrays of entries
let lost = []; // entries whose request failed for good
let entries = [];
let batch = null;
let busy = 0;
let parts = 0; // requests that were made so far
const paths = new WeakMap(); // of files in dropped folders

function named(file) {
  return paths.get(file) || file.webkitRelativePath || file.name;
}

function bundle(found) {
  const requests = [];
  let request = [];
  let bytes = 0;
  for (const entry of found) {
    if (request.length && (request.length >= FILES_A_REQUEST || bytes + entry.file.size > BYTES_A_REQUEST)) {
      requests.push(request);
      request = [];
      bytes = 0;
    }
    request.push(entry);
    bytes += entry.file.size;
  }
  if (request.length) requests.push(request);
  for (const each of requests) each.part = parts += 1;
  return requests;
}

function add(files) {
  const found = [...files].map((file) => ({ file, sent: 0, done: false, row: row(file) }));
  if (!found.length) return;
  entries.push(...found);
  panel.hidden = false;
  waiting.push(...bundle(found));
  pump();
}

function row(file) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  name.className = "name";
  name.textContent = named(file);
  const bar = document.createElement("progress");
  bar.className = "progress";
  bar.max = 1;
  bar.value = 0;
  bar.setAttribute("aria-label", name.textContent);
  const state = document.createElement("span");
  state.className = "small quiet";
  state.textContent = "waits";
  item.append(name, bar, state);
  list.append(item);
  return { item, bar, state };
}

function pump() {
  // The first request creates the batch; the others join it, so they wait for its number.
  while (waiting.length && busy < (batch ? AT_ONCE : 1)) {
    busy += 1;
    send(waiting.shift(), 1);
  }
  tell();
}

function send(request, attempt) {
  const data = new FormData();
  data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  if (batch) data.append("upload", batch.upload);
  else if (form.elements.office) data.append("office", form.elements.office.value);
  data.append("part", request.part); // the same files of another folder are another part; a request sent again is not
  for (const { file } of request) {
    data.append("files", file, file.name);
    data.append("paths", named(file));
  }
  const total = request.reduce((sum, { file }) => sum + file.size, 0) || 1;
  const call = new XMLHttpRequest();
  call.open("POST", form.action);
  call.setRequestHeader("Accept", "application/json");
  call.responseType = "json";
  call.upload.addEventListener("progress", (event) => {
    let left = (event.loaded / (event.total || total)) * total;
    for (const entry of request) {
      const share = Math.max(0, Math.min(entry.file.size, left));
      left -= entry.file.size;
      mark(entry, entry.file.size ? share / entry.file.size : 1, "is sent");
    }
    tell();
  });
  call.addEventListener("loadend", () => {
    if (call.status === 201 && call.response) {
      batch = batch || call.response;
      for (const entry of request) {
        entry.done = true;
        mark(entry, 1, "stored");
      }
    } else if (attempt < TRIES && (call.status === 0 || call.status === 409 || call.status >= 500)) {
      window.setTimeout(() => send(request, attempt + 1), 1000 * attempt);
      return;
    } else {
      const reason = (call.response && call.response.error) || "did not arrive";
      for (const entry of request) mark(entry, 0, reason, true);
      lost.push(...request);
    }
    busy -= 1;
    pump();
  });
  call.send(data);
}

function mark(entry, share, state, failed = false) {
  entry.sent = share;
  entry.row.bar.value = share;
  entry.row.state.textContent = state;
  entry.row.item.classList.toggle("is-lost", failed);
}

function tell() {
  const stored = entries.filter((entry) => entry.done).length;
  overall.value = entries.reduce((sum, entry) => sum + entry.sent, 0) / Math.max(1, entries.length);
  const idle = busy === 0 && waiting.length === 0;
  again.hidden = !(idle && lost.length);
  open.hidden = !(batch && idle && lost.length);
  if (batch) open.href = batch.address;
  words.textContent = lost.length && idle
    ? `${stored} of ${entries.length} files stored; ${lost.length} did not arrive.`
    : `${stored} of ${entries.length} files stored`;
  if (idle && batch && !lost.length) window.location.assign(batch.address);
}

window.addEventListener("beforeunload", (event) => {
  if (busy || waiting.length) event.preventDefault();
});

again?.addEventListener("click", () => {
  const retried = lost;
  lost = [];
  for (const entry of retried) mark(entry, 0, "waits");
  waiting.push(...bundle(retried));
  pump();
});

input?.addEventListener("change", () => {
  add(input.files);
  input.value = "";
});

if (input?.files.length) {
  add(input.files); // chosen before this script loaded
  input.value = "";
}

form?.addEventListener("submit", (event) => {
  event.preventDefault();
  add(input.files);
  input.value = "";
});

// Files may be dropped anywhere on the page; a file that misses the field must not replace the page.
document.addEventListener("dragover", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  form.classList.add("is-over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) form.classList.remove("is-over");
});
document.addEventListener("drop", async (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  form.classList.remove("is-over");
  // Take the entries before awaiting anything: the browser clears the drop afterwards.
  const dropped = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (dropped.some((entry) => entry.isDirectory)) {
    const found = [];
    for (const entry of dropped) await collect(entry, found);
    add(found);
  } else {
    add(event.dataTransfer.files);
  }
});

async function collect(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject)).catch(() => null);
    if (file && !file.name.startsWith(".")) {
      paths.set(file, entry.fullPath.replace(/^\/+/, ""));
      found.push(file);
    }
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const inside = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)).catch(() => []);
    if (!inside.length) return;
    for (const each of inside) await collect(each, found);
  }
}
