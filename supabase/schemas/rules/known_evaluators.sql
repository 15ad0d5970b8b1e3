-- Written by `deno task migration` from EVALUATORS and SCHEMA_KEYWORDS in functions/_shared/evaluation: edit those files.

create function pipeline.known_evaluators()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select '{
    "exact-match": {"fields":["ignoreCase","trim","name","not","thoughts","reference"],"required":[],"nested":{"reference":["from","path","value"]}},
    "contains": {"fields":["text","texts","match","ignoreCase","name","not","thoughts","reference"],"required":[],"nested":{"reference":["from","path","value"]}},
    "not-contains": {"fields":["text","texts","ignoreCase","name","not","thoughts"],"required":[]},
    "starts-with": {"fields":["text","texts","ignoreCase","trim","name","not","thoughts"],"required":[]},
    "ends-with": {"fields":["text","texts","ignoreCase","trim","name","not","thoughts"],"required":[]},
    "regex": {"fields":["pattern","whole","expect","ignoreCase","name","not","thoughts"],"required":["pattern"]},
    "json-valid": {"fields":["allowCodeFence","where","name","not","thoughts"],"required":[]},
    "json-schema": {"fields":["schema","allowCodeFence","where","name","not","thoughts"],"required":["schema"]},
    "json-equal": {"fields":["threshold","allowCodeFence","where","name","not","thoughts","reference"],"required":[],"nested":{"reference":["from","path","value"]}},
    "tool-calls": {"fields":["calls","inOrder","allowOthers","threshold","name","not"],"required":["calls"],"nested":{"calls":["name","arguments","schema"]}},
    "numeric-difference": {"fields":["absoluteTolerance","relativeTolerance","which","pattern","decimalMark","name","not","thoughts","reference"],"required":[],"nested":{"reference":["from","path","value"]}},
    "edit-distance": {"fields":["unit","threshold","ignoreCase","trim","name","not","thoughts","reference"],"required":[],"nested":{"reference":["from","path","value"]}},
    "rouge-l": {"fields":["threshold","beta","name","not","thoughts","reference"],"required":[],"nested":{"reference":["from","path","value"]}},
    "similarity": {"fields":["endpoint","model","parameters","threshold","name","not","thoughts","reference"],"required":["endpoint"],"asksJudge":"always","nested":{"reference":["from","path","value"]}},
    "length": {"fields":["min","max","unit","name","not","thoughts"],"required":[]},
    "latency": {"fields":["maxMs","name","not"],"required":["maxMs"]},
    "cost": {"fields":["maxUsd","name","not"],"required":["maxUsd"]},
    "finish-reason": {"fields":["reasons","name","not"],"required":[]},
    "refusal": {"fields":["expect","phrases","endpoint","model","parameters","panel","combine","name","not","thoughts"],"required":[],"asksJudge":"on wish","nested":{"panel":["endpoint","model","parameters"]}},
    "rubric": {"fields":["rubric","endpoint","model","parameters","panel","combine","scale","passMark","showReference","passages","name","not","thoughts","reference"],"required":["rubric"],"asksJudge":"always","nested":{"panel":["endpoint","model","parameters"],"scale":["min","max"],"passages":["from","path","value"],"reference":["from","path","value"]}},
    "classify": {"fields":["preset","question","criterion","categories","passing","endpoint","model","parameters","panel","combine","showReference","passages","name","not","thoughts","reference"],"required":[],"asksJudge":"always","nested":{"panel":["endpoint","model","parameters"],"passages":["from","path","value"],"reference":["from","path","value"]}},
    "pairwise": {"fields":["endpoint","model","parameters","criteria","against","strict","name","not","thoughts","reference"],"required":["endpoint"],"asksJudge":"always","nested":{"against":["experiment"],"reference":["from","path","value"]}},
    "faithfulness": {"fields":["endpoint","model","parameters","panel","combine","threshold","passages","name","not","thoughts"],"required":[],"asksJudge":"always","nested":{"panel":["endpoint","model","parameters"],"passages":["from","path","value"]}},
    "answer-relevance": {"fields":["endpoint","model","parameters","panel","combine","threshold","name","not","thoughts"],"required":[],"asksJudge":"always","nested":{"panel":["endpoint","model","parameters"]}},
    "context-recall": {"fields":["endpoint","model","parameters","panel","combine","threshold","passages","name","not","thoughts","reference"],"required":[],"asksJudge":"always","nested":{"panel":["endpoint","model","parameters"],"passages":["from","path","value"],"reference":["from","path","value"]}},
    "sql": {"fields":["function","name","not","thoughts","reference"],"required":["function"],"nested":{"reference":["from","path","value"]}},
    "webhook": {"fields":["url","batchSize","name","not","thoughts","reference"],"required":["url"],"nested":{"reference":["from","path","value"]}},
    "weighted": {"fields":["weights","threshold","name","not"],"required":["weights"]}
  }'::jsonb;
$$;
comment on function pipeline.known_evaluators() is
  'Which fields each type of evaluator may have and which it must, whether it asks judges, and which fields the objects in its fields may have, {type: {fields, required, asksJudge?: always | on wish, nested?: {field: fields}}}; type itself is not among the fields.';

create function pipeline.json_schema_keywords()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select '{
    "$schema": "text",
    "$id": "text",
    "id": "text",
    "$anchor": "text",
    "$ref": "text",
    "$recursiveRef": "text",
    "$recursiveAnchor": "boolean",
    "$comment": "text",
    "$vocabulary": "anything",
    "$defs": "map of schemas",
    "definitions": "map of schemas",
    "type": "type",
    "enum": "list",
    "const": "anything",
    "allOf": "schemas",
    "anyOf": "schemas",
    "oneOf": "schemas",
    "not": "schema",
    "if": "schema",
    "then": "schema",
    "else": "schema",
    "properties": "map of schemas",
    "additionalProperties": "schema",
    "unevaluatedProperties": "schema",
    "propertyNames": "schema",
    "dependentSchemas": "map of schemas",
    "dependentRequired": "anything",
    "dependencies": "map of schemas or texts",
    "required": "texts",
    "minProperties": "count",
    "maxProperties": "count",
    "items": "schema or schemas",
    "prefixItems": "schemas",
    "additionalItems": "schema",
    "unevaluatedItems": "schema",
    "contains": "schema",
    "minContains": "count",
    "maxContains": "count",
    "minItems": "count",
    "maxItems": "count",
    "uniqueItems": "boolean",
    "minLength": "count",
    "maxLength": "count",
    "pattern": "text",
    "format": "text",
    "minimum": "number",
    "maximum": "number",
    "exclusiveMinimum": "number or boolean",
    "exclusiveMaximum": "number or boolean",
    "multipleOf": "number",
    "title": "text",
    "description": "text",
    "default": "anything",
    "example": "anything",
    "examples": "anything",
    "deprecated": "boolean",
    "readOnly": "boolean",
    "writeOnly": "boolean",
    "contentEncoding": "text",
    "contentMediaType": "text",
    "contentSchema": "schema"
  }'::jsonb;
$$;
comment on function pipeline.json_schema_keywords() is
  'The keywords of JSON Schema and what their values have to be.';

create function pipeline.refused_json_schema_keywords()
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select '{
    "patternProperties": "name the properties, or use propertyNames with a pattern",
    "$dynamicRef": "write $ref",
    "$dynamicAnchor": "write $anchor",
    "nullable": "write {\"type\": [\"string\", \"null\"]}"
  }'::jsonb;
$$;
comment on function pipeline.refused_json_schema_keywords() is
  'Keywords that evaluators refuse, and what to write instead.';
