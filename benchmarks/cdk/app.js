// Each template of a folder as a stack of its own: what the CDK does with the same CloudFormation.
//
//   cdk synth --app "node benchmarks/cdk/app.js" --context templates=output
'use strict';

const fs = require('fs');
const path = require('path');
const { App, DefaultStackSynthesizer, Stack } = require('aws-cdk-lib/core');
const { CfnInclude } = require('aws-cdk-lib/cloudformation-include');

const app = new App({ analyticsReporting: false });
const folder = app.node.tryGetContext('templates');
if (!folder) {
  throw new Error('say where the templates are: --context templates=output');
}
for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.yaml')).sort()) {
  // Without the bootstrap parameter and rule, the stack holds what the template does.
  const synthesizer = new DefaultStackSynthesizer({ generateBootstrapVersionRule: false });
  const stack = new Stack(app, path.basename(file, '.yaml'), { synthesizer });
  new CfnInclude(stack, 'Template', { templateFile: path.join(folder, file) });
}
app.synth();
