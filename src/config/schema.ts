import { z } from 'zod';
import { linkTypeOfName } from '../decode/link/linktypes.ts';
import { TUNNELS } from '../decode/tunnel/ports.ts';
import type { OptionSpec, Rule } from '../engine/types.ts';
import { VERDICTS } from '../track/exchange.ts';
import { parseCidr, parseTarget } from './cidr.ts';
import { allowedText, readOption } from './defaults.ts';
import { DURATION_PATTERN, parseDuration, RATE_PATTERN } from './duration.ts';
import { unknownLinkType } from './link-types.ts';

const SETTINGS = ['off', 'info', 'warning', 'error'] as const;

/** What a configuration file may say, given the rules that are known. Values are as written; validate.ts reads them. */
export function configSchema(rules: readonly Rule[]) {
  return z.strictObject({
    $schema: z.string().optional().describe('where editors find the JSON Schema of this file; not used otherwise'),
    answerTimeout: duration(
      'how long an opening waits for its answer before it is called silent (default 5s)',
    ).optional(),
    failOn: z
      .enum(['info', 'warning', 'error', 'never'])
      .optional()
      .describe('the severity from which findings make the exit status 1 (default warning)'),
    ignore: z
      .array(
        z
          .strictObject({
            from: block('the client').optional(),
            to: block('the server').optional(),
            reason: z.string().optional().describe('for the reader of this file'),
          })
          .refine((entry) => entry.from !== undefined || entry.to !== undefined, { error: 'needs from, to or both' })
          .meta({ anyOf: [{ required: ['from'] }, { required: ['to'] }] }),
      )
      .optional()
      .describe('exchanges that are not flagged, but still counted'),
    rules: z
      .strictObject(Object.fromEntries(rules.map((rule) => [rule.meta.id, ruleSchema(rule).optional()])))
      .optional()
      .describe('severity, or [severity, options], by rule'),
    expect: z.array(expectation).optional().describe('what is asserted of the stack under test'),
    decoder: decoder.optional().describe('how frames are read'),
    baseline: z
      .string()
      .min(1)
      .optional()
      .describe('file of findings that are known and do not fail, relative to this file; --update-baseline writes it'),
    plugins: z
      .array(z.string().min(1))
      .optional()
      .describe('modules with rules and reporters of your own: package names, or paths relative to this file'),
  });
}

/** What configSchema takes. */
export type ConfigInput = z.infer<ReturnType<typeof configSchema>>;

/** The JSON Schema (draft 7, which editors know best) of configuration files. Of rules it only knows the given ones. */
export function configJsonSchema(rules: readonly Rule[]): Record<string, unknown> {
  const schema = z.toJSONSchema(configSchema(rules), { target: 'draft-7', io: 'input' });
  // Plugins bring rules that this schema cannot know: only without them a name that it does not know is an error.
  const known = rules.map(({ meta }) => meta.id);
  Object.assign(schema.properties?.rules as object, {
    additionalProperties: {
      anyOf: [
        { enum: SETTINGS },
        { type: 'array', items: [{ enum: SETTINGS }, { type: 'object' }], minItems: 1, maxItems: 2 },
      ],
    },
  });
  const strict = {
    anyOf: [{ required: ['plugins'] }, { properties: { rules: { type: 'object', propertyNames: { enum: known } } } }],
  };
  return { title: 'portzero configuration', ...schema, ...strict };
}

const duration = (description: string) =>
  z
    .string({ error: notDuration })
    .regex(DURATION_PATTERN, { error: notDuration, abort: true })
    .refine((text) => (parseDuration(text) ?? 0) > 0, { error: notDuration })
    .describe(description);

const notDuration = ({ input }: { input?: unknown }): string =>
  `${JSON.stringify(input)} is no duration; allowed is a number above 0 with h, m, s, ms, us or ns, as in 5s or 100ms`;

const block = (whose: string) =>
  z.string().superRefine(refuse(parseCidr)).describe(`address or CIDR block of ${whose}`);

/** Makes a reader that returns a fault a check of zod. */
const refuse =
  (parse: (text: string) => object | { readonly fault: string }) =>
  (text: string, context: z.RefinementCtx<string>): void => {
    const result = parse(text);
    if ('fault' in result) context.addIssue({ code: 'custom', message: String(result.fault) });
  };

const verdict = z.enum(VERDICTS);

const expectation = z.strictObject({
  name: z.string().min(1).describe('what is expected, for messages; different for each'),
  to: z
    .string()
    .superRefine(refuse(parseTarget))
    .describe('server: address or CIDR block; port 0 unless ":port" is given, after IPv6 as in [2001:db8::/32]:443'),
  from: block('the client').optional(),
  verdict: z
    .union([z.array(verdict).min(1), verdict])
    .describe('how it may be answered; any other verdict breaks the expectation'),
  within: duration('longest time from question to answer').optional(),
  atLeast: z.int().min(0).optional().describe('exchanges that must be there (default 1)'),
});

const port = z.int().min(1).max(65_535);

/** LINKTYPE_ values are 16 bits, and so are EtherTypes, which begin where lengths end (IEEE 802.3 §3.2.6). */
const linkType = z.union([z.int().min(0).max(65_535), z.string()]).superRefine((value, context) => {
  if (typeof value === 'string' && linkTypeOfName(value) === null)
    context.addIssue({ code: 'custom', message: unknownLinkType(value) });
});

const NO_TAGS = [0x0800, 0x0806, 0x86dd];

const decoder = z.strictObject({
  linkTypes: z
    .record(
      z.string().superRefine((name, context) => {
        if (linkTypeOfName(name) === null) context.addIssue({ code: 'custom', message: unknownLinkType(name) });
      }),
      linkType,
    )
    .optional()
    .describe('link types to read as others, by name or number, as in { user0: ethernet }'),
  vlanTypes: z
    .array(
      z
        .int()
        .min(0x0600)
        .max(0xffff)
        .refine((type) => !NO_TAGS.includes(type), { error: 'is read as IPv4, IPv6 or ARP, and is no tag' }),
    )
    .max(64)
    .optional()
    .describe('EtherTypes read as VLAN tags beside the known ones, as in [0x8200]'),
  tunnelPorts: z
    .strictObject(
      Object.fromEntries(
        Object.entries(TUNNELS).map(([tunnel, { title }]) => [
          tunnel,
          z.array(port).optional().describe(`UDP ports read as ${title}; [] for none`),
        ]),
      ),
    )
    .optional()
    .describe('UDP ports of tunnels; those left out keep their default'),
  mergeScopes: z
    .boolean()
    .optional()
    .describe(
      'take the same addresses and ports in other VLANs, labels and tunnels for the same exchange (default false)',
    ),
  checksums: z
    .enum(['verify', 'trust'])
    .optional()
    .describe('verify: an answer with a bad checksum settles nothing (default); trust: it counts as a good one does'),
  fragmentBytes: z.int().min(0).optional().describe('most bytes held for reassembly (default 4194304)'),
  fragmentTimeout: duration('how long fragments are held (default 30s)').optional(),
});

function ruleSchema({ meta }: Rule) {
  const severity = z.enum(SETTINGS);
  const options = z.strictObject(
    Object.fromEntries(Object.entries(meta.options).map(([name, spec]) => [name, optionSchema(spec).optional()])),
  );
  return z
    .union([z.tuple([severity, options.optional()]), severity])
    .describe(`${meta.summary} (default ${meta.severity})`);
}

function optionSchema(spec: OptionSpec) {
  const description = `${spec.description} (default ${spec.default})`;
  const error = ({ input }: { input?: unknown }): string =>
    `${JSON.stringify(input)} is not allowed; allowed: ${allowedText(spec)}`;
  if (spec.kind === 'choice') return z.enum(spec.choices ?? []).describe(description);
  if (spec.kind === 'count') return z.int({ error }).min(1, { error }).describe(description);
  const pattern = spec.kind === 'duration' ? DURATION_PATTERN : RATE_PATTERN;
  return z
    .string({ error })
    .regex(pattern, { error, abort: true })
    .refine((text) => readOption(spec, text) !== null, { error })
    .describe(description);
}
