// Elements, and how a page follows its data: draw() makes the tree anew and changes what differs,
// so that focus, selection and what was unfolded stay. All text goes in as text, never as markup.

const SVG = new Set(["svg", "rect", "title"]);

/** Make an element. `false` and `undefined` leave an attribute or a child out, `true` is bare. */
export function h(name, attributes = {}, ...children) {
  const made = SVG.has(name)
    ? document.createElementNS("http://www.w3.org/2000/svg", name)
    : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== undefined) made.setAttribute(key, value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== false && child !== undefined && child !== "") made.append(child);
  }
  return made;
}

/** Text that somebody outside wrote: its direction is its own and turns nothing around it. */
export const said = (text) => h("bdi", {}, String(text));

/** Make the children of `place` what they should be now. */
export function draw(place, ...children) {
  follow(place, h("div", {}, ...children));
}

function follow(shown, wanted) {
  const gone = new Set([...shown.childNodes].filter((one) => keyOf(one)));
  const byKey = new Map([...gone].map((one) => [keyOf(one), one]));
  for (const one of wanted.childNodes) gone.delete(byKey.get(keyOf(one)));
  for (const one of gone) one.remove();
  let at = shown.firstChild;
  for (const one of [...wanted.childNodes]) {
    const match = keyOf(one) ? byKey.get(keyOf(one)) : at;
    if (match && isAlike(match, one)) {
      if (match !== at) shown.insertBefore(match, at);
      change(match, one);
      at = match.nextSibling;
    } else {
      shown.insertBefore(one, at);
    }
  }
  while (at) {
    const rest = at;
    at = rest.nextSibling;
    rest.remove();
  }
}

const keyOf = (node) => node.dataset?.key;

const isAlike = (one, other) => one.nodeName === other.nodeName && keyOf(one) === keyOf(other);

function change(shown, wanted) {
  if (shown.nodeType === Node.TEXT_NODE) {
    if (shown.data !== wanted.data) shown.data = wanted.data;
    return;
  }
  for (const { name } of [...shown.attributes]) {
    if (!wanted.hasAttribute(name) && !isTheReaders(shown, name)) shown.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (shown.getAttribute(name) !== value) shown.setAttribute(name, value);
  }
  follow(shown, wanted);
}

/** What whoever reads has unfolded stays so. */
const isTheReaders = (node, name) => node.nodeName === "DETAILS" && name === "open";
