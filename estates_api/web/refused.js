// Why the service refused, in its own words.

/** What a problem document says, or the page that stands for one; nothing where neither does. */
function reasonIn(said) {
  try {
    return JSON.parse(said).detail;
  } catch {
    const page = new DOMParser().parseFromString(said, "text/html");
    return (page.querySelector("#refusal p, [role=alert] p") ?? page.querySelector("[role=alert]"))?.textContent;
  }
}
