// Asks cdk-nag's AwsSolutions pack about templates, and prints what it finds as JSON.
// Usage: node cdk_nag.mjs FOLDER_WITH_NODE_MODULES TEMPLATE...
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";

const [folder, ...templates] = process.argv.slice(2);
const from = createRequire(join(resolve(folder), "package.json"));
const { App, Stack } = from("aws-cdk-lib");
const { CfnInclude } = from("aws-cdk-lib/cloudformation-include");
const { AwsSolutionsChecks } = from("cdk-nag");

const found = templates.flatMap((template) => {
  const stack = new Stack(new App({ analyticsReporting: false }), "S");
  new CfnInclude(stack, "T", { templateFile: template, allowCyclicalReferences: true });
  const { violations } = new AwsSolutionsChecks().validateScope(stack);
  return violations.flatMap(({ ruleName, description, violatingResources }) =>
    violatingResources.map(({ constructPath }) => ({
      template: basename(template, ".yaml"),
      rule: ruleName,
      resource: constructPath.split("/").at(-1),
      message: description,
    })),
  );
});
console.log(JSON.stringify(found));
