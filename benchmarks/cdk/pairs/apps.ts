// The apps that are written in TypeScript: each as it was, and as it is after a change.
import * as path from "node:path";
import {
  App, AppProps, Duration, Fn, NestedStack, RemovalPolicy, Stack, Stage, aws_apigateway as apigateway,
  aws_dynamodb as dynamodb, aws_ec2 as ec2, aws_iam as iam, aws_lambda as lambda, aws_logs as logs,
  aws_s3 as s3, aws_s3_deployment as deployment, aws_sns as sns, aws_sqs as sqs, aws_ssm as ssm,
} from "aws-cdk-lib";
import { Construct } from "constructs";

type Change = (app: App, after: boolean) => void;

const here = (name: string) => path.resolve(name); // run beside this file
const string = dynamodb.AttributeType.STRING;

function shop(build: (stack: Stack, after: boolean) => void): Change {
  return (app, after) => build(new Stack(app, "Shop"), after);
}

function handler(scope: Construct, more: Partial<lambda.FunctionProps> = {}, id = "Handler") {
  return new lambda.Function(scope, id, {
    runtime: lambda.Runtime.NODEJS_22_X, handler: "index.handler",
    code: lambda.Code.fromAsset(here("code/one")), ...more,
  });
}

function orders(scope: Construct, key = "id", more: Partial<dynamodb.TableProps> = {}, id = "Orders") {
  return new dynamodb.Table(scope, id, { partitionKey: { name: key, type: string }, ...more });
}

function group(scope: Construct) {
  const vpc = ec2.Vpc.fromVpcAttributes(scope, "Vpc", { vpcId: "vpc-1", availabilityZones: ["us-east-1a"] });
  return new ec2.SecurityGroup(scope, "Group", { vpc });
}

class Shop extends Stage {
  constructor(scope: Construct, id: string, build: (stack: Stack) => void) {
    super(scope, id);
    build(new Stack(this, "Shop"));
  }
}

export const settings: Record<string, (after: boolean) => AppProps> = {
  "cdk-metadata": () => ({ analyticsReporting: true }),
  "policies-minimized": (after) => ({ context: { "@aws-cdk/aws-iam:minimizePolicies": after } }),
};

export const changes: Record<string, Change> = {
  "same": shop((stack) => { handler(stack, { initialPolicy: [] }); orders(stack); }),
  "cdk-metadata": shop((stack, after) => {
    new sqs.Queue(stack, "Jobs");
    if (after) s3.Bucket.fromBucketName(stack, "Store", "shop-store");
  }),
  "path-moved": shop((stack, after) => {
    const queue = new sqs.Queue(after ? new Construct(stack, "Inside") : stack, "Jobs");
    (queue.node.defaultChild as sqs.CfnQueue).overrideLogicalId("Jobs");
  }),
  "sub-and-join": shop((stack, after) => {
    const arn = after ? Fn.join("", ["arn:", stack.partition, ":sns:", stack.region, ":1:a"])
      : Fn.sub("arn:${AWS::Partition}:sns:${AWS::Region}:1:a");
    new sns.CfnSubscription(stack, "Mail", { topicArn: arn, protocol: "email", endpoint: "a@example.com" });
  }),
  "grants-in-another-order": shop((stack, after) => {
    const role = new iam.Role(stack, "Role", { assumedBy: new iam.ServicePrincipal("lambda.amazonaws.com") });
    const grants = ["sqs:SendMessage", "sns:Publish"].map((action) => new iam.PolicyStatement({
      actions: [action], resources: [`arn:aws:${action.slice(0, 3)}:us-east-1:111122223333:a`],
    }));
    for (const grant of after ? grants.reverse() : grants) role.addToPolicy(grant);
  }),
  "policies-minimized": shop((stack) => {
    const role = new iam.Role(stack, "Role", { assumedBy: new iam.ServicePrincipal("lambda.amazonaws.com") });
    for (const name of ["a", "b"]) role.addToPolicy(new iam.PolicyStatement({
      actions: ["sns:Publish"], resources: [`arn:aws:sns:us-east-1:111122223333:${name}`],
    }));
  }),
  "function-code": shop((stack, after) => {
    handler(stack, { code: lambda.Code.fromAsset(here(after ? "code/two" : "code/one")) });
  }),
  "image-code": shop((stack, after) => {
    new lambda.DockerImageFunction(stack, "Handler", {
      code: lambda.DockerImageCode.fromImageAsset(here(after ? "image/two" : "image/one")),
    });
  }),
  "inline-code": shop((stack, after) => {
    handler(stack, { code: lambda.Code.fromInline(`exports.handler = async () => {\n  return ${after ? 2 : 1};\n};\n`) });
  }),
  "deployed-files": shop((stack, after) => {
    new deployment.BucketDeployment(stack, "Site", {
      destinationBucket: s3.Bucket.fromBucketName(stack, "Bucket", "shop-site"),
      sources: [deployment.Source.data("index.html", after ? "two" : "one")],
    });
  }),
  "queue-timeout": shop((stack, after) => {
    new sqs.Queue(stack, "Jobs", { queueName: "jobs", visibilityTimeout: Duration.minutes(after ? 5 : 1) });
  }),
  "one-of-two-stages": (app, after) => {
    new Shop(app, "Beta", (stack) => new sqs.Queue(stack, "Jobs"));
    new Shop(app, "Prod", (stack) => new sqs.Queue(stack, "Jobs", { visibilityTimeout: Duration.minutes(after ? 5 : 1) }));
  },
  "stage-added": (app, after) => {
    new Shop(app, "Beta", (stack) => new sqs.Queue(stack, "Jobs"));
    if (after) new Shop(app, "Prod", (stack) => new sqs.Queue(stack, "Jobs"));
  },
  "nested-added": shop((stack, after) => {
    new sqs.Queue(stack, "Jobs");
    if (after) new sqs.Queue(new NestedStack(stack, "Inner"), "Letters");
  }),
  "nested-unchanged": shop((stack, after) => {
    orders(new NestedStack(stack, "Data"));
    new sqs.Queue(stack, "Jobs", { visibilityTimeout: Duration.minutes(after ? 5 : 1) });
  }),
  "nested-code": shop((stack, after) => {
    handler(new NestedStack(stack, "Inner"), { code: lambda.Code.fromAsset(here(after ? "code/two" : "code/one")) });
  }),
  "queue-renamed": shop((stack, after) => { new sqs.Queue(stack, "Jobs", { queueName: after ? "tasks" : "jobs" }); }),
  "queue-fifo": shop((stack, after) => { new sqs.Queue(stack, "Jobs", after ? { fifo: true } : {}); }),
  "table-key": shop((stack, after) => { orders(stack, after ? "key" : "id"); }),
  "bucket-renamed": shop((stack, after) => {
    new s3.Bucket(stack, "Store", { bucketName: after ? "shop-two" : "shop-one", enforceSSL: true });
  }),
  "function-renamed": shop((stack, after) => { handler(stack, { functionName: after ? "two" : "one" }); }),
  "nested-table-key": shop((stack, after) => { orders(new NestedStack(stack, "Data"), after ? "key" : "id"); }),
  "nested-twice": shop((stack, after) => {
    const inner = new NestedStack(new NestedStack(stack, "Outer"), "Data");
    orders(inner, after ? "key" : "id");
  }),
  "nested-parameter": shop((stack, after) => {
    const topic = new sns.Topic(stack, "News", { topicName: after ? "updates" : "news" });
    new sns.CfnSubscription(new NestedStack(stack, "Inner"), "Mail", {
      topicArn: topic.topicArn, protocol: "email", endpoint: "a@example.com",
    });
  }),
  "nested-output": shop((stack, after) => {
    const topic = new sns.Topic(new NestedStack(stack, "Inner"), "News", { topicName: after ? "updates" : "news" });
    new sns.CfnSubscription(stack, "Mail", { topicArn: topic.topicArn, protocol: "email", endpoint: "a@example.com" });
  }),
  "stage-table-key": (app, after) => { new Shop(app, "Prod", (stack) => orders(stack, after ? "key" : "id")); },
  "stage-nested-table-key": (app, after) => {
    for (const name of ["Beta", "Prod"]) {
      new Shop(app, name, (stack) => orders(new NestedStack(stack, "Data"), after && name === "Prod" ? "key" : "id"));
    }
  },
  "construct-renamed": shop((stack, after) => { orders(stack, "id", {}, after ? "Invoices" : "Orders"); }),
  "construct-of-a-named-table-renamed": shop((stack, after) => {
    orders(stack, "id", { tableName: "orders" }, after ? "Invoices" : "Orders");
  }),
  "network-moved": shop((stack, after) => {
    const vpc = new ec2.CfnVPC(stack, "Vpc", { cidrBlock: after ? "10.1.0.0/16" : "10.0.0.0/16" });
    new ec2.CfnSubnet(stack, "Subnet", { vpcId: vpc.ref, cidrBlock: Fn.select(0, Fn.cidr(vpc.attrCidrBlock, 1, "8")) });
  }),
  "grant-widened": shop((stack, after) => {
    const bucket = new s3.Bucket(stack, "Store");
    if (after) bucket.grantReadWrite(handler(stack)); else bucket.grantRead(handler(stack));
  }),
  "grant-removed": shop((stack, after) => {
    const bucket = new s3.Bucket(stack, "Store");
    const grantee = handler(stack);
    bucket.grantRead(grantee);
    if (!after) new sns.Topic(stack, "News").grantPublish(grantee); else new sns.Topic(stack, "News");
  }),
  "administrator": shop((stack, after) => {
    handler(stack).role!.addManagedPolicy(iam.ManagedPolicy.fromAwsManagedPolicyName(after ? "AdministratorAccess" : "ReadOnlyAccess"));
  }),
  "first-role": shop((stack, after) => {
    new sqs.Queue(stack, "Jobs");
    if (after) handler(stack);
  }),
  "trust-another-account": shop((stack, after) => {
    const principals = [new iam.AccountPrincipal("111122223333"), ...(after ? [new iam.AccountPrincipal("444455556666")] : [])];
    new iam.Role(stack, "Role", { assumedBy: new iam.CompositePrincipal(...principals) });
  }),
  "group-opened": shop((stack, after) => {
    group(stack).addIngressRule(after ? ec2.Peer.anyIpv4() : ec2.Peer.ipv4("10.0.0.0/8"), ec2.Port.tcp(22));
  }),
  "group-closed": shop((stack, after) => {
    group(stack).addIngressRule(after ? ec2.Peer.ipv4("10.0.0.0/8") : ec2.Peer.anyIpv4(), ec2.Port.tcp(22));
  }),
  "function-url": shop((stack, after) => {
    handler(stack).addFunctionUrl({ authType: after ? lambda.FunctionUrlAuthType.NONE : lambda.FunctionUrlAuthType.AWS_IAM });
  }),
  "public-bucket": shop((stack, after) => {
    new s3.Bucket(stack, "Site", { publicReadAccess: after, blockPublicAccess: new s3.BlockPublicAccess({
      blockPublicAcls: false, blockPublicPolicy: false, ignorePublicAcls: false, restrictPublicBuckets: false,
    }) });
  }),
  "method-opened": shop((stack, after) => {
    const api = new apigateway.RestApi(stack, "Api", { deploy: false });
    api.root.addMethod("GET", new apigateway.HttpIntegration("https://example.com/"), {
      authorizationType: after ? apigateway.AuthorizationType.NONE : apigateway.AuthorizationType.IAM,
    });
  }),
  "export-and-import-removed": (app, after) => {
    const topic = new sns.Topic(new Stack(app, "Shop"), "News");
    new ssm.StringParameter(new Stack(app, "Other"), "Topic", { stringValue: after ? "none" : topic.topicArn });
  },
  "export-replaced": (app, after) => {
    const topic = new sns.Topic(new Stack(app, "Shop"), "News", { topicName: after ? "updates" : "news" });
    new ssm.StringParameter(new Stack(app, "Other"), "Topic", { stringValue: topic.topicArn });
  },
  "log-of-a-nested-stack-destroyed": shop((stack, after) => {
    if (!after) new logs.LogGroup(new NestedStack(stack, "Inner"), "Log", { removalPolicy: RemovalPolicy.DESTROY });
    new sqs.Queue(stack, "Jobs");
  }),
};

const [side, folder] = process.argv.slice(2);
for (const [name, change] of Object.entries(changes)) {
  const after = side === "after";
  const given: AppProps = settings[name]?.(after) ?? { analyticsReporting: false };
  const app = new App({ ...given, treeMetadata: false, outdir: path.join(folder, name, side) });
  change(app, after);
  app.synth();
}
