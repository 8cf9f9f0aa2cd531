// The tables of the modules' READMEs, in the form of terraform-docs, from what the modules declare.
//
// usage: node docs.mjs            whether they are as declared
//        node docs.mjs --update   writes them

import { parse } from '@cdktf/hcl2json';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const BEGIN = '<!-- BEGIN_TF_DOCS -->';
const END = '<!-- END_TF_DOCS -->';

const line = (text) => (text ?? '').trim().replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|');

/** A type or a default on one line. */
function code(value) {
  const text = typeof value === 'string' ? value.replace(/^\$\{(.*)\}$/s, '$1') : JSON.stringify(value);
  return `\`${text.replace(/\s+/g, ' ').replace(/\(\{ /g, '({ ').replaceAll('|', '\\|')}\``;
}

async function tables(folder) {
  const all = { variable: {}, output: {}, terraform: [], resource: {}, data: {} };
  for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.tf'))) {
    const parsed = await parse(file, fs.readFileSync(path.join(folder, file), 'utf8'));
    for (const kind of ['variable', 'output', 'resource', 'data']) {
      for (const [name, part] of Object.entries(parsed[kind] ?? {})) all[kind][name] = { ...all[kind][name], ...part };
    }
    all.terraform.push(...(parsed.terraform ?? []));
  }
  const [{ required_version, required_providers: [providers] }] = all.terraform;
  const sorted = (entries) => Object.entries(entries).sort(([one], [other]) => (one < other ? -1 : 1));
  const resources = ['resource', 'data'].flatMap((kind) => sorted(all[kind]).flatMap(([type, named]) => Object.keys(named).map((name) => `| ${type}.${name} | ${kind === 'data' ? 'data source' : 'resource'} |`)));
  const inputs = sorted(all.variable).map(([name, part]) => {
    const body = part[0];
    const isRequired = !('default' in body);
    const fallback = isRequired ? 'n/a' : code(typeof body.default === 'string' ? JSON.stringify(body.default) : body.default);
    return `| ${name} | ${line(body.description)} | ${code(body.type)} | ${fallback} | ${isRequired ? 'yes' : 'no'} |`;
  });
  const undescribed = [...sorted(all.variable), ...sorted(all.output)].filter(([, part]) => !part[0].description).map(([name]) => name);
  if (undescribed.length > 0) throw new Error(`${folder}: without a description: ${undescribed}`);
  return [
    '## Requirements', '', '| Name | Version |', '| --- | --- |',
    `| terraform | ${required_version} |`, ...sorted(providers).map(([name, { version }]) => `| ${name} | ${version} |`), '',
    '## Resources', '', '| Name | Type |', '| --- | --- |', ...resources, '',
    '## Inputs', '', '| Name | Description | Type | Default | Required |', '| --- | --- | --- | --- | --- |', ...inputs, '',
    '## Outputs', '', '| Name | Description |', '| --- | --- |', ...sorted(all.output).map(([name, part]) => `| ${name} | ${line(part[0].description)} |`),
  ].join('\n');
}

let isSame = true;
const modules = path.join(ROOT, 'terraform/modules');
for (const folder of [path.join(ROOT, 'terraform'), ...fs.readdirSync(modules).map((name) => path.join(modules, name))]) {
  const file = path.join(folder, 'README.md');
  const text = fs.readFileSync(file, 'utf8');
  const [before, after] = [text.slice(0, text.indexOf(BEGIN)), text.slice(text.indexOf(END))];
  if (!text.includes(BEGIN) || !text.includes(END)) throw new Error(`${file}: has no place for the tables`);
  const made = `${before}${BEGIN}\n${await tables(folder)}\n${after}`;
  if (process.argv[2] === '--update') fs.writeFileSync(file, made);
  else if (made !== text) isSame = false;
  console.log(`${process.argv[2] === '--update' ? 'written' : made === text ? 'ok     ' : 'FAILED '} ${path.relative(ROOT, file)}: tables`);
}
if (!isSame) {
  console.log('the tables are not what the modules declare: `.ci/terraform --update`');
  process.exit(1);
}
