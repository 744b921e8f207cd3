// Asking the service, which says in its problem documents what is wrong.

export const base = document.querySelector("#workbench").dataset.base;

export const described = JSON.parse(document.querySelector("#described").textContent);

async function answered(asked) {
  const answer = await asked;
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  throw new Error(problem.detail ?? `The service answered ${answer.status}.`);
}

/** The JSON at a path or address of the service. */
export async function get(path, signal) {
  const address = path.startsWith("http") ? path : `${base}${path}`;
  return (await answered(fetch(address, { headers: { Accept: "application/json" }, signal }))).json();
}

/** The answer to a question that is posted. */
export function post(path, body, signal) {
  return answered(fetch(`${base}${path}`, { method: "POST", body: JSON.stringify(body), signal,
    headers: { "Content-Type": "application/json" } }));
}
