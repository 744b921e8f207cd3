// The page of a quarter: with a key it is drawn again by the service as its holder may see it, with forms for what the
// key is for. Each act is sent on its own, and the page then shows what came of it.

const at = (id) => document.getElementById(id);
const BEARER = /^[\x21-\x7e]+$/; // what a header can carry

const WHAT_FOLLOWS = {
  endorse: (told) => `The endorsement is recorded. ${told.endorsed ? `Both sectors endorsed revision ${told.revision}.` : `Not yet endorsed by: ${told.missing.join(", ")}.`}`,
  choose: (told) => `The choice is recorded. ${told.follows}`,
  draft: (told, status) => (status === 201 ? `Revision ${told.revision} is drafted. Read it; then it can be published.` : `Nothing changed since revision ${told.revision}; no draft was added.`),
  publish: (told) => `Revision ${told.revision} is published: everybody sees it. NHS bodies and councils can endorse it now.`,
};

/** Draw the page anew, as the service shows it to whoever has the key. */
async function show(key, address) {
  const answer = await askWith(key, address, { accept: "text/html" });
  const drawn = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.title = drawn.title;
  at("main").replaceChildren(...drawn.getElementById("main").childNodes);
  ready();
}

/** What needs the script is there with the script. */
function ready() {
  at("acts").hidden = false;
  if (at("forget")) at("forget").hidden = !heldKey();
  fitKind();
}

/** A list is named with a pin, and with nothing else. */
function fitKind() {
  const kind = at("choose-kind"), list = at("choose-list");
  if (!kind) return;
  list.disabled = kind.value !== "pin";
  list.closest("div").hidden = list.disabled;
}

function say(text) {
  at("done").textContent = text;
  at("done").hidden = false;
  at("done").focus();
}

/** Say why not, in the words of the service, within the form and at the field that it names. */
function refuse(form, why) {
  const box = form.querySelector(".refusal");
  box.replaceChildren(Object.assign(document.createElement("p"), { textContent: why }));
  box.hidden = false;
  const field = form.elements[why.split(":")[0]];
  if (field instanceof HTMLElement) field.setAttribute("aria-invalid", "true");
  box.focus();
}

function clear(form) {
  form.querySelector(".refusal").hidden = true;
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
}

/** One thing at a time: while the service answers, the form waits. */
async function busy(form, work) {
  const button = form.querySelector("button[type=submit]");
  if (button.ariaDisabled === "true") return;
  const said = button.textContent;
  clear(form);
  button.ariaDisabled = "true";
  button.textContent = "Wait…";
  try {
    await work();
  } catch (error) {
    refuse(form, error.message);
  } finally {
    button.ariaDisabled = null;
    button.textContent = said;
  }
}

async function signIn(form) {
  const key = at("key").value.trim();
  if (!BEARER.test(key)) throw new Error("The key has a character that no key has.");
  await show(key, location.href);
  holdKey(key);
  ready();
  at("sign-off").tabIndex = -1;
  at("sign-off").focus();
}

async function act(form) {
  const said = [...new FormData(form)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value);
  const answer = await askWith(heldKey(), form.action, { method: "POST", body: Object.fromEntries(said) });
  const told = await answer.json();
  const done = WHAT_FOLLOWS[form.dataset.act](told, answer.status);
  if (told.href) history.pushState(null, "", new URL(told.href).search);
  await show(heldKey(), location.href).then(() => say(done), () => say(`${done} Load the page again to see it.`));
}

/** A file of a list that is for holders of a key: what a link asks for goes without it. */
async function save(link) {
  const answer = await askWith(heldKey(), link.href, { accept: "*/*" });
  const name = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition") ?? "")?.[1] ?? "shortlist.json";
  const saved = Object.assign(document.createElement("a"), { href: URL.createObjectURL(await answer.blob()), download: name });
  saved.click();
  setTimeout(() => URL.revokeObjectURL(saved.href), 60_000);
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  busy(form, () => (form.id === "sign-in" ? signIn(form) : act(form)));
});
document.addEventListener("change", ({ target }) => { if (target.id === "choose-kind") fitKind(); });
document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (event.target.id === "forget") {
    holdKey("");
    location.assign(location.pathname); // what only the key shows is gone with it
  } else if (link && heldKey() && link.origin === location.origin && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    if (link.hasAttribute("download")) {
      event.preventDefault();
      save(link).catch((error) => say(error.message));
    } else if (link.pathname === location.pathname && link.search && !link.hash) {
      event.preventDefault();
      show(heldKey(), link.href).then(() => { history.pushState(null, "", link.search); scrollTo(0, 0); at("main").focus(); }, (error) => say(error.message));
    }
  }
});
addEventListener("popstate", () => { if (heldKey()) show(heldKey(), location.href).catch((error) => say(error.message)); });

ready();
if (heldKey()) show(heldKey(), location.href).catch((error) => { if (error.status === 401) holdKey(""); ready(); say(error.message); });
