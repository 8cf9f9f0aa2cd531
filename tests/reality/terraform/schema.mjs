// The provider's schema of some types, read from the classes that are generated from it: attributes with their types, nested blocks, and
// which of them are required. The classes do not say which optional attributes the provider fills in.

import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const LIBRARIES = path.join(path.dirname(fileURLToPath(import.meta.url)), 'node_modules/@cdktf');
const SIMPLE = { string: 'string', number: 'number', boolean: 'bool' };
const GETTERS = { String: 'string', Number: 'number', Boolean: 'bool', List: ['list', 'string'], StringMap: ['map', 'string'], NumberList: ['list', 'number'], AnyMap: ['map', 'dynamic'] };
const NESTING = { struct: 1, list: 2, set: 3 };

const same = (snake, name) => snake.replaceAll('_', '').toLowerCase() === name.toLowerCase();

/** The schema of a resource, a data source or a provider itself, or null where there is no such type. */
export function schemaOf(kind, type) {
  const [provider, ...words] = type.split('_');
  const folder = kind === 'provider' ? 'provider' : `${kind === 'data' ? `data-${provider}-` : ''}${words.join('-')}`;
  const file = path.join(LIBRARIES, `provider-${provider}`, 'lib', folder, 'index.js');
  if (!fs.existsSync(file)) return null;
  const text = fs.readFileSync(file, 'utf8');
  const sections = new Map([...text.matchAll(/^(?:class|function) (\w+)[\s\S]*?^\}/gm)].map(([section, name]) => [name, section]));
  const [main] = [...sections].find(([, section]) => /^class \w+ extends cdktf\.Terraform(Resource|DataSource|Provider) /.test(section));
  return { version: 0, block: block(sections, main, sections.get(main).match(/synthesizeHclAttributes\(\) \{[\s\S]*?^ {4}\}/m)[0]) };
}

// A class' attributes and blocks: what can be set is in `given`, what can only be read has a getter alone.
function block(sections, name, given) {
  // A provider's own blocks have no class, and so nothing in them is known to be required.
  const section = sections.get(name) ?? '';
  const resets = [...section.matchAll(/^ {4}reset(\w+)\(\)/gm)].map(([, reset]) => reset);
  const attributes = [];
  const block_types = [];
  const known = new Set();
  for (const [, snake, value, isBlock, type, storage] of given.matchAll(/^\s+(\w+): \{\s+value: (.*),\s+isBlock: (true|false),\s+type: "(\w+)",\s+storageClassType: "(\w+)",/gm)) {
    // Of a provider's block this is Terraform's own.
    if (snake === 'alias') continue;
    known.add(snake);
    const isRequired = section !== '' && !resets.some((reset) => same(snake, reset));
    const nested = value.match(/(?<!cdktf\.)\b(\w+)ToHclTerraform/)?.[1];
    if (isBlock === 'true' && nested) {
      const inner = block(sections, `${nested[0].toUpperCase()}${nested.slice(1)}OutputReference`, sections.get(`${nested}ToHclTerraform`));
      const isOne = type === 'list' && !value.includes('listMapperHcl');
      block_types.push({ type_name: snake, block: inner, nesting: NESTING[type], min_items: isRequired && type !== 'struct' ? 1 : 0, max_items: isOne ? 1 : 0 });
      continue;
    }
    const element = SIMPLE[storage.replace(/(List|Map)$/, '')] ?? 'dynamic';
    const full = type === 'simple' ? SIMPLE[storage] : element === 'dynamic' ? 'dynamic' : [type, element];
    attributes.push({ name: snake, type: Buffer.from(JSON.stringify(full)), required: isRequired, optional: !isRequired, computed: !isRequired && snake === 'id' });
  }
  for (const [, getter, snake] of section.matchAll(/this\.get(\w+)Attribute\('(\w+)'\)/g)) {
    if (known.has(snake)) continue;
    known.add(snake);
    attributes.push({ name: snake, type: Buffer.from(JSON.stringify(GETTERS[getter] ?? 'dynamic')), computed: true });
  }
  for (const [, snake] of section.matchAll(/new \w+(?:List|OutputReference|Map)\(this, "(\w+)"/g)) {
    if (known.has(snake)) continue;
    known.add(snake);
    attributes.push({ name: snake, type: Buffer.from('"dynamic"'), computed: true });
  }
  return { attributes, block_types };
}
