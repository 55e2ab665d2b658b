import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterAll, describe, expect, it } from 'vitest';
import { GeoDatabases } from '../../src/analysis/origins/geo-databases.ts';
import { reportErrors } from '../report/schema.ts';
import { fixture, runCommand } from '../support/command.ts';
import { makeMmdb } from '../support/mmdb-writer.ts';
import { harmfulIn } from '../support/reports.ts';
import { describeWith } from '../support/tools.ts';

const scratch = mkdtempSync(join(tmpdir(), 'portzero-geoip-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const save = (name: string, bytes: Uint8Array) => {
  const path = join(scratch, name);
  writeFileSync(path, bytes);
  return path;
};

// As GeoLite2 has them: countries in one file, networks in another.
const countries = save(
  'country.mmdb',
  makeMmdb([
    ['10.0.0.0/8', { registered_country: { iso_code: 'SE' } }],
    ['10.0.0.1/32', { country: { iso_code: 'DE', names: { en: 'Germany' } }, registered_country: { iso_code: 'US' } }],
    ['2001:db8::/32', { country: { iso_code: 'FR' } }],
  ]),
);
const networks = save(
  'asn.mmdb',
  makeMmdb(
    [
      ['10.0.0.1/32', { autonomous_system_number: 64_496, autonomous_system_organization: 'Example Ltd' }],
      ['2001:db8::1/128', { autonomous_system_number: 4_200_000_000, autonomous_system_organization: 'Grüße, "GmbH"' }],
    ],
    'Test-ASN',
  ),
);

describe('GeoDatabases', () => {
  const find = (blocks: Parameters<typeof makeMmdb>[0], address: string) => {
    const databases = new GeoDatabases();
    databases.add(save('one.mmdb', makeMmdb(blocks)));
    return databases.find(address);
  };

  it('puts together what several know, and knows nothing of others', () => {
    const databases = new GeoDatabases();
    databases.add(countries);
    databases.add(networks);
    const nothing = { name: null };
    expect(databases.find('10.0.0.1')).toEqual({ country: 'DE', asn: 64_496, organization: 'Example Ltd', ...nothing });
    expect(databases.find('10.0.0.2')).toEqual({ country: 'SE', asn: null, organization: null, ...nothing });
    expect(databases.find('2001:db8::1')).toMatchObject({ country: 'FR', asn: 4_200_000_000 });
    expect(databases.find('192.0.2.1')).toBeNull();
  });

  it("reads IPinfo's words, too", () => {
    const record = { country: 'us', country_name: 'United States', asn: 'AS64500', as_name: 'Example, Inc.' };
    expect(find([['192.0.2.0/24', record]], '192.0.2.77')).toEqual({
      country: 'US',
      asn: 64_500,
      organization: 'Example, Inc.',
      name: null,
    });
  });

  it('takes no word for a country or a number that is none', () => {
    const record = { country: { iso_code: '<b>' }, autonomous_system_number: 'AS', as_name: 'x'.repeat(250) };
    const origin = find([['192.0.2.0/24', record]], '192.0.2.1');
    expect(origin).toMatchObject({ country: null, asn: null, organization: 'x'.repeat(200) });
  });

  it('says of a file that is none, or damaged, that it is', () => {
    const databases = new GeoDatabases();
    expect(() => databases.add(fixture('closed/connect-ipv4.pcap'))).toThrow(/no database in MaxMind's format/);
    const bytes = readFileSync(countries);
    // A type that there is not, where the first record is (behind tree and separator).
    const at = bytes.indexOf('registered_country') - 2;
    bytes[at] = 0x00;
    bytes[at + 1] = 0xff;
    databases.add(save('damaged.mmdb', bytes));
    expect(() => databases.find('10.9.9.9')).toThrow(/it is damaged/);
  });
});

describeWith(['mmdblookup'], 'the databases of the tests', () => {
  it.each([
    [countries, '10.0.0.1', ['country', 'iso_code'], '"DE" <utf8_string>'],
    [countries, '10.200.0.1', ['registered_country', 'iso_code'], '"SE" <utf8_string>'],
    [networks, '2001:db8::1', ['autonomous_system_number'], '4200000000 <uint32>'],
  ])("are read by libmaxminddb's own program: %s %s", (file, address, path, expected) => {
    expect(execFileSync('mmdblookup', ['--file', file, '--ip', address, ...path], { encoding: 'utf8' }).trim()).toBe(
      expected,
    );
  });
});

describe('--geoip', () => {
  const capture = fixture('closed/connect-ipv4.pcap');
  const geoip = ['--geoip', countries, '--geoip', networks];
  const run = (...args: string[]) => runCommand([capture, ...geoip, '--fail-on', 'never', ...args]);

  it('tells country and network in text', async () => {
    const { stdout, stderr, status } = await run();
    expect(stderr).toBe('');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ {2}source {4}port 0 {3}where\n {2}10\.0\.0\.1 {7}1 {3}DE, AS64496 Example Ltd$/m);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('RST after 0.033 ms · from DE, AS64496 Example Ltd');
  });

  it('tells it in JSON, as the schema has it, of both ends and the busiest', async () => {
    const report = JSON.parse((await run('-f', 'json')).stdout);
    expect(reportErrors(report)).toEqual([]);
    const client = { country: 'DE', asn: 64_496, organization: 'Example Ltd', name: null };
    const server = { country: 'SE', asn: null, organization: null, name: null };
    expect(report.exchanges[0]).toMatchObject({ client: { origin: client }, server: { origin: server } });
    expect(report.top.sources.ends[0].origin).toEqual(client);
    expect(report.top.targets.ends[0].origin).toEqual(server);
    // Nobody asked.
    const plain = JSON.parse((await runCommand([capture, '-f', 'json'])).stdout);
    expect(JSON.stringify(plain)).not.toContain('origin');
  });

  it('tells it in CSV, NDJSON and the page', async () => {
    const [row] = parse((await run('-f', 'csv')).stdout, { columns: true }) as Record<string, string>[];
    expect(row).toMatchObject({
      client_country: 'DE',
      client_asn: '64496',
      client_as_organization: 'Example Ltd',
      server_country: 'SE',
      server_asn: '',
    });
    const lines = (await run('-f', 'ndjson')).stdout.trim().split('\n');
    const exchange = lines.map((line) => JSON.parse(line)).find(({ type }) => type === 'exchange');
    expect(exchange.client.origin.country).toBe('DE');
    const page = (await run('-f', 'html')).stdout.replace(/<script[\s\S]*?<\/script>/g, '');
    expect(page).toMatch(/10\.0\.0\.1<\/th>.*DE, AS64496 Example Ltd/s);
  });

  it('holds for IPv6, and writes names of others so that they do no harm', async () => {
    const hostile = save(
      'hostile.mmdb',
      makeMmdb([
        ['::/1', { as_name: '\u001b[2J=1+1","<script>\u202e\n' }],
        ['10.0.0.0/8', { as_name: '\u001b[2J,=1' }],
      ]),
    );
    for (const format of ['text', 'csv', 'html', 'json']) {
      const { stdout } = await runCommand([capture, '--geoip', hostile, '-f', format, '--fail-on', 'never']);
      const shown = stdout.replace(/<script[\s\S]*?<\/script>/g, '');
      expect(harmfulIn(shown.replaceAll(/[\r\n]/g, '')), format).toEqual([]);
      expect(shown.includes('[2J'), format).toBe(true);
      if (format === 'csv')
        expect((parse(stdout, { columns: true }) as Record<string, string>[])[0]!.client_as_organization).toMatch(
          /^\\x1b\[2J,=1$/,
        );
    }
    const ipv6 = fixture('closed/connect-ipv6.pcap');
    const { stdout } = await runCommand([ipv6, ...geoip, '--fail-on', 'never']);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('FR, AS4200000000 Grüße, "GmbH"');
  });

  it('ends with one line and status 2 where the file is missing, or no database', async () => {
    for (const [file, message] of [
      ['nowhere.mmdb', /^portzero: --geoip nowhere\.mmdb: there is no such file\n$/],
      [capture, /^portzero: --geoip .*connect-ipv4\.pcap: it is no database in MaxMind's format \(\.mmdb\): .*\n$/],
    ] as const) {
      const { status, stderr, stdout } = await runCommand([capture, '--geoip', file]);
      expect(status).toBe(2);
      expect(stderr).toMatch(message);
      expect(stdout).toBe('');
    }
  });

  it('does not keep the report from being written where the database is damaged', async () => {
    const bytes = readFileSync(countries);
    // Types that there are not.
    const start = bytes.indexOf('registered_country') - 2;
    for (let at = start; at + 2 <= bytes.indexOf('MaxMind.com') - 3; at += 2) bytes.set([0x00, 0xff], at);
    const damaged = save('damaged-2.mmdb', bytes);
    const { status, stderr, stdout } = await runCommand([capture, '--geoip', damaged]);
    expect(stdout).toMatch(/refused with\s+a RST/);
    expect(stderr).toMatch(/--geoip .*damaged-2\.mmdb: it is damaged/);
    expect(status).toBe(2);
  });
});
