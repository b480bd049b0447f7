// Asks the board's server again and again, and says what came: data, or a trouble with its remedy.
// A page that nobody sees asks nothing; when it is seen again it asks at once.

const EVERY = 3000; // Milliseconds. With the server's one second: a change is seen within 5 s.

const ENDED = {
  message: "The board's server does not answer: it has ended, or was started anew.",
  action: "Start it again, and open the address that it prints.",
  command: "restorectl board",
};

const FAULT = {
  message: "The board itself failed.",
  action: "Report it as a bug, with what it says in its terminal. The same is told by the command.",
  command: "restorectl ls",
};

/** Get `address()` now and every few seconds; hand each answer to `show`, each trouble to `fail`. */
export function follow(address, show, fail) {
  let timer;
  const look = async () => {
    clearTimeout(timer);
    if (document.hidden) return;
    const asked = address();
    const [answer, trouble] = await get(asked);
    if (asked !== address()) return look();
    if (trouble) fail(trouble);
    else show(answer);
    clearTimeout(timer);
    timer = setTimeout(look, EVERY);
  };
  document.addEventListener("visibilitychange", look);
  look();
  return look;
}

async function get(address) {
  try {
    const response = await fetch(address, { headers: { Accept: "application/json" } });
    if (response.status === 401 || response.status === 421) return [undefined, ENDED];
    if (response.status === 500) return [undefined, FAULT];
    const body = await response.json();
    return response.ok ? [body, undefined] : [undefined, body];
  } catch {
    return [undefined, ENDED];
  }
}
