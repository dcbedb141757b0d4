import { describe, expect, it } from "vitest";
import { fieldErrors, fileOf, placeOf, sharesOf, variablesFrom } from "./admin.model";

const variable = (key: string, value: string | null, description: string | null = null) => ({
  key,
  value,
  description,
  is_encrypted: true,
  team_name: null,
});

describe("what is wrong with a form", () => {
  it("stands beside the field that it is about", () => {
    const said = new Error("port: This must be 65535 or less.; conn_type: This is required.");
    expect(fieldErrors(said, ["connection_id", "conn_type", "port"])).toEqual({
      port: "This must be 65535 or less.",
      conn_type: "This is required.",
    });
  });
  it("is the name's where the name is taken, and of the whole where no field is named", () => {
    expect(fieldErrors(new Error("There is already a variable 'a'."), ["key"])).toEqual({ key: "There is already a variable 'a'." });
    expect(fieldErrors(new Error("Venturi does not answer."), ["key"])).toEqual({ "": "Venturi does not answer." });
    expect(fieldErrors(new Error(": password: Too short."), ["password"])).toEqual({ password: "Too short." });
  });
});

describe("a file of variables", () => {
  it("says values by themselves, or with what they are for", () => {
    expect(variablesFrom('{"a": "1", "b": {"value": [2], "description": "two"}, "c": {"value": 1, "more": 2}}')).toEqual([
      { key: "a", value: "1", description: null },
      { key: "b", value: [2], description: "two" },
      { key: "c", value: { value: 1, more: 2 }, description: null },
    ]);
  });
  it("is refused in words where it is something else", () => {
    expect(() => variablesFrom("[1]")).toThrow("one JSON object");
    expect(() => variablesFrom("{")).toThrow("no JSON");
  });
  it("is read back as it was written, without what is secret", () => {
    const { text, left } = fileOf([variable("a", "1"), variable("api_key", "***"), variable("b", "x", "why")]);
    expect(left).toBe(1);
    expect(variablesFrom(text).map((one) => one.key)).toEqual(["a", "b"]);
  });
});

describe("pools and connections", () => {
  const pool = {
    name: "p",
    slots: 4,
    include_deferred: false,
    occupied_slots: 3,
    running_slots: 2,
    queued_slots: 1,
    scheduled_slots: 9,
    open_slots: 1,
    deferred_slots: 5,
    team_name: null,
  };
  it("share a bar by the slots in use", () => {
    expect(sharesOf(pool)).toEqual([
      { kind: "running", slots: 2, part: 0.5 },
      { kind: "queued", slots: 1, part: 0.25 },
    ]);
    expect(sharesOf({ ...pool, slots: -1 }).map((one) => one.part)).toEqual([2 / 3, 1 / 3]);
  });
  it("lead to a place in one line", () => {
    expect(placeOf({ host: "db", port: 5432, schema: "shop" })).toBe("db:5432/shop");
    expect(placeOf({ host: null, port: null, schema: null })).toBe("");
  });
});
