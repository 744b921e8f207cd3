// The key of whoever uses a page: kept for this tab alone, sent as Bearer token, and never in an address.

const KEPT = "estates-key";

const heldKey = () => {
  try { return sessionStorage.getItem(KEPT) ?? ""; } catch { return ""; } // storage is switched off
};

function holdKey(key) {
  try {
    if (key) sessionStorage.setItem(KEPT, key);
    else sessionStorage.removeItem(KEPT);
  } catch { /* then it is asked for again on the next page */ }
}

/** What the service answers with the key; an Error in its own words, with its `status`, where it refuses. */
async function askWith(key, address, { method = "GET", accept = "application/json", body } = {}) {
  const headers = { Accept: accept };
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body) headers["Content-Type"] = "application/json";
  // With a key of its own the page sends nothing that the browser keeps, and the browser asks for no password.
  const credentials = key ? "omit" : "same-origin";
  const asked = fetch(address, { method, headers, credentials, cache: "no-store", body: body && JSON.stringify(body) });
  const answer = await asked.catch(() => { throw new Error("The service could not be reached. Whether anything was recorded is not known: load the page again to see."); });
  if (answer.ok) return answer;
  throw Object.assign(new Error(reasonIn(await answer.text()) ?? `The service answered ${answer.status}.`), { status: answer.status });
}
