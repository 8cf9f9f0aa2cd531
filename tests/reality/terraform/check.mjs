// Checks the Terraform modules against the AWS provider's schema, as far as that can be had without Terraform's own registry: each module
// is parsed by HashiCorp's parser and written as TypeScript against the classes that are generated from the schema. The compiler then
// reports unknown and missing arguments and blocks, wrong types, and references to what is not there. Calls of modules are checked by the
// variables' types in the same way. What an expression evaluates to is not seen.
//
// Planted mistakes are checked beside the real modules: each of them must be reported.

import { parse } from '@cdktf/hcl2json';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { mistakes } from './mistakes.mjs';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const ROOT = path.resolve(HERE, '../../..');
const MODULES = ['terraform', ...['modules', 'examples'].flatMap((kind) => fs.readdirSync(path.join(ROOT, 'terraform', kind)).map((name) => `terraform/${kind}/${name}`))];
const OUT = path.join(HERE, 'out');
const META = new Set(['count', 'for_each', 'depends_on', 'lifecycle', 'provider', 'providers', 'provisioner', 'connection', 'source', 'version']);

/** A module's blocks by their kinds, merged from its files; `edit` may change a file's content. */
async function read(folder, edit = (file, text) => text) {
  const all = { resource: {}, data: {}, variable: {}, output: {}, module: {}, locals: {} };
  for (const file of fs.readdirSync(path.join(ROOT, folder)).filter((name) => name.endsWith('.tf'))) {
    const parsed = await parse(file, edit(`${folder}/${file}`, fs.readFileSync(path.join(ROOT, folder, file), 'utf8')));
    for (const part of parsed.locals ?? []) Object.assign(all.locals, part);
    for (const kind of ['variable', 'output', 'module']) Object.assign(all[kind], parsed[kind]);
    for (const kind of ['resource', 'data']) {
      for (const [type, named] of Object.entries(parsed[kind] ?? {})) all[kind][type] = { ...all[kind][type], ...named };
    }
  }
  return all;
}

/** A variable's type as TypeScript has it: as a caller gives it, or as the module reads it, with all that is optional there. */
function typeOf(expression, isGiven) {
  let rest = expression.replace(/^\$\{(.*)\}$/s, '$1');
  const take = (pattern) => {
    const match = rest.match(pattern);
    if (!match) throw new Error(`not a type: ${rest}`);
    rest = rest.slice(match[0].length);
    return match[1];
  };
  const skipDefault = () => {
    for (let depth = 0; depth > 0 || rest[0] !== ')'; rest = rest.slice(1)) depth += '([{'.includes(rest[0]) ? 1 : ')]}'.includes(rest[0]) ? -1 : 0;
  };
  const type = () => {
    const name = take(/^\s*(\w+)/);
    if (name in { string: 1, number: 1, any: 1 }) return name;
    if (name === 'bool') return 'boolean';
    take(/^\s*\(/);
    let inner;
    if (name === 'object') {
      take(/^\s*\{/);
      const fields = [];
      while (!/^[\s,]*\}/.test(rest)) {
        const field = take(/^[\s,]*(\w+)\s*=/);
        const isOptional = /^\s*optional\(/.test(rest);
        if (isOptional) take(/^\s*optional\(/);
        const fieldType = type();
        if (isOptional) {
          skipDefault();
          take(/^\s*\)/);
        }
        fields.push(`${field}${isOptional && isGiven ? '?' : ''}: ${fieldType}`);
      }
      take(/^[\s,]*\}/);
      inner = `{ ${fields.join('; ')} }`;
    } else {
      inner = name === 'map' ? `{ [key: string]: ${type()} }` : `(${type()})[]`;
    }
    take(/^\s*\)/);
    return inner;
  };
  return type();
}

const inputs = (module) => Object.entries(module.variable).map(([name, [body]]) => `${name}${'default' in body ? '?' : ''}: ${typeOf(body.type, true)}${body.default === null ? ' | null' : ''}`);
const isBlocks = (value) => Array.isArray(value) && value.length > 0 && value.every((entry) => entry && typeof entry === 'object' && !Array.isArray(entry));

/** The module as TypeScript. */
async function compile(folder, module) {
  const imports = new Map();
  const lines = [];
  const missing = (text) => lines.push(`reported(${JSON.stringify(text)});`);

  // The class of a resource or data source, with its members' names by what they are without case and underscores.
  const classes = new Map();
  function classOf(kind, type) {
    const key = `${kind}.${type}`;
    if (classes.has(key)) return classes.get(key);
    const [provider, ...words] = type.split('_');
    const file = `${kind === 'data' ? `data-${provider}-` : ''}${words.join('-')}`;
    const declaration = path.join(HERE, 'node_modules/@cdktf', `provider-${provider}`, 'lib', file, 'index.d.ts');
    let found = null;
    if (fs.existsSync(declaration)) {
      const text = fs.readFileSync(declaration, 'utf8');
      const [, name] = text.match(/export declare class (\w+) extends cdktf\.Terraform(?:Resource|DataSource)/);
      const members = new Map([...text.matchAll(/^\s+(?:readonly|get) (\w+)/gm)].map(([, member]) => [member.toLowerCase(), member]));
      imports.set(name, `@cdktf/provider-${provider}/lib/${file}`);
      found = { name, member: (snake) => members.get(snake.replaceAll('_', '').toLowerCase()) ?? snake };
    }
    classes.set(key, found);
    return found;
  }

  // What an expression refers to must be there.
  function check(text, where) {
    for (const [whole, name, rest] of text.matchAll(/(?<![\w.])var\.(\w+)((?:\.\w+)*)/g)) {
      if (name in module.variable) lines.push(`void v.${name}${rest}; // ${where}`);
      else missing(`${where}: there is no ${whole}`);
    }
    for (const [whole, name] of text.matchAll(/(?<![\w.])local\.(\w+)/g)) if (!(name in module.locals)) missing(`${where}: there is no ${whole}`);
    for (const [whole, name, output] of text.matchAll(/(?<![\w.])module\.(\w+)(?:\[[^\]]*\])?\.(\w+)/g)) {
      if (name in module.module) lines.push(`void module_${name}.${output}; // ${where}`);
      else missing(`${where}: there is no ${whole}`);
    }
    for (const [whole, data, type, name, attribute] of text.matchAll(/(?<![\w.])(data\.)?((?:aws|archive|terraform)_\w+)\.(\w+)(?:\[[^\]]*\])?(?:\.(\w+))?/g)) {
      const kind = data ? 'data' : 'resource';
      if (!module[kind][type]?.[name]) missing(`${where}: there is no ${whole}`);
      else if (attribute && type !== 'terraform_data' && classOf(kind, type)) lines.push(`void made<${classOf(kind, type).name}>().${classOf(kind, type).member(attribute)}; // ${where}`);
    }
  }

  // A reference alone keeps its type; of all other expressions it is not known.
  function expression(text, where) {
    check(text, where);
    const whole = text.match(/^\$\{([^{}]*)\}$/)?.[1].trim();
    let match;
    if ((match = whole?.match(/^var\.(\w+)((?:\.\w+)*)$/)) && match[1] in module.variable) return `v.${match[1]}${match[2]}`;
    if ((match = whole?.match(/^(data\.)?(aws_\w+)\.(\w+)(?:\[[^\]]*\])?\.(\w+)$/))) {
      const type = classOf(match[1] ? 'data' : 'resource', match[2]);
      if (type) return `made<${type.name}>().${type.member(match[4])}`;
    }
    return whole !== undefined || /^\$\{[\s\S]*\}$/.test(text) ? 'unknowable' : 'template';
  }

  function value(given, where) {
    if (Array.isArray(given)) return `[${given.map((entry) => value(entry, where)).join(', ')}]`;
    if (given && typeof given === 'object') return `{ ${Object.entries(given).map(([key, entry]) => `${JSON.stringify(key)}: ${value(entry, where)}`).join(', ')} }`;
    return typeof given === 'string' && given.includes('${') ? expression(given, where) : JSON.stringify(given);
  }

  // The arguments and nested blocks of a block; a dynamic block counts as its content.
  function block(body, type, where) {
    const merged = {};
    for (const [key, given] of Object.entries(body)) {
      if (META.has(key)) {
        check(JSON.stringify(given).replaceAll('\\"', '"'), `${where}.${key}`);
      } else if (key === 'dynamic') {
        for (const [name, parts] of Object.entries(given)) {
          for (const part of parts) {
            value(part.for_each, `${where}.${name}`);
            (merged[name] ??= []).push(...part.content);
          }
        }
      } else {
        merged[key] = isBlocks(given) ? [...(merged[key] ?? []), ...given] : given;
      }
    }
    const fields = Object.entries(merged).map(([key, given]) => `${type.member(key)}: ${isBlocks(given) ? `[${given.map((part) => block(part, type, `${where}.${key}`)).join(', ')}]` : value(given, `${where}.${key}`)}`);
    return `{ ${fields.join(', ')} }`;
  }

  for (const kind of ['data', 'resource']) {
    for (const [type, named] of Object.entries(module[kind])) {
      for (const [name, [body]] of Object.entries(named)) {
        const where = `${kind === 'data' ? 'data.' : ''}${type}.${name}`;
        if (type === 'terraform_data') {
          check(JSON.stringify(body).replaceAll('\\"', '"'), where);
          continue;
        }
        const found = classOf(kind, type);
        if (!found) {
          missing(`${where}: the provider has no such type`);
          continue;
        }
        imports.set(`${found.name}Config`, imports.get(found.name));
        lines.push(`const ${kind}_${type}_${name}: Block<${found.name}Config> = ${block(body, found, where)};`);
      }
    }
  }
  for (const [name, [body]] of Object.entries(module.module)) {
    const called = await read(path.join(folder, body.source));
    lines.unshift(`declare const module_${name}: { ${Object.keys(called.output).map((output) => `${output}: any`).join('; ')} };`);
    const given = Object.fromEntries(Object.entries(body).filter(([key]) => !META.has(key)));
    lines.push(`const call_${name}: { ${inputs(called).join('; ')} } = ${value(given, `module.${name}`)};`);
  }
  for (const [name, given] of Object.entries(module.locals)) value(given, `local.${name}`);
  for (const [name, [body]] of Object.entries(module.output)) value(body, `output.${name}`);
  for (const [name, [body]] of Object.entries(module.variable)) value(body.validation ?? [], `var.${name}`);

  return `import { IResolvable } from 'cdktf';
${[...imports].map(([name, from]) => `import { ${name} } from '${from}';`).join('\n')}
declare function made<T>(): T;
declare function reported(problem: never): void;
declare const unknowable: any, template: string;
declare const v: { ${Object.entries(module.variable).map(([name, [body]]) => `${name}: ${typeOf(body.type, false)}`).join('; ')} };
// In HCL's JSON each nested block is an array's entry; the classes have an object where it may come once.
type Known<T> = Exclude<T, IResolvable>;
type Block<T> = { [K in keyof T]: Nested<Known<T[K]>> };
type Nested<T> = T extends readonly (infer E)[] ? (E extends object ? Block<E>[] : T) : T extends object ? (string extends keyof T ? T : [Block<T>]) : T;
${lines.join('\n')}
`;
}

fs.rmSync(OUT, { recursive: true, force: true });
fs.mkdirSync(OUT);
const files = new Map();
async function write(name, folder, edit) {
  const file = path.join(OUT, `${name}.ts`);
  fs.writeFileSync(file, await compile(folder, await read(folder, edit)));
  files.set(file, []);
  return file;
}

for (const folder of MODULES) await write(folder.replaceAll('/', '_'), folder);
const planted = [];
for (const [index, { what, file, from, to }] of mistakes.entries()) {
  let isPlanted = false;
  const edit = (name, text) => {
    if (name !== file || !text.includes(from)) return text;
    isPlanted = true;
    return text.replace(from, to);
  };
  planted.push({ what, path: await write(`mistake_${index}`, path.dirname(file), edit) });
  if (!isPlanted) throw new Error(`${file} has no ${JSON.stringify(from)} in which to plant: ${what}`);
}

const options = { strict: true, noEmit: true, skipLibCheck: true, types: [], module: ts.ModuleKind.CommonJS, moduleResolution: ts.ModuleResolutionKind.Node10, target: ts.ScriptTarget.ES2022 };
for (const diagnostic of ts.getPreEmitDiagnostics(ts.createProgram([...files.keys()], options))) {
  const position = diagnostic.file && diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start);
  const line = position && diagnostic.file.text.split('\n')[position.line];
  const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, ' ');
  (files.get(diagnostic.file?.fileName) ?? files.set('other', []).get('other')).push(`${text} | ${line?.slice(Math.max(0, position.character - 60), position.character + 60)}`);
}
let failed = 0;
const isPlanted = new Set(planted.map((entry) => entry.path));
for (const [file, problems] of files) {
  if (isPlanted.has(file)) continue;
  console.log(`${problems.length === 0 ? 'ok     ' : 'FAILED '} ${path.basename(file, '.ts').replaceAll('_', '/')}`);
  for (const problem of problems) console.log(`  ${problem}`);
  failed += problems.length;
}
for (const { what, path: file } of planted) {
  const problems = files.get(file);
  console.log(`${problems.length > 0 ? 'ok     ' : 'FAILED '} planted and found: ${what}${process.env.SHOW_PLANTED && problems.length > 0 ? `\n  ${problems[0]}` : ''}`);
  failed += problems.length > 0 ? 0 : 1;
}
process.exit(failed === 0 ? 0 : 1);
