// Providers for Terraform that know a schema and nothing else: enough for `terraform validate`, and for `terraform test` with
// `mock_provider`, which asks a provider for its schema and makes up the rest itself. They serve until their standard input ends, and
// print what `TF_REATTACH_PROVIDERS` must be.
//
// usage: node provider.mjs FOLDER...    for the types that these modules use

import { parse } from '@cdktf/hcl2json';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { schemaOf } from './schema.mjs';

const schemas = {};
for (const folder of process.argv.slice(2)) {
  for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.tf'))) {
    const parsed = await parse(file, fs.readFileSync(path.join(folder, file), 'utf8'));
    for (const kind of ['resource', 'data']) {
      for (const type of Object.keys(parsed[kind] ?? {})) {
        const name = type.split('_')[0];
        const provider = (schemas[name] ??= { provider: schemaOf('provider', name), resource_schemas: {}, data_source_schemas: {} });
        const schema = schemaOf(kind, type);
        if (schema) provider[kind === 'data' ? 'data_source_schemas' : 'resource_schemas'][type] = schema;
      }
    }
  }
}
delete schemas.terraform;

const proto = loader.loadSync(path.join(path.dirname(fileURLToPath(import.meta.url)), 'provider.proto'), { keepCase: true, longs: Number });
const { service } = grpc.loadPackageDefinition(proto).tfplugin5.Provider;
const reattach = {};
for (const [name, schema] of Object.entries(schemas)) {
  const server = new grpc.Server();
  server.addService(service, {
    GetSchema: (call, answer) => answer(null, schema),
    PrepareProviderConfig: (call, answer) => answer(null, { prepared_config: call.request.config }),
    ValidateResourceTypeConfig: (call, answer) => answer(null, {}),
    ValidateDataSourceConfig: (call, answer) => answer(null, {}),
    Stop: (call, answer) => answer(null, {}),
  });
  const port = await new Promise((resolve, reject) => server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound))));
  reattach[`registry.terraform.io/hashicorp/${name}`] = { Protocol: 'grpc', ProtocolVersion: 5, Pid: process.pid, Test: true, Addr: { Network: 'tcp', String: `127.0.0.1:${port}` } };
}
console.log(JSON.stringify(reattach));
process.stdin.resume().on('end', () => process.exit(0));
