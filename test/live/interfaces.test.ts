import { afterEach, beforeEach, expect, it } from 'vitest';
import { portzero, WITHOUT_RIGHTS } from '../support/live.ts';
import { Lab } from '../support/netns.ts';
import { describeWith } from '../support/tools.ts';

let lab: Lab;

describeWith(['root', 'ip', 'tcpdump', 'dumpcap'], 'interfaces', () => {
  beforeEach(() => {
    lab = Lab.pair();
  });
  afterEach(() => lab.remove());

  it('lists names, addresses, state, loopback and whether one may sniff there', () => {
    lab.ip(lab.client, 'link', 'add', 'off0', 'type', 'veth', 'peer', 'name', 'off1');
    const { status, stdout, stderr } = lab.run(lab.client, portzero('interfaces', '-f', 'json'));
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const { interfaces, capturers } = JSON.parse(stdout);
    const named = (name: string) => interfaces.find((it: { name: string }) => it.name === name);
    expect(named('lo')).toMatchObject({
      up: true,
      loopback: true,
      sniffable: true,
      addresses: ['127.0.0.1/8', '::1/128'],
    });
    expect(named('cl0')).toMatchObject({ up: true, carrier: true, loopback: false, sniffable: true });
    expect(named('cl0').addresses).toEqual(expect.arrayContaining(['192.0.2.1/24', '2001:db8::1/64']));
    expect(named('off0')).toMatchObject({ up: false, loopback: false, sniffable: false, addresses: [] });
    expect(named('any')).toMatchObject({ up: true, sniffable: true });
    expect(capturers).toEqual(['tcpdump', 'dumpcap', 'cap'].map((name) => ({ name, usable: true, obstacle: null })));
  });

  it('says what is missing where one may not sniff', () => {
    const { status, stdout } = lab.run(lab.client, [...WITHOUT_RIGHTS, ...portzero('interfaces')]);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^NAME +STATE +SNIFF +ADDRESSES\n/);
    expect(stdout).toMatch(/^lo +up, loopback +no +127\.0\.0\.1\/8/m);
    expect(stdout).toMatch(/^cl0 +up +no +192\.0\.2\.1\/24, 2001:db8::1\/64/m);
    expect(stdout).toMatch(/^cap +is installed but not allowed to capture$/m);
    expect(stdout.match(/CAP_NET_RAW/g)).toHaveLength(1);
    expect(stdout.match(/setcap/g)).toHaveLength(1);
  });

  it('names a capturer that is not there', () => {
    const { stdout } = lab.run(lab.client, ['env', 'PATH=/nonexistent', ...portzero('interfaces')]);
    expect(stdout).toMatch(/^dumpcap +is not installed$/m);
    expect(stdout).toMatch(/^cap +can capture$/m);
    // Without iproute2 the list comes from sysfs and Node.
    expect(stdout).toMatch(/^cl0 +up +yes +192\.0\.2\.1\/24/m);
  });
});
