import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe } from 'vitest';

/** Programs that tests hold us against or that make traffic; none of them is needed to use portzero. */
export type Tool =
  | 'tshark'
  | 'capinfos'
  | 'dumpcap'
  | 'editcap'
  | 'mergecap'
  | 'tcpdump'
  | 'tcpreplay'
  | 'nmap'
  | 'ncat'
  | 'hping3'
  | 'socat'
  | 'ip'
  | 'nft'
  | 'iptables'
  | 'zstd'
  | 'gzip'
  | 'jq'
  | 'chromium'
  | 'python3'
  | 'promtool'
  | 'bash'
  | 'zsh'
  | 'fish'
  | 'man'
  | 'mandoc'
  | 'shellcheck'
  | 'lintian'
  | 'dpkg-deb'
  | 'ruby'
  | 'systemd-notify'
  | 'systemd-analyze'
  | 'mmdblookup'
  | 'nats-server'
  | 'openssl'
  | 'swift-proxy-server'
  | 'swift-object-server';

/** PORTZERO_NO_SKIP=1 turns a missing tool into a failure: for the machine that must run every test. */
function missing(what: string): false {
  if (process.env.PORTZERO_NO_SKIP === '1') throw new Error(`PORTZERO_NO_SKIP is set and ${what}`);
  return false;
}

function isOnPath(tool: string): boolean {
  return [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'].some((folder) => {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** True when the program can be run. Throws when it cannot and PORTZERO_NO_SKIP is 1. */
export function requireTool(tool: Tool): boolean {
  return isOnPath(tool) || missing(`${tool} is not installed`);
}

/** True when the tests run as root, as network namespaces need. Throws when not and PORTZERO_NO_SKIP is 1. */
export function requireRoot(): boolean {
  return process.getuid?.() === 0 || missing('the tests do not run as root');
}

/** `describe` that is skipped, by a name that says why, when one of `needs` is not there. */
export function describeWith(needs: readonly (Tool | 'root')[], name: string, body: () => void): void {
  const absent = needs.filter((need) => !(need === 'root' ? requireRoot() : requireTool(need)));
  if (absent.length === 0) describe(name, body);
  else describe.skip(`${name} (skipped: needs ${absent.join(', ')})`, body);
}
