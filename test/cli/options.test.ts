import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../../src/cli/command-line.ts';
import { readPlainArguments } from '../../src/cli/options.ts';
import { fakeIo } from '../support/io.ts';

const read = (...words: string[]) => readPlainArguments(words);

/** What yargs makes of it; null when it refuses, or answers with text. */
async function readWithYargs(words: readonly string[]): Promise<unknown> {
  try {
    const parsed = await parseCommandLine(words, fakeIo());
    return 'args' in parsed && parsed.verb === 'analyze' ? parsed.args : null;
  } catch (error) {
    expect((error as Error).name).toBe('CliError');
    return null;
  }
}

describe('arguments read without yargs', () => {
  it.each([
    [['a.pcap'], { files: ['a.pcap'] }],
    [['analyze', '-', 'b'], { files: ['-', 'b'] }],
    [
      ['-f', 'json', 'a', '-r', 'x.html', '--report=y.sarif', 'b'],
      { files: ['a', 'b'], format: 'json', report: ['x.html', 'y.sarif'] },
    ],
    [['a', '--no-color', '--join', '--fail-on', 'never'], { files: ['a'], color: false, join: true, failOn: 'never' }],
  ])('%j', async (words, expected) => {
    expect(read(...words)).toEqual(expected);
    expect(await readWithYargs(words)).toEqual(expected);
  });

  it.each([
    [['--help']],
    [['--version']],
    [[]],
    [['rules']],
    [['a', '--formt', 'json']],
    [['a', '--fail-on', 'xml']],
    [['a', '-r']],
    [['a', '--join=maybe']],
    [['a', '-f', 'json', '-f', 'text']],
  ])('leaves %j to yargs', (words) => {
    expect(read(...words)).toBeNull();
  });

  it('takes the last of several values, joined short options, and all after -- as files', async () => {
    expect(await readWithYargs(['a', '--jobs', '5', '-j6', '-fjson', '--', '-x', '--y'])).toEqual({
      files: ['a', '-x', '--y'],
      jobs: '6',
      format: 'json',
    });
  });

  it('says the same as yargs, or nothing', async () => {
    const word = fc.oneof(
      fc.constantFrom(
        ...[
          'analyze',
          'rules',
          'a.pcap',
          '-',
          '--',
          'true',
          'false',
          'json',
          'xml',
          '1',
          '-1',
          '0x10',
          '1e3',
          'x=y',
          '',
        ],
        ...['-f', '-r', '-c', '-j', '-q', '-fjson', '-f=json', '-qj', '-x', '-h', '-V'],
        ...[
          '--format',
          '--format=json',
          '--format=xml',
          '--format=',
          '--no-format',
          '--report',
          '--report=a=b',
          '--config',
        ],
        ...[
          '--join',
          '--no-join',
          '--join=true',
          '--color',
          '--no-color',
          '--quiet',
          '--verify',
          '--follow',
          '--jobs=2',
          '--geoip=a',
          '--resolve',
        ],
        ...['--fail-on', '--fail-on=never', '--failOn=info', '--exchanges=all', '--print-config', '--nosuch', '--help'],
      ),
      // Of letters that no command has: what is near to one is asked about.
      fc.stringMatching(/^[-=xz.]{1,6}$/),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 6 }), async (words) => {
        const plain = readPlainArguments(words);
        fc.pre(plain !== null);
        expect(await readWithYargs(words)).toEqual(plain);
      }),
      { numRuns: 150 },
    );
  });
});
