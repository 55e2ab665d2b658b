/**
 * What S3 answers is XML of one shape: elements without attributes that matter, texts without markup. So they are cut out, which
 * needs no parser; keys come encoded (encoding-type=url).
 */

/** What is between the tags of the first such element; null where there is none. */
export function textOf(xml: string, name: string): string | null {
  const found = xml.indexOf(`<${name}>`);
  if (found < 0) return null;
  const start = found + name.length + 2;
  const end = xml.indexOf(`</${name}>`, start);
  return end < 0 ? null : plain(xml.slice(start, end));
}

/** The insides of all such elements, which do not nest. */
export function* elementsOf(xml: string, name: string): Generator<string> {
  const [open, close] = [`<${name}>`, `</${name}>`];
  for (let at = xml.indexOf(open); at >= 0; ) {
    const end = xml.indexOf(close, at);
    if (end < 0) return;
    yield xml.slice(at + open.length, end);
    at = xml.indexOf(open, end);
  }
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function plain(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(amp|lt|gt|quot|apos));/g,
    (whole, hex, decimal, named) => {
      if (named !== undefined) return NAMED[named]!;
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
    },
  );
}
