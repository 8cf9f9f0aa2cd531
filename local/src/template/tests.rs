use super::*;

const TEMPLATE: &str = "
Parameters:
  Clients: { Type: CommaDelimitedList, Default: 'a, b' }
  Name: { Type: String, Default: \"\" }
  Needed: { Type: String }
  Looked: { Type: 'AWS::SSM::Parameter::Value<String>', Default: /x }
  Stored: { Type: 'AWS::SSM::Parameter::Name', Default: /x }
  Number: { Type: Number, Default: 007 }
  Stage: { Type: String, Default: dev }
Mappings:
  Pools:
    dev: { Id: eu-west-1_Dev, Clients: [c, d], Secret: '{{resolve:ssm:/x}}' }
    eu-west-1: { Id: eu-west-1_Region }
    aws-cn: { Id: cn-north-1_Part }
Conditions:
  HasName: !Not [!Equals [!Ref Name, '']]
  HasBoth: !And [!Condition HasName, Fn::Equals: [!Ref Number, '007']]
  HasEither:
    Fn::Or: [Condition: HasName, !Equals [!Ref AWS::Region, eu-west-1]]
  IsDev: !Equals [!FindInMap [Pools, !Ref Stage, Id], eu-west-1_Dev]
  Circle: !Not [!Condition Circle]
Globals: { Function: { Environment: { Variables: { SMAC__AUTH__G: g, SMAC__AUTH__A: global } } } }
Resources:
  Other: { Type: AWS::S3::Bucket }
  Authorizer:
    Type: AWS::Serverless::Function
    Properties:
      Environment:
        Variables:
          SMAC__AUTH__G: own
";

fn given(values: &[(&str, &str)]) -> Vec<(String, String)> {
    values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

/// The environment of a function with these variables.
fn environment(variables: &str, values: &[(&str, &str)]) -> Environment {
    let lines: String = variables.lines().map(|line| format!("          {line}\n")).collect();
    Template::parse(&format!("{TEMPLATE}{lines}"), given(values)).unwrap().environment(None).unwrap()
}

/// A variable, what is given, and the value, or why it is unknown.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], Result<Option<&'a str>, &'a str>);

fn check(cases: &[Case<'_>]) {
    for (node, values, expected) in cases {
        let found = environment(&format!("SMAC__AUTH__A: {node}"), values);
        let value = found.variables.iter().find(|(name, _)| name == "SMAC__AUTH__A").map(|(_, value)| value.as_str());
        let found = match found.unknown.as_slice() {
            [(name, why)] if name == "SMAC__AUTH__A" => Err(why.as_str()),
            _ => Ok(value),
        };
        assert_eq!(found, *expected, "{node}");
    }
}

#[test]
fn values_and_functions() {
    let name: &[_] = &[("Name", "n")];
    check(&[
        ("text", &[], Ok(Some("text"))),
        ("true", &[], Ok(Some("true"))),
        ("007", &[], Ok(Some("007"))),
        ("!Ref Number", &[], Ok(Some("007"))),
        ("!Ref Name", &[], Ok(Some(""))),
        ("!Ref Name", name, Ok(Some("n"))),
        ("{ Ref: Name }", name, Ok(Some("n"))),
        ("!Ref Needed", &[("Needed", "x")], Ok(Some("x"))),
        ("!Ref Stored", &[], Ok(Some("/x"))),
        ("!Ref AWS::Region", &[("AWS::Region", "r")], Ok(Some("r"))),
        ("!Ref AWS::NoValue", &[], Ok(None)),
        ("!If [HasName, yes, no]", &[], Ok(Some("no"))),
        ("!If [HasName, yes, no]", name, Ok(Some("yes"))),
        ("!If [HasBoth, 1, !Ref AWS::NoValue]", &[], Ok(None)),
        ("!If [HasBoth, 1, !Ref AWS::NoValue]", name, Ok(Some("1"))),
        ("!If [HasEither, 1, 2]", name, Ok(Some("1"))),
        ("!If [HasEither, 1, 2]", &[("AWS::Region", "r")], Ok(Some("2"))),
        ("{ 'Fn::If': [HasName, 1, { 'Fn::Sub': 'a${Number}' }] }", &[], Ok(Some("a007"))),
        ("!Sub a${Name}b${!Name}", name, Ok(Some("anb${Name}"))),
        ("!Sub ['${A}-${Name}', { A: !Ref Number }]", name, Ok(Some("007-n"))),
        ("!Join [',', !Ref Clients]", &[], Ok(Some("a,b"))),
        ("!Join ['/', [x, !Ref Name]]", name, Ok(Some("x/n"))),
        ("!Join ['/', [x, !Ref AWS::NoValue, y]]", &[], Ok(Some("x/y"))),
        ("!Select [1, !Ref Clients]", &[], Ok(Some("b"))),
        ("!Select [0, !Split ['-', a-b]]", &[], Ok(Some("a"))),
        ("!Base64 abc", &[], Ok(Some("YWJj"))),
        // Functions in functions.
        ("!Join ['+', !Split [',', !Sub '${Number},${Name}']]", name, Ok(Some("007+n"))),
        ("!Sub ['${A}', { A: !Select [0, !If [HasName, [x], [y]]] }]", name, Ok(Some("x"))),
        // What only the deployment knows can be given.
        ("!Ref Other", &[("Other", "bucket")], Ok(Some("bucket"))),
        ("!GetAtt Other.Arn", &[("Other.Arn", "arn")], Ok(Some("arn"))),
        ("{ 'Fn::GetAtt': [Other, Arn] }", &[("Other.Arn", "arn")], Ok(Some("arn"))),
        ("!Sub '${Other.Arn}/x'", &[("Other.Arn", "arn")], Ok(Some("arn/x"))),
    ]);
    assert!(environment("SMAC__AUTH__B: b", &[]).variables.contains(&("SMAC__AUTH__G".to_owned(), "own".to_owned())));
}

#[test]
fn mappings_with_known_keys() {
    let region: &[_] = &[("AWS::Region", "eu-west-1")];
    let china: &[_] = &[("AWS::Region", "cn-north-1")];
    check(&[
        ("!FindInMap [Pools, dev, Id]", &[], Ok(Some("eu-west-1_Dev"))),
        ("!FindInMap [Pools, !Ref Stage, Id]", &[], Ok(Some("eu-west-1_Dev"))),
        ("!FindInMap [Pools, !Ref AWS::Region, Id]", region, Ok(Some("eu-west-1_Region"))),
        ("!FindInMap [Pools, !Ref AWS::Partition, Id]", china, Ok(Some("cn-north-1_Part"))),
        ("!FindInMap [!Join ['', [Po, ols]], !Sub '${Stage}', Id]", &[], Ok(Some("eu-west-1_Dev"))),
        ("!FindInMap [Pools, prod, Id, { DefaultValue: !Sub 'x${Number}' }]", &[], Ok(Some("x007"))),
        ("!Join [',', !FindInMap [Pools, !Ref Stage, Clients]]", &[], Ok(Some("c,d"))),
        ("!If [IsDev, yes, no]", &[], Ok(Some("yes"))),
        ("!FindInMap [Pools, prod, Id]", &[], Err("the mapping Pools has no value for these keys")),
        ("!FindInMap [Pools, !Ref AWS::Region, Id]", &[], Err("!Ref AWS::Region is not known before the deployment")),
        ("!FindInMap [Pools, !Ref Stage, Clients]", &[], Err("is not a string")),
        ("!FindInMap [Pools, !Ref Stage]", &[], Err("!FindInMap has arguments of another form")),
    ]);
}

#[test]
fn the_region_says_the_partition() {
    let both = "!Sub '${AWS::Partition} ${AWS::URLSuffix}'";
    let unknown = Err("!Ref AWS::Partition is not known before the deployment");
    check(&[
        (both, &[("AWS::Region", "eu-west-1")], Ok(Some("aws amazonaws.com"))),
        (both, &[("AWS::Region", "cn-north-1")], Ok(Some("aws-cn amazonaws.com.cn"))),
        (both, &[("AWS::Region", "us-gov-west-1")], Ok(Some("aws-us-gov amazonaws.com"))),
        (both, &[("AWS::Region", "eusc-de-east-1")], Ok(Some("aws-eusc amazonaws.eu"))),
        ("!Ref AWS::Partition", &[], unknown),
        ("!Ref AWS::Partition", &[("AWS::Region", "us-iso-east-1")], unknown),
    ]);
}

#[test]
fn dynamic_references_are_unknown() {
    let unknown = Err("a dynamic reference ({{resolve:...}}) is not known before the deployment");
    check(&[
        ("'{{resolve:ssm:/authorizer/pool}}'", &[], unknown),
        ("'{{resolve:ssm:/authorizer/pool:3}}'", &[], unknown),
        ("'{{resolve:ssm-secure:/x:1}}'", &[], unknown),
        ("'{{resolve:secretsmanager:x:SecretString:pool}}'", &[], unknown),
        ("'before-{{resolve:ssm:/x}}-behind'", &[], unknown),
        ("!Sub '{{resolve:ssm:/${Stage}/pool}}'", &[], unknown),
        ("!Join ['', ['{{resolve:', 'ssm:/x}}']]", &[], unknown),
        ("!FindInMap [Pools, dev, Secret]", &[], unknown),
        ("!If [IsDev, '{{resolve:ssm:/x}}', x]", &[], unknown),
        ("!Ref Name", &[("Name", "{{resolve:ssm:/x}}")], unknown),
        ("'{{resolve:ssm'", &[], Ok(Some("{{resolve:ssm"))),
        ("'}} {{resolve:x'", &[], Ok(Some("}} {{resolve:x"))),
        ("'{{other:x}}'", &[], Ok(Some("{{other:x}}"))),
        // Conditions compare it as it is written: CloudFormation evaluates them before it reads any.
        ("!If [HasName, 1, 2]", &[("Name", "{{resolve:ssm:/x}}")], Ok(Some("1"))),
    ]);
}

#[test]
fn what_the_template_does_not_tell_is_reported() {
    check(&[
        ("!Ref Needed", &[], Err("the parameter Needed has no default: give it with --parameter Needed=VALUE")),
        ("!Ref Looked", &[], Err("the parameter Looked is looked up at the deployment")),
        ("!Ref Other", &[], Err("!Ref Other is not known before the deployment")),
        ("!Ref AWS::Region", &[], Err("!Ref AWS::Region is not known before the deployment")),
        ("!GetAtt Other.Arn", &[], Err("!GetAtt Other.Arn is not known before the deployment")),
        ("!Sub '${Other.Arn}'", &[], Err("${Other.Arn} is not known before the deployment")),
        ("!ImportValue x", &[], Err("!ImportValue is not known before the deployment")),
        ("!If [HasEither, 1, 2]", &[], Err("!Ref AWS::Region is not known before the deployment")),
        ("!If [Nobody, 1, 2]", &[], Err("there is no condition Nobody")),
        ("!If [Circle, 1, 2]", &[], Err("the condition Circle depends on itself")),
        ("!If [HasName, 1]", &[], Err("!If has arguments of another form")),
        ("!Select [2, !Ref Clients]", &[], Err("!Select of an entry that is not there")),
        ("!Sub '${Clients}'", &[], Err("!Sub of a list")),
        ("!Ref Clients", &[], Err("is not a string")),
        ("[a]", &[], Err("is not a string")),
    ]);
}

#[test]
fn the_json_form() {
    // CloudFormation's console and the CDK export templates so; tabs and surrogate pairs are JSON, and not YAML.
    let text = "{\n\t\"Parameters\": {\n\t\t\"N\":\t{\"Type\": \"Number\", \"Default\": 7}\n\t},
        \"Resources\": {\"F\": {\"Type\": \"AWS::Lambda::Function\", \"Properties\": {\"Environment\": {\"Variables\": {
        \"SMAC__AUTH__A\": {\"Fn::Sub\": \"${N} \\ud83d\\ude00\"}, \"SMAC__AUTH__B\": true,
        \"SMAC__AUTH__C\": {\"Fn::If\": [\"X\", 1, {\"Ref\": \"AWS::NoValue\"}]}}}}}},
        \"Conditions\": {\"X\": {\"Fn::Equals\": [{\"Ref\": \"N\"}, 8]}}}";
    for text in [text.to_owned(), text.replace(['\t', '\n'], " ").replace(" \\ud83d\\ude00", "")] {
        let found = Template::parse(&text, Vec::new()).unwrap().environment(None).unwrap();
        let [(a, seven), (b, yes)] = found.variables.as_slice() else { panic!("{found:?}") };
        assert_eq!((a.as_str(), b.as_str(), yes.as_str()), ("SMAC__AUTH__A", "SMAC__AUTH__B", "true"));
        assert!(seven.starts_with('7'));
    }
}

#[test]
fn a_condition_may_choose_all_variables_and_aliases_are_followed() {
    let text = "
Parameters: { Stage: { Type: String, Default: dev } }
Conditions: { IsDev: !Equals [!Ref Stage, dev], Unknown: !Equals [!Ref AWS::Region, x] }
Resources:
  F:
    Type: AWS::Lambda::Function
    Properties:
      Environment:
        Variables: !If [IsDev, &dev { SMAC__AUTH__MODE: a }, { SMAC__AUTH__MODE: b }]
  G:
    Type: AWS::Lambda::Function
    Properties: { Environment: { Variables: *dev } }
  H:
    Type: AWS::Lambda::Function
    Properties: { Environment: !If [Unknown, { Variables: *dev }, !Ref AWS::NoValue] }
";
    let of = |function: &str, values: &[(&str, &str)]| {
        Template::parse(text, given(values)).unwrap().environment(Some(function)).map(|found| found.variables)
    };
    let mode = |value: &str| Ok(vec![("SMAC__AUTH__MODE".to_owned(), value.to_owned())]);
    assert_eq!((of("F", &[]), of("F", &[("Stage", "x")]), of("G", &[])), (mode("a"), mode("b"), mode("a")));
    assert_eq!((of("H", &[("AWS::Region", "x")]), of("H", &[("AWS::Region", "y")])), (mode("a"), Ok(vec![])));
    assert_eq!(of("H", &[]).unwrap_err(), "H: !Ref AWS::Region is not known before the deployment");
}

#[test]
fn texts_that_are_no_templates() {
    let error = |text: &str, values: &[(&str, &str)], function: Option<&str>| {
        let template = Template::parse(text, given(values));
        template.and_then(|template| template.environment(function)).unwrap_err()
    };
    let function =
        "{ Type: AWS::Lambda::Function, Properties: { Environment: { Variables: { SMAC__AUTH__MODE: x } } } }";
    let two = format!("Resources: {{ A: {function}, B: {function} }}");
    for (text, function, why) in [
        ("", None, "is empty"),
        ("a: [", None, "is not YAML (line 2, column 1)"),
        ("a: 1\na: 2", None, "has the name a twice in one map (line 2)"),
        ("a: 1", None, "has no Resources: is it a template?"),
        ("Resources: {}", None, "has no function with variables of ours"),
        (&two, Some("C"), "has no C"),
        (&two, None, "has several such functions, choose one: A, B"),
    ] {
        assert_eq!(error(text, &[], function), why);
    }
    let parameters = "Resources: { R: {} }\nParameters: { M: { Type: String } }";
    for name in ["N", "S.Arn", "M.Arn"] {
        assert_eq!(error(parameters, &[(name, "1")], None), format!("has no parameter {name}; there are M"));
    }
    let template = Template::parse(&two, Vec::new()).unwrap();
    assert_eq!(template.environment(Some("B")).unwrap().function, "B");
}

#[test]
fn parameters_allow_what_cloudformation_allows() {
    for (parameter, good, bad) in [
        ("Type: String, AllowedValues: [X, Y]", &["X", "Y"][..], &["x", "", "X,Y"][..]),
        ("Type: String, AllowedPattern: '[a-z]*'", &["", "ab"], &["A", "ab ", "ab\n", "a-b"]),
        ("Type: String, AllowedPattern: '^(?!no$)[a-z]+$'", &["yes", "not"], &["no", ""]),
        ("Type: String, AllowedPattern: a|bc", &["a", "bc"], &["ac", "abc"]),
        ("Type: String, MinLength: 1, MaxLength: 2", &["a", "éé"], &["", "abc"]),
        ("Type: Number, MinValue: -1, MaxValue: 5", &["-1", "5", "0"], &["-2", "6", "", "x", "1 "]),
        ("Type: CommaDelimitedList, AllowedPattern: '[a-z]+'", &["a", "a, b"], &["a,", "", "A"]),
        // Only Java knows this one.
        ("Type: String, AllowedPattern: '[a-z&&[^x]'", &["x"], &[]),
    ] {
        let text = format!("Resources: {{}}\nParameters: {{ M: {{ {parameter} }} }}");
        let template = Template::parse(&text, Vec::new()).unwrap();
        for value in good {
            assert!(template.with(given(&[("M", value)])).is_ok(), "{parameter}: {value:?}");
        }
        for value in bad {
            let why = template.with(given(&[("M", value)])).unwrap_err();
            assert!(why.starts_with("does not allow this value for the parameter M: "), "{parameter}: {why}");
            assert!(value.is_empty() || !why.ends_with(value), "{why}");
        }
    }
    let text = "Resources: {}\nParameters: { M: { Type: String, MinLength: 1, ConstraintDescription: must be there } }";
    let why = Template::parse(text, given(&[("M", "")])).unwrap_err();
    assert_eq!(why, "does not allow this value for the parameter M: must be there");
}

#[test]
fn rules_between_parameters() {
    let text = "
Resources: {}
Parameters: { A: { Type: String, Default: '' }, B: { Type: CommaDelimitedList, Default: 'x,y' } }
Rules:
  First:
    RuleCondition: !Not [!Equals [!Ref A, '']]
    Assertions:
      - Assert: !Contains [!Ref B, !Ref A]
        AssertDescription: A must be in B
      - Assert: !Contains [[x, z], !Ref A]
  Second:
    Assertions:
      - Assert: !Not [!Equals [!Ref A, no]]
        AssertDescription: A must not be no
";
    let template = Template::parse(text, Vec::new()).unwrap();
    for (values, broken) in [
        (&[][..], &[][..]),
        (&[("A", "x")], &[]),
        (&[("A", "y")], &["First"]),
        (&[("A", "z")], &["A must be in B"]),
        (&[("A", "z"), ("B", "z")], &[]),
        (&[("A", "no")], &["A must be in B", "First", "A must not be no"]),
    ] {
        assert_eq!(template.with(given(values)).unwrap().broken_rules().unwrap(), broken, "{values:?}");
    }
    let text = "Resources: {}\nRules: { R: { Assertions: [{ Assert: !Equals [!Ref AWS::Region, x] }] } }";
    let why = Template::parse(text, Vec::new()).unwrap().broken_rules().unwrap_err();
    assert_eq!(why, "has the rule R: !Ref AWS::Region is not known before the deployment");
}
