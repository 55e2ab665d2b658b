import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import {
  escapeBytes,
  escapeCommandData,
  escapeCommandProperty,
  escapeCsv,
  escapeForTerminal,
  escapeMarkdown,
  escapeXml,
  stringifySafely,
} from '../../src/words/escape.ts';
import { HOSTILE, harmfulIn } from '../support/reports.ts';

/** Any code unit, half pairs included, with a preference for those that do harm. */
const anyText = fc
  .array(
    fc.oneof(
      fc.integer({ min: 0, max: 0xffff }),
      fc.constantFrom(
        0x1b,
        0x0a,
        0x0d,
        0x9b,
        0x85,
        0x2028,
        0x202e,
        0x2066,
        0x200b,
        0xfeff,
        0xfffe,
        0xd800,
        0xdc00,
        0x7f,
      ),
    ),
  )
  .map((units) => String.fromCharCode(...units));

describe('escapeForTerminal', () => {
  it('spells out what steers a terminal, hides or reorders text', () => {
    expect(escapeForTerminal('a\u001b[31mb')).toBe('a\\x1b[31mb');
    expect(escapeForTerminal('one\ntwo\r\tthree')).toBe('one\\ntwo\\r\\tthree');
    expect(escapeForTerminal('\u009b\u007f\u0000')).toBe('\\x9b\\x7f\\x00');
    expect(escapeForTerminal('a\u202egnp.exe')).toBe('a\\u{202e}gnp.exe');
    expect(escapeForTerminal('\u2066\u200b\ufeff\u{e0041}')).toBe('\\u{2066}\\u{200b}\\u{feff}\\u{e0041}');
    expect(escapeForTerminal('\ud800x')).toBe('\\u{d800}x');
  });

  it('spells out what a CI server takes for a command, at the start of a line or anywhere', () => {
    expect(escapeForTerminal('::error::x')).toBe('\\x3a:error::x');
    expect(escapeForTerminal('a ::Add-Mask::x')).toBe('a \\x3a:Add-Mask::x');
    expect(escapeForTerminal('a##[error]b ##vso[x] ##teamcity[y]')).toBe(
      'a\\x23#[error]b \\x23#vso[x] \\x23#teamcity[y]',
    );
    // An IPv6 address is none, nor a heading.
    for (const text of ['::', '::1', '::ffff:192.0.2.1', 'fe80::add', '2001:db8::dead::', '## x', '::e::'])
      expect(escapeForTerminal(text)).toBe(text);
    expect(stringifySafely({ a: '##[error]b' })).toBe('{"a":"\\u0023#[error]b"}');
    expect(JSON.parse(stringifySafely({ a: '##[error]b' }))).toEqual({ a: '##[error]b' });
  });

  it('leaves what people write', () => {
    for (const text of ['a b/c.pcap', 'C:\\captures\\x.pcap', 'Größe-日本語-ελληνικά.pcap', '🙂', ''])
      expect(escapeForTerminal(text)).toBe(text);
  });

  it('leaves no harmful character of any text, and does no harm when done twice', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const safe = escapeForTerminal(text);
        expect(harmfulIn(safe)).toEqual([]);
        expect(escapeForTerminal(safe)).toBe(safe);
      }),
    );
  });
});

describe('escapeBytes', () => {
  it('keeps printable ASCII and spells out the rest, so that the bytes can be told', () => {
    expect(escapeBytes(new TextEncoder().encode('Go away!\r\n'))).toBe('Go away!\\r\\n');
    expect(escapeBytes(Uint8Array.of(0x1b, 0x5b, 0x80, 0xff, 0x5c))).toBe('\\x1b[\\x80\\xff\\\\');
  });
});

describe('stringifySafely', () => {
  it('is JSON of the same value, without a character that could steer a terminal', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom(undefined, 2), (text, indent) => {
        const json = stringifySafely({ [text]: [text, 1, null] }, indent);
        expect(harmfulIn(json.replaceAll('\n', ''))).toEqual([]);
        const whole = text.replace(/\p{Cs}/gu, '\ufffd');
        expect(JSON.parse(json)).toEqual({ [whole]: [whole, 1, null] });
      }),
    );
  });
});

describe('stringifySafely and backslashes', () => {
  it('tells an escape from a backslash before a u', () => {
    for (const text of ['\\ud800', '\\\\ud800', '\\\\\ud800'])
      expect(JSON.parse(stringifySafely(text))).toBe(text.replace(/\p{Cs}/gu, '\ufffd'));
  });
});

describe('escapeXml', () => {
  it('is read back as the escaped text, in an attribute and between tags', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const xml = `<a b="${escapeXml(text)}">x${escapeXml(text)}x</a>`;
        expect(XMLValidator.validate(xml)).toBe(true);
        const parser = new XMLParser({ ignoreAttributes: false, trimValues: false, parseTagValue: false });
        const { a } = parser.parse(xml);
        expect(a['@_b'] ?? '').toBe(escapeForTerminal(text));
        expect(a['#text']).toBe(`x${escapeForTerminal(text)}x`);
      }),
    );
  });
});

describe('escapeCsv', () => {
  it('is read back as one field', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const [row] = parse(`a,${escapeCsv(text)},b\r\n`);
        expect(row).toHaveLength(3);
        expect(row[1].replace(/^'/, '')).toBe(escapeForTerminal(text).replace(/^'/, ''));
      }),
    );
  });

  it('takes the power of what a spreadsheet would run (OWASP: CSV injection)', () => {
    for (const text of ['=1+1', '+1', '-1', '@SUM(A1)', '=cmd|/C calc', ' =1'])
      expect(escapeCsv(text).replace(/^"/, '')).toMatch(/^'/);
    expect(escapeCsv('\t=1')).not.toMatch(/^["]?\t/);
    expect(escapeCsv('192.0.2.1')).toBe('192.0.2.1');
  });
});

describe('escapeMarkdown', () => {
  it('leaves no character with a meaning in GitHub Markdown or HTML', () => {
    const safe = escapeMarkdown(HOSTILE);
    expect(safe.replace(/&#\d+;/g, '')).not.toMatch(/[\\`*_{}[\]<>()#+!|~&@:$"']/);
    expect(harmfulIn(safe)).toEqual([]);
  });
});

describe('workflow commands', () => {
  it('are escaped as the toolkit of GitHub does it', () => {
    // actions/toolkit, packages/core/src/command.ts: escapeData and escapeProperty.
    expect(escapeCommandData('100% a:b,c')).toBe('100%25 a:b,c');
    expect(escapeCommandProperty('100% a:b,c')).toBe('100%25 a%3Ab%2Cc');
  });

  it('never break out of their line', () => {
    expect(escapeCommandData(HOSTILE)).not.toMatch(/[\r\n]/);
    expect(escapeCommandProperty(HOSTILE)).not.toMatch(/[\r\n:,]/);
  });
});
