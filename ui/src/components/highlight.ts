// The grammars, loaded when code is first shown.
import bash from "highlight.js/lib/languages/bash";
import diff from "highlight.js/lib/languages/diff";
import json from "highlight.js/lib/languages/json";
import python from "highlight.js/lib/languages/python";
import sql from "highlight.js/lib/languages/sql";
import yaml from "highlight.js/lib/languages/yaml";
import type { Root } from "hast";
import { createLowlight } from "lowlight";

const lowlight = createLowlight({ bash, diff, json, python, sql, yaml });

export function highlight(code: string, language: string): Root {
  return lowlight.highlight(language, code);
}
