"use strict";
// Sends the file as the form would, but tells how far it is, and keeps the file until it is taken in.

const part = (id) => document.getElementById(id);
const form = part("hand-in");
const MB = 1024 * 1024;
const TAKING = "take-in";

let checked = null; // the file that the outcome on the page is of
let asked = null; // the request under way

for (const id of ["key-part", "drag"]) if (part(id)) part(id).hidden = false;
form.noValidate = true; // the summary says what is missing

form.addEventListener("submit", (event) => { event.preventDefault(); check(); });
form.addEventListener("change", ({ target }) => { if (target.id !== "key") forget(); });
part("outcome").addEventListener("submit", (event) => {
  event.preventDefault();
  if (event.target.id === "assess") assess(event.target);
  else takeIn(event.target);
});
part("cancel").addEventListener("click", () => asked?.abort());

for (const kind of ["dragenter", "dragover"]) document.addEventListener(kind, (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  part("drop").classList.add("over");
});
document.addEventListener("dragleave", ({ relatedTarget }) => { if (!relatedTarget) part("drop").classList.remove("over"); });
document.addEventListener("drop", (event) => {
  if (!event.dataTransfer?.files.length) return;
  event.preventDefault();
  part("drop").classList.remove("over");
  if (asked) return;
  if (event.dataTransfer.files.length > 1) { refuse("Hand files in one by one", "file"); return; }
  part("file").files = event.dataTransfer.files;
  forget();
  say(`${part("file").files[0].name} is chosen`);
  part("check").focus();
});

/** What was checked is not what the form has now. */
function forget() {
  clear();
  if (!checked) return;
  checked = null;
  part("outcome").replaceChildren();
  say("Changed since it was checked: check it again");
}

function check() {
  const [file] = part("file").files;
  const most = Number(form.dataset.mostMb);
  if (asked) return;
  if (part("key")?.value.trim() === "") refuse("Enter your key", "key");
  else if (!file) refuse("Choose a file", "file");
  else if (file.size === 0) refuse(`${file.name} is empty, or a folder`, "file");
  else if (file.size > most * MB) refuse(`${file.name} has ${Math.ceil(file.size / MB)} MB; a file may have ${most} MB here`, "file");
  else send(form, file);
}

function takeIn(confirming) {
  if (!asked && checked) send(confirming, checked);
}

/** The request under way, with the key; nothing, and why, where it cannot be sent. */
function ask(from, accept) {
  asked = new XMLHttpRequest();
  asked.open("POST", from.action);
  asked.setRequestHeader("Accept", accept);
  try {
    if (part("key")) asked.setRequestHeader("Authorization", `Bearer ${part("key").value.trim()}`);
    return true;
  } catch {
    asked = null;
    refuse("The key has a character that no key has", "key");
    return false;
  }
}

function assess(from) {
  if (asked || !ask(from, "text/html")) return;
  clear();
  begin("Scoring every site", from);
  part("sent").removeAttribute("value"); // how long it takes is not known
  asked.addEventListener("load", ({ target }) => {
    end();
    if (target.status < 300) show(target.responseText, null, false);
    else refuse(reason(target.responseText), named("", target.status));
  });
  asked.addEventListener("error", () => { end(); refuse("The connection was lost before the service answered. Try again: what is up to date stays as it is.", "file"); });
  asked.addEventListener("abort", () => { end(); say("Cancelled."); from.querySelector("button").focus(); });
  asked.send();
}

function send(from, file) {
  const taking = from.id === TAKING;
  const fields = new FormData();
  for (const [name, value] of new FormData(from)) if (name !== "file" && value) fields.append(name, value);
  fields.append("file", file, file.name);
  if (!ask(from, "application/jsonl")) return;
  clear();
  begin(`Sending ${file.name}`, from);
  asked.upload.addEventListener("progress", ({ loaded, total }) => {
    part("sent").value = loaded / total;
    if (loaded < total) part("step").textContent = `Sending ${file.name}: ${(loaded / MB).toFixed(1)} of ${(total / MB).toFixed(1)} MB`;
  });
  asked.upload.addEventListener("load", () => {
    part("sent").removeAttribute("value"); // how long reading takes is not known
    part("step").textContent = `Reading ${file.name}`;
    say(taking ? "Sent. It is being taken in." : "Sent. It is being checked.");
  });
  asked.addEventListener("progress", ({ target }) => {
    const { step } = last(target) ?? {};
    if (step) part("step").textContent = capital(step);
  });
  asked.addEventListener("load", ({ target }) => {
    const answer = steps(target) ? last(target) : { status: target.status, body: target.responseText };
    end();
    if (!answer?.status) lost(taking);
    else if (answer.status < 300) show(answer.body, file, taking);
    else refuse(reason(answer.body), named(reason(answer.body), answer.status));
  });
  asked.addEventListener("error", () => { end(); lost(taking); });
  asked.addEventListener("abort", () => {
    end();
    say(taking ? "Cancelled. Check the file again to see whether it was taken in before." : "Cancelled. Nothing was written.");
    from.querySelector("button[type=submit]").focus();
  });
  asked.send(fields);
}

const steps = (request) => request.getResponseHeader("Content-Type")?.startsWith("application/jsonl");

/** The last whole line that has come. */
function last(request) {
  if (!steps(request)) return null;
  const lines = request.responseText.split("\n");
  return lines.length > 1 ? JSON.parse(lines.at(-2)) : null;
}

function begin(doing, from) {
  from.querySelector("button[type=submit]").parentNode.after(part("under-way"));
  part("under-way").hidden = false;
  part("doing").classList.add("hidden"); // heard, and not seen twice
  part("sent").value = 0;
  part("step").textContent = doing;
  say(doing);
  for (const button of document.querySelectorAll("main button[type=submit]")) button.setAttribute("aria-disabled", "true");
}

function end() {
  asked = null;
  part("under-way").hidden = true;
  part("doing").classList.remove("hidden");
  say("");
  form.after(part("under-way"));
  for (const button of document.querySelectorAll("main button[type=submit]")) button.removeAttribute("aria-disabled");
}

/** Show the part of the page that tells the outcome, and go there. */
function show(page, file, taking) {
  const told = new DOMParser().parseFromString(page, "text/html");
  const outcome = told.getElementById("outcome");
  outcome.querySelector(".again")?.remove();
  part("outcome").replaceChildren(...outcome.childNodes);
  document.title = told.title;
  checked = part(TAKING) ? file : null;
  part("about").hidden = true;
  if (taking) part("file").value = "";
  part("outcome-title").focus();
}

function lost(taking) {
  refuse(taking
    ? "The connection was lost before the service answered. Check the file again: if it was taken in before, you are told so."
    : "The connection to the service was lost, or the file was changed since it was chosen. Nothing was written: choose it again, and check it", "file");
}

/** Why, in the words of the service where it has any. */
const reason = (body) => reasonIn(body) || "The service failed. Try again in a moment";

/** The field that a refusal is about. */
function named(why, status) {
  if (status === 401 || status === 403) return part("key") ? "key" : "file";
  const name = why.split(":")[0];
  return form.contains(part(name)) && part(name).name === name ? name : "file";
}

/** Say what is wrong above the form and at the field, and go there; the form stays as it is. */
function refuse(why, id) {
  clear();
  const text = capital(why.replace(/\.?$/, "."));
  const link = part("refusal").querySelector("a");
  link.href = `#${id}`;
  link.textContent = text;
  part("refusal").hidden = false;
  const field = part(id);
  if (part("more").contains(field)) part("more").open = true;
  field.setAttribute("aria-invalid", "true");
  field.closest("div").classList.add("wrong");
  if (part(`${id}-error`)) part(`${id}-error`).textContent = text;
  document.title = `Error: ${document.title.replace(/^Error: /, "")}`;
  part("refusal").focus();
}

part("refusal").addEventListener("click", (event) => {
  if (event.target.tagName !== "A") return;
  event.preventDefault();
  part(event.target.hash.slice(1)).focus();
});

function clear() {
  part("refusal").hidden = true;
  document.title = document.title.replace(/^Error: /, "");
  for (const one of form.querySelectorAll(".wrong")) one.classList.remove("wrong");
  for (const one of form.querySelectorAll(".error")) one.textContent = "";
  for (const one of form.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
}

function say(text) { part("doing").textContent = text; }

/** As a sentence begins; the name of a file stays as it is. */
function capital(text) { return text.replace(/^[a-z]+(?=[ :,])/, (word) => word.charAt(0).toUpperCase() + word.slice(1)); }

if (!part("refusal").hidden) part("refusal").focus();
