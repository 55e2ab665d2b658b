import { createSocket, type Socket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { MAX_ASKED, resolveNames } from '../../src/analysis/origins/resolved-names.ts';

let server: Socket;
afterEach(() => new Promise<void>((resolve) => server.close(() => resolve())));

/** A name server on loopback (RFC 1035): answers PTR questions by `nameOf`; null is no such name, undefined silence. */
async function serve(nameOf: (question: string) => string | null | undefined) {
  const questions: string[] = [];
  server = createSocket('udp4');
  server.on('message', (query, from) => {
    const labels: string[] = [];
    let at = 12;
    while (query[at] !== 0) {
      labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!));
      at += 1 + query[at]!;
    }
    const question = labels.join('.');
    questions.push(question);
    const name = nameOf(question);
    if (name === undefined) return;
    const head = Buffer.from(query.subarray(0, at + 5));
    head.writeUInt16BE(name === null ? 0x8183 : 0x8180, 2);
    head.writeUInt16BE(name === null ? 0 : 1, 6);
    head.fill(0, 8, 12);
    const target =
      name === null ? [] : name.split('.').flatMap((label) => [label.length, ...Buffer.from(label, 'latin1')]);
    const data = Buffer.from([...target, 0]);
    // A pointer to the question's name, PTR, IN, a minute, the name.
    const answer = Buffer.from([0xc0, 0x0c, 0, 12, 0, 1, 0, 0, 0, 60, 0, data.length]);
    server.send(name === null ? head : Buffer.concat([head, answer, data]), from.port, from.address);
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  return { servers: [`127.0.0.1:${server.address().port}`], questions };
}

describe('resolveNames', () => {
  it('asks for the names of IPv4 and IPv6 addresses, each once', async () => {
    const { servers, questions } = await serve((question) =>
      question.endsWith('.ip6.arpa')
        ? 'six.example.net'
        : question === '1.2.0.192.in-addr.arpa'
          ? 'scanner.example.net'
          : null,
    );
    const names = await resolveNames(['192.0.2.1', '192.0.2.2', '2001:db8::1', '192.0.2.1'], { servers });
    expect([...names]).toEqual(
      expect.arrayContaining([
        ['192.0.2.1', 'scanner.example.net'],
        ['2001:db8::1', 'six.example.net'],
      ]),
    );
    expect(names.size).toBe(2);
    expect(questions.toSorted()).toEqual(
      ['1.2.0.192.in-addr.arpa', `1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`, '2.2.0.192.in-addr.arpa'].toSorted(),
    );
  });

  it('does not wait longer than its deadline for a server that is silent', async () => {
    const { servers, questions } = await serve((question) =>
      question.startsWith('9.') ? 'nine.example.net' : undefined,
    );
    const addresses = Array.from({ length: 60 }, (_, i) => `192.0.2.${i}`);
    // The names that came stay.
    const names = await resolveNames(['192.0.2.9', ...addresses], { servers, deadlineMillis: 1500 });
    expect([...names]).toEqual([['192.0.2.9', 'nine.example.net']]);
    // Sixteen at once, one of which made room: the others would have been asked after two seconds.
    expect(new Set(questions).size).toBeLessThanOrEqual(17);
  });

  it(`asks about ${MAX_ASKED} addresses at most`, async () => {
    const { servers, questions } = await serve(() => null);
    await resolveNames(
      Array.from({ length: 600 }, (_, i) => `10.0.${i >> 8}.${i & 255}`),
      { servers },
    );
    expect(new Set(questions).size).toBe(MAX_ASKED);
  });
});
