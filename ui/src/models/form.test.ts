import { describe, expect, it } from "vitest";
import { changed, fieldsOf, filledOf, jsonObject, type Params, readAll, readField, refusedAt } from "./form.model";

const PARAMS: Params = {
  region: { value: "north", schema: { enum: ["north", "south"], values_display: { south: "The south" } }, description: "Whose" },
  epochs: { value: 3, schema: { type: "integer", minimum: 1, maximum: 50, title: "Epochs" } },
  since: { value: "2026-11-01", schema: { type: "string", format: "date" } },
  at: { value: "2026-11-01T05:00:00+02:00", schema: { type: "string", format: "date-time" } },
  dry: { value: false, schema: { type: "boolean" } },
  tags: { value: ["a", "b"], schema: { type: "array", items: { type: "string" } } },
  more: { value: { alpha: 0.5 }, schema: { type: "object" } },
  limit: { value: null, schema: { type: ["null", "integer"] } },
  plain: { value: 2.5, schema: {} },
  fixed: { value: 7, schema: { const: 7 } },
  name: { value: "winter", schema: { type: "string", minLength: 3, pattern: "^w" } },
};
const fields = fieldsOf(PARAMS);
const of = (name: string) => fields.find((one) => one.name === name)!;

describe("a form from params", () => {
  it("has the field that each schema needs, and none for what is fixed", () => {
    expect(fields.map((one) => `${one.name}:${one.kind}`)).toEqual([
      "region:choice", "epochs:integer", "since:date", "at:datetime", "dry:boolean", "tags:list", "more:json", "limit:integer", "plain:number", "name:text",
    ]);
    expect([of("epochs").label, of("region").help, of("region").options[1]!.label]).toEqual(["Epochs", "Whose", "The south"]);
  });

  it("gives back what it was filled with, and of that only what is not the default", () => {
    const { values, errors } = readAll(fields, filledOf(fields));
    expect(errors).toEqual({});
    expect(values.at).toBe("2026-11-01T03:00:00+00:00");
    expect(changed(fields, values)).toEqual({});
    const filled = { ...filledOf(fields, { epochs: 9 }), region: "1", tags: "a\n\nc", limit: "4", more: "{}" };
    expect(changed(fields, readAll(fields, filled).values)).toEqual({ region: "south", epochs: 9, tags: ["a", "c"], limit: 4, more: {} });
  });

  it("says what is wrong beside each field", () => {
    const errors = readAll(fields, { ...filledOf(fields), epochs: "60", since: "", more: "{", name: "no", plain: "x", limit: "1.5" }).errors;
    expect(errors).toMatchObject({
      epochs: "It must be at most 50.",
      since: "It must be filled in.",
      name: "It must have at least 3 signs.",
      plain: "It must be a number.",
      limit: "It must be a whole number.",
    });
    expect(errors.more).toContain("This is no JSON");
    expect(readField(of("name"), "summer")).toEqual({ error: "It must fit ^w." });
    expect(readField(of("limit"), "")).toEqual({ value: null });
  });

  it("puts what the server refuses beside the field it speaks of", () => {
    const told = "DAG 'd' cannot start with its parameter 'epochs': 60 is greater than the maximum of 50. Say it with: --conf '{\"epochs\": …}'";
    expect(refusedAt(told)).toEqual({ name: "epochs", text: "60 is greater than the maximum of 50." });
    expect(refusedAt("dag_run_id: is too long").name).toBe(":dag_run_id");
    expect(refusedAt("Run 'x' is there already.")).toEqual({ name: null, text: "Run 'x' is there already." });
  });

  it("takes an object, and nothing else, where JSON is typed", () => {
    expect(jsonObject(' {"a": 1} ')).toEqual({ value: { a: 1 } });
    expect(jsonObject("[1]")).toEqual({ error: "It must be an object: { … }" });
  });
});
