import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { loadPlugins } from '../../src/config/plugins.ts';
import { printConfig } from '../../src/config/print.ts';

const home = mkdtempSync(join(tmpdir(), 'portzero-plugins-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const rule = (id: string, fields = '') => `{
  kind: 'exchange',
  meta: { id: '${id}', severity: 'info', summary: 's', meaning: 'm', action: 'a', messages: { found: 'found' },
    options: { latency: { kind: 'duration', description: 'd', default: '5ms' } }, ${fields} },
  match: () => null,
}`;

let folders = 0;
function write(files: Record<string, string>): string {
  const folder = join(home, String(folders++));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

describe('plugins', () => {
  it('bring rules that the configuration can set, from files beside it', async () => {
    const cwd = write({
      'portzero.config.yaml': 'plugins: [./rules/mine.mjs]\nrules:\n  slow-answer: [error, { latency: 20ms }]\n',
      'rules/mine.mjs': `export const rules = [${rule('slow-answer')}, ${rule('other-rule')}];`,
    });
    const config = await loadConfig({ cwd, allowPlugins: true });
    expect(config.rules.get('slow-answer')).toEqual({ severity: 'error', options: { latency: 20e6 } });
    expect(config.rules.get('other-rule')).toEqual({ severity: 'info', options: { latency: 5e6 } });
    expect(config.plugins).toEqual([join(cwd, 'rules/mine.mjs')]);
    const plugins = await loadPlugins(config);
    expect(plugins.rules.map(({ meta }) => meta.id)).toEqual(['slow-answer', 'other-rule']);

    writeFileSync(join(home, 'printed.yaml'), printConfig(config, plugins.rules));
    const printed = await loadConfig({ cwd: home, path: 'printed.yaml' });
    expect({ ...printed, path: config.path }).toEqual(config);
  });

  it('bring rules and reporters of packages, whatever way those export them', async () => {
    const reporter = `{ name: 'markdown', ending: '.md', document: () => [] }`;
    const cwd = write({
      'portzero.config.yaml': 'plugins: [by-main, "@scope/by-import"]\n',
      'node_modules/by-main/package.json': '{ "name": "by-main", "main": "lib.cjs" }',
      'node_modules/by-main/lib.cjs': `module.exports = { rules: [${rule('from-main')}] };`,
      'node_modules/@scope/by-import/package.json':
        '{ "name": "@scope/by-import", "type": "module", "exports": { ".": { "import": { "default": "./lib.js" } } } }',
      'node_modules/@scope/by-import/lib.js': `export default { reporters: [${reporter}] };`,
    });
    const config = await loadConfig({ cwd, allowPlugins: true });
    expect(config.plugins).toEqual(['by-main', '@scope/by-import']);
    const { rules, reporters } = await loadPlugins(config);
    expect(rules.map(({ meta }) => meta.id)).toEqual(['from-main']);
    expect(reporters).toMatchObject([{ name: 'markdown', ending: '.md' }]);
  });

  it.each([
    ['export const rules = [{}];', /plugins\[0\]: .*: rule: meta must be an object; kind must be/],
    ['export const rules = 1;', /rules must be a list/],
    ['export const other = 1;', /exports neither rules nor reporters/],
    ['throw new Error("went wrong");', /plugins\[0\]: .*: went wrong/],
    ['export const = ;', /plugins\[0\]: .*Unexpected token/],
    [`export const rules = [${rule('syn-to-port-zero')}];`, /there is another rule with this id/],
    [`export const rules = [${rule('expectation')}];`, /there is another rule with this id/],
    [`export const rules = [${rule('twice')}, ${rule('twice')}];`, /rule twice: there is another rule with this id/],
    [
      `export const rules = [${rule('bad-default', "options: { n: { kind: 'count', description: 'd', default: 'x' } }")}];`,
      /the default of the option n must be a whole number from 1/,
    ],
    ['export const reporters = [{ name: "a b" }];', /a reporter needs a name/],
    ['export const reporters = [{ name: "a" }];', /reporter a: needs either document or stream/],
    ['export const reporters = [{ name: "a", document() {}, stream() {} }];', /needs either document or stream/],
    ['export const reporters = [{ name: "a", ending: "md", document() {} }];', /ending must be one of a file name/],
  ])('that are not right are told with their place: %s', async (text, message) => {
    const cwd = write({ 'portzero.config.yaml': 'failOn: error\nplugins:\n  - ./mine.mjs\n', 'mine.mjs': text });
    await expect(loadConfig({ cwd, allowPlugins: true })).rejects.toThrow(message);
    await expect(loadConfig({ cwd, allowPlugins: true })).rejects.toThrow(/portzero\.config\.yaml:3:5: plugins\[0\]/);
  });

  describe('a reporter that throws is named with its module', () => {
    const load = async (reporter: string) => {
      const cwd = write({
        'portzero.config.yaml': 'plugins: [./mine.mjs]\n',
        'mine.mjs': `export const reporters = [${reporter}];`,
      });
      const [loaded] = (await loadPlugins(await loadConfig({ cwd, allowPlugins: true }))).reporters;
      return loaded as {
        document(result: unknown, context: unknown): Iterable<string>;
        stream(write: unknown, context: unknown): Record<string, (value: unknown) => void>;
      };
    };
    const told = (what: string | RegExp) =>
      expect.objectContaining({
        name: 'ConfigError',
        message: expect.stringMatching(
          new RegExp(`portzero\\.config\\.yaml: plugins\\[0\\]: .*mine\\.mjs: reporter mine failed: ${what}$`),
        ),
      });
    const thrownBy = (action: () => unknown) => {
      try {
        return action();
      } catch (error) {
        return error;
      }
    };

    it.each([
      ['when called', `document() { throw new Error('so\\n  it is'); }`, 'so it is'],
      ['while it is read', `*document() { yield 'a'; throw 'a text'; }`, 'a text'],
      ['for want of parts', 'document() {}', 'document.. must return an iterable of texts'],
    ])('a document, %s', async (_, member, what) => {
      const { document } = await load(`{ name: 'mine', ${member} }`);
      expect(thrownBy(() => [...document(1, 2)])).toEqual(told(what));
    });

    it('a stream whose methods are asynchronous, since nobody waits for them', async () => {
      const late = await load(
        `{ name: 'mine', stream: () => ({ async exchange() { throw new Error('late'); }, finding() {}, end() {} }) }`,
      );
      const stream = late.stream(null, null);
      expect(thrownBy(() => stream.exchange(1))).toEqual(told('exchange.. must not return a promise'));
      expect(thrownBy(() => stream.finding(1))).toBeUndefined();
    });

    it('a stream, when it is made and whenever it is told of something', async () => {
      const thrower = await load(`{ name: 'mine', stream() { throw new Error('no'); } }`);
      expect(thrownBy(() => thrower.stream(null, null))).toEqual(told('no'));
      const empty = await load(`{ name: 'mine', stream: () => ({ finding() {}, end() {} }) }`);
      expect(thrownBy(() => empty.stream(null, null))).toEqual(told('stream.. must return an object with exchange..'));
      const stream = await load(`{ name: 'mine', stream() { return new class {
        text = 'never';
        exchange() { throw new Error(this.text); }
        finding() { throw new Error(this.text); }
        answered() { throw new Error(this.text); }
        stats() { throw new Error(this.text); }
        head() { throw new Error(this.text); }
        foot() { throw new Error(this.text); }
        end() { throw new Error(this.text); }
      } } }`);
      const made = stream.stream(null, null);
      for (const method of ['exchange', 'finding', 'answered', 'stats', 'end', 'head', 'foot'])
        expect(thrownBy(() => made[method]!(null))).toEqual(told('never'));
    });

    it('and one that does not is as it was', async () => {
      const { document } = await load(
        `{ name: 'mine', text: 'own', *document(result) { yield this.text; yield result; } }`,
      );
      expect([...document('result', null)]).toEqual(['own', 'result']);
      const { stream } = await load(
        `{ name: 'mine', stream: (write) => ({ exchange: write, finding() {}, end() {} }) }`,
      );
      const written: unknown[] = [];
      const made = stream((text: unknown) => written.push(text), null);
      made.exchange!('it');
      expect(written).toEqual(['it']);
      for (const method of ['answered', 'stats', 'head', 'foot']) expect(made).not.toHaveProperty(method);
    });

    it('and its head, foot and numbers are those of the stream', async () => {
      const { stream } = await load(`{ name: 'mine', stream: (write) => ({
        name: 'own', exchange() {}, finding() {}, end() {}, stats: write,
        head() { return this.name + ' begins'; }, foot() { return this.name + ' ends'; },
      }) }`);
      const written: unknown[] = [];
      const made = stream((text: unknown) => written.push(text), null);
      made.stats!(7);
      expect([made.head!(null), made.foot!(null), written]).toEqual(['own begins', 'own ends', [7]]);
    });
  });

  it('that are not there are told', async () => {
    const cwd = write({
      'portzero.config.yaml': 'plugins: [nowhere]\n',
      'file/portzero.config.yaml': 'plugins: [./x.mjs]\n',
    });
    await expect(loadConfig({ cwd, allowPlugins: true })).rejects.toThrow(
      'nowhere: no such package is installed here; the path of a file starts with ./',
    );
    await expect(loadConfig({ cwd: join(cwd, 'file'), allowPlugins: true })).rejects.toThrow(
      /1:11: plugins\[0\]: .*x\.mjs/,
    );
  });
});
